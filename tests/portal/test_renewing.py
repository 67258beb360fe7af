"""A new calendar or policy on the supervisor's pages: what it would move is shown before, and is what then moves."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.portal.queries.impact import impact, renewed
from services.supervision.issue.renewing import request_of
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.contract.event import Event
from shared.contract.events.dispatch import EnterpriseAsked, ExtensionGranted, PauseEnded, PauseGranted
from shared.contract.events.supervision import CalendarPublished, ClockRecalculated, PolicyPublished
from shared.contract.words import Role
from shared.domain.calendar import Calendar
from shared.domain.clocks import Limit
from shared.domain.reference import Reference
from shared.year_notices import read_notice
from shared.year_tables import combined
from tests.house.repository import ROOT
from tests.portal.department import people
from tests.portal.given import Browser, Given, refused
from tests.portal.projection.given import ISSUE, JURISDICTION
from tests.portal.test_board import official
from tests.portal.test_ladder import known_versions
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import make_reference
from tests.unit.supervision.given import CALENDAR, POLICY, assigned, signed
from tests.unit.supervision.renewed import DECEMBER, over_the_new_year

INVENTED = ROOT / "docs/examples/invented-notice-2027.csv"
TEXT = INVENTED.read_text(encoding="utf-8")
NOW = DECEMBER + timedelta(days=2)
PATH, PREVIEW, PUBLISH = "/renewals", "/renewals/preview", f"/calendars/{JURISDICTION}/publish"


def december(given: Given) -> tuple[OneAggregate, Reference]:
    """An issue of December in supervision and in the rows: promise and holding clock fall due in 2027."""
    known_versions(given)
    reference = make_reference()
    issue = over_the_new_year(reference)
    issue.take(assigned(department="housing"), DECEMBER)
    issue.take(signed(department="housing"), DECEMBER)
    for event in issue.events:
        tell(given, event)
    given.shown.tell("intake", "issue.registered.v1", {"number": "HZ-1"}, ISSUE, at=DECEMBER)
    given.shown.tell(
        "dispatch", "issue.assigned.v1", assigned(department="housing").model_dump(mode="json"), ISSUE
    )
    given.now = NOW
    return issue, reference


def tell(given: Given, event: Event) -> None:
    given.shown.tell("supervision", event.type, event.model_dump(mode="json"), ISSUE, at=NOW)


def table() -> PublishCalendar:
    """The built-in table with the invented notice."""
    days = tuple(CALENDAR.days.values())
    known = CalendarPublished(version="", in_force_from=NOW, published_through=2026, days=days, by="")
    return combined(known, read_notice(INVENTED))


def happens(
    issue: OneAggregate, reference: Reference, published: CalendarPublished | PolicyPublished
) -> list[Event]:
    """It is published, and the walk comes by."""
    reference.learn("", published)
    renewal = reference.renewals[-1]
    return issue.deliver(issue.command(request_of(renewal), NOW + timedelta(minutes=1), "system:renewing"))


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def as_moved(events: list[Event]) -> set[tuple[Any, ...]]:
    moves = [event for event in events if isinstance(event, ClockRecalculated)]
    return {
        (move.clock, ms(move.old_due_at), ms(move.due_at), move.provisional_because is not None)
        for move in moves
    }


def test_what_a_notice_would_move_is_what_then_moves(given: Given) -> None:
    issue, reference = december(given)
    wanted = table()
    before = impact(given.shown.reader(), JURISDICTION, wanted, NOW)
    assert {move.clock for move in before.moves} == {"promise", "holding"}
    assert before.departments == [("housing", 2)]
    assert all(move.was_provisional and not move.provisional for move in before.moves)
    version = Calendar(2027, wanted.days).version
    event = CalendarPublished(
        version=version, in_force_from=NOW, published_through=2027, days=wanted.days, by="gu"
    )
    moved = happens(issue, reference, event)
    assert as_moved(moved) == {(m.clock, m.old_due_at, m.due_at, m.provisional) for m in before.moves}
    for one in moved:
        tell(given, one)
    given.shown.topics.version(
        "supervision", event.type, "calendar:huzhou", event.model_dump(mode="json"), seq=9
    )
    given.shown.apply()
    after = renewed(given.shown.reader(), version)
    assert {(m.clock, m.old_due_at, m.due_at) for m in after.moves} == {
        (m.clock, m.old_due_at, m.due_at) for m in before.moves
    }
    assert impact(given.shown.reader(), JURISDICTION, wanted, NOW).moves == ()
    row = given.shown.reader().execute("SELECT may_move, due_at FROM issue WHERE id = ?", (ISSUE,)).fetchone()
    assert tuple(row) == (0, max(m.due_at for m in before.moves))


def test_while_the_promise_runs_the_clock_that_waits_for_an_answer_moves_with_it(given: Given) -> None:
    issue, reference = december(given)
    at = DECEMBER + timedelta(days=1)
    asks = EnterpriseAsked(
        assignment="a1",
        department="housing",
        round=1,
        request=1,
        words="请补充位置图",
        ends_at=NOW + timedelta(days=60),
        by="housing/li",
    )
    for moved in issue.take(asks, at):
        tell(given, moved)
    given.shown.tell("dispatch", asks.type, asks.model_dump(mode="json"), ISSUE, at=at)
    wanted = table()
    before = impact(given.shown.reader(), JURISDICTION, wanted, NOW)
    published = CalendarPublished(
        version=Calendar(2027, wanted.days).version,
        in_force_from=NOW,
        published_through=2027,
        days=wanted.days,
        by="gu",
    )
    moves = [event for event in happens(issue, reference, published) if isinstance(event, ClockRecalculated)]
    assert {(move.clock, move.paused) for move in before.moves} == {("promise", False), ("holding", False)}
    assert {(m.clock, m.due_at) for m in before.moves} == {(m.clock, ms(m.due_at)) for m in moves}


@pytest.mark.parametrize("granted", ["extension", "pause", "pause that is over"])
def test_what_was_extended_or_paused_would_move_as_it_then_moves(given: Given, granted: str) -> None:
    issue, reference = december(given)
    about = {"assignment": "a1", "department": "housing", "round": 1, "request": 1}
    at = DECEMBER + timedelta(days=1)
    days = {"days": 4, "original_due_at": at, "old_due_at": at, "due_at": at}
    more = ExtensionGranted(**about, **days, by="chen")
    pause = PauseGranted(**about, ground="statutory_procedure", by="chen")
    told: list[tuple[Event, datetime]] = [(more if granted == "extension" else pause, at)]
    if granted == "pause that is over":
        told.append((PauseEnded(**about, because="person", granted=True), at + timedelta(hours=20)))
    what = "extension" if granted == "extension" else "pause"
    asked = {
        **about,
        "reason": "配件",
        "due_at": at.isoformat(),
        "until": "2027-01-08",
        "days": 4,
        "by": "li",
    }
    asked |= {"ground": "statutory_procedure"}
    given.shown.tell("dispatch", f"{what}.asked.v1", asked, ISSUE, at=at)
    for event, when in told:
        for moved in issue.take(event, when):
            tell(given, moved)
        given.shown.tell("dispatch", event.type, event.model_dump(mode="json"), ISSUE, at=when)
    wanted = table()
    before = impact(given.shown.reader(), JURISDICTION, wanted, NOW)
    assert {move.clock for move in before.moves} == {"promise", "holding"}
    # What is paused is on no list of what is due: whoever walks over these reaches it once it goes on.
    assert {move.paused for move in before.moves} == {granted == "pause"}
    assert before.paused == (2 if granted == "pause" else 0)
    version = Calendar(2027, wanted.days).version
    moved = happens(
        issue,
        reference,
        CalendarPublished(
            version=version, in_force_from=NOW, published_through=2027, days=wanted.days, by="gu"
        ),
    )
    assert as_moved(moved) == {(m.clock, m.old_due_at, m.due_at, m.provisional) for m in before.moves}


def test_a_policy_moves_running_clocks_only_where_it_is_to_reach_them(given: Given) -> None:
    issue, reference = december(given)
    longer = POLICY.model_copy(
        update={"version": "two", "limits": {**POLICY.limits, "promise": Limit("15wd")}}
    )
    reads = given.shown.reader()
    assert impact(reads, JURISDICTION, PublishPolicy(policy=longer), NOW).moves == ()
    wanted = PublishPolicy(policy=longer, applies_to_running=True)
    before = impact(reads, JURISDICTION, wanted, NOW)
    event = PolicyPublished(version="two", in_force_from=NOW, policy=longer, applies_to_running=True, by="gu")
    moved = as_moved(happens(issue, reference, event))
    assert moved == {(m.clock, m.old_due_at, m.due_at, m.provisional) for m in before.moves}
    assert {clock for clock, *_ in moved} == {"promise"}


async def test_a_notice_is_pasted_checked_shown_and_published(given: Given) -> None:
    december(given)
    people(given)
    browser = official(given, Role.SUPERVISOR)
    await browser.open("/board")
    assert f'href="{PATH}"' in browser.page.text
    await browser.open(PATH)
    await browser.send(PATH, kind="notice", content=TEXT)
    assert "2 个期限" in browser.text and "日期已确定" in browser.text
    assert moved_rows(browser) == [
        ("HZ-1", clock, "2027年1月4日 周一 17:30 → 2027年1月5日 周二 17:30", "市建设局")
        for clock in ("本部门办理期限", "承诺答复")
    ]
    given.asked.answers[f"POST {PUBLISH}"] = (200, {"status": "done", "version": "2027-1"})
    await browser.send(PREVIEW)
    (body,) = given.asked.bodies(PUBLISH)
    assert body == table().model_dump(mode="json", exclude_unset=True)
    assert "2027-1" in browser.text
    await browser.open(PATH)
    assert "元旦" not in browser.page.text


def moved_rows(browser: Browser) -> list[tuple[str, ...]]:
    """Each row of what moves: issue, clock, old and new date, and whose it is."""
    rows = re.findall(r'<tr class="one">(.*?)</tr>', browser.page.text)
    cells = [re.sub(r"<small>.*?</small>", "", row).split("</td>")[:-1] for row in rows]
    return [tuple(re.sub(r"<[^>]+>", "", cell) for cell in row) for row in cells]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("2027-01-01,rest,元旦,x\n", "2027-01-01"),
        ("2027-01-05,work,补班,x\n", "2027-01-05"),
        ("2027-01-02,work,补班,x\n", "2027-01-02 既是补班日又是放假日，见第 3 行；放假日不能补班"),
        ("2027-13-01,rest,x,x\n", "2027-13-01"),
    ],
    ids=["a day twice", "a make-up day from Monday to Friday", "a make-up day on a rest day", "no date"],
)
async def test_a_notice_that_contradicts_itself_is_refused_with_place_and_rule(
    given: Given, wrong: str, said: str
) -> None:
    december(given)
    browser = official(given, Role.SUPERVISOR)
    await browser.open(PATH)
    answer = await browser.send(PATH, kind="notice", content=TEXT + wrong)
    assert answer.status_code == 422
    assert said in browser.text and "第 28 行" in browser.text
    assert "虚构的2027年放假通知" in browser.page.text, "nothing typed is lost"
    assert given.asked.bodies(PUBLISH) == []


async def test_a_policy_with_a_step_missing_is_refused_with_place_and_rule(given: Given) -> None:
    december(given)
    policy = POLICY.model_copy(update={"version": "two", "ladder": (*POLICY.ladder[:2], *POLICY.ladder[3:])})
    browser = official(given, Role.SUPERVISOR)
    await browser.open(PATH)
    answer = await browser.send(PATH, kind="policy", content=policy.model_dump_json())
    assert answer.status_code == 422
    assert "ladder[2]：缺少第 3 级（yellow_light）" in browser.text


async def test_what_supervision_refuses_is_said_and_the_draft_stays(given: Given) -> None:
    december(given)
    browser = official(given, Role.SUPERVISOR)
    await browser.open(PATH)
    await browser.send(PATH, kind="notice", content=TEXT)
    given.asked.answers[f"POST {PUBLISH}"] = refused("malformed", "表格自相矛盾")
    assert (await browser.send(PREVIEW)).status_code == 422
    assert "表格自相矛盾" in browser.text and "元旦" in browser.page.text


async def test_nobody_else_has_such_a_page_and_without_a_draft_there_is_no_preview(given: Given) -> None:
    december(given)
    assert (await official(given, Role.OFFICE).open(PATH)).status_code == 404
    assert (await official(given, Role.SUPERVISOR).open(PREVIEW)).url.path == PATH


def test_the_example_is_plainly_called_invented() -> None:
    assert all("虚构" in day.source for day in read_notice(INVENTED).days)
    assert datetime.now(UTC).year <= 2027, "by then the real notice of 2027 is out"
