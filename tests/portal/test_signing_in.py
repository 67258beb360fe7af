"""Signing in where people are invented: one click becomes a session of which the browser holds a meaningless id."""

import re
import sqlite3
from datetime import timedelta

import pytest

from services.portal.desks.signing_in.pages import SHOWN_AT_ONCE
from services.portal.own import SESSION_LIFE
from services.portal.session import COOKIE
from tests.portal.given import Browser, Given, at_another_time


async def test_one_click_makes_one_somebody(given: Given) -> None:
    browser = given.browser()
    await browser.open("/")
    assert "企业家" in browser.text
    await browser.send("/sign-in", do="entrepreneur:wu")
    assert browser.page.url.path == "/mine" and "吴静" in browser.text


async def test_only_officials_whose_role_has_pages_can_be_chosen(given: Given) -> None:
    given.assigned()  # with the directory, in which there is a handler
    browser = given.browser()
    await browser.open("/")
    choices = set(re.findall(r'name="do" value="(\w+):', browser.page.text))
    assert choices <= {str(role) for role in given.portal.menus}


async def test_nobody_becomes_somebody_who_is_not_offered(given: Given) -> None:
    browser = given.browser()
    await browser.open("/sign-in")
    assert (await browser.send("/sign-in", do="administrator:root")).status_code == 404


async def test_the_id_changes_with_the_sign_in_and_only_its_hash_is_kept(given: Given) -> None:
    browser = given.browser()
    await browser.open("/")
    before = browser.client.cookies[COOKIE]
    await browser.send("/sign-in", do="entrepreneur:wu")
    after = browser.client.cookies[COOKIE]
    assert before != after
    kept = str(sqlite3.connect(given.file).execute("SELECT * FROM session").fetchall())
    assert "wu" in kept and after not in kept and before not in kept


async def test_no_script_reads_the_cookie_and_no_other_site_sends_it(given: Given) -> None:
    response = await given.browser().open("/")
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie


async def test_the_database_is_its_owners_alone(given: Given) -> None:
    await given.browser().sign_in()
    assert all(file.stat().st_mode & 0o077 == 0 for file in given.file.parent.glob("own.db*"))


async def test_leaving_ends_the_session_for_good(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    id = browser.client.cookies[COOKIE]
    await browser.send("/sign-out")
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    assert (await browser.open("/mine")).url.path == "/sign-in"


async def test_a_session_without_a_click_for_too_long_is_over(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    with at_another_time(given, SESSION_LIFE - timedelta(minutes=1)):
        assert (await browser.open("/mine")).url.path == "/mine"
    with at_another_time(given, 3 * SESSION_LIFE):
        assert (await browser.open("/mine")).url.path == "/sign-in"


async def test_one_goes_on_where_one_wanted_to_go(given: Given) -> None:
    browser = given.browser()
    await browser.open("/raise")
    assert browser.page.url.path == "/sign-in"
    await browser.send("/sign-in", do="entrepreneur:wu")
    assert browser.page.url.path == "/raise"


@pytest.mark.parametrize(
    "elsewhere", ["//example.org", "https://example.org", "/\\example.org", "javascript:alert(1)", "/a\nb"]
)
async def test_nobody_is_sent_to_another_site(given: Given, elsewhere: str) -> None:
    browser = given.browser()
    await browser.open("/sign-in", params={"next": elsewhere})
    await browser.send("/sign-in", do="entrepreneur:wu")
    assert browser.page.url.path == "/mine"
    answer = await browser.client.get("/view", params={"language": "en", "next": elsewhere})
    assert answer.headers["location"] == "/"


async def test_language_and_large_type_are_one_click_and_stay(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    await browser.open("/view", params={"language": "en", "next": "/mine"})
    assert 'lang="en"' in browser.page.text and "My issues" in browser.text
    await browser.open("/view", params={"large": "1", "next": "/mine"})
    assert 'class="large"' in browser.page.text and "My issues" in browser.text
    await browser.send("/sign-out")
    assert 'class="large"' in browser.page.text and 'lang="en"' in browser.page.text


def of_departments(given: Given, *codes: str) -> None:
    """A handler in each of these departments."""
    entry = {"version": "1", "in_force_from": "2011-01-01T00:00:00.000Z", "by": "system", "level": "city"}
    for code in codes:
        department = {**entry, "name_zh": f"{code}局", "name_en": code, "head": "局长"}
        given.shown.topics.version("dispatch", "department.published.v1", f"dept:{code}", department)
        official = {**entry, "name": f"{code}某", "roles": ["handler"], "department": code}
        given.shown.topics.version("dispatch", "staff.published.v1", f"staff:of-{code}", official)
    given.shown.apply()


def holds(given: Given, code: str, *ids: str) -> None:
    """A department has these issues."""
    for id in ids:
        given.registered(id)
        data = {"assignment": f"{id}.1", "department": code, "head": "局长", "by": "wang"}
        given.shown.tell("dispatch", "issue.assigned.v1", data, id)


def offered(browser: Browser) -> tuple[list[str], list[str]]:
    """The handlers whom one can be: those shown at once, and those behind a click."""
    first, _, behind = browser.page.text.partition('<details class="others"')
    return re.findall(r'"handler:of-(\w)"', first), re.findall(r'"handler:of-(\w)"', behind)


async def test_of_many_people_in_one_role_those_with_most_to_do_come_first_and_the_others_are_a_click_away(
    given: Given,
) -> None:
    of_departments(given, *"abcde")
    holds(given, "d", "1" * 13, "2" * 13)
    holds(given, "b", "3" * 13)
    browser = given.browser()
    await browser.open("/sign-in")
    first, behind = offered(browser)
    assert (first[:2], len(first), sorted(first + behind)) == (["d", "b"], SHOWN_AT_ONCE, [*"abcde"])
    assert "d局 · 在办 2 件" in browser.text and "其他 2 人" in browser.text
    await browser.send("/sign-in", do=f"handler:of-{behind[0]}")
    assert browser.page.url.path == "/handling" and f"{behind[0]}某" in browser.text


async def test_a_role_with_few_people_folds_nobody_away(given: Given) -> None:
    of_departments(given, *"abc")
    browser = given.browser()
    await browser.open("/sign-in")
    assert len(offered(browser)[0]) == SHOWN_AT_ONCE and '<details class="others"' not in browser.page.text
