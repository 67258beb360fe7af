"""A private link: whoever has it sees one issue as its person does, may do little, and nothing else is there."""

import logging
import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from services.portal.links import AT_MOST, GOOD_FOR, issue_of, without_secret
from services.portal.network import OF_ONE, WINDOW_SECONDS
from services.portal.session import COOKIE
from shared.contract.words import Role
from shared.identity.keys import issuers
from shared.identity.tokens import Tokens
from tests.keys import KEYS, REFERENCES
from tests.portal.given import (
    ISSUE,
    JURISDICTION,
    NUMBER,
    TEXT,
    TITLE,
    WU,
    Browser,
    Given,
    at_another_time,
    refused,
)
from tests.portal.office_given import clerk

SECRET = "00112233445566778899aabbccddeeff"
LINK = f"{ISSUE}.1.{SECRET}"
OPEN, REDEEM, PAGE = f"/link/{LINK}", "POST /links/redeem", f"/issues/{ISSUE}"
OTHER = "ABCDEFGHJKMNP"
HIDDEN = REFERENCES.on_issue(ISSUE, WU, anonymous=True)
WRONG: tuple[int, Any] = (404, {"title": "这个链接无效或已失效 / this link is not valid, or no longer"})
RUBBISH = (
    "x",
    f"{ISSUE}.1",
    f"{ISSUE}.0.{SECRET}",
    f"{ISSUE}.1.{SECRET}0",
    f"{ISSUE}.1.{SECRET.upper()}",
    f"{ISSUE}.²." + SECRET,
    "没有",
    "<script>alert(1)</script>",
    "%00",
    "9" * 9_000,
)


@pytest.fixture(autouse=True)
def _good(given: Given, caplog: pytest.LogCaptureFixture) -> None:
    """The link is good; the client of these tests, unlike the portal, would write down each address it asks."""
    admits(given)
    caplog.set_level(logging.WARNING, "httpx")


def admits(given: Given, person: str = WU) -> None:
    """Intake says that the link is good."""
    given.asked.answers[REDEEM] = (200, {"issue": ISSUE, "person": person, "serial": 1})


def redeemed(given: Given) -> int:
    """How often intake was asked about a link."""
    return len(given.asked.bodies("/links/redeem"))


async def came(given: Given) -> Browser:
    """The browser of somebody who opened the link."""
    browser = given.browser()
    assert (await browser.open(OPEN)).url.path == PAGE
    return browser


# ---------------------------------------------------------------------- opening it


async def test_a_link_opens_its_issue_as_who_raised_it_and_leaves_the_address(given: Given) -> None:
    given.answered()
    browser = await came(given)
    assert browser.page.status_code == 200 and SECRET not in str(browser.page.url) + browser.page.text
    assert TITLE in browser.text and "先装临时的" in browser.text and "我的原话" in browser.text
    assert "您打开的是私密链接" in browser.text and "评价答复" in browser.text
    assert given.asked.bodies("/links/redeem") == [{"link": LINK}]


async def test_an_anonymous_issue_is_opened_by_its_link_too(given: Given) -> None:
    given.registered(anonymous=True, person=HIDDEN)
    given.accepted()
    admits(given, HIDDEN)
    browser = await came(given)
    assert TITLE in browser.text and "隐名" in browser.text


async def test_what_one_asks_is_asked_with_a_token_of_that_issue_alone(given: Given) -> None:
    given.answered()
    browser = await came(given)
    await browser.open(f"{PAGE}/rate")
    await browser.send(f"{PAGE}/rate", satisfaction="satisfied", solved="yes")
    assert browser.page.url.path == PAGE and "评价" in browser.text
    asked = next(one for one in given.asked.requests if one.url.path == f"{PAGE}/rate")
    token = asked.headers["Authorization"].removeprefix("Bearer ")
    caller = Tokens(issuers(KEYS), JURISDICTION).read(token)
    assert (caller.issue, caller.person, caller.account) == (ISSUE, WU, "link-1")
    assert [str(role) for role in caller.roles] == ["entrepreneur"]


@pytest.mark.parametrize("verb", ["correct-words", "withdraw", "confirm-words"])
async def test_words_are_supplied_and_confirmed_and_the_issue_withdrawn_by_link(
    given: Given, verb: str
) -> None:
    given.registered(recorded_by="wang")
    given.asked.answers[f"GET {PAGE}"] = (200, {"id": ISSUE, "title": TITLE, "text": TEXT})
    browser = await came(given)
    assert f"{PAGE}/{verb}" in browser.page.text
    await browser.open(f"{PAGE}/{verb}")
    await browser.send(f"{PAGE}/{verb}")
    assert browser.page.url.path == PAGE and len(given.asked.bodies(f"{PAGE}/{verb}")) == 1


