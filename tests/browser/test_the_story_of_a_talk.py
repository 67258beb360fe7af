"""The story of one talk, from the plan of leaders to what came of it, walked through everybody's pages while weeks pass.

The services decide as they do (tests/portal/whole.py). What departments do about most of the issues they do by systems
of their own, and with one of them on these pages.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

import pytest

from shared.domain.clocks import SHANGHAI
from tests.browser.conftest import PHONE, WIDE, Window
from tests.browser.test_stories import (
    ENTREPRENEUR,
    HANDLER,
    LEADER,
    OFFICE,
    drafts,
    rates,
    releases,
    signs_off,
)
from tests.browser.test_the_room import Clerk
from tests.browser.walking import Walker, say
from tests.portal.projection.given import AT
from tests.portal.whole import Whole, whole
from tests.serving import served_aside

pytestmark = [pytest.mark.browser, pytest.mark.prove]
MONDAY = AT.astimezone(SHANGHAI).date()
WEDNESDAY = datetime.combine(MONDAY + timedelta(days=2), time(14), SHANGHAI)
ENDED, FRIDAY = WEDNESDAY + timedelta(hours=2, minutes=30), WEDNESDAY + timedelta(days=1, hours=20)
ANSWERED, LATE = WEDNESDAY + timedelta(days=8), WEDNESDAY + timedelta(days=15)
"""When most replies go out, and the day behind the promise: ten working days are over on the fourteenth."""
TALK, THEME = f"huzhou-weekly-{WEDNESDAY:%Y%m%d}-1", "园区道路与路灯"
PLAN = "周次,地区,姓名,职务,班子,账号\n10,huzhou,钱江,副市长,政府,qian\n11,huzhou,沈华,市政协主席,政协,"
LAMPS, HOUSING = "市城市管理和综合执法局", "市住房和城乡建设局"
SAID = (
    *("北门外到公交站没有路灯，夜班工人摔伤过。", "园区主干道路灯坏了三盏，报修没有人来。"),
    *("园区西路路灯太暗，监控看不清车牌。", "厂门口路灯被货车撞歪，一直没有扶正。"),
    *("东门路灯线路外露，下雨天漏电。", "园区公交站路灯不亮，早班看不见台阶。"),
    *("南路路灯五点半就全黑，下班没有光。", "绿化带树枝遮住路灯，路口看不见人。"),
    *("仓库后面新修的路没有装路灯。", "停车场出口路灯一闪一闪，晃得司机睁不开眼。"),
)
OTHER = ("河边步道路灯一半不亮，晚上没有人敢走。", "13900139000", "王春花")
REPLY = "您好：已现场查看并处理，路灯已全部亮灯，损坏请打12345。"
AGAIN = "您好：昨天加装两盏，全程有灯，照度经现场测过。"


@pytest.fixture
def town() -> Iterator[tuple[Whole, str]]:
    """A system of its own for each story, and where its portal answers."""
    made = whole()
    with served_aside(made.app, timeout_graceful_shutdown=2) as address:
        yield made, address


# ------------------------------------------------------------------------- before the talk


def is_planned_and_announced(official: Walker) -> None:
    official.becomes("federation")
    official.goes_to("Rotation")
    official.presses("Publish a plan")
    official.types("content", PLAN)
    official.presses("Check it")
    official.presses("Publish this plan")
    official.reads(".did", say("The plan is published."))
    official.goes_to("Talks")
    official.presses("Announce a talk")
    assert "钱江" in official.page.input_value("#leaders"), "whose turn it is"
    official.types("theme", THEME)
    official.types("place", "市民中心政企恳谈室")
    official.types("on", f"{WEDNESDAY:%Y-%m-%d}")
    for name in (LAMPS, HOUSING):
        official.clicks(official.page.locator("#departments label.choice", has_text=name))
    official.presses("Announce the talk")
    official.reads("h1", THEME)


def signs_up(raiser: Walker) -> None:
    raiser.becomes(ENTREPRENEUR)
    raiser.goes_to("Talks")
    raiser.goes(raiser.page.locator("ul.cards a", has_text=THEME).first)
    raiser.presses("Sign up")
    raiser.presses("Sign up")
    raiser.reads(".now-card", say("You have a place"))


def names_another(official: Walker) -> None:
    official.page.reload()
    official.presses("Name somebody")
    official.types("phone", OTHER[1])
    official.types("name", OTHER[2])
    official.presses("Put them on the list")
    official.reads(".did", say("Done."))


# ------------------------------------------------------------------------------- the talk


def is_held(city: Whole, official: Walker) -> None:
    """Begun, recorded by keyboard alone, two claimed and one answered, closed."""
    official.becomes("clerk")
    official.page.goto(official.page.url.partition("/talks")[0] + f"/talks/{TALK}")
    official.presses("Begin the talk")
    official.presses("Begin the talk")
    official.page.goto(f"{official.page.url.partition('?')[0]}/room")
    clerk = Clerk(official.page)
    clerk.records(SAID[0], "1")
    clerk.claims()
    for words in SAID[1:3]:
        clerk.records(words)
    clerk.claims()
    for words in SAID[3:]:
        clerk.records(words)
    clerk.records(OTHER[0], "2")
    is_recorded(official, 11)
    answers_there(official)
    city.go_to(ENDED)
    official.presses("Close the talk")
    official.reads("main", "11")
    official.presses("Close the talk")
    official.reads(".did", say("Done."))


def is_recorded(official: Walker, count: int) -> None:
    """Nothing is on this device alone any more."""
    official.page.locator("#waiting").wait_for(state="hidden")
    official.sees(official.page.locator("#recorded-rows tr").nth(count - 1))


def answers_there(official: Walker) -> None:
    """The leader of the department that is there says what was done already."""
    row = official.page.locator("#recorded-rows tr", has_text="停车场出口").first
    official.goes(row.get_by_role("link", name=say("Answer"), exact=True))
    official.clicks(official.page.locator("label.choice", has_text=LAMPS).first)
    official.chooses("Solved")
    official.types("text", REPLY)
    official.presses("Answer it on the spot")
    official.reads(".did", say("The answer is written down; the office lets it out."))


def confirms(raiser: Walker, title: str) -> None:
    raiser.goes_to("My issues")
    raiser.opens(title)
    raiser.presses("Confirm my words")
    raiser.presses("Yes, I said that")
    raiser.reads("main", say("You confirmed the words."))


# -------------------------------------------------------------------------- after the talk


def are_assigned(city: Whole, official: Walker) -> None:
    """All at once; what no rule speaks for is chosen for."""
    official.becomes(OFFICE)
    official.page.goto(official.page.url.partition("/office")[0] + f"/talks/{TALK}")
    official.goes(official.page.locator("a[href*='/office/assign-many']"))
    official.presses("Assign all of them")
    city.go_to(city.now + timedelta(seconds=15))
    official.reads(".did", "8")
