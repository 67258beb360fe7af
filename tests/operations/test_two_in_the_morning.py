"""A county's promises, played: what one dead letter hides, who does not sign, who does not answer."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from services.portal.desks.operator.dashboards import dashboards
from shared.bus.records import Outgoing, Record
from tests.embedded.test_scenario import records
from tests.operations import acting, county
from tests.operations.playing import Terminal, Terminals, Town, needs_sloth, quick_town, until
from tests.operations.runbooks import plays
from tests.operations.watching import needs_prometheus

pytestmark = [pytest.mark.prove, pytest.mark.integration, needs_prometheus, needs_sloth]

EVENTS = "dispatch.events"
LESS = 10
"""So many bytes are missing for an assignment; what tells of signing for it, or of a mail, is smaller still."""
LOOKS_AT_PEOPLE = (
    "qinqing deadletters held",
    "qinqing deadletters list",
    "qinqing status",
    "qinqing report --month YYYY-MM",
    "qinqing calendar show",
    "qinqing policy show",
)
"""What the runbook of a missed promise asks where nothing is wrong with the machine."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A county of its own."""
    folder = tmp_path_factory.mktemp("county")
    with quick_town(folder, environment={"QINQING_JURISDICTION": county.COUNTY}) as town:
        yield town


@pytest.fixture
async def terms(town: Town) -> None:
    """In this county somebody works at any time of the day."""
    await county.publish_terms(town)


@plays(
    "QinqingAssignmentsAreLate",
    "qinqing deadletters held",
    "qinqing deadletters list",
    "qinqing status",
)
@plays(
    "QinqingRecordsAreSetAside",
    "qinqing deadletters list",
    "qinqing deadletters show ORIGIN",
    "qinqing deadletters replay ORIGIN",
    "qinqing deadletters list",
)
async def test_at_two_in_the_morning_one_dead_letter_hides_what_was_done_and_is_handed_in(
    town: Town, at: Terminals, terms: None
) -> None:
    due = datetime.now(UTC) + county.SOON
    first, second, hidden = await county.raised(town, ["first", "second", "hidden"], due)
    for issue in (first, second):
        await _assign(town, issue)
    await acting.take_records_of_at_most(town, EVENTS, await _less_than_an_assignment(town))
    await _assign(town, hidden)
    await town.fires("QinqingRecordsAreSetAside", job="dispatch")
    await acting.take_records_of_at_most(town, EVENTS, None)
    await _burns(town)
    await _breached(town)
    await _sign(town, hidden)
    await until(lambda: (town.number("max(qinqing_held_events)") or 0) > 0, "nothing is held")
    runbook, of_letters = at["QinqingAssignmentsAreLate"], at["QinqingRecordsAreSetAside"]
    assert hidden in await runbook.next()
    assert hidden in await runbook.next()
    assert " no " not in await runbook.next()
    (origin,) = set(re.findall(r"^\s*(dispatch\.events/\S+)\s*$", await of_letters.next(), re.MULTILINE))
    assert "MessageSizeTooLarge" in await of_letters.next(ORIGIN=origin)
    await of_letters.next(ORIGIN=origin)
    assert "no dead letters" in await of_letters.next()
    await until(lambda: town.number("max(qinqing_held_age_seconds)") == 0, "it is held still")
    await town.resolves("QinqingAssignmentsAreLate")
    await until(lambda: _kept(town) == 1, "the dashboard shows it still")
    await until(lambda: town.number(_annulled()) == 1, "the breach is not annulled")


async def _assign(town: Town, issue: str) -> None:
    """The office gives it to the housing department, as soon as dispatch knows of it."""
    path, said = f"/issues/{issue}/assign", {"department": "housing"}
    async with asyncio.timeout(60):
        while (await acting.asked(town, "dispatch", path, county.OFFICE, said)).status_code != 200:
            await asyncio.sleep(0.2)  # another process reads that it was taken on