async def test_it_is_opened_as_often_as_one_likes_and_in_more_than_one_browser(given: Given) -> None:
    given.answered()
    first, second = await came(given), await came(given)
    assert (await first.open(OPEN)).url.path == PAGE and (await second.open(PAGE)).status_code == 200


# ---------------------------------------------------------------- trying many of them


async def test_who_tries_links_that_are_not_good_waits_and_intake_is_not_asked(given: Given) -> None:
    given.answered()
    given.asked.answers[REDEEM] = WRONG
    browser = given.browser()
    for number in range(OF_ONE):
        await browser.open(f"/link/{ISSUE}.1.{number:032x}")
        assert browser.page.status_code == 404
    admits(given)
    asked = redeemed(given)
    await browser.open(OPEN)
    assert browser.page.status_code == 429 and browser.page.headers["Retry-After"] == str(int(WINDOW_SECONDS))
    assert "请等一分钟" in browser.text and SECRET not in browser.text and redeemed(given) == asked
    with at_another_time(given, timedelta(seconds=WINDOW_SECONDS + 1)):
        assert (await browser.open(OPEN)).url.path == PAGE


async def test_an_office_behind_one_address_opens_as_many_good_links_as_it_likes(given: Given) -> None:
    given.answered()
    for _ in range(2 * OF_ONE):
        await came(given)
    given.asked.answers[REDEEM] = (503, {})
    for _ in range(2 * OF_ONE):
        browser = given.browser()
        assert (await browser.open(OPEN)).status_code == 503, "nobody guessed wrong where intake is away"


# --------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    "path",
    [
        "/mine",
        "/raise",
        "/raise/check",
        "/mailbox",
        "/search?q=x",
        "/office/triage",
        "/operator",
        f"/issues/{OTHER}",
        f"/issues/{ISSUE}X",
        f"/issues/{OTHER}/rate",
        "/figures",
        "/board",
    ],
)
async def test_nothing_else_is_there_and_one_is_told_how_to_sign_in(given: Given, path: str) -> None:
    given.answered()
    given.registered(OTHER)
    given.accepted(OTHER, "另一件事")
    browser = await came(given)
    answer = await browser.open(path)
    assert answer.status_code == 404 and "另一件事" not in browser.text
    if "search" not in path:
        assert "登录后可以看到更多" in browser.text and 'href="/sign-in"' in answer.text


async def test_the_first_page_is_the_issue_and_the_bar_has_no_lists(given: Given) -> None:
    given.answered()
    browser = await came(given)
    assert (await browser.open("/")).url.path == PAGE
    for path in ("/mine", "/raise", "/mailbox"):
        assert f'href="{path}"' not in browser.page.text
    assert "通过私密链接" in browser.text


async def test_forms_of_others_pages_are_not_taken(given: Given) -> None:
    given.answered()
    browser = await came(given)
    await browser.open(f"{PAGE}/withdraw")
    for path in ("/raise", "/raise/check", f"/issues/{OTHER}/rate", f"{PAGE}/notes", f"/office{PAGE}/reject"):
        mark = {"mark": "0" * 96, "title": "x", "text": "x"}
        assert (await browser.client.post(path, data=mark)).status_code in (403, 404), path
    assert not [one for one in given.asked.requests if one.method == "POST" and "redeem" not in one.url.path]


async def test_what_who_raised_it_writes_after_a_sign_in_is_not_shown_by_link(given: Given) -> None:
    given.answered()
    person = given.browser()
    await person.sign_in()
    await person.open(f"{PAGE}/rate")
    await person.send(f"{PAGE}/rate", satisfaction="dissatisfied", reason="我还没有写完")
    given.asked.is_away = True
    await person.send(f"{PAGE}/rate", satisfaction="dissatisfied", solved="no", reason="我还没有写完")
    given.asked.is_away = False
    browser = await came(given)
    assert "我还没有写完" not in (await browser.open(f"{PAGE}/rate")).text


# -------------------------------------------------------------- links that are none


@pytest.mark.parametrize("link", RUBBISH, ids=range(len(RUBBISH)))
async def test_what_cannot_be_a_link_is_said_to_be_none_and_intake_is_not_asked(
    given: Given, link: str
) -> None:
    browser = given.browser()
    answer = await browser.open(f"/link/{link}")
    assert answer.status_code == 404 and "<script>alert" not in answer.text
    assert redeemed(given) == 0


