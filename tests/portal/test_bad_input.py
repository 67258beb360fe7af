"""What no page and no form of the portal may fall for, whichever role it is of: each is found by links or routes."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import NamedTuple

import httpx
import pytest
from markupsafe import escape

from services.portal import desks
from services.portal.own import SESSION_LIFE
from services.portal.pages import MOST_FIELD_BYTES
from services.portal.session import LANGUAGES
from shared.contract.words import Role
from tests.portal.city import SCRIPT, STATES, fill
from tests.portal.crawling import (
    PEOPLE,
    PUBLIC,
    Document,
    Form,
    Found,
    mark_of,
    pages,
    read,
    routes,
    send,
    signed_in,
)
from tests.portal.given import Browser, Given, refused
from tests.portal.tongues import strange

ROLES = tuple(desks.menus())
WORDS = "我写了很久的一段话"
TRANSPORT = "transport"
LOCAL = re.compile(r"^(/|#|\?|$|data:)")
NOT_OF_ISSUES = (Role.OPERATOR, Role.ADMINISTRATOR, Role.EXPERT)
NOT_LED_TO_ISSUES = (Role.FEDERATION, Role.OPERATOR)
AWAY, GONE = (503, {"title": "away"}), 404
ANSWERED_BY_A_SERVICE = re.compile(r"^/operator/dead-letters/\w+/[\w.]+/\d+/\d+$")
"""Pages that are nothing but what a service says: while it is away they say that."""
HEADED_BY_A_SERVICE = "/revoke-link"
"""Whether there is a link to end only intake says: while it is away the page asks whether to end one."""
CRAWLS: "dict[Role, Crawl]" = {}
KEPT_A_WHILE = re.compile(r"/(accept|assign|reject)$")
"""What is sent ten seconds later, when it cannot be taken back any more: tests/portal/test_errands.py."""


@pytest.fixture
def city(given: Given) -> Given:
    """A portal with an issue in every state."""
    fill(given)
    return given


def changes(given: Given) -> list[httpx.Request]:
    """What the services were asked to change; whose matter an issue may be is only a question."""
    return [one for one in given.asked.requests if one.method == "POST" and one.url.path != "/suggestions"]


class Crawl(NamedTuple):
    """Every page of a role with its heading; each form of it once, with the page on which it stands; what on them is
    not our own, and what is said in another language than the page's.
    """

    headings: dict[str, str]
    forms: list[tuple[Found, Form]]
    foreign: list[str]
    strange: list[str]


async def crawled(given: Given, role: Role, language: str = "zh") -> Crawl:
    """What is found by following links from a role's first page."""
    known, found = set[tuple[str, tuple[str, ...]]](), Crawl({}, [], [], [])
    async for page in pages(given, role, await speaking(given, role, language)):
        found.headings[page.path] = heading(page.html)
        found.foreign.extend(foreign(page))
        found.strange.extend(f"{page.path}: {said}" for said in strange(page.document, language))
        for form in page.forms():
            place = re.sub(r"/(\w)\1{12}/", "/ID/", form.action), form.typed
            if place not in known:
                known.add(place)
                found.forms.append((page, form))
    return found


async def speaking(given: Given, role: Role, language: str) -> Browser:
    """The browser of somebody in this role who reads this language."""
    browser = signed_in(given, role)
    await browser.open(f"/view?language={language}&next=/")
    return browser


async def crawled_once(given: Given, role: Role) -> Crawl:
    """The same, for all tests that begin with it: the portal of each shows the same pages."""
    if role not in CRAWLS:
        CRAWLS[role] = await crawled(given, role)
    return CRAWLS[role]


async def forms(given: Given, role: Role) -> list[tuple[Found, Form]]:
    """Each form of this role once, with the page on which it stands."""
    return (await crawled_once(given, role)).forms


