"""Whole stories of issues, walked through the pages of all roles of a system that really runs, from raising to closed.

Each story is told on a phone and on a wide page, with scripts and without. Of these four walks through each,
`make test` takes those that share the least; the others go to `make prove`, because each waits for the ten seconds of
its errands. They are walked in Chinese, and the plainest one in English too.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from bench.parts import whole_system
from services.portal.languages import TAGS
from tests.browser.conftest import PHONE, WIDE, Window
from tests.browser.walking import PATIENCE_MS, Typist, Walker, say

pytestmark = [pytest.mark.browser, pytest.mark.integration]
MOST = 40
"""So many interactions beyond typing the plain path may take, with signing in as everybody."""
OFFICE, LEADER, HANDLER, ENTREPRENEUR = "office", "department_leader", "handler", "entrepreneur"
CHEN = "陈伟"
LAMPS, HOUSING, PARK = "市城市管理和综合执法局", "市住房和城乡建设局", "市自然资源和规划局"
LAMPS_TITLE = "园区北门外没有路灯，夜班工人出行不安全"
LAMPS_TEXT = "北门外到公交站四百米没有路灯，夜班十一点下班，上周有人摔伤。请尽快装灯。"
REPLY = "您好：北门外四百米的路灯已于本周装好并亮灯，损坏请打12345。"
MENDED = "您好：北门外四百米的路灯已于本周三装好并亮灯，共十二盏，损坏请打12345。"

AGAIN = "您好：昨天已加装四盏，从北门到公交站全程有灯，夜间照度经现场测过。"
OTHER_TITLE = "厂门口停车难"
NOT_OURS = "该路段尚未移交，建设单位是园区。"
WRONG = "经核实，建设由住建部门负责。"
MISSING = "没有写清装在哪里、什么时候亮。"
STILL_DARK = "公交站那一头还是黑的。"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Where the portal of a whole system answers: with its staff, and without any issue."""
    with whole_system() as system:
        yield system.portal_url


def walks(*, now: tuple[str, ...]) -> pytest.MarkDecorator:
    """Both sizes, with and without scripts; all but these walks are left to `make prove`."""
    all = {
        "phone": (PHONE, True),
        "phone-without-scripts": (PHONE, False),
        "wide": (WIDE, True),
        "wide-without-scripts": (WIDE, False),
    }
    made = [pytest.param(*all[id], id=id, marks=() if id in now else pytest.mark.prove) for id in all]
    return pytest.mark.parametrize(("size", "scripts"), made)


# ------------------------------------------------------------------- what each of them does


def raises(walker: Walker, title: str, text: str) -> None:
    walker.presses("Raise an issue")
    walker.types("title", title)
    walker.types("text", text)
    walker.presses("Next: check your answers")
    walker.presses("Send it")
    walker.is_at("It is registered")


def is_chosen(walker: Walker, title: str) -> None:
    """The issue is the one beside the list, or becomes it; on a phone it is opened."""
    walker.sees(walker.listed(title))
    chosen = walker.page.locator(".chosen .title")
    if not (chosen.is_visible() and chosen.inner_text().strip() == title):
        walker.opens(title)


def assigns(walker: Walker, title: str) -> str:
    """Take it on and give it to the department that is suggested: its name."""
    is_chosen(walker, title)
    department = walker.page.locator(".pickable", has=walker.page.locator("input:checked")).locator("b")
    name = department.inner_text()
    walker.presses("Accept and assign")
    return name


def is_sent(walker: Walker) -> None:
    """The ten seconds of what was just asked are over, and it was done."""
    walker.waits_for(walker.page.locator("#errands > .errand:first-child.done"))


def signs(walker: Walker, title: str) -> None:
    is_chosen(walker, title)
    if (at_once := walker.named("Sign for it and take it on")).is_visible():
        walker.goes(at_once)
    else:
        walker.presses("Sign for it")
        walker.presses("Sign for it")
    walker.reads(".did", walker.say("You signed for it. Now it is yours to answer."))


