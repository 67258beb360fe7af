"""The main job on real input: files replayed through four service processes, real Kafka and real stores."""

import asyncio
import csv
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import TopicPartition

from bench.parts import free_base_port
from bench.rest import bytes_at_rest
from services.cli.embedded import SERVICES, Embedded, Parts, Ports
from services.cli.embedded.ports import HOST
from services.cli.replaying.messages import read_messages
from services.cli.replaying.reads import READS
from services.cli.supposing.comparing import compare
from services.cli.supposing.log import COMPARED, Entry, Log, happened, recorded
from services.cli.supposing.playing import play
from services.cli.supposing.rules import Rules
from services.portal.figures.counting import Scope
from services.portal.figures.reporting import report
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.bus.reader import open_reader, read_all, read_dead_letters, topic_names
from shared.bus.records import Record
from shared.contract.event import Event
from shared.domain.clocks import SHANGHAI, Limit, due_at
from shared.domain.steps import DEFAULT_LADDER
from shared.service import COLLECTION
from shared.settings import database_name
from shared.store import connect
from tests.numbering import numbered_without_gaps
from tests.portal.projection.given import build, projected
from tests.simulation.checker import History, check

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "messages_replied.csv"
ANSWERS = {"10wd": (1058, 654, 29), "14d": (1039, 673, 28)}
"""On time, late, and on time of the 44 of April 2019: computed apart from this project."""
MOST_WRITES_AN_ISSUE = 27
"""Among them 1.1 for the steps of the ladder: of 1,712 issues 654 are late."""
needs_the_shared_file = pytest.mark.skipif(
    not SHARED.exists(), reason="the shared data is not beside this checkout (messages_replied.csv)"
)
once_is_enough = pytest.mark.prove if SHARED.exists() else pytest.mark.integration
"""Where the shared file is, a part of it asks for the same and more."""
VICTIMS = ["supervision", "supervision", "dispatch", "intake", "feedback"]
"""In the order in which they are killed: supervision, whose registers give the numbers of documents, also once it has
gone on giving them."""
MORE_NUMBERS = 10
KEYS = {
    *(
        "registered",
        "replied",
        "replied_on_time",
        "replied_late",
        "open",
        "breaches",
        "months",
        "departments",
    ),
    *("events", "events_per_second", "seconds", "skipped_rows", "reply_limit", "until", "namespace"),
    *("document_writes", "sweep_writes", "writes_per_issue"),
}
"""What `--json` writes: programs of others read it, so no key ever goes."""


def expected(messages: list[Any], limit: str) -> dict[str, int]:
    """The numbers of a file by pure arithmetic, without any service."""
    policy, calendar = builtin_policy(), builtin_calendar()
    until = max(message.replied_at or message.submitted_at for message in messages)
    on_time = late = still_open = breached = 0
    for message in messages:
        due = due_at(message.submitted_at, Limit(limit), policy, calendar).at
        if message.replied_at is None:
            still_open += 1
            breached += due <= until
        elif message.replied_at <= due:
            on_time += 1
        else:
            late += 1
            breached += 1
    return {
        "registered": len(messages),
        "replied": on_time + late,
        "replied_on_time": on_time,
        "replied_late": late,
        "open": still_open,
        "breaches": breached,
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "services.cli.main", *arguments]


