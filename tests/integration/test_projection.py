"""The projection on a real broker: it follows, waits, is built anew beside itself, and reads history on first use."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from services.cli.figures.figures import figures_from_log
from services.portal.projection import building
from services.portal.projection import projection as projections
from services.portal.projection.batch import Changed
from services.portal.projection.dump import digests
from services.portal.projection.projection import Projection, UnknownNamespace
from services.portal.projection.routes import api
from services.portal.projection.topics import EXPECTED, projected
from shared.bus.records import Outgoing, Record
from shared.bus.topics import ensure_topics, topic_settings
from shared.contract.envelope import Envelope, open_envelope
from shared.contract.words import Role
from shared.identity.keys import issuers
from shared.identity.tokens import Tokens
from tests.contract.scripted import records as scripted
from tests.integration.broker import PARTITIONS, administrator, own_namespace, put
from tests.keys import KEYS, bearer
from tests.portal.projection.given import ISSUE, JURISDICTION, Topics, as_records, dumped
from tests.unit.figures.given import LATER
from tests.unit.figures.test_rebuild import live

pytestmark = pytest.mark.integration

SECONDS = 20.0


class Source(NamedTuple):
    """The settings of a portal that a test starts."""

    kafka_bootstrap: str
    namespace: str
    path: Path
    jurisdiction: str = JURISDICTION

    def places_of_talks(self) -> tuple[str, ...]:
        """None."""
        return ()

    def folder(self) -> Path:
        return self.path


def log(number: int = 12) -> list[Envelope]:
    chance = random.Random(3)
    return [envelope for n in range(number) for envelope in live(n, chance).log]


async def publish(source: Source, records: Sequence[Record], namespace: str = "") -> None:
    """These records as their owners would publish them."""
    out = [
        Outgoing(one.topic, (one.key or b"").decode(), one.value or b"", seq=one.seq, sha256=one.sha256 or "")
        for one in records
    ]
    await put(source.kafka_bootstrap, namespace or source.namespace, out)


async def make_topics(source: Source, namespace: str = "") -> None:
    wanted = [*EXPECTED, "intake.commands"]
    await ensure_topics(
        source.kafka_bootstrap, f"{namespace or source.namespace}.", wanted, partitions=PARTITIONS
    )


@pytest.fixture
async def source(kafka_bootstrap: str, namespace: str, tmp_path: Path) -> Source:
    made = Source(kafka_bootstrap, namespace, tmp_path / "portal")
    await make_topics(made)
    return made


async def until_ready(projection: Projection) -> None:
    async with asyncio.timeout(SECONDS):
        while projection.not_ready():
            await asyncio.sleep(0.05)  # what is read in another thread; there is nobody to wait for in a test


async def groups_of(source: Source) -> list[str]:
    """The groups of readers that the broker knows."""
    async with administrator(source.kafka_bootstrap) as admin:
        return [str(group) for group, *_ in await admin.list_consumer_groups()]


async def until_told(projection: Projection, records: Sequence[Record]) -> None:
    """All these events are in the rows."""
    last: dict[tuple[str, str], int] = {}
    for record in records:
        if record.topic.endswith(".events"):
            envelope = open_envelope(record.value)
            key = envelope.subject, envelope.source
            last[key] = max(last.get(key, 0), envelope.seq)
    for (subject, told), seq in last.items():
        assert await projection.wait_for(subject, {told: seq}, SECONDS), (subject, told, seq)


@asynccontextmanager
async def running(source: Source) -> AsyncIterator[Projection]:
    projection = Projection(source)
    async with projection.running():
        yield projection


async def test_it_follows_what_comes_and_goes_on_where_it_stopped(source: Source, tmp_path: Path) -> None:
    records = as_records(log())
    half = len(records) // 2
    heard: list[Changed] = []
    async with running(source) as projection:
        projection.listen(heard.append)
        await publish(source, records[:half])
        await until_told(projection, records[:half])
    assert frozenset().union(*(one.subjects for one in heard)) == {
        (record.key or b"").decode() for record in records[:half]
    }
    async with running(source) as projection:
        again: list[Changed] = []
        projection.listen(again.append)
        await publish(source, records[half:])
        await until_told(projection, records)
        found = digests(projection.reader())
        groups = await groups_of(source)
    right = dumped(tmp_path, records)
    assert {table for table in right if found[table] != right[table]} <= {"position"}
    assert not [group for group in groups if "portal" in group or source.namespace in group]
    assert sum(next for (_, _), next in again[-1].positions.items()) <= len(records)


async def test_a_person_sees_what_it_just_did_and_does_not_wait_for_ever(source: Source) -> None:
    topics = Topics()
    first = topics.tell("intake", "issue.registered.v1", {"number": "7K3M-9QXT-2B4N-6C"})
    async with running(source) as projection:
        await until_ready(projection)
        waiting = asyncio.create_task(projection.wait_for(ISSUE, {"/huzhou/intake": 1}, SECONDS))
        await publish(source, [first])
        assert await waiting
        query = "SELECT state FROM issue WHERE id = ?"
        assert projection.reader().execute(query, (ISSUE,)).fetchone()[0] == "registered"
        assert not await projection.wait_for(ISSUE, {"/huzhou/intake": 2}, 0.1)


async def test_built_anew_it_is_the_same_and_pages_read_on_meanwhile(source: Source) -> None:
    records = as_records(log())
    more = Topics().tell("intake", "issue.registered.v1", {"number": "7K3M-9QXT-2B4N-6C"})
    async with running(source) as projection:
        await publish(source, records)
        await until_told(projection, records)
        before = projection.reader()
        (checked,) = await projection.check(source.namespace)
        assert checked.same and checked.records == len(records)
        assert projection.reader() is before
        shown = digests(before)
        rebuilt = await projection.rebuild()
        assert rebuilt.same and rebuilt.tables["issue"].rows == shown["issue"].rows
        assert projection.reader() is not before
        assert before.execute("SELECT count(*) FROM issue").fetchone()[0] == shown["issue"].rows
        assert digests(projection.reader()) == shown
        await publish(source, [more])  # and it follows into the new file
        assert await projection.wait_for(ISSUE, {"/huzhou/intake": 1}, SECONDS)
    assert len(list(source.folder().glob("*.db"))) == 1


async def test_while_it_is_built_anew_pages_go_on_to_show_what_happens_and_how_far_it_is(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = as_records(log())
    more = Topics().tell("intake", "issue.registered.v1", {"number": "7K3M-9QXT-2B4N-6C"})
    begun, go_on = asyncio.Event(), asyncio.Event()
    read_until = building.read_until

    async def slowly(*arguments: object) -> AsyncIterator[list[Record]]:
        async for found in read_until(*arguments):  # type: ignore[arg-type]
            yield found
            begun.set()
            await go_on.wait()

    async with running(source) as projection:
        await publish(source, records)
        await until_told(projection, records)
        assert projection.beside(source.namespace) == {}
        monkeypatch.setattr(building, "read_until", slowly)
        rebuilding = asyncio.create_task(projection.rebuild())
        await begun.wait()
        assert 0 < sum(projection.beside(source.namespace).values()) <= len(records)
        await publish(source, [more])
        assert await projection.wait_for(ISSUE, {"/huzhou/intake": 1}, SECONDS)
        go_on.set()
        assert (await rebuilding).same
        query = "SELECT count(*) FROM issue WHERE id = ?"
        assert projection.reader().execute(query, (ISSUE,)).fetchone()[0] == 1
        (checked,) = await projection.check(source.namespace)
        assert checked.same and checked.records == len(records) + 1


async def test_its_age_is_that_of_the_last_time_it_held_everything(source: Source) -> None:
    records = as_records(log(2))
    async with running(source) as projection:
        await until_ready(projection)
        await publish(source, records)
        await until_told(projection, records)
        stands = projection.standing()
        assert stands.complete_at is not None and not stands.older
        assert 0 <= (datetime.now(UTC) - stands.complete_at).total_seconds() < SECONDS
    assert Projection(source).standing().complete_at is None


async def test_a_check_finds_a_row_that_somebody_changed(source: Source) -> None:
    records = as_records(log(3))
    async with running(source) as projection:
        await publish(source, records)
        await until_told(projection, records)
        assert projection._writer is not None
        projection._writer.execute("UPDATE rating SET satisfaction = 'satisfied'")
        projection._writer.execute("DELETE FROM words WHERE rowid = (SELECT max(rowid) FROM words)")
        (checked,) = await projection.check(source.namespace)
        assert {name for name, table in checked.tables.items() if not table.same} == {"rating", "words"}
        await projection.rebuild()
        (checked,) = await projection.check(source.namespace)
        assert checked.same


async def test_a_file_of_other_code_is_shown_until_a_new_one_has_caught_up(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = as_records(log(4))
    async with running(source) as projection:
        await publish(source, records)
        await until_told(projection, records)
        issues = projection.reader().execute("SELECT count(*) FROM issue").fetchone()[0]
    for module in ("database", "files"):
        monkeypatch.setattr(f"services.portal.projection.{module}.version", lambda: 12345)
    entered, go_on = asyncio.Event(), asyncio.Event()
    read_on = projections.read_on

    async def later(*arguments: object) -> AsyncIterator[object]:
        entered.set()
        await go_on.wait()
        async for poll in read_on(*arguments):  # type: ignore[arg-type]
            yield poll

    monkeypatch.setattr(projections, "read_on", later)
    async with running(source) as projection:
        await entered.wait()
        old = projection._shown
        assert projection.not_ready() == []
        assert projection.reader().execute("SELECT count(*) FROM issue").fetchone()[0] == issues
        assert projection._written != old
        go_on.set()
        async with asyncio.timeout(SECONDS):
            while projection._shown == old:
                await asyncio.sleep(0.05)  # see until_ready
        assert projection.reader().execute("SELECT count(*) FROM issue").fetchone()[0] == issues
        assert old is not None and not old.exists()


async def test_topics_that_come_later_are_read_too(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.bus.log_reader.NEW_TOPICS_SECONDS", 0.2)
    theirs = {"source": "/deqing/intake", "topic": "deqing.intake.events"}
    async with running(source) as projection:
        await until_ready(projection)
        mirrored = Topics().tell("intake", "issue.registered.v1", {"number": "7K3M-9QXT-2B4N-6C"}, **theirs)
        await ensure_topics(
            source.kafka_bootstrap, f"{source.namespace}.", ["deqing.intake.events"], partitions=PARTITIONS
        )
        await publish(source, [mirrored])
        query = "SELECT jurisdiction FROM issue WHERE id = ?"
        async with asyncio.timeout(SECONDS):
            while (row := projection.reader().execute(query, (ISSUE,)).fetchone()) is None:
                await asyncio.sleep(0.05)  # see until_ready
    assert row[0] == "deqing"


async def test_history_is_read_on_first_use_into_a_file_of_its_own(source: Source, tmp_path: Path) -> None:
    replayed = own_namespace("replay")
    envelopes = log()
    records = as_records(envelopes)
    await make_topics(source, replayed)
    await publish(source, records[:100], replayed)
    async with running(source) as projection:
        await until_ready(projection)
        reads = (await projection.reader_of(replayed))()
        assert reads.execute("SELECT count(*) FROM timeline").fetchone()[0] == 100
        with pytest.raises(sqlite3.OperationalError):
            reads.execute("DELETE FROM timeline")
        await publish(source, records[100:], replayed)
        await projection.reader_of(replayed)  # who asks again reads what came meanwhile
        found, right = digests(reads), dumped(tmp_path, records)
        assert {table for table in right if found[table] != right[table]} <= {"position"}
        assert not projection.reader().execute("SELECT count(*) FROM issue").fetchone()[0]
        found_all = {checked.namespace: checked for checked in await projection.check()}
        assert found_all[replayed].same and found_all[source.namespace].same
        assert (await projection.rebuild(replayed)).same
        with pytest.raises(UnknownNamespace):
            await projection.reader_of("replay-of-nothing")


@pytest.fixture
async def asked(source: Source) -> AsyncIterator[tuple[Projection, httpx.AsyncClient]]:
    async with running(source) as projection:
        await until_ready(projection)
        app: FastAPI = api(projection, Tokens(issuers(KEYS), JURISDICTION), JURISDICTION)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            yield projection, client


async def test_what_the_portal_tells_is_what_is_counted_apart(
    source: Source, asked: tuple[Projection, httpx.AsyncClient]
) -> None:
    """Of the live namespace, and of one of history, which has fewer issues."""
    projection, client = asked
    replayed, told = own_namespace("replay"), list[dict[str, Any]]()
    await make_topics(source, replayed)
    for namespace, envelopes in ((source.namespace, log()), (replayed, log(5))):
        await publish(source, records := as_records(envelopes), namespace)
        if namespace != replayed:  # history is read when it is asked for
            await until_told(projection, records)
        query = {"month": "2019-04", "as_of": LATER.isoformat(), "namespace": namespace}
        answer = await client.get("/figures", params=query, headers=bearer("leader:sun"))
        apart = figures_from_log(envelopes, LATER, "2019-04").model_dump(mode="json")
        told.append(answer.json())
        assert told[-1].pop("unreadable") == 0
        assert {**told[-1], "as_of": ""} == {**apart, "as_of": ""}
    assert told[0] != told[1]


async def test_rebuilding_is_an_operators_and_figures_are_no_entrepreneurs(
    source: Source, asked: tuple[Projection, httpx.AsyncClient]
) -> None:
    _, client = asked
    for role in Role:
        headers = bearer(
            f"{role}:housing/li" if role in ("handler", "department_leader", "expert") else f"{role}:li"
        )
        rebuilt = await client.post(
            "/projection/rebuild", params={"check": True, "namespace": source.namespace}, headers=headers
        )
        assert rebuilt.status_code == (200 if role is Role.OPERATOR else 403), role
        figures = await client.get("/figures", headers=headers, params={"namespace": source.namespace})
        assert figures.status_code == (403 if role in (Role.ENTREPRENEUR, Role.ADMINISTRATOR) else 200), role
    assert (await client.post("/projection/rebuild")).status_code == 401
    wrong = await client.get("/figures", params={"month": "2019-13"}, headers=bearer("leader:sun"))
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "query.month")
    unknown = await client.get(
        "/figures", params={"namespace": "replay-of-nothing"}, headers=bearer("leader:sun")
    )
    assert unknown.status_code == 404


def test_topics_of_other_namespaces_are_not_read() -> None:
    names = [
        "intake.events",
        "intake.commands",
        "dispatch.reference",
        "deqing.intake.events",
        "dept.tax.orders",
    ]
    others = [
        "replay-1.intake.events",
        "replay-1.intake.commands",
        "replay-1.dispatch.reference",
        "intake.dlq",
    ]
    assert projected([*names, *others]) == ["deqing.intake.events", "dispatch.reference", "intake.events"]
    assert projected([*names, *others], "replay-1.") == ["dispatch.reference", "intake.events"]
    assert topic_settings("dispatch.reference")["cleanup.policy"] == "compact"


def test_the_scripted_run_has_every_topic_that_is_expected() -> None:
    assert {record.topic for record in scripted()} >= set(EXPECTED)