def drafts(walker: Walker, text: str, *, outcome: str = "Solved") -> None:
    walker.presses("Draft the reply")
    walker.chooses(outcome)
    walker.types("text", text)
    walker.presses("Hand it to the leader")
    walker.reads(".did", walker.say("The draft is handed in: your leader signs it off."))


def signs_off(walker: Walker, title: str) -> None:
    walker.sees(walker.listed(title))
    walker.opens(title)
    walker.presses("Sign it off")
    walker.reads(".did", walker.say("Signed off. The office checks it and lets it out."))


def releases(walker: Walker, title: str) -> None:
    walker.goes_to("To check")
    walker.sees(walker.listed(title))
    walker.opens(title)
    walker.presses("Check and release")
    walker.reads(".did", walker.say("The reply is out, and the enterprise is asked to rate it."))


def is_answered(walker: Walker, department: str, title: str, text: str) -> None:
    """The handler signs and drafts, the leader signs off, the office checks it and lets it out."""
    walker.becomes(HANDLER, department)
    signs(walker, title)
    drafts(walker, text)
    walker.becomes(LEADER, department)
    signs_off(walker, title)
    walker.becomes(OFFICE, CHEN)
    releases(walker, title)


def rates(walker: Walker, satisfied: str, solved: str, reason: str = "") -> None:
    walker.presses("Rate the reply")
    walker.chooses(satisfied)
    walker.chooses(solved)
    walker.types("reason", reason)
    walker.presses("Send the rating")
    walker.reads(".did", walker.say("Thank you. Your rating is recorded."))


# ----------------------------------------------------------------------------- the stories


@walks(now=("phone-without-scripts",))
def test_an_issue_is_raised_handled_answered_and_closed_in_at_most_forty_interactions(
    window: Window, site: str, size: tuple[int, int], scripts: bool
) -> None:
    goes_the_plain_path(Walker(window(size, scripts=scripts), site, scripts=scripts))


def test_the_same_issue_goes_the_same_way_in_english(window: Window, site: str) -> None:
    goes_the_plain_path(Walker(window(WIDE), site, language="en"))


def goes_the_plain_path(walker: Walker) -> None:
    """From raising to closed, as everybody in turn."""
    walker.becomes(ENTREPRENEUR)
    raises(walker, LAMPS_TITLE, LAMPS_TEXT)
    walker.becomes(OFFICE, CHEN)
    department = assigns(walker, LAMPS_TITLE)
    is_sent(walker)
    is_answered(walker, department, LAMPS_TITLE, REPLY)
    walker.becomes(ENTREPRENEUR)
    walker.opens(LAMPS_TITLE)
    walker.reads(".status", walker.say("Answered: please rate it"))
    walker.reads(".reply", REPLY)
    rates(walker, "Satisfied", "Yes, it is")
    walker.reads(".status", walker.say("Closed"))
    assert walker.page.locator("html").get_attribute("lang") == TAGS[walker.language]
    assert walker.did <= MOST, walker.did


@walks(now=("wide",))
def test_an_issue_goes_back_and_forth_between_everybody_and_its_raiser_reads_where_it_stands(
    window: Window, site: str, size: tuple[int, int], scripts: bool
) -> None:
    raiser, official = (Walker(window(size, scripts=scripts), site, scripts=scripts) for _ in range(2))
    raiser.becomes(ENTREPRENEUR)
    raises(raiser, LAMPS_TITLE, LAMPS_TEXT)
    official.becomes(OFFICE, CHEN)
    first = assigns(official, LAMPS_TITLE)
    assert first == LAMPS
    withdraws_another(raiser)
    is_sent(official)
    raiser.goes_to("My issues")
    raiser.opens(LAMPS_TITLE)
    stands(raiser, "Not signed for yet", first)

    gives_back(official, raiser)
    rules(official, raiser)
    recalls(official, raiser)
    is_drafted_twice(official, raiser)
    releases_as(official, raiser, REPLY)
    corrects(official, raiser)
    asks_for_another_round(official, raiser)
    answers_again(official, raiser)