def replay(folder: Path, file: Path, *arguments: str) -> dict[str, Any]:
    out = folder / "out.json"
    base = str(free_base_port())
    where = ("--json", str(out), "--data", str(folder / "data"), "--base-port", base)
    done = subprocess.run(
        command("replay", str(file), *where, *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(out.read_text())


@pytest.fixture
def invented(tmp_path: Path) -> Path:
    """120 invented messages: in time, late, at the last second, unanswered; several months, one holiday week."""
    dice = random.Random(20261122)
    file = tmp_path / "invented.csv"
    policy, calendar = builtin_policy(), builtin_calendar()
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["message_id", "author", "subject", "submitted_at", "text", "reply", "replied_at"])
        for number in range(120):
            at = datetime(2019, 9, 1, tzinfo=SHANGHAI) + timedelta(seconds=dice.randrange(90 * 86_400))
            due = due_at(at, Limit("10wd"), policy, calendar).at
            replied = at + timedelta(seconds=dice.randrange(30 * 86_400))
            if number % 10 == 0:
                replied = due
            elif number % 10 == 1:
                replied = due + timedelta(seconds=1)
            answered = number % 12 != 5
            reply = ("已办理。", replied.astimezone(SHANGHAI).isoformat()) if answered else ("", "")
            text = f"路灯坏了，{number}。\n请修理。"
            rows.writerow([f"m{number}", f"A{number % 40}", f"第{number}件", at.isoformat(), text, *reply])
    return file


def numbers(result: dict[str, Any]) -> dict[str, int]:
    return {
        name: result[name]
        for name in ("registered", "replied", "replied_on_time", "replied_late", "open", "breaches")
    }


@once_is_enough
def test_an_invented_file_gives_what_arithmetic_gives(tmp_path: Path, invented: Path) -> None:
    messages, faults = read_messages(invented)
    assert not faults
    result = replay(tmp_path, invented)
    assert numbers(result) == expected(messages, "10wd")
    months: dict[str, int] = {}
    for message in messages:
        month = f"{message.submitted_at.astimezone(SHANGHAI):%Y-%m}"
        months[month] = months.get(month, 0) + 1
    assert {name: row["registered"] for name, row in result["months"].items()} == months
    assert sum(row["registered"] for row in result["departments"].values()) == 120
    assert result["events"] > 120 * 15
    assert set(result) >= KEYS
    assert result["sweep_writes"] > 0
    assert result["writes_per_issue"] == round((result["document_writes"] - result["sweep_writes"]) / 120, 2)
    assert not leftovers(tmp_path)
    counted = asyncio.run(shown_as_counted(tmp_path, result, expected(messages, "14d")["breaches"]))
    assert counted == months["2019-10"]


def leftovers(folder: Path) -> list[psutil.Process]:
    """Processes that still work on this test's data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def services_of(replaying: psutil.Process) -> dict[str, psutil.Process]:
    found = {}
    for child in replaying.children(recursive=True):
        try:
            line = child.cmdline()
        except psutil.Error:
            continue
        if line and line[-1].startswith("services.") and line[-1].endswith(".app"):
            found[line[-1].split(".")[1]] = child
    return found


@pytest.mark.prove
async def test_kill_nine_of_each_service_during_a_replay_changes_no_number(
    tmp_path: Path, invented: Path
) -> None:
    messages, _ = read_messages(invented)
    out, base = tmp_path / "out.json", str(free_base_port())
    running = await asyncio.create_subprocess_exec(
        *command("replay", str(invented), "--json", str(out), "--data", str(tmp_path / "data")),
        *("--base-port", base),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    killed: list[str] = []
    numbers_at_a_kill, kafka = 0, f"{HOST}:{Ports(int(base)).kafka}"
    finished = asyncio.create_task(running.communicate())
    for victim in VICTIMS:
        wanted = numbers_at_a_kill + MORE_NUMBERS if victim == "supervision" else 0
        while not finished.done():
            process = services_of(psutil.Process(running.pid)).get(victim)
            is_up = process is not None and starts(tmp_path, victim) > killed.count(victim)
            if process is not None and is_up and (given := await numbers_given(kafka)) >= wanted:
                process.kill()
                killed.append(victim)
                numbers_at_a_kill = given if wanted else numbers_at_a_kill
                break
            await asyncio.sleep(0.1)  # a foreign process: nothing to await
    output, _ = await finished
    assert running.returncode == 0, output.decode()
    assert killed == VICTIMS
    result = json.loads(out.read_text())
    assert numbers(result) == expected(messages, "10wd")
    assert await complaints(tmp_path / "data", result, numbers_at_a_kill) == []


async def complaints(data: Path, result: dict[str, Any], numbers_at_a_kill: int) -> list[str]:
    """What the history checker has against the log, the dead letters and the documents this replay left."""
    prefix, until = f"{result['namespace']}.", datetime.fromisoformat(result["until"])
    async with Embedded(data, free_base_port(), services=()) as system:
        bootstrap = system.parts.kafka_bootstrap
        topics = [name for name in await topic_names(bootstrap, prefix) if not name.endswith(".dlq")]
        records = [record async for record in read_all(bootstrap, topics, prefix)]
        dead_letters = await read_dead_letters(bootstrap, SERVICES, prefix)
        documents = {}
        for service in SERVICES:
            name = database_name(service, result["namespace"])
            async with connect(system.parts.store_urls[service], name) as database:
                found = database.aggregates(COLLECTION, "huzhou").scan()
                documents[service] = {document["_id"]: document async for document in found}
        rest = await bytes_at_rest(system.parts.store_urls, result["namespace"])
        assert rest["issues"] > 50, rest
        assert rest["outbox_bytes_per_issue"] == 0, rest
        told = await reported(data, result)
        assert told["total"]["registered"] == result["months"]["2019-10"]["registered"]
        assert told["total"]["breaches"] == result["months"]["2019-10"]["breaches"]
        assert await reported(data, result, "--from-log") == told
        assert shown(data, records, result) == told
    issues = {
        service: sum(document["kind"] == "issue" for document in found.values())
        for service, found in documents.items()
    }
    assert issues == dict.fromkeys(SERVICES, 120)
    assert all_kinds_are_numbered(records, result["breaches"]) > numbers_at_a_kill
    by_service = {service: [one for one in dead_letters if one.group == service] for service in SERVICES}
    return check(History(records, READS, by_service, documents, now=until, grace_seconds=0))


def all_kinds_are_numbered(records: list[Record], breaches: int) -> int:
    """Each kind of document is there, numbered without gaps; returns how many numbers there are."""
    count = Counter[str]()
    for register, many in numbered_without_gaps(records).items():
        count[register.split(".")[1]] += many
    assert {*count} == {kind for step in DEFAULT_LADDER for kind in step.documents}
    assert count["reminder"] >= breaches > count["supervision_order"] > count["yellow_card"] > 5
    assert count["red_card"] == count["interview"] >= count["circular"] >= count["matters_entry"] > 0
    voided = [record for record in records if b'"document.voided.v1"' in (record.value or b"")]
    assert any(
        b'"yellow_card"' in (record.value or b"") for record in voided
    )  # unsigned when its issue closed
    return count.total()


async def reported(data: Path, result: dict[str, Any], *more: str) -> dict[str, Any]:
    """What `qinqing report` says of October 2019 as of the replay's end."""
    of = ("--month", "2019-10", "--namespace", result["namespace"], "--as-of", result["until"])
    running = await asyncio.create_subprocess_exec(
        *command("report", *of, "--json", "--data", str(data), *more),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await running.communicate()
    assert running.returncode == 0, output.decode()
    return json.loads(output)


def shown(folder: Path, records: list[Record], result: dict[str, Any]) -> dict[str, Any]:
    """The same figures as a portal shows them that has read these records."""
    database = build(folder, projected(records), 5_000)
    try:
        as_of = datetime.fromisoformat(result["until"])
        unreadable = database.execute("SELECT count(*) FROM unreadable").fetchone()[0]
        return {**report(database, as_of, Scope("2019-10")), "unreadable": unreadable}
    finally:
        database.close()


async def shown_as_counted(folder: Path, result: dict[str, Any], broken_by_the_other: int) -> int:
    """Compare what a portal shows with what is counted from the log, and what `whatif` says with the promises that are
    broken under the other limit; the issues of that month."""
    prefix = f"{result['namespace']}."
    async with Embedded(folder / "data", free_base_port(), services=()) as system:
        bootstrap = system.parts.kafka_bootstrap
        topics = [
            name for name in await topic_names(bootstrap, prefix) if name.endswith((".events", ".reference"))
        ]
        records = [record async for record in read_all(bootstrap, topics, prefix)]
        counted = await reported(folder / "data", result, "--from-log")
        assert shown(folder, records, result) == counted
        all_kinds_are_numbered(records, result["breaches"])
        assert played_again(records, result["breaches"]) == []
        before = await left(system.parts, result["namespace"])
        await other_limit(folder, result, broken_by_the_other)
        assert await left(system.parts, result["namespace"]) == before, "whatif touched something"
        return int(counted["total"]["registered"])


async def left(parts: Parts, namespace: str) -> tuple[dict[TopicPartition, int], dict[str, dict[str, int]]]:
    """The ends of all topics there are, and of each store the versions of this replay's documents."""
    async with open_reader(parts.kafka_bootstrap, await topic_names(parts.kafka_bootstrap)) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
    versions = {}
    for service, url in parts.store_urls.items():
        async with connect(url, database_name(service, namespace)) as database:
            found = database.aggregates(COLLECTION, "huzhou").scan(["v"])
            versions[service] = {document["_id"]: document.get("v", 0) async for document in found}
    assert sum(ends.values()) > 1_000 and all(versions[service] for service in SERVICES)
    return ends, versions


def played_again(records: list[Record], breaches: int) -> list[str]:
    """Each issue about which its own rules, given as other ones, say something else than what is on record."""
    log = Log()
    for record in records:
        log.take(record)
    same = log.reference.policies.at(log.last), log.reference.calendars.at(log.last)
    rules = Rules.supposing(log.reference, *same)
    found = compare(log, rules, log.last)
    assert (found.differing, found.moved, found.unplayed) == ([], 0, [])
    assert found.breaches["promise"].before == breaches and found.steps[6].before > 0
    return [
        subject
        for subject, sequences in log.issues.items()
        if said(play(subject, happened(sequences), rules, log.last).entries) != said(recorded(sequences))
    ]


async def other_limit(folder: Path, result: dict[str, Any], broken_by_the_other: int) -> None:
    """What `qinqing whatif` says of this replay under the other limit is what a replay under it gives."""
    file = folder / "policy.json"
    file.write_text(builtin_policy().with_reply_limit("14d").model_dump_json(), encoding="utf-8")
    asked = ("--policy", str(file), "--namespace", result["namespace"], "--json")
    running = await asyncio.create_subprocess_exec(
        *command("whatif", *asked, "--data", str(folder / "data")), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await running.communicate()
    assert running.returncode == 0, output.decode()
    found = json.loads(output)
    broken = result["breaches"]
    promise, rate = found["breaches"]["promise"], found["rates"]["on_time_reply"]
    assert (promise["before"], promise["after"]) == (broken, broken_by_the_other)
    assert rate["before"]["denominator"] - rate["before"]["numerator"] == broken
    assert rate["after"]["denominator"] - rate["after"]["numerator"] == broken_by_the_other
    assert {one["id"] for one in found["differing"]} >= {*promise["more"], *promise["fewer"]}


def said(entries: Iterable[Entry]) -> list[Event]:
    """What these say of clocks and steps; their steps and breaches alone would let a wrong date pass."""
    return [entry.event for entry in entries if isinstance(entry.event, COMPARED)]


def starts(folder: Path, service: str) -> int:
    """How often the service said that it is up."""
    logs = (folder / "data" / "logs").glob(f"{service}-replay*.log")
    return sum(log.read_text(errors="replace").count("Application startup complete") for log in logs)


async def numbers_given(kafka: str) -> int:
    """How many documents have a number so far, in the replay that is going on."""
    topics = [name for name in await topic_names(kafka) if name.endswith(".supervision.events")]
    values = [record.value or b"" async for record in read_all(kafka, topics)]
    return sum(b'"document.registered.v1"' in value for value in values)


@needs_the_shared_file
def test_each_eighth_message_of_the_shared_file_gives_what_arithmetic_gives(tmp_path: Path) -> None:
    file = tmp_path / "each_eighth.csv"
    with SHARED.open(encoding="utf-8-sig", newline="") as all_of_them, file.open("w", newline="") as some:
        rows = csv.reader(all_of_them)
        csv.writer(some).writerows([next(rows), *islice(rows, 0, None, 8)])
    messages, _ = read_messages(file)
    result = replay(tmp_path, file, "--reply-limit", "10wd")
    assert numbers(result) == expected(messages, "10wd")
    assert (result["registered"], result["open"]) == (214, 0)
    assert result["writes_per_issue"] <= MOST_WRITES_AN_ISSUE + 1  # fewer share what a start writes
    counted = asyncio.run(shown_as_counted(tmp_path, result, expected(messages, "14d")["breaches"]))
    assert counted == result["months"]["2019-10"]["registered"]


@pytest.mark.prove
@needs_the_shared_file
@pytest.mark.parametrize("limit", ["10wd", "14d"])
def test_the_shared_file_gives_the_right_answers(tmp_path: Path, limit: str) -> None:
    on_time, late, april = ANSWERS[limit]
    result = replay(tmp_path, SHARED, "--reply-limit", limit)
    assert numbers(result) == {
        "registered": 1712,
        "replied": 1712,
        "replied_on_time": on_time,
        "replied_late": late,
        "open": 0,
        "breaches": late,
    }
    assert result["months"]["2019-04"]["registered"] == 44
    assert result["months"]["2019-04"]["replied_on_time"] == april
    assert result["writes_per_issue"] <= MOST_WRITES_AN_ISSUE
    if limit == "10wd":
        counted = asyncio.run(shown_as_counted(tmp_path, result, ANSWERS["14d"][1]))
        assert counted == result["months"]["2019-10"]["registered"]


def test_a_file_with_a_bad_row_imports_nothing_and_names_line_column_and_reason(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(
        "message_id,author,subject,submitted_at,text,reply,replied_at\n"
        '1,A,路灯,2019-04-01T08:00:00+08:00,"第一行\n第二行",已修,2019-04-03T08:00:00+08:00\n'
        "2,B,道路,2019-04-31T08:00:00+08:00,坏了,,\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        command("replay", str(file)), cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "bad.csv:4: submitted_at" in done.stderr
    assert "nothing was imported" in done.stderr
    assert not list(tmp_path.glob("qinqing-data*"))


def test_wrong_use_is_refused_before_anything_is_started(tmp_path: Path, invented: Path) -> None:
    for wrong, words in (
        (("--json", "nowhere/out.json"), "there is no folder nowhere"),
        (("--reply-limit", "2 weeks"), "10wd"),
        (("--until", "2019-13-01"), "is no instant"),
    ):
        done = subprocess.run(
            command("replay", str(invented), *wrong), cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 2
        assert words in done.stderr
    assert not list(tmp_path.glob("qinqing-data*"))


@pytest.mark.prove
def test_until_before_every_reply_leaves_all_open(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["message_id", "author", "subject", "submitted_at", "text", "reply", "replied_at"])
        for number in range(3):
            rows.writerow(
                [number, "A", "题", "2019-04-01T08:00:00+08:00", "内容", "答", "2019-04-29T08:00:00+08:00"]
            )
    until = datetime(2019, 4, 20, tzinfo=UTC).isoformat()
    result = replay(tmp_path, file, "--until", until)
    assert numbers(result) == {
        "registered": 3,
        "replied": 0,
        "replied_on_time": 0,
        "replied_late": 0,
        "open": 3,
        "breaches": 3,
    }
    assert result["sweep_writes"] == 0


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    for process in leftovers(tmp_path):
        process.kill()