async def _sign(town: Town, issue: str) -> None:
    said = {"assignment": f"{issue}.1"}
    await acting.done(town, "dispatch", f"/issues/{issue}/sign", "handler:housing/li", said)


async def _less_than_an_assignment(town: Town) -> int:
    """As many bytes as a record of it has on its topic, and a few less."""
    sizes = [
        _size(record) for record in await records(town.parts) if b"issue.assigned.v1" in (record.value or b"")
    ]
    return min(sizes) - LESS


def _size(record: Record) -> int:
    out = Outgoing(record.topic, (record.key or b"").decode(), record.value or b"", seq=1)
    headers = [(name, text.encode()) for name, text in out.wire_headers().items()]
    none = {"is_transactional": 0, "producer_id": -1, "producer_epoch": -1, "base_sequence": -1}
    batch = DefaultRecordBatchBuilder(magic=2, compression_type=0, batch_size=1 << 20, **none)
    batch.append(0, record.timestamp, record.key, record.value, headers)
    return len(batch.build())


async def _burns(town: Town) -> None:
    """The alert fires for this county alone, and the operator's dashboard says how much was kept."""
    await town.fires("QinqingAssignmentsAreLate", "page", jurisdiction=county.COUNTY)
    await until(lambda: (_kept(town) or 0) < 1, "the dashboard does not show it")


async def _breached(town: Town) -> None:
    await until(lambda: town.number(_of_clocks("breached")) == 1, "no breach was recorded")


def _annulled() -> str:
    return _of_clocks("breach_annulled")


def _of_clocks(event: str) -> str:
    return f'qinqing_clock_events_total{{clock="assign",event="{event}"}}'


def _kept(town: Town) -> float | None:
    """Of what fell due so much was assigned in time, as the first row of the dashboard of promises asks."""
    (panel,) = [
        one for one in dashboards()["sla"].rows[0].panels if 'objective="assigned"' in one.queries[0].expr
    ]
    return town.number(panel.queries[0].expr)


@plays("QinqingSigningIsLate", *LOOKS_AT_PEOPLE)
async def test_a_department_that_does_not_sign_is_seen_to_be_people_and_no_machine(
    town: Town, at: Terminals, terms: None
) -> None:
    due = datetime.now(UTC) + county.SOON
    ids = await county.raised(town, ["unsigned"], due + timedelta(minutes=5))
    await county.assigned(town, ids, county.begins(due, "sign"))
    await town.fires("QinqingSigningIsLate", "page", jurisdiction=county.COUNTY)
    await _nothing_is_wrong_with_the_machine(at["QinqingSigningIsLate"])
    await _sign(town, ids[0])
    await town.resolves("QinqingSigningIsLate", "page")


@plays("QinqingRepliesAreLate", *LOOKS_AT_PEOPLE)
async def test_a_reply_that_is_not_out_is_seen_to_be_people_and_no_machine(
    town: Town, at: Terminals, terms: None
) -> None:
    due = datetime.now(UTC) + county.SOON
    ids = await county.raised(town, ["unanswered"], due, "promise")
    began = county.begins(due, "promise") + timedelta(seconds=2)
    await county.assigned(town, ids, began)
    await county.signed(town, ids, began + timedelta(seconds=1))
    await town.fires("QinqingRepliesAreLate", "page", jurisdiction=county.COUNTY)
    await _nothing_is_wrong_with_the_machine(at["QinqingRepliesAreLate"])
    await town.resolves("QinqingRepliesAreLate", "page")


async def _nothing_is_wrong_with_the_machine(terminal: Terminal) -> None:
    now = datetime.now(UTC)
    assert "nothing is held" in await terminal.next()
    await terminal.next()
    assert " no " not in await terminal.next()
    await terminal.next(YYYY=f"{now:%Y}", MM=f"{now:%m}")
    assert await terminal.next() and "day-and-night" in await terminal.next()