def stands(raiser: Walker, state: str, holder: str, *sentences: str) -> None:
    """What the raiser's page says: where it stands, who has it, and what happened last."""
    raiser.reads(".status", say(state))
    raiser.reads(".now-card", holder)
    for sentence in sentences:
        raiser.reads(".tl li", sentence)


def withdraws_another(raiser: Walker) -> None:
    """Raise a second issue, and take it back."""
    raises_another(raiser)
    raiser.presses("See where it stands")
    stands(raiser, "Waiting to be accepted", say("The assigning office"))
    raiser.presses("Withdraw it")
    raiser.types("reason", "厂里自己解决了。")
    raiser.presses("Yes, withdraw it")
    raiser.reads(".did", say("It is withdrawn."))
    stands(raiser, "Withdrawn", say("Nobody any more"), say("The raiser took it back"))
    expect(raiser.page.locator(".acts .btn")).to_have_count(0)


def raises_another(raiser: Walker) -> None:
    raiser.presses("Raise another one")
    raiser.types("title", OTHER_TITLE)
    raiser.types("text", "厂门口的车位不够，货车没有地方停。")
    raiser.presses("Next: check your answers")
    raiser.presses("Send it")
    raiser.is_at("It is registered")


def gives_back(official: Walker, raiser: Walker) -> None:
    """The department finds that it is another one's matter."""
    official.becomes(HANDLER, LAMPS)
    is_chosen(official, LAMPS_TITLE)
    official.presses("Give it back")
    official.types("reason", NOT_OURS)
    official.presses("Give it back")
    official.reads(".did", say("It is given back. The office rules on it."))
    stands(raiser, "The department gave it back", LAMPS, LAMPS + "退回", NOT_OURS)


def rules(official: Walker, raiser: Walker) -> None:
    """The office agrees, and another department has it."""
    official.becomes(OFFICE, CHEN)
    official.goes_to("Returns")
    official.opens(LAMPS_TITLE)
    official.reads(".reply", NOT_OURS)
    official.chooses("Another department's")
    official.picks("other", PARK)
    official.presses("Rule")
    official.reads(".did", say("You ruled: both departments are told."))
    stands(raiser, "Not signed for yet", PARK)


def recalls(official: Walker, raiser: Walker) -> None:
    """The office takes it away from that one too, and gives it to a third."""
    official.presses("Take the assignment back")
    official.types("reason", WRONG)
    official.presses("Take it back")
    official.reads(".did", say("It is taken back and waits to be assigned again."))
    stands(raiser, "Waiting for a department", say("The assigning office"), WRONG)
    official.presses("Assign it")
    official.picks("other", HOUSING)
    official.presses("Assign it")
    is_sent(official)
    stands(raiser, "Not signed for yet", HOUSING)


def is_drafted_twice(official: Walker, raiser: Walker) -> None:
    """The leader sends the first draft back; the raiser is told nothing of that."""
    official.becomes(HANDLER, HOUSING)
    signs(official, LAMPS_TITLE)
    stands(raiser, "Being worked on", HOUSING, HOUSING)
    drafts(official, "已收到。", outcome="Explained")
    official.becomes(LEADER, HOUSING)
    official.sees(official.listed(LAMPS_TITLE))
    official.opens(LAMPS_TITLE)
    official.types("reason", MISSING)
    official.presses("Send it back")
    official.reads(".did", say("The draft is back with who handles it."))
    official.becomes(HANDLER, HOUSING)
    is_chosen(official, LAMPS_TITLE)
    official.presses("Draft the reply")
    official.reads(".came-back", MISSING)
    expect(official.page.locator("#text")).to_have_value("已收到。")
    official.chooses("Solved")
    official.types("text", REPLY)
    official.presses("Hand it to the leader")
    official.becomes(LEADER, HOUSING)
    signs_off(official, LAMPS_TITLE)
    stands(raiser, "Reply under review", HOUSING)
    expect(raiser.page.locator("main")).not_to_contain_text(MISSING)
    expect(raiser.page.locator("main")).not_to_contain_text(REPLY)


