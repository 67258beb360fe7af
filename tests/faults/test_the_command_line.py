"""The command line: readable at 80 columns, a stranger's text is never markup, odd records end no command."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from typer.testing import CliRunner, Result

from services.cli.embedded import Parts
from services.cli.main import app
from shared.bus.deadletters import DeadLetter, with_status
from shared.bus.records import DEAD_LETTER_TYPE, Outgoing, Record
from shared.bus.topics import department_topics, service_topics
from shared.contract.envelope import seal
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION
from shared.domain.aggregates import Consumer
from shared.operators import operator_routes
from tests.faults.broker import NESTED, make_topics, own_prefix, put, put_tombstone
from tests.faults.broker import put_with_a_header_key_that_is_no_text as put_no_text
from tests.faults.given import NOW, given
from tests.keys import DATA, signed_in

ISSUE = "7K3M9QXT2B4N6"
SERVICES = ("intake", "dispatch", "supervision", "feedback")

# -------------------------------------------------------------- what operators read


def _dead_letter(number: int, reason: str, subject: str = ISSUE) -> DeadLetter:
    origin = f"dept.housing.replies/{number}/{1000 + number}"
    at_ms = 1_772_413_200_000 + number * 60_000
    return DeadLetter("dispatch", origin, subject, 0, "department.draft.v1", reason, at_ms, b"{}")


class _Log:
    """The topics of a service with these dead letters."""

    def __init__(self, dead_letters: Sequence[DeadLetter]) -> None:
        self._dead_letters = [one._replace(number=number) for number, one in enumerate(dead_letters)]

    async def dead_letters(self, only_value_of: str | None = None) -> Sequence[DeadLetter]:
        return self._dead_letters


async def _answer(service: FastAPI, request: httpx.Request) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service)) as client:
        headers = {"Authorization": request.headers["Authorization"]}
        answer = await client.request(request.method, request.url, headers=headers)
    return httpx.Response(answer.status_code, content=answer.content)


def _listed(monkeypatch: pytest.MonkeyPatch, *dead_letters: DeadLetter) -> Result:
    """`qinqing deadletters list` on a terminal of 80 columns, asking the routes of a service."""
    nothing: Any = None
    service = FastAPI(dependencies=[Depends(signed_in())])
    log: Any = _Log(dead_letters)
    service.include_router(
        operator_routes(nothing, nothing, Consumer("dispatch", "huzhou", (), ()), nothing, log)
    )
    running = SimpleNamespace(
        service_urls={"dispatch": "http://dispatch"}, data_dir=DATA, jurisdiction="huzhou"
    )
    monkeypatch.setattr("services.cli.operating.need_system", lambda *which: running)
    monkeypatch.setattr(
        "services.cli.operating.client_of",
        lambda url, auth, language: httpx.Client(
            base_url=url,
            auth=auth,
            transport=httpx.MockTransport(lambda request: asyncio.run(_answer(service, request))),
        ),
    )
    return CliRunner().invoke(app, ["deadletters", "list"], env={"COLUMNS": "80"})


def test_a_dead_letters_reason_stands_in_full_in_the_list_at_80_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reason = "department.draft.v1: " + "; ".join(f"field{number}: must be shorter" for number in range(12))
    listed = _listed(monkeypatch, _dead_letter(1, reason))
    given(listed.exit_code == 0)
    assert "".join(reason.split()) in "".join(listed.output.split())


def test_the_origin_that_other_commands_want_can_be_copied_from_the_list_at_80_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = _listed(monkeypatch, _dead_letter(1, "Invalid JSON"))
    given(listed.exit_code == 0)
    assert "dept.housing.replies/1/1001" in listed.output


def test_the_newest_dead_letter_comes_first_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = _listed(monkeypatch, _dead_letter(1, "ABC"), _dead_letter(2, "XYZ"))
    given("ABC" in listed.output and "XYZ" in listed.output)
    assert listed.output.index("XYZ") < listed.output.index("ABC")


@pytest.mark.parametrize("text", ["[/x]", "[red]"])
@pytest.mark.parametrize("place", ["subject", "reason"])
def test_a_strangers_text_in_a_dead_letter_is_no_markup(
    place: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"reason": "Invalid JSON", "subject": ISSUE, place: text}
    listed = _listed(monkeypatch, _dead_letter(1, **fields))
    assert listed.exit_code == 0
    assert text in listed.output


@pytest.mark.parametrize("place", ["type", "subject"])
def test_a_strangers_text_in_a_departments_topic_is_no_markup(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = {"type": "department.draft.v1", "subject": ISSUE, "time": NOW.isoformat(), place: "[/x]"}

    async def follow(*where: Any) -> AsyncIterator[Record | None]:
        yield Record("dept.housing.replies", 0, 0, 0, b"k", json.dumps(value).encode())
        yield None

    async def names(*where: Any) -> list[str]:
        return department_topics("housing")

    monkeypatch.setattr("services.cli.follow.need_system", lambda *which: SimpleNamespace(kafka_bootstrap=""))
    monkeypatch.setattr("shared.bus.reader.follow", follow)
    monkeypatch.setattr("shared.bus.reader.topic_names", names)
    followed = CliRunner().invoke(app, ["follow", "dept", "housing", "--once"], env={"COLUMNS": "80"})
    assert followed.exit_code == 0
    assert "[/x]" in followed.output


@pytest.mark.parametrize("verb", ["list", "remove"])
def test_the_namespaces_of_replays_can_be_listed_and_removed(verb: str) -> None:
    given(CliRunner().invoke(app, ["deadletters", "list", "--help"]).exit_code == 0)
    assert CliRunner().invoke(app, ["namespaces", verb, "--help"]).exit_code == 0


# -------------------------------------------------------------- odd records

ODD_LETTERS = {
    "no number in seq": {"type": DEAD_LETTER_TYPE, "origin": "a/0/1", "seq": "x"},
    "no number in timestamp": {"type": DEAD_LETTER_TYPE, "origin": "a/0/1", "timestamp": "x"},
    "no status in a resolution": {"type": "resolution", "origin": "good/0/1"},
}


@pytest.mark.parametrize("headers", ODD_LETTERS.values(), ids=ODD_LETTERS)
def test_a_strangers_record_among_the_dead_letters_does_not_hide_the_others(headers: dict[str, str]) -> None:
    good = {"type": DEAD_LETTER_TYPE, "origin": "good/0/1", "seq": "1", "timestamp": "1"}
    dead_letters = with_status("intake", [(b"good/0/1", b"{}", good), (b"k", b"{}", headers)])
    assert "good/0/1" in [one.origin for one in dead_letters]


async def _odd_values(bootstrap: str, prefix: str, topics: Sequence[str]) -> None:
    """No value, an empty one, and JSON that is no envelope, on every topic."""
    values = (
        b"",
        b"{",
        b"7",
        b"[]",
        b"null",
        b"\xff\xfe",
        NESTED,
        b'{"type":7,"time":7,"data":[],"subject":{}}',
    )
    for topic in topics:
        await put_tombstone(bootstrap, prefix, topic, ISSUE.encode())
    await put(bootstrap, prefix, [Outgoing(topic, ISSUE, value, {}) for topic in topics for value in values])
    odd = [
        Outgoing(f"{service}.dlq", "k", b"", headers)
        for service in SERVICES
        for headers in ODD_LETTERS.values()
    ]
    await put(bootstrap, prefix, odd)


async def _markers(bootstrap: str, prefix: str, topics: Sequence[str]) -> None:
    """The marker of a transaction behind the last record of every topic."""
    raw = seal(id="x", type="x", source="/x", subject=ISSUE, time=NOW, data={}, seq=1)
    headers = {"type": DEAD_LETTER_TYPE, "origin": "intake.commands/0/0"}
    records = [Outgoing(topic, ISSUE, raw, headers if topic.endswith(".dlq") else None) for topic in topics]
    await put(bootstrap, prefix, records, transactional_id=prefix)


async def _no_text(bootstrap: str, prefix: str, topics: Sequence[str]) -> None:
    """A header's key that is not UTF-8, on every topic."""
    for topic in topics:
        await put_no_text(bootstrap, prefix, Outgoing(topic, ISSUE, b"{}"))


