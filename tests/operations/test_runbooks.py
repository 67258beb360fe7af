"""Each alert is played on a running town: something breaks, it fires, its runbook is followed, it resolves."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from services.supervision.builtin import builtin_policy
from tests.house.repository import ROOT
from tests.operations import acting
from tests.operations.acting import accepted, asked, done, program, raised
from tests.operations.playing import (
    TIMES,
    Terminals,
    Town,
    at_work,
    needs_sloth,
    quick_town,
    standing_still,
    until,
)
from tests.operations.runbooks import plays
from tests.operations.scaling import write_alerts
from tests.operations.watching import needs_prometheus

pytestmark = [pytest.mark.prove, pytest.mark.integration, needs_prometheus, needs_sloth]

NOTICE = ROOT / "docs" / "examples" / "invented-notice-2027.csv"
A_DAY_IS_A_MINUTE = 1440


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all of these plays, one after the other."""
    with quick_town(tmp_path_factory.mktemp("played"), "--scenario", "town") as town:
        yield town


@plays("QinqingProcessIsAway", "qinqing status", "kill -9 PID", "qinqing status")
async def test_a_service_that_hangs_is_killed_and_comes_back(town: Town, at: Terminals) -> None:
    terminal, pid = at["QinqingProcessIsAway"], town.pid("feedback")
    with standing_still(pid):
        await town.fires("QinqingProcessIsAway", job="feedback")
        assert re.search(rf"feedback +.*{pid}.* no ", await terminal.next())
        await terminal.next(PID=pid)
        await town.resolves("QinqingProcessIsAway")
    assert re.search(r"feedback +.* yes ", await terminal.next())


@plays(
    "QinqingRecordsAreSetAside",
    "qinqing deadletters list",
    "qinqing deadletters show ORIGIN",
    'qinqing deadletters discard ORIGIN --reason "…"',
    *('qinqing deadletters discard ORIGIN --group SERVICE --reason "…"',) * 3,
    "qinqing deadletters list",
)
async def test_what_somebody_wrote_past_all_services_is_shown_and_given_up(town: Town, at: Terminals) -> None:
    terminal = at["QinqingRecordsAreSetAside"]
    async with acting.writer(town) as somebody:
        for topic in ("intake.commands", "intake.events"):
            await somebody.send_and_wait(topic, b"no envelope", key=b"nobody")
    await town.fires("QinqingRecordsAreSetAside", job="intake")
    for reader in ("dispatch", "supervision", "feedback"):
        await town.fires("QinqingRecordsAreSetAside", job=reader)
    listed = await terminal.next()
    (command,) = set(re.findall(r"intake\.commands/\d+/\d+", listed))
    (event,) = set(re.findall(r"intake\.events/\d+/\d+", listed))
    assert "no envelope" in await terminal.next(ORIGIN=command)
    why = {"…": "written by nobody of ours"}
    await terminal.next(ORIGIN=command, **why)
    for reader in ("dispatch", "supervision", "feedback"):
        await terminal.next(ORIGIN=event, SERVICE=reader, **why)
    assert "no dead letters" in await terminal.next()
    await town.resolves("QinqingRecordsAreSetAside")


@plays(
    "QinqingEventsAreHeld",
    "qinqing deadletters held",
    "qinqing follow issue ID --once",
    "qinqing deadletters list",
    "qinqing status",
    "qinqing deadletters publish-again ID --service OWNER",
    "qinqing deadletters held",
)
async def test_an_event_that_a_reader_lost_is_published_again(town: Town, at: Terminals) -> None:
    terminal = at["QinqingEventsAreHeld"]
    async with acting.stopped(town, "dispatch"):
        issue = await raised(town)
        await acting.move_offsets(town, "dispatch", "intake.events")
        await accepted(town, issue)
    await town.fires("QinqingEventsAreHeld", "page", job="dispatch")
    assert issue["id"] in await terminal.next()
    assert "issue.registered.v1" in await terminal.next(ID=issue["id"])
    assert "no dead letters" in await terminal.next()
    assert re.search(r"intake +.* yes ", await terminal.next())
    await terminal.next(ID=issue["id"], OWNER="intake")
    await until(lambda: town.number("max(qinqing_held_age_seconds)") == 0, "it is held still")
    assert "nothing is held" in await terminal.next()
    await town.resolves("QinqingEventsAreHeld", "page")
    assigned = await done(
        town, "dispatch", f"/issues/{issue['id']}/assign", acting.OFFICE, {"department": "housing"}
    )
    assert assigned["assignment"]