def releases_as(official: Walker, raiser: Walker, reply: str) -> None:
    """The office checks and releases it."""
    official.becomes(OFFICE, CHEN)
    releases(official, LAMPS_TITLE)
    stands(raiser, "Answered: please rate it", HOUSING)
    raiser.reads(".reply", reply)


def corrects(official: Walker, raiser: Walker) -> None:
    """A corrected reply stands beside the first, and the raiser reads what was wrong."""
    official.presses("Correct the reply")
    official.types("text", MENDED)
    official.types("reason", "漏写了装灯的日子和数量。")
    official.presses("Publish the correction")
    official.reads(".did", say("The corrected version stands beside the reply."))
    raiser.reads(".tl li", "漏写了装灯的日子和数量。")
    for text in (REPLY, MENDED):
        raiser.reads(".reply", text)


def asks_for_another_round(official: Walker, raiser: Walker) -> None:
    """Who is not satisfied asks for another round, and the office grants it."""
    rates(raiser, "Dissatisfied", "No, it is not", STILL_DARK)
    stands(raiser, "Another round asked for", HOUSING)
    official.goes_to("To decide")
    official.sees(official.listed(LAMPS_TITLE))
    official.opens(LAMPS_TITLE)
    official.reads(".letter", STILL_DARK)
    official.chooses("Yes: the department works on it again")
    official.presses("Decide")
    official.reads(".did", say("Who raised it is told your decision."))
    stands(raiser, "Being worked on again", HOUSING, say("Another round begins"))


def answers_again(official: Walker, raiser: Walker) -> None:
    """The second round is answered as the first, and closes the issue."""
    official.becomes(HANDLER, HOUSING)
    is_chosen(official, LAMPS_TITLE)
    drafts(official, AGAIN)
    official.becomes(LEADER, HOUSING)
    signs_off(official, LAMPS_TITLE)
    releases_as(official, raiser, AGAIN)
    rates(raiser, "Satisfied", "Yes, it is")
    stands(raiser, "Closed", say("Nobody any more"))


def test_the_office_takes_an_issue_on_and_releases_its_reply_by_the_keyboard_alone(
    window: Window, site: str
) -> None:
    others, office = Walker(window(WIDE), site), Typist(window(WIDE), site)
    others.becomes(ENTREPRENEUR)
    raises(others, LAMPS_TITLE, LAMPS_TEXT)
    office.becomes("office:chen")
    issue = office.selects(LAMPS_TITLE)
    office.gives_to(HOUSING)
    mine = office.page.locator(f".errand.done a[href='/issues/{issue}']")
    expect(mine).to_be_visible(timeout=PATIENCE_MS)
    others.becomes(HANDLER, HOUSING)
    signs(others, LAMPS_TITLE)
    drafts(others, REPLY)
    others.becomes(LEADER, HOUSING)
    signs_off(others, LAMPS_TITLE)
    office.enters(office.page.locator(".nav-l a", has_text=say("To check")))
    office.enters(office.page.locator("main table a", has_text=LAMPS_TITLE))
    office.enters(office.page.locator("button[value='release']"))
    expect(office.page.locator(".did")).to_have_text(
        say("The reply is out, and the enterprise is asked to rate it.")
    )
    others.becomes(ENTREPRENEUR)
    others.opens(LAMPS_TITLE)
    rates(others, "Satisfied", "Yes, it is")
    others.reads(".status", say("Closed"))