@pytest.mark.parametrize("link", [LINK, f"{OTHER}.1.{SECRET}"])
async def test_a_link_that_is_forged_used_up_or_of_another_issue_opens_nothing(
    given: Given, link: str
) -> None:
    given.answered()
    given.asked.answers[REDEEM] = WRONG
    browser = given.browser()
    answer = await browser.open(f"/link/{link}")
    assert answer.status_code == 404 and TITLE not in browser.text
    assert "已经失效" in browser.text and "索要新的链接" in browser.text
    assert (await browser.open(PAGE)).url.path == "/sign-in"


async def test_a_link_opens_the_issue_that_intake_names_and_no_other(given: Given) -> None:
    given.answered()
    given.registered(OTHER)
    given.asked.answers[REDEEM] = (200, {"issue": OTHER, "person": WU, "serial": 1})
    browser = given.browser()
    assert (await browser.open(OPEN)).url.path == f"/issues/{OTHER}"
    assert (await browser.open(PAGE)).status_code == 404


@pytest.mark.parametrize("answer", [(503, {"title": "away"}), (429, {"title": "wait"})])
async def test_where_intake_does_not_say_whether_it_is_good_one_tries_again(
    given: Given, answer: tuple[int, Any]
) -> None:
    given.asked.answers[REDEEM] = answer
    browser = given.browser()
    shown = await browser.open(OPEN)
    assert shown.status_code == 503 and "请过一分钟再打开" in browser.text


# --------------------------------------------------------- as long as it is good


async def test_a_link_that_was_ended_shows_nothing_any_more_within_minutes(given: Given) -> None:
    given.answered()
    browser = await came(given)
    given.asked.answers[REDEEM] = WRONG
    with at_another_time(given, GOOD_FOR - timedelta(seconds=1)):
        assert (await browser.open(PAGE)).status_code == 200
    with at_another_time(given, GOOD_FOR):
        assert (await browser.open(PAGE)).status_code == 404 and "已经失效" in browser.text
    assert (await browser.open(PAGE)).url.path == "/sign-in"


async def test_one_that_is_still_good_goes_on_with_one_question_in_five_minutes(given: Given) -> None:
    given.answered()
    browser = await came(given)
    with at_another_time(given, GOOD_FOR):
        for _ in range(3):
            assert (await browser.open(PAGE)).status_code == 200
    assert redeemed(given) == 2 and given.asked.bodies("/links/redeem")[1] == {"link": LINK}


async def test_while_intake_is_away_it_is_read_for_a_quarter_of_an_hour(given: Given) -> None:
    given.answered()
    browser = await came(given)
    given.asked.is_away = True
    with at_another_time(given, AT_MOST - timedelta(seconds=1)):
        assert (await browser.open(PAGE)).status_code == 200
    with at_another_time(given, AT_MOST):
        assert (await browser.open(PAGE)).status_code == 503 and "请过一分钟再打开" in browser.text
        given.asked.is_away = False
        assert (await browser.open(PAGE)).status_code == 200


@pytest.mark.parametrize("is_over", [True, False], ids=["ended", "away"])
async def test_what_was_typed_is_kept_where_the_link_cannot_be_used_any_more(
    given: Given, is_over: bool
) -> None:
    given.answered()
    browser = await came(given)
    await browser.open(f"{PAGE}/rate")
    typed = {"satisfaction": "dissatisfied", "solved": "no", "reason": "夜里还是黑的"}
    given.asked.answers[REDEEM] = WRONG if is_over else (503, {})
    with at_another_time(given, AT_MOST):
        await browser.send(f"{PAGE}/rate", **typed)
        assert not given.asked.bodies(f"{PAGE}/rate")
        if is_over:
            assert browser.page.url.path == "/sign-in"
        else:
            assert browser.page.status_code == 503
        admits(given)
        await browser.open(OPEN)
        assert "夜里还是黑的" in (await browser.open(f"{PAGE}/rate")).text


# ------------------------------------------------------------ who is signed in


async def test_who_is_signed_in_is_asked_first_and_stays_who_they_are(given: Given) -> None:
    given.answered()
    browser = clerk(given)
    await browser.open(OPEN)
    assert "王芳" in browser.text and "要打开这个私密链接吗" in browser.text and redeemed(given) == 0
    assert f'href="{PAGE}"' in browser.page.text
    assert "王芳" in (await browser.open(PAGE)).text and "您打开的是私密链接" not in browser.text