@plays(
    "QinqingDueDatesAreProvisional",
    "qinqing calendar diff FILE",
    "qinqing calendar preview FILE",
    "qinqing calendar import FILE",
    "qinqing calendar diff FILE",
)
async def test_a_year_without_its_notice_gets_it(town: Town, at: Terminals) -> None:
    terminal = at["QinqingDueDatesAreProvisional"]
    policy = builtin_policy().model_dump(mode="json")
    policy |= {"version": "long", "limits": {**policy["limits"], "promise": "60wd"}}
    file = town.data.parent / "policy.json"
    file.write_text(json.dumps(policy, ensure_ascii=False))
    await acting.qinqing_says(town, "policy", "import", file)
    write_alerts(town.rules, A_DAY_IS_A_MINUTE)
    town.read_rules_again()
    try:
        issue = await raised(town)
        assert issue["provisional_because"] == "year_not_published"
        await town.fires("QinqingDueDatesAreProvisional", job="supervision")
        assert "2027" in await terminal.next(FILE=NOTICE)
        assert issue["number"] in await terminal.next(FILE=NOTICE)
        await terminal.next(FILE=NOTICE)
        assert "没有差别" in await terminal.next(FILE=NOTICE)
        await town.resolves("QinqingDueDatesAreProvisional")
    finally:
        write_alerts(town.rules, TIMES)
        town.read_rules_again()


@plays("QinqingNoticesWait", "qinqing status", "kill -9 PID")
async def test_a_mail_server_that_hangs_is_started_again(town: Town, at: Terminals) -> None:
    terminal, pid = at["QinqingNoticesWait"], town.pid("mailbox")
    before = len([*town.parts.mailbox_dir.glob("*.eml")])
    with standing_still(pid):
        issue = await raised(town)
        asks = {"words": "请补充现场照片。"}
        await done(town, "intake", f"/issues/{issue['id']}/ask-material", acting.OFFICE, asks)
        await town.fires("QinqingNoticesWait", job="intake")
        assert str(pid) in await terminal.next()
        await terminal.next(PID=pid)
        await until(
            lambda: len([*town.parts.mailbox_dir.glob("*.eml")]) > before, "nothing is sent", seconds=120
        )
        await town.resolves("QinqingNoticesWait")


@plays("QinqingPagesAreBehind", "qinqing status", "kill PID", "qinqing rebuild --check")
async def test_pages_that_lag_behind_another_program_catch_up(town: Town, at: Terminals) -> None:
    terminal = at["QinqingPagesAreBehind"]
    with program(acting.LOCKS, acting.projection_of(town), 3.0) as holding:
        async with at_work(lambda: raised(town), 0.5):
            await town.fires("QinqingPagesAreBehind", "page")
            assert re.search(r"portal +.* yes ", await terminal.next())
            await terminal.next(PID=holding.pid)
            await town.resolves("QinqingPagesAreBehind", "page")
    await _age_is_small(town)
    await terminal.next()


@plays("QinqingPagesStandStill", "qinqing status", "kill PID", "qinqing rebuild --check", "qinqing rebuild")
async def test_pages_that_stand_still_since_another_program_holds_their_file_go_on(
    town: Town, at: Terminals
) -> None:
    terminal = at["QinqingPagesStandStill"]
    with program(acting.LOCKS, acting.projection_of(town), 600.0) as holding:
        await raised(town)
        await town.fires("QinqingPagesStandStill")
        await terminal.next()
        assert "database is locked" in (town.data / "logs" / "portal.log").read_text()
        await terminal.next(PID=holding.pid)
        await town.resolves("QinqingPagesStandStill")
    await _age_is_small(town)
    await terminal.next()
    await terminal.next()


async def _age_is_small(town: Town) -> None:
    await until(lambda: (town.number("max(qinqing_projection_age_seconds)") or 0) < 1, "pages are behind")


@plays("QinqingCommandsAreSlow", "qinqing status", "kill PID")
async def test_commands_are_slow_while_something_else_takes_the_store_s_time(
    town: Town, at: Terminals
) -> None:
    terminal, issue = at["QinqingCommandsAreSlow"], (await raised(town))["id"]
    with program(acting.HINDERS, town.pid("store-dispatch"), 2.0) as hindering:
        async with at_work(lambda: _signs_too_soon(town, issue), 0.5):
            await town.fires("QinqingCommandsAreSlow", "page", job="dispatch")
            await terminal.next()
            await terminal.next(PID=hindering.pid)
            await town.resolves("QinqingCommandsAreSlow", "page")


async def _signs_too_soon(town: Town, issue: str) -> httpx.Response:
    """A department signs for what was not given to it: refused, as soon as anybody is answered."""
    said = {"assignment": f"{issue}.1"}
    return await asked(town, "dispatch", f"/issues/{issue}/sign", acting.HANDLER, said)
