"""The search among one's own issues: by number, words and replies; another person's are never found."""

import re

import pytest

from tests.keys import REFERENCES
from tests.portal.given import ISSUE, NUMBER, TEXT, TITLE, WU, Browser, Given

OTHERS, SEALED, HIDDEN, MINE = "B" * 13, "C" * 13, "D" * 13, "E" * 13
HE = REFERENCES.person("he")


def told(given: Given) -> None:
    """One answered, one that nobody accepted yet, one without a name; and another person's, with the same words."""
    given.answered()
    given.registered(OTHERS, person=HE)
    given.accepted(OTHERS, "路灯坏了，别人说的")
    given.registered(SEALED)
    given.asked.answers[f"GET /issues/{SEALED}"] = (
        200,
        {"id": SEALED, "title": "厂区<b>停水</b>", "text": "每周停三次"},
    )
    given.registered(HIDDEN, anonymous=True, person=REFERENCES.on_issue(HIDDEN, WU, anonymous=True))
    given.accepted(HIDDEN, "检查太频繁")


async def asked(given: Given, typed: str) -> Browser:
    browser = given.browser()
    await browser.sign_in()
    await browser.open("/mine", params={"q": typed})
    return browser


def found(browser: Browser) -> list[str]:
    return sorted(re.findall(r'class="whole" href="/issues/(\w+)"', browser.page.text))


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        (NUMBER, [ISSUE]),
        (ISSUE[:5].lower(), [ISSUE]),
        (TITLE, [ISSUE]),
        ("路灯已经装好", [ISSUE]),
        ("停水", [SEALED]),
        ("停水 三次", [SEALED]),
        ("频繁", [HIDDEN]),
        ("DDDD", [HIDDEN]),
        ("别人说的", []),
        ("BBBB", []),
        ("没有人说过", []),
        ("<script>", []),
        ("。！", []),
        ("水" * 5_000, []),
    ],
)
async def test_ones_own_issues_are_found_and_nobody_elses(given: Given, typed: str, ids: list[str]) -> None:
    told(given)
    browser = await asked(given, typed)
    assert browser.page.status_code == 200 and found(browser) == ids
    assert "别人说的</" not in browser.page.text and "<b>停水" not in browser.page.text
    assert ids or "没有找到" in browser.text


async def test_what_was_typed_is_marked_where_it_stands(given: Given) -> None:
    told(given)
    assert "<mark>停水</mark>" in (await asked(given, "停水")).page.text
    browser = await asked(given, "已经装好")
    assert "答复： <mark>" not in browser.page.text and "<mark>已经装好</mark>" in browser.page.text
    assert "答复" in browser.text


async def test_the_box_stands_on_the_list_as_soon_as_there_is_something_to_search(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    await browser.open("/mine")
    assert 'name="q"' not in browser.page.text
    given.registered()
    await browser.open("/mine?q=%20%20")
    assert 'name="q"' in browser.page.text and found(browser) == [ISSUE], "nothing typed is the list itself"


async def test_while_intake_is_away_it_says_what_could_not_be_searched(given: Given) -> None:
    told(given)
    given.asked.away = {"intake"}
    browser = await asked(given, TITLE)
    assert found(browser) == [ISSUE] and "还没有受理的现在查不了" in browser.text


async def test_only_so_many_are_shown_and_it_says_so(given: Given) -> None:
    for number in range(52):
        given.registered(f"{number:013d}")
        given.accepted(f"{number:013d}")
    browser = await asked(given, TEXT[:6])
    assert len(found(browser)) == 50 and "只列出最新的 50 个" in browser.text