async def _huge(bootstrap: str, prefix: str, topics: Sequence[str]) -> None:
    """A key of 2 MB under a value of 9 MB, on every topic."""
    for topic in topics:
        await put(bootstrap, prefix, [Outgoing(topic, "k" * 2_000_000, b"[" * 9_000_000, {})])


COMMANDS = (
    f"follow issue {ISSUE} --once",
    f"follow issue {ISSUE} --once --json",
    "follow dept housing --once",
    "follow dept housing --once --json",
    "deadletters list",
    "deadletters list --all --json",
    "report --month 2026-03",
    "report --month 2026-03 --from-log --json",
)
COMMAND_SECONDS = 30.0


@pytest.mark.prove
@pytest.mark.integration
@pytest.mark.parametrize("prepare", [_odd_values, _markers, _no_text, _huge])
async def test_every_command_of_the_command_line_works_with_odd_records_on_every_topic(
    embedded: Parts, prepare: Any
) -> None:
    prefix = own_prefix()
    topics = [topic for name in SERVICES for topic in service_topics(name)] + department_topics("housing")
    given({INTAKE, DISPATCH, SUPERVISION, FEEDBACK} <= {*topics})
    await make_topics(embedded.kafka_bootstrap, prefix, topics)
    await prepare(embedded.kafka_bootstrap, prefix, topics)
    where = ["--namespace", prefix[:-1], "--data", str(embedded.data_dir)]
    wrong = {}
    for command in COMMANDS:
        if fault := await _fault([*command.split(), *where]):
            wrong[command] = fault
    assert wrong == {}


async def _fault(arguments: Sequence[str]) -> str:
    """What is wrong with how this command ended; nothing where it did its work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.cli.main",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return "it did not end"
    if b"Traceback" in output:
        return f"a traceback: {output.decode()[-200:]}"
    return "" if process.returncode == 0 else f"exit code {process.returncode}: {output.decode()[-200:]}"
