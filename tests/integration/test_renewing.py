"""A new calendar on real parts: running clocks move as it says, each once, also where supervision is stopped midway."""

from datetime import datetime

import pytest

from services.cli.embedded import Parts
from services.supervision.builtin import builtin_days, builtin_policy
from shared.contract.commands.supervision import PublishCalendar
from shared.contract.envelope import Envelope
from shared.domain.calendar import Calendar
from shared.domain.clocks import Limit, due_at
from shared.year_notices import read_notice
from tests.house.repository import ROOT
from tests.integration.broker import own_namespace, reader
from tests.integration.city import City
from tests.unit.reference import JURISDICTION

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

INVENTED = ROOT / "docs/examples/invented-notice-2027.csv"
SUPERVISOR, ISSUES = "administrator:wu", 60


@pytest.fixture(scope="module")
def namespace() -> str:
    return own_namespace("renewing")


def moves(events: list[Envelope]) -> list[Envelope]:
    return [event for event in events if event.type == "clock.recalculated.v1"]


async def test_an_invented_notice_moves_every_promise_that_reaches_into_its_year_once(
    four: City, embedded: Parts, namespace: str
) -> None:
    longer = builtin_policy().with_reply_limit("40wd").model_dump(mode="json")
    about = {"actor": SUPERVISOR, "key": "longer"}
    await four.done("supervision", f"/policies/{JURISDICTION}/publish", {"policy": longer}, **about)
    raised = [await four.registered(f"renewing-{n}") for n in range(ISSUES)]
    # Within moments intake knows the longer limit.
    reached = [one for one in raised if one["provisional_because"] == "year_not_published"]
    assert len(reached) > ISSUES / 2
    await four.reaches("supervision", raised[-1]["id"], "registered")
    notice = read_notice(INVENTED)
    table = PublishCalendar(published_through=notice.year, days=(*builtin_days(), *notice.days))
    body = table.model_dump(mode="json", exclude_unset=True)
    await four.done("supervision", f"/calendars/{JURISDICTION}/publish", body, actor=SUPERVISOR, key="2027")
    await four.stop("supervision")
    await four.start("supervision")
    calendar = Calendar(notice.year, table.days)
    async with reader(embedded.kafka_bootstrap, namespace, "supervision.events") as read:
        await read.until(lambda _: all(moves(read.events(one["id"])) for one in reached))
        for one in reached:
            (told,) = moves(read.events(one["id"]))
            started, *_ = [event for event in read.events(one["id"]) if event.data.get("clock") == "promise"]
            began = datetime.fromisoformat(started.data["started_at"])
            expected = due_at(began, Limit("40wd"), builtin_policy(), calendar).at
            assert datetime.fromisoformat(told.data["due_at"]) == expected
            assert told.data["old_due_at"] == started.data["due_at"] < told.data["due_at"]
            assert told.data["provisional_because"] is None
            how = (told.data["clock"], told.data["because"], told.data["by"], told.data["calendar"])
            assert how == ("promise", "calendar", "wu", calendar.version)