def heading(html: str) -> str:
    """What stands over a page, but for how many there are."""
    (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return re.sub(r"\b\d+\b", "0", found)


def foreign(page: Found) -> Iterator[str]:
    """What somebody wrote and a browser would run, and every script, style and address that is not our own."""
    yield from (f"{page.path}: {one}" for one in ("<script>alert", "<img src=x") if one in page.html)
    for tag, has in page.document.tags:
        ours = not [name for name in has if name.startswith("on") or name == "style"]
        ours = ours and (tag != "script" or bool(LOCAL.match(has["src"])))
        if not ours or not all(LOCAL.match(has.get(name, "")) for name in ("href", "src", "action")):
            yield f"{page.path}: {tag} {has}"


async def opened(browser: Browser, page: Found, form: Form) -> Form:
    """The same form as this browser is shown it, or where it is not any more, as it was, with a mark of its own."""
    again = Found(page.role, page.path, (await browser.open(page.path)).text)
    as_it_was = form._replace(fixed={**form.fixed, "mark": await mark_of(browser)})
    return next((one for one in again.forms() if one.action == form.action), as_it_was)


# ---------------------------------------------------------------------- in one language


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_says_all_that_it_says_in_its_reader_s_language(city: Given, role: Role) -> None:
    """In Chinese; in English pages are looked at wherever they are opened in it, below."""
    assert not (await crawled_once(city, role)).strange


def test_what_is_said_in_another_language_is_found() -> None:
    given = f"<b>市housing局{escape(SCRIPT)}</b><textarea>字</textarea>"
    page = f"<p title='逾期'>Late</p><a>中文</a>{given}<i>亲 says 你好</i>"
    assert [*strange(Document(page), "en")] == ["亲 says 你好", "逾期"]
    page = (
        "<h1>Closed</h1><p>已办结</p><a>English</a><p aria-label='due on'>intake.events</p><p>按 Esc 键</p>"
    )
    assert [*strange(Document(page), "zh")] == ["Closed", "due on"]


# ------------------------------------------------------------------ script in any field


@pytest.mark.parametrize("role", ROLES)
async def test_script_that_anybody_ever_wrote_is_text_on_every_page(city: Given, role: Role) -> None:
    found = await crawled_once(city, role)
    assert len(found.headings) > 3 and not found.foreign


async def test_script_in_a_reply_that_is_public_is_text_to_who_is_not_signed_in(city: Given) -> None:
    page = await city.browser().open(PUBLIC)
    assert page.status_code == 200 and page.text.count(f'class="letter reply">{escape(SCRIPT)}<') == 1
    assert not [*foreign(Found(Role.ENTREPRENEUR, PUBLIC, page.text))]


@pytest.mark.prove
@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("role", ROLES)
async def test_script_is_text_in_other_languages_too(city: Given, role: Role, language: str) -> None:
    found = await crawled(city, role, language)
    assert len(found.headings) > 3 and not found.foreign
    assert not found.strange


@pytest.mark.parametrize("role", ROLES)
async def test_script_in_any_field_is_text_when_it_comes_back(city: Given, role: Role) -> None:
    sent = 0
    for page, form in await forms(city, role):
        for answer in (refused("illegal_move", SCRIPT), (422, {"errors": [{"field": "x", "rule": SCRIPT}]})):
            city.asked.to_changes = answer
            browser = await speaking(city, role, "en")
            shown = await send(browser, form := await opened(browser, page, form), form.filled(SCRIPT))
            again = await browser.open(page.path)
            for html in (shown.text, again.text):
                assert "<script>alert" not in html and "<img src=x" not in html, form.action
                assert not [*strange(read(html), "en")], form.action
            assert shown.status_code < 500, (form.action, shown.status_code)
            sent += 1
    assert sent


# ---------------------------------------------------- who sends it, and from where


async def test_no_route_takes_a_form_from_another_site(city: Given) -> None:
    for path in routes(city.app, "POST"):
        browser = signed_in(city, Role.OPERATOR)
        fields = {"mark": await mark_of(browser), "do": "entrepreneur:wu"}
        for header, value, status in (
            ("Host", "example.org", 421),
            ("Origin", "https://example.org", 403),
            ("Origin", "null", 403),
            ("Sec-Fetch-Site", "cross-site", 403),
        ):
            answer = await browser.client.post(path, data=fields, headers={header: value})
            assert answer.status_code == status, (path, header, value)
    assert not city.asked.requests


async def test_no_page_is_shown_under_a_foreign_name(city: Given) -> None:
    for role in ROLES:
        browser = signed_in(city, role)
        for path in routes(city.app, "GET"):
            answer = await browser.client.get(path, headers={"Host": "example.org"})
            assert answer.status_code == 421, path


async def test_no_route_takes_a_form_that_no_page_of_ours_made_for_this_browser(city: Given) -> None:
    """Every route as every role, every route with every mark, every role with every mark."""
    marks = ("", "0" * 96, "é" * 96, await mark_of(signed_in(city, Role.OFFICE)))
    browsers = [(role, signed_in(city, role)) for role in ROLES]
    for path in routes(city.app, "POST"):
        for (role, browser), mark in zip(browsers, cycle(marks), strict=False):
            fields = {"mark": mark, "title": "x", "do": "entrepreneur:wu"}
            answer = await browser.client.post(path, data=fields)
            assert answer.status_code in (403, GONE), (path, role, mark, answer.status_code)
        marks = (*marks[1:], marks[0])
    assert not [one for one in city.asked.requests if one.method == "POST"]


async def test_every_page_but_the_choice_of_people_asks_who_one_is(city: Given) -> None:
    for path in routes(city.app, "GET"):
        if path in ("/", "/sign-in", "/view", "/column"):  # these are for everybody
            continue
        answer = await city.browser().client.get(path)
        assert answer.status_code in (303, GONE), (path, answer.status_code)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in"), path


# ------------------------------------------ another person's issue, another department's


async def test_an_issue_that_is_not_ones_own_to_read_is_not_there_whatever_one_asks_of_it(
    city: Given,
) -> None:
    strangers = (
        (Role.ENTREPRENEUR, "he", ""),
        (Role.HANDLER, "ma", TRANSPORT),
        (Role.DEPARTMENT_LEADER, "ma", TRANSPORT),
        *((role, "he", "") for role in NOT_OF_ISSUES),
    )
    paths = {
        method: [path for path in routes(city.app, method) if "/issues/" in path]
        for method in ("GET", "POST")
    }
    assert paths["GET"] and paths["POST"]
    for role, account, department in strangers:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(PEOPLE, role, (account, department))  # type: ignore[arg-type]
            browser = signed_in(city, role)
        mark = await mark_of(browser)
        for state in ("registered", "in_progress", "replied"):
            for method, found in paths.items():
                for path in found:
                    place = path.replace("7K3M9QXT2B4N6", STATES[state])
                    if "/operator/" in place:
                        continue
                    fields = {"data": {"mark": mark, "reason": "x", "text": "x"}} if method == "POST" else {}
                    answer = await browser.client.request(method, place, **fields)  # type: ignore[arg-type]
                    assert answer.status_code == GONE, (role, method, place, answer.status_code)
                    assert f"{state} &lt;" not in answer.text
    assert not [one for one in city.asked.requests if one.method == "POST"]


# ------------------------------------------------------------------- far too much of it


async def test_ten_megabytes_of_text_are_too_much_for_every_form(city: Given) -> None:
    browser = signed_in(city, Role.OPERATOR)
    mark = await mark_of(browser)
    many = {"mark": mark, "text": "字" * (10_000_000 // 3)}
    bodies = [
        httpx.Request("POST", "http://x", data=many, files=file) for file in (None, {"file": ("x", b"x")})
    ]
    for path in routes(city.app, "POST"):
        for body in bodies:  # each encoded once: ten megabytes take longer to write than to refuse
            form = {"Content-Type": body.headers["Content-Type"]}
            answer = await browser.client.post(path, content=body.read(), headers=form)
            assert answer.status_code == 413, (path, answer.status_code)
    assert len(many["text"].encode()) > MOST_FIELD_BYTES
    assert not [one for one in city.asked.requests if one.method == "POST"]


async def test_odd_addresses_and_odd_forms_are_answered_and_break_nothing(city: Given) -> None:
    browser = signed_in(city, Role.OPERATOR)
    mark = await mark_of(browser)
    odd = ("%00", "%ff", "..%2f..%2fetc", "'%20OR%201=1", "9" * 400, "<script>")
    asked = {
        path.replace("7K3M9QXT2B4N6", text)
        + query: None  # of a path without an issue the bare address is one
        for path in routes(city.app, "GET")
        for text in odd
        for query in (f"?before={text}&done={text}&service={text}&seen={text}&next={text}", "")
    }
    for address in asked:
        answer = await browser.client.get(address)
        assert answer.status_code < 500 and "<script>" not in answer.text, address
    for path in routes(city.app, "POST"):
        for body in (b"\xff\xfe", b"mark=" + mark.encode() + b"&a=%ff%00&a=1&a=2", b"", b"&&&===" * 300):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await browser.client.post(path, content=body, headers=form)
            assert answer.status_code < 500, (path, body[:20])
        answer = await browser.client.post(
            path, content=b"--x\r\nno", headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code < 500, path


# ------------------------------------------- sent twice, slower than another, signed out


@pytest.mark.parametrize("role", ROLES)
async def test_a_form_that_is_sent_twice_is_the_same_request(city: Given, role: Role) -> None:
    """The service answers that it cannot: so both are sent, under the same key, and what was typed is kept."""
    for page, form in await forms(city, role):
        if KEPT_A_WHILE.search(form.action):
            continue
        city.asked.to_changes = AWAY
        browser = signed_in(city, role)
        form = await opened(browser, page, form)
        city.asked.requests.clear()
        answers = [await send(browser, form, form.filled(WORDS)) for _ in range(2)]
        asked = changes(city)
        if not asked:
            continue  # it goes on to a page on which it is sent, or this text is not what fits there
        keys = {(one.url.host, one.url.path, one.headers.get("Idempotency-Key")) for one in asked}
        assert len(keys) * 2 == len(asked), (form.action, keys)
        assert answers[1].status_code == AWAY[0], form.action
        if form.typed:
            assert WORDS in answers[1].text, form.action


@pytest.mark.parametrize("role", ROLES)
async def test_who_was_slower_hears_so_and_has_its_own_words_again(city: Given, role: Role) -> None:
    for page, form in await forms(city, role):
        if KEPT_A_WHILE.search(form.action):
            continue
        city.asked.to_changes = refused("illegal_move", "现在不能这样做")
        browser = signed_in(city, role)
        form = await opened(browser, page, form)
        city.asked.requests.clear()
        answer = await send(browser, form, form.filled(WORDS))
        if not changes(city):
            continue
        assert answer.status_code in (409, 422), form.action
        assert 'role="alert"' in answer.text and not [*strange(read(answer.text), "zh")], form.action
        if form.typed:
            assert WORDS in answer.text, form.action


@pytest.mark.parametrize("role", ROLES)
async def test_what_was_typed_when_the_sign_in_was_over_comes_back_after_it(city: Given, role: Role) -> None:
    tried = 0
    for page, form in await forms(city, role):
        if not form.typed or form.method != "post":
            continue
        browser = signed_in(city, role)
        form = await opened(browser, page, form)
        before = city.now
        city.now += 2 * SESSION_LIFE
        city.asked.requests.clear()
        answer = await send(browser, form, form.filled(WORDS))
        assert answer.url.path == "/sign-in", form.action
        assert not [one for one in city.asked.requests if one.method == "POST"], form.action
        browser.page = answer
        account = PEOPLE[role][0]
        answer = await browser.send("/sign-in", do=f"{role}:{account}")
        assert answer.status_code == 200 and WORDS in answer.text, (form.action, answer.url.path)
        city.now = before + timedelta(0)
        tried += 1
    assert tried


@pytest.mark.parametrize("role", ROLES)
async def test_while_every_service_is_away_every_page_is_still_shown(city: Given, role: Role) -> None:
    """The same page under the same heading; one of an issue with its number."""
    with_services = (await crawled_once(city, role)).headings
    city.asked.is_away = True
    browser = signed_in(city, role)
    numbered = 0
    for path, over in with_services.items():
        answer = await browser.open(path)
        assert answer.status_code == (AWAY[0] if ANSWERED_BY_A_SERVICE.search(path) else 200), path
        of_issue = re.fullmatch(r"/issues/(\w{4})(\w{4})(\w{4})(\w)", path)
        number = "-".join(of_issue.groups()) if of_issue else ""
        assert number in answer.text, path
        numbered += bool(number)
        over_it = heading(answer.text)  # the number stands there for a title that intake alone has
        is_same = over_it == over or (number and over_it.startswith(number))
        assert is_same or path.endswith(HEADED_BY_A_SERVICE), (path, over, over_it)
    assert numbered or role in NOT_LED_TO_ISSUES, "no page of an issue was opened"
    browser = await speaking(city, role, "en")
    for path in with_services:
        assert not [*strange(read((await browser.open(path)).text), "en")], path