async def test_who_is_signed_in_may_leave_and_open_it(given: Given) -> None:
    given.answered()
    browser = clerk(given, "ma", Role.HANDLER, "transport")
    before = browser.client.cookies[COOKIE]
    await browser.open(OPEN)
    assert f'href="{PAGE}"' not in browser.page.text  # not theirs to read
    await browser.send("/link")
    assert browser.page.url.path == PAGE and TITLE in browser.text
    assert browser.client.cookies[COOKIE] != before
    assert (await browser.open("/handling")).status_code == 404


async def test_nobody_is_made_to_open_a_link_by_a_form_of_another_page(given: Given) -> None:
    browser = clerk(given)
    answer = await browser.client.post("/link", data={"link": LINK, "mark": "0" * 96})
    assert answer.status_code == 403 and redeemed(given) == 0


async def test_who_came_by_link_may_sign_in_and_is_then_somebody(given: Given) -> None:
    given.answered()
    browser = await came(given)
    await browser.sign_in("entrepreneur:wu")
    assert browser.page.url.path == "/mine" and TITLE in browser.text


async def test_leaving_ends_what_a_link_began(given: Given) -> None:
    given.answered()
    browser = await came(given)
    id = browser.client.cookies[COOKIE]
    await browser.send("/sign-out")
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    assert (await browser.open(PAGE)).url.path == "/sign-in"
    assert not sqlite3.connect(given.file).execute("SELECT * FROM linked").fetchall()


# ------------------------------------------------------------------- the secret


async def test_the_secret_stands_neither_in_the_database_nor_in_what_browsers_tell_others(
    given: Given,
) -> None:
    given.answered()
    browser = await came(given)
    assert browser.page.history[0].headers["referrer-policy"] == "strict-origin"
    dump = "\n".join(sqlite3.connect(given.file).iterdump())
    assert ISSUE in dump and SECRET not in dump and browser.client.cookies[COOKIE] not in dump


async def test_a_fault_while_a_link_is_opened_writes_no_secret_down(
    given: Given, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(given.own, "sign_in", lambda *_: 1 / 0)
    answer = await given.browser().open(OPEN)
    assert answer.status_code == 500
    assert SECRET not in "".join(capsys.readouterr())
    assert without_secret(OPEN) == "/link" and without_secret(PAGE) == PAGE


def test_only_what_looks_like_a_link_is_one() -> None:
    assert issue_of(LINK) == ISSUE and not any(map(issue_of, RUBBISH))


async def test_both_languages_say_what_a_link_is_and_what_to_do_without(given: Given) -> None:
    given.answered()
    browser = given.browser()
    await browser.open("/view?language=en&next=/sign-in")
    assert (await browser.open(OPEN)).status_code == 200
    assert "You opened a private link" in browser.text and NUMBER in browser.text
    await browser.open("/mine")
    assert "Sign in to see more" in browser.text
    await browser.open("/link/x")
    assert "This link does not open anything" in browser.text


# ------------------------------------------------------------- making one oneself


async def test_who_raised_it_makes_a_link_on_the_page_that_confirms_it_and_sees_it_once(given: Given) -> None:
    given.registered()
    made = (201, {"status": "done", "serial": 1, "link": LINK})
    given.asked.answers[f"POST {PAGE}/links"] = made
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"{PAGE}/registered")
    assert (
        NUMBER in browser.text
        and "不用登录也能跟进" in browser.text
        and not given.asked.bodies(f"{PAGE}/links")
    )
    confirmed = browser.page
    await browser.send(f"{PAGE}/make-link")
    assert f"http://127.0.0.1{OPEN}" in browser.page.text and "data-copy" in browser.page.text
    assert "拿到链接的人" in browser.text and "只显示这一次" in browser.text
    given.asked.answers[f"POST {PAGE}/links"] = refused("id_reused", "不可重复")
    browser.page = confirmed
    answer = await browser.send(f"{PAGE}/make-link")
    assert answer.status_code == 422 and SECRET not in answer.text and "已经显示过一次" in browser.text
    first, second = given.asked.keys(f"{PAGE}/links")
    assert first == second
    given.asked.answers[f"POST {PAGE}/links"] = made
    await browser.send(f"{PAGE}/make-link")
    assert OPEN in browser.page.text


@pytest.mark.parametrize(("answer", "status"), [((503, {}), 503), ((202, {"status": "pending"}), 202)])
async def test_a_link_that_cannot_be_made_right_now_is_said_to_be_so(
    given: Given, answer: tuple[int, Any], status: int
) -> None:
    given.answered()
    given.asked.answers[f"POST {PAGE}/links"] = answer
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"{PAGE}/make-link")
    assert (await browser.send(f"{PAGE}/make-link")).status_code == status
    assert "没有生成链接" in browser.text and 'role="alert"' in browser.page.text


