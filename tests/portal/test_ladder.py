"""The ladder on pages: where an issue stands, what happens if nobody acts, and who is shown it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.portal.queries import issues
from services.portal.queries.ladder import Ladder
from services.supervision.issue.ladder import coming
from shared.contract.event import Event
from shared.contract.events.dispatch import PauseAsked, ReplyReleased
from shared.contract.events.feedback import ReworkAsked, ReworkDecided, ReworkRefused
from shared.contract.events.supervision import DepartmentAddressed, LadderRaised
from shared.contract.words import PauseGround, Role
from tests.portal.given import Browser, Given, known_versions
from tests.portal.projection.given import ISSUE
from tests.portal.test_board import listed_on, official, town
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import builtin_reference
from tests.unit.supervision.given import (
    BY_ITSELF,
    DUE,
    MONDAY,
    WHOSE,
    after,
    appealed,
    asked_for_more,
    assigned,
    extended,
    fire_until,
    goes_on,
    new_issue,
    over,
    paused,
    promised,
    raiser_asked,
    registered,
    rejected,
    replied,
    upheld,
)
from tests.unit.supervision.test_ladder_of_an_issue import EXPLAINED, HANDLER, lifts, overseen

PATH = f"/issues/{ISSUE}"
STORY = list[tuple[datetime, Event]]


def told(
    given: Given,
    story: STORY,
    until: datetime,
    lifted_at: datetime | None = None,
    explained_at: datetime | None = None,
) -> OneAggregate:
    """The same story in supervision and in the rows, with all that supervision told of it until then."""
    known_versions(given)
    supervision = new_issue(overseen())
    for at, event in story:
        fire_until(supervision, at)
        supervision.take(event, at)
        owner = event.topic.partition(".")[0]
        given.shown.tell(owner, event.type, event.model_dump(mode="json"), at=at)
    if lifted_at is not None:
        fire_until(supervision, lifted_at)
        supervision.ask(lifts(supervision.state.lamp), lifted_at, "supervisor:gu")
    fire_until(supervision, until)
    if explained_at is not None:
        supervision.ask(EXPLAINED, explained_at, HANDLER)
    for envelope in supervision.envelopes.values():
        assert envelope.time is not None
        if envelope.type == DepartmentAddressed.type:
            continue  # on a topic that pages do not read
        given.shown.tell("supervision", envelope.type, envelope.data, at=envelope.time)
    return supervision


def reply(round: int = 1) -> ReplyReleased:
    return replied(round)


BEGUN: STORY = [(MONDAY, registered()), (MONDAY, promised())]
HELD: STORY = [*BEGUN, (MONDAY, assigned())]
TWICE: STORY = [
    *HELD,
    (after(days=1), reply()),
    (after(days=2), ReworkAsked(round=1, reason="未解决")),
    (after(days=2), ReworkDecided(round=2, by="chen")),
    (after(days=3), reply(2)),
    (after(days=4), ReworkAsked(round=2, reason="仍未解决")),
]
THIRD: STORY = [*HELD, *((after(days=number), asked_for_more(number)) for number in (1, 2, 3))]
FOR_A_PAUSE = {
    **WHOSE,
    "round": 1,
    "request": 1,
    "ground": PauseGround.WAITING,
    "reason": "配件",
    "by": "zhou",
}
PAUSED: STORY = [*HELD, (after(days=1), PauseAsked(**FOR_A_PAUSE)), (after(days=1), paused())]
BY_ITSELF_OVER: STORY = [*PAUSED[:-1], (after(days=1), paused(ends_at=BY_ITSELF))]
STORIES: dict[str, tuple[STORY, datetime]] = {
    "third extension": (THIRD, after(days=4)),
    "third extension, answered": ([*THIRD, (after(days=4), reply())], after(days=5)),
    "extended": (
        [*HELD, (after(days=1), asked_for_more()), (after(days=1), extended())],
        after(days=2),
    ),
    "paused": (PAUSED, after(days=9)),
    "paused, and goes on": ([*PAUSED, (after(days=5), goes_on())], after(days=9)),
    "paused, for five days at most": (BY_ITSELF_OVER, after(days=2)),
    "paused, for five days at most, and over": ([*BY_ITSELF_OVER, (BY_ITSELF, over())], after(days=9)),
    "the raiser asked": ([*HELD, (after(days=1), raiser_asked())], after(days=2)),
    "the raiser asked, and paused": (
        [*HELD, (after(days=1), raiser_asked()), (after(days=2), paused(ends_at=BY_ITSELF))],
        after(days=3),
    ),
    "promised": (HELD, MONDAY),
    "warned": (HELD, DUE),
    "reminded": (HELD, DUE + timedelta(hours=1)),
    "yellow": (HELD, after(days=22)),
    "listed": (HELD, after(days=90)),
    "answered late": ([*HELD, (after(days=22), reply())], after(days=23)),
    "a second round": (
        [
            *HELD,
            (after(days=22), reply()),
            (after(days=23), ReworkAsked(round=1, reason="未解决")),
            (after(days=23), ReworkDecided(round=2, by="chen")),
        ],
        after(days=24),
    ),
    "dissatisfied twice": (TWICE, after(days=5)),
    "another round granted": ([*TWICE, (after(days=5), ReworkDecided(round=3, by="chen"))], after(days=6)),
    "another round answered": (
        [*TWICE, (after(days=5), ReworkDecided(round=3, by="chen")), (after(days=6), reply(3))],
        after(days=7),
    ),
    "no other round": (
        [*TWICE, (after(days=5), ReworkRefused(round=2, reason="已解决", by="chen"))],
        after(days=6),
    ),
    "appealed": (
        [
            *BEGUN,
            (after(days=16), rejected()),
            (after(days=20), appealed(after(days=16), after(days=20))),
            (after(days=21), upheld()),
        ],
        after(days=21),
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_is_to_come_is_what_supervision_says(given: Given, name: str) -> None:
    story, until = STORIES[name]
    supervision = told(given, story, until)
    reads = given.shown.reader()
    issue = issues.issue(reads, ISSUE)
    assert issue is not None
    assert Ladder(reads, issue, given.now).coming == coming(supervision.state, builtin_reference())
    assert (issue["ladder_step"] or 0) == supervision.state.lamp


def test_a_pause_that_ends_by_itself_is_foreseen_with_what_follows(given: Given) -> None:
    supervision = told(given, *STORIES["paused, for five days at most"])
    reads = given.shown.reader()
    issue = issues.issue(reads, ISSUE)
    assert issue is not None
    ladder = Ladder(reads, issue, given.now)
    assert ladder.held_up is not None and ladder.held_up["ends_at"] == BY_ITSELF.timestamp() * 1000
    steps = [rise for rise in ladder.coming if rise.step]
    assert [rise.step for rise in steps] == [1, 2, 3, 4, 5, 6]
    supervision.take(over(), BY_ITSELF)
    raised = fire_until(supervision, after(days=90))
    assert [(one.step, one.due_at) for one in raised if isinstance(one, LadderRaised)] == [
        (rise.step, rise.at) for rise in steps
    ]


@pytest.mark.parametrize(
    ("name", "said", "step"),
    [
        ("paused, for five days at most", "承诺已暂停。3月9日 周一 17:30自行恢复，此后：", "催办"),
        ("paused", "承诺已暂停，须由人恢复。在此之前不会逾期。", ""),
    ],
)
async def test_while_it_is_paused_the_page_says_when_that_ends_and_what_follows(
    given: Given, name: str, said: str, step: str
) -> None:
    told(given, *STORIES[name])
    given.now = after(days=2)
    browser = official(given)
    await browser.open(PATH)
    card = browser.page.text.partition('id="ladder"')[2].partition("</section>")[0]
    assert said in card and "如无人处理" in card
    assert ("催办" in card) is bool(step)


def test_what_a_person_lifted_climbs_no_further_in_the_rows_either(given: Given) -> None:
    supervision = told(given, HELD, after(days=30), lifted_at=after(days=22))
    reads = given.shown.reader()
    issue = issues.issue(reads, ISSUE)
    assert issue is not None
    assert Ladder(reads, issue, given.now).coming == coming(supervision.state, builtin_reference()) == ()
    assert issue["ladder_step"] == 0


def test_what_was_explained_is_foreseen_later_in_the_rows_too(given: Given) -> None:
    known_versions(given)
    supervision = told(given, HELD, DUE + timedelta(hours=1), explained_at=DUE + timedelta(hours=2))
    reads = given.shown.reader()
    issue = issues.issue(reads, ISSUE)
    assert issue is not None
    assert Ladder(reads, issue, given.now).coming == coming(supervision.state, builtin_reference())
    assert Ladder(reads, issue, given.now).coming[0].at == datetime(2026, 3, 19, 9, 30, tzinfo=UTC)


def test_without_the_policy_nothing_is_foretold(given: Given) -> None:
    given.registered()
    reads = given.shown.reader()
    issue = issues.issue(reads, ISSUE)
    assert issue is not None
    assert Ladder(reads, issue, given.now).coming == ()


async def test_an_official_reads_the_lamp_in_words_and_what_happens_if_nobody_acts(given: Given) -> None:
    told(given, HELD, after(days=22))
    given.now = after(days=22)
    browser = official(given)
    await browser.open(PATH)
    card = browser.page.text.partition('id="ladder"')[2].partition("</section>")[0]
    assert "黄灯" in card and "仍未答复" in card and 'class="lamp y"' in card
    assert "如无人处理" in card and "红灯" in card and "3月26日 周四 17:30" in card
    assert "列入监督事项清单" in card


async def test_who_raised_it_is_shown_no_lamp(given: Given) -> None:
    given.registered()
    given.shown.tell("supervision", "ladder.raised.v1", raised(3), ISSUE)
    browser: Browser = given.browser()
    await browser.sign_in()
    assert (await browser.open(PATH)).status_code == 200
    assert 'id="ladder"' not in browser.page.text and "黄灯" not in browser.text


async def test_the_board_is_narrowed_by_the_step_of_the_ladder(given: Given) -> None:
    town(given)
    browser = official(given)
    await browser.open("/board")
    late = listed_on(browser)[0]
    given.shown.tell("supervision", "ladder.raised.v1", raised(4), late)
    await browser.open("/board?step=4")
    assert listed_on(browser) == [late]
    assert "红灯" in browser.page.text.partition("<tbody>")[2]
    await browser.open("/board?step=3")
    assert listed_on(browser) == []
    await browser.open("/board?step=9")
    assert len(listed_on(browser)) == 5


async def test_the_history_tells_officials_of_steps_and_of_who_lifted_them(given: Given) -> None:
    given.registered()
    given.shown.tell("supervision", "ladder.raised.v1", raised(4), ISSUE)
    given.shown.tell("supervision", "ladder.ended.v1", {"step": 4, "ended_at": "2026-03-03T01:00:00Z"}, ISSUE)
    given.shown.tell("supervision", "ladder.lifted.v1", {"step": 4, "to": 2, "because": "annulled"}, ISSUE)
    lifted = {"step": 2, "because": "person", "reason": "已整改", "by": "gu"}
    given.shown.tell("supervision", "ladder.lifted.v1", lifted, ISSUE)
    browser = official(given, Role.OFFICE)
    await browser.open(PATH)
    for words in ("升级：红灯", "不再升级", "退回第 2 级", "由 gu 解除", "已整改"):
        assert words in browser.text, words


def raised(step: int) -> dict[str, Any]:
    """What supervision tells of a step."""
    about = {"clock": "promise", "round": 1, "due_at": "2026-03-23T09:30:00Z", "policy": "p", "calendar": "c"}
    return {"step": step, "called": "red_light", "because": "no_answer", "department": "housing", **about}
