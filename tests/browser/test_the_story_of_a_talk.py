"""The story of a talk, from the plan of leaders to what came of it, walked through everybody's pages while weeks pass.

The services decide as they do (tests/portal/whole.py). What departments do about most of the issues they do by systems
of their own; the one that is late is answered on these pages.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from services.portal.figures.definitions import FIGURES
from shared.domain.clocks import SHANGHAI
from tests.browser.conftest import PHONE, WIDE, Window
from tests.browser.test_stories import ENTREPRENEUR, OFFICE, is_answered, rates
from tests.browser.walking import PATIENCE_MS, Walker, say
from tests.contacts import WANG
from tests.portal.projection.given import AT
from tests.portal.whole import Whole
from tests.serving import served_aside

pytestmark = pytest.mark.browser
MONDAY = AT.astimezone(SHANGHAI).date()
WEDNESDAY = datetime.combine(MONDAY + timedelta(days=2), time(14), SHANGHAI)
ENDED, FRIDAY = WEDNESDAY + timedelta(hours=2, minutes=30), WEDNESDAY + timedelta(days=1, hours=20)
ANSWERED, LATE = WEDNESDAY + timedelta(days=8), WEDNESDAY + timedelta(days=15)
"""When most replies go out, and the day behind the promise: ten working days are over on the fourteenth."""
TALK, THEME = f"huzhou-weekly-{WEDNESDAY:%Y%m%d}-1", "园区道路与路灯"
PLAN = "周次,地区,姓名,职务,班子,账号\n10,huzhou,钱江,副市长,政府,qian\n11,huzhou,沈华,市政协主席,政协,"
LAMPS, HOUSING = "市城市管理和综合执法局", "市住房和城乡建设局"
SAID = (
    *("北门外到公交站没有路灯，夜班工人摔伤过", "园区主干道路灯坏了三盏，报修没有人来"),
    *("园区西路路灯太暗，监控看不清车牌", "厂门口路灯被货车撞歪，一直没有扶正"),
    *("东门路灯线路外露，下雨天漏电", "园区公交站路灯不亮，早班看不见台阶"),
    *("南路路灯五点半就全黑，下班没有光", "绿化带树枝遮住路灯，路口看不见人"),
    *("仓库后面新修的路没有装路灯", "停车场出口路灯一闪一闪，晃得司机睁不开眼"),
)
OTHER_SAID = "河边步道路灯一半不亮，晚上没有人敢走"
SPEAKERS, CLAIMED = {0: ("Escape", "1"), len(SAID): ("Escape", "2")}, (0, 2)
"""The keys that choose who speaks, by the number of the first issue; which are claimed on the spot."""
ALL_OF_IT = "南路路灯五点半就全黑，下班没有光，从大门到公交站一共七盏。"
COUNTED = {
    "on_time_assignment": "11 / 11",
    "on_time_reply": "10 / 11",
    "satisfied": "9 / 9",
    "participation": "9 / 11",
}
REPLY = "您好：已现场查看并处理，路灯已全部亮灯，损坏请打12345。"
DARK = "只修了一盏，其余两盏还是黑的。"
AGAIN = "您好：昨天加装两盏，全程有灯，照度经现场测过。"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[tuple[Whole, str]]:
    """A system of its own for each story, and where its portal answers."""
    made = Whole(tmp_path)
    with served_aside(made.app, timeout_graceful_shutdown=2) as address:
        yield made, address


def at(walker: Walker, path: str) -> str:
    """This path on the same portal."""
    return "/".join(walker.page.url.split("/")[:3]) + path


def comes_back(walker: Walker, role: str) -> None:
    """Days later, when nobody is signed in any more."""
    walker.page.goto(at(walker, "/sign-in"))
    walker.goes(walker.page.locator(f"button[value^='{role}:']").first)


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
    official.types("phone", WANG.phone)
    official.types("name", WANG.name)
    official.presses("Put them on the list")
    official.reads(".did", say("Done."))


# ------------------------------------------------------------------------------- the talk


def is_held(city: Whole, official: Walker) -> None:
    """Begun, recorded by keyboard alone, two claimed and one answered, closed."""
    comes_back(official, "clerk")
    official.page.goto(at(official, f"/talks/{TALK}"))
    official.presses("Begin the talk")
    official.presses("Begin the talk")
    official.page.goto(f"{official.page.url.partition('?')[0]}/room")
    official.page.locator("#text:focus").wait_for()  # the browser puts it there once the page has come
    for number, words in enumerate((*SAID, OTHER_SAID)):
        records(official, words, *SPEAKERS.get(number, ()))
        is_recorded(official, number + 1)
        if number in CLAIMED:
            keys(official, "Escape", "c", "1")
            is_recorded(official, number + 1)
        city.now += timedelta(seconds=40)  # the newest stands on top
    answers_there(official)
    rows = official.page.locator("#recorded-rows tr")
    expect(rows.filter(has_text=say("claimed on the spot"))).to_have_count(2)
    expect(rows.filter(has_text=say("answered on the spot"))).to_have_count(1)
    city.go_to(ENDED)
    official.presses("Close the talk")
    official.reads("main", "11")
    official.presses("Close the talk")
    official.reads(".did", say("Done."))


def records(official: Walker, words: str, *before: str) -> None:
    """Choose who says it, where that is somebody else than before, and type it."""
    keys(official, *before)
    official.page.keyboard.insert_text(f"{words}。")
    keys(official, "Control+Enter")
    expect(official.page.locator("#text")).to_have_value("")


def keys(official: Walker, *pressed: str) -> None:
    for key in pressed:
        official.page.keyboard.press(key)


def is_recorded(official: Walker, count: int) -> None:
    """Nothing is on this device alone any more."""
    official.page.locator("#waiting").wait_for(state="hidden", timeout=PATIENCE_MS)
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
    comes_back(raiser, ENTREPRENEUR)
    raiser.goes_to("My issues")
    raiser.opens(title)
    raiser.presses("Confirm my words")
    raiser.presses("Yes, I said that")
    raiser.reads(".tl li", say("The raiser confirmed the words"))


def corrects(raiser: Walker, title: str, text: str) -> None:
    """What was written down of this one is not all that was said."""
    raiser.goes_to("My issues")
    raiser.opens(title)
    raiser.presses("Supply or correct")
    raiser.types("text", text)
    raiser.presses("Send it")
    raiser.reads(".tl li", say("The words were corrected"))
    raiser.reads("main", text)


# -------------------------------------------------------------------------- after the talk


def are_assigned(city: Whole, official: Walker) -> None:
    """All that nobody has claimed, at once, to the departments that are suggested."""
    comes_back(official, OFFICE)
    official.page.goto(at(official, f"/talks/{TALK}"))
    official.goes(official.page.locator("a[href*='/office/assign-many']"))
    official.presses("Assign all of them")
    city.go_to(city.now + timedelta(seconds=15))
    official.page.goto(at(official, f"/talks/{TALK}"))
    official.reads(".stats", "11 / 11")


def answer(city: Whole, issue: str, text: str) -> None:
    """The department that has it signs, drafts and signs off; the office checks it and lets it out."""
    held, place = city.state("dispatch", issue), f"/issues/{issue}"
    own = city.people_of(held["department"])
    about = {"assignment": held["assignment"]}
    if held["state"] == "assigned":
        city.ask("dispatch", f"{place}/sign", own.handler, **about)
    if held["state"] in ("assigned", "in_progress"):
        city.ask("dispatch", f"{place}/draft", own.handler, **about, outcome="solved", text=text)
        city.ask("dispatch", f"{place}/sign-off", own.leader, **about, **last_draft(city, issue))
    city.ask("dispatch", f"{place}/check", "office:wang", **about, **last_draft(city, issue))
    city.ask("dispatch", f"{place}/release", "office:chen", **about, **last_draft(city, issue))


def last_draft(city: Whole, issue: str) -> dict[str, Any]:
    """What a click names of the draft that was read."""
    draft = city.state("dispatch", issue)["drafts"][-1]
    return {"draft": draft["number"], "sha256": draft["sha256"]}


def is_reminded(city: Whole, official: Walker, title: str, issue: str) -> None:
    """The promise of one is broken: it stands at the first step, the reminder went out by itself, its department was
    told; the order comes in a working day, if nobody acts."""
    comes_back(official, "supervisor")
    official.page.goto(at(official, "/board?step=1"))
    expect(official.page.locator("tr.one")).to_have_count(1)
    expect(official.page.locator("tr.one .of-step")).to_contain_text(say("Reminder"))
    official.opens(title)
    official.reads(".tl li.bad", say("On the ladder: %(step)s") % {"step": say("Reminder")})
    expect(official.page.locator(".papers li", has_text=say("Reminder"))).to_have_count(1)
    official.reads("#ladder", say("What happens if nobody acts"))
    reminded = city.reminded(city.state("dispatch", issue)["department"], issue)
    assert reminded.count("issued") == 1 and "warning" in reminded, reminded


def climbs_no_further(official: Walker, issue: str) -> None:
    """It was answered at the first step: there it stays."""
    comes_back(official, "supervisor")
    official.page.goto(at(official, f"/issues/{issue}"))
    official.reads("#ladder", say("It climbs no further by itself."))
    steps = official.page.locator(".tl li.bad", has_text=say("On the ladder: %(step)s").partition("%")[0])
    expect(steps).to_have_count(1)


def is_reworked(city: Whole, official: Walker, raiser: Walker, title: str, issue: str) -> None:
    """Its raiser is not satisfied, the office grants another round, and the second reply is better."""
    comes_back(raiser, ENTREPRENEUR)
    raiser.goes_to("My issues")
    raiser.opens(title)
    rates(raiser, "Dissatisfied", "No, it is not", DARK)
    comes_back(official, OFFICE)
    official.goes_to("To decide")
    official.opens(title)
    official.reads(".letter", DARK)
    official.chooses("Yes: the department works on it again")
    official.presses("Decide")
    official.reads(".did", say("Who raised it is told your decision."))
    answer(city, issue, AGAIN)
    raiser.goes_to("My issues")
    raiser.opens(title)
    raiser.reads(".reply", AGAIN)
    rates(raiser, "Satisfied", "Yes, it is")


def is_counted(official: Walker) -> None:
    """Answered in time ten of eleven, and beside it that nine of the eleven that were asked have rated."""
    comes_back(official, "leader")
    first, last = f"{MONDAY.replace(day=1)}", f"{MONDAY.replace(day=31)}"
    official.page.goto(at(official, f"/talks/results?first={first}&last={last}"))
    cells = official.page.locator("table.figures tr.one").first.locator("td.num").all_text_contents()
    said = {label: value for label, _, value in (cell.partition("：") for cell in cells)}
    parts = {name: "".join(re.findall(r"\d+ / \d+$", said[FIGURES[name].zh])) for name in COUNTED}
    assert parts == COUNTED, said


@pytest.mark.parametrize(
    "size", [pytest.param(PHONE, id="phone", marks=pytest.mark.prove), pytest.param(WIDE, id="wide")]
)
def test_a_talk_is_planned_held_assigned_answered_and_counted(
    town: tuple[Whole, str], window: Window, size: tuple[int, int]
) -> None:
    city, site = town
    official, raiser = Walker(window(size), site), Walker(window(PHONE), site)
    is_planned_and_announced(official)
    signs_up(raiser)
    city.go_to(city.now + timedelta(hours=1))
    names_another(official)
    city.go_to(WEDNESDAY)
    is_held(city, official)
    issues = city.state("intake", f"talk:{TALK}")["members"]
    confirms(raiser, SAID[0])
    corrects(raiser, SAID[6], ALL_OF_IT)
    assert len(city.state("intake", issues[6])["corrections"]) == 1
    city.go_to(FRIDAY)
    are_assigned(city, official)
    late, reworked = issues[4], issues[1]
    for day, issue in enumerate(one for one in issues if one != late):
        city.go_to(ANSWERED + timedelta(minutes=20 * day))
        answer(city, issue, REPLY)
    is_reworked(city, official, raiser, SAID[1], reworked)
    city.go_to(LATE)
    is_reminded(city, official, SAID[4], late)
    is_answered(official, LAMPS, SAID[4], REPLY)
    climbs_no_further(official, late)
    for issue in issues[:9]:
        if issue != reworked:
            rated = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
            city.ask("feedback", f"/issues/{issue}/rate", "entrepreneur:wu", **rated)
    is_counted(official)