async def test_a_link_makes_no_other_links_and_a_stranger_none_at_all(given: Given) -> None:
    given.answered()
    browser = await came(given)
    assert "make-link" not in browser.page.text
    assert (await browser.open(f"{PAGE}/make-link")).status_code == 404
    await browser.open(f"{PAGE}/withdraw")
    stranger = clerk(given, "he", Role.ENTREPRENEUR)
    assert (await stranger.open(f"{PAGE}/make-link")).status_code == 404


# ----------------------------------------------------------------- making it worthless

REVOKE, MADE = f"{PAGE}/revoke-link", "2026-03-02T01:20:00Z"


def says(given: Given, **link: Any) -> None:
    """What intake shows its readers of the issue's link."""
    found = {"serial": 1, "made_by": "", "made_at": MADE, **link} if link else None
    given.asked.answers[f"GET {PAGE}"] = (200, {"id": ISSUE, "link": found})


async def test_who_raised_it_reads_that_there_is_a_link_and_revokes_it(given: Given) -> None:
    given.answered()
    says(given, serial=1)
    browser = given.browser()
    await browser.sign_in()
    await browser.open(PAGE)
    assert f'hx-get="{PAGE}/link"' in browser.page.text
    asked = len(given.asked.requests)
    await browser.open(f"{PAGE}/link")
    assert "有一个私密链接" in browser.text and "9:20" in browser.text and REVOKE in browser.page.text
    assert len(given.asked.requests) == asked + 1
    await browser.open(REVOKE)
    form = browser.page
    assert "9:20" in browser.text and "再也看不到" in browser.text
    await browser.send(REVOKE)
    assert browser.page.url.path == PAGE and "私密链接已作废" in browser.text
    browser.page = form
    await browser.send(REVOKE)
    assert browser.page.url.path == PAGE and given.asked.bodies(f"{PAGE}/links/revoke") == [{}, {}]
    first, second = given.asked.keys(f"{PAGE}/links/revoke")
    assert first == second, "sent twice it is one request"


@pytest.mark.parametrize("link", [{}, {"revoked_at": "2026-03-02T01:30:00Z"}])
async def test_where_there_is_no_good_link_nothing_is_said_of_one(given: Given, link: dict[str, Any]) -> None:
    given.answered()
    says(given, **link)
    browser = given.browser()
    await browser.sign_in()
    assert (await browser.open(f"{PAGE}/link")).status_code == 204
    await browser.open(REVOKE)
    assert "没有私密链接" in browser.text and "<form method" in browser.page.text
    assert f'action="{REVOKE}"' not in browser.page.text


async def test_while_intake_is_away_the_page_of_the_issue_is_as_ever_and_a_link_is_not_revoked(
    given: Given,
) -> None:
    given.answered()
    given.asked.answers[f"GET {PAGE}"] = given.asked.answers[f"POST {PAGE}/links/revoke"] = (503, {})
    browser = given.browser()
    await browser.sign_in()
    assert (await browser.open(PAGE)).status_code == 200
    assert (await browser.open(f"{PAGE}/link")).status_code == 204
    await browser.open(REVOKE)
    assert (await browser.send(REVOKE)).status_code == 503
    assert "没有作废" in browser.text and 'role="alert"' in browser.page.text


async def test_the_office_revokes_what_it_handed_out_for_who_called(given: Given) -> None:
    given.registered(recorded_by="wang")
    given.accepted()
    says(given, made_by="office:wang")
    browser = clerk(given)
    await browser.open(f"{PAGE}/link")
    assert "办公室生成了私密链接" in browser.text
    await browser.open(REVOKE)
    await browser.send(REVOKE)
    assert browser.page.url.path == PAGE and len(given.asked.bodies(f"{PAGE}/links/revoke")) == 1


async def test_a_link_is_revoked_by_nobody_else_and_they_read_nothing_of_it(given: Given) -> None:
    given.answered()
    says(given, serial=1)
    by_link = await came(given)
    others = [
        by_link,
        clerk(given),  # who raised it did so themselves: it is theirs
        clerk(given, "he", Role.ENTREPRENEUR),
        clerk(given, "li", Role.HANDLER, "housing"),
        clerk(given, "qian", Role.LEADER),
    ]
    for browser in others:
        await browser.open(PAGE)
        assert "/link" not in browser.page.text
        assert (await browser.open(f"{PAGE}/link")).status_code == 404
        assert (await browser.open(REVOKE)).status_code == 404
