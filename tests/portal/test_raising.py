"""Raising an issue: what is missing is said beside its field, nothing typed is lost, and sent twice it is one."""

import re
import sqlite3
from typing import Any

import pytest

from services.portal.own import SESSION_LIFE
from tests.portal.given import DONE, ISSUE, NUMBER, TEXT, TITLE, Browser, Given, at_another_time, refused

LINK, LINKS = f"{ISSUE}.1.00112233445566778899aabbccddeeff", f"POST /issues/{ISSUE}/links"
SAID = {"title": TITLE, "text": TEXT}
CODE = "91330500MA2B4A0Q6C"
RAISED = (201, {**DONE, "id": ISSUE, "number": NUMBER, "due_on": "2026-03-16"})


@pytest.fixture
async def browser(given: Given) -> Browser:
    """An entrepreneur's, with the form open."""
    found = given.browser()
    await found.sign_in()
    await found.open("/raise")
    return found


async def test_what_is_missing_is_said_on_top_and_beside_its_field(browser: Browser) -> None:
    answer = await browser.send("/raise", do="check", title="  ")
    assert answer.status_code == 422
    for name in ("title", "text"):
        assert f'href="#{name}"' in answer.text and f'id="{name}-wrong"' in answer.text
        assert f'aria-describedby="{name}-hint {name}-wrong"' in answer.text


async def test_what_is_too_long_is_said_with_both_numbers_and_stays_in_the_form(browser: Browser) -> None:
    answer = await browser.send("/raise", do="check", title="长" * 201, text=TEXT)
    assert answer.status_code == 422 and "最多 200 个字，现在有 201 个" in browser.text
    assert "长" * 201 in answer.text


async def test_the_answers_are_shown_before_they_are_sent(given: Given, browser: Browser) -> None:
    await browser.send("/raise", do="check", **SAID)
    assert browser.page.url.path == "/raise/check" and TITLE in browser.text
    assert not given.asked.requests


async def test_it_is_sent_as_the_person_who_clicked_and_its_number_is_shown(
    given: Given, browser: Browser
) -> None:
    given.asked.answers["POST /issues"] = RAISED
    await browser.send("/raise", do="check", urgent="1", **SAID)
    given.registered()
    await browser.send("/raise/check")
    assert browser.page.url.path == f"/issues/{ISSUE}/registered"
    assert NUMBER in browser.text and "3月16日 周一" in browser.text
    assert given.asked.bodies("/issues") == [{"kind": "problem", "urgent": True, **SAID}]
    assert given.asked.requests[-1].headers["Authorization"].startswith("Bearer ey")


async def test_who_asks_to_stay_anonymous_and_names_an_enterprise_is_taken_at_their_word(
    given: Given, browser: Browser
) -> None:
    given.asked.answers["POST /issues"] = RAISED
    await browser.send("/raise", do="check", anonymous="1", enterprise=CODE, **SAID)
    await browser.send("/raise/check")
    (body,) = given.asked.bodies("/issues")
    assert body == {"kind": "problem", "anonymous": True, "enterprise": CODE, **SAID}


async def test_the_confirmation_shows_number_promised_date_and_a_private_link_once(
    given: Given, browser: Browser
) -> None:
    given.asked.answers |= {"POST /issues": RAISED, LINKS: (201, {**DONE, "serial": 1, "link": LINK})}
    given.registered()
    await browser.send("/raise", do="check", **SAID)
    checked = browser.page
    await browser.send("/raise/check")
    assert NUMBER in browser.text and "3月16日 周一" in browser.text
    assert f"/link/{LINK}" in browser.text and "只显示这一次" in browser.text
    assert f'data-at="/issues/{ISSUE}/registered"' in browser.page.text
    for path in (f"/issues/{ISSUE}/registered", "/raise/check"):
        await browser.open(path)
        assert NUMBER in browser.text and LINK not in browser.page.text and "生成私密链接" in browser.text
    browser.page = checked
    await browser.send("/raise/check")
    assert len(given.asked.bodies(f"/issues/{ISSUE}/links")) == 1, "sent again it ends no link"
    assert LINK not in "\n".join(sqlite3.connect(given.file).iterdump())


@pytest.mark.parametrize(
    "answer", [(503, {"title": "away"}), refused("id_reused", "已用过"), (202, {"status": "pending"})]
)
async def test_where_no_link_can_be_made_at_once_the_confirmation_comes_without(
    given: Given, browser: Browser, answer: tuple[int, Any]
) -> None:
    given.asked.answers |= {"POST /issues": RAISED, LINKS: answer}
    given.registered()
    await browser.send("/raise", do="check", **SAID)
    await browser.send("/raise/check")
    assert browser.page.url.path == f"/issues/{ISSUE}/registered" and NUMBER in browser.text
    assert "生成私密链接" in browser.text


async def test_sent_twice_it_is_one(given: Given, browser: Browser) -> None:
    given.asked.answers["POST /issues"] = RAISED
    given.registered()
    await browser.send("/raise", do="check", **SAID)
    page = browser.page
    await browser.send("/raise/check")
    browser.page = page
    await browser.send("/raise/check")
    assert browser.page.url.path == f"/issues/{ISSUE}/registered"
    assert len(given.asked.bodies("/issues")) == 1


async def test_whose_answer_was_lost_on_its_way_finds_the_number_where_it_was_sent(
    given: Given, browser: Browser
) -> None:
    given.asked.answers["POST /issues"] = RAISED
    given.registered()
    await browser.send("/raise", do="check", **SAID)
    await browser.send("/raise/check")
    await browser.open("/raise/check")
    assert browser.page.url.path == f"/issues/{ISSUE}/registered" and NUMBER in browser.text
    await browser.open("/raise")
    assert f'value="{TITLE}"' not in browser.page.text


async def test_sent_twice_at_once_both_are_the_same_request(given: Given, browser: Browser) -> None:
    given.asked.answers["POST /issues"] = (503, {"title": "away"})  # so that both are sent
    await browser.send("/raise", do="check", **SAID)
    await browser.send("/raise/check")
    await browser.send("/raise/check")
    first, second = given.asked.keys("/issues")
    assert first == second


async def test_changed_words_are_another_request(given: Given, browser: Browser) -> None:
    given.asked.answers["POST /issues"] = (503, {"title": "away"})
    await browser.send("/raise", do="check", **SAID)
    await browser.send("/raise/check")
    await browser.open("/raise")
    await browser.send("/raise", do="check", title="另一件事", text=TEXT)
    await browser.send("/raise/check")
    first, second = given.asked.keys("/issues")
    assert first != second


async def test_a_service_that_is_away_loses_nothing(given: Given, browser: Browser) -> None:
    await browser.send("/raise", do="check", **SAID)
    given.asked.is_away = True
    answer = await browser.send("/raise/check")
    assert answer.status_code == 503 and "您写的内容已经保存" in browser.text and TITLE in browser.text
    await browser.open("/raise")
    assert TITLE in browser.page.text and "先装临时的" in browser.page.text


async def test_a_wrong_credit_code_is_said_at_its_field(given: Given, browser: Browser) -> None:
    title = "统一社会信用代码不正确"
    given.asked.answers["POST /issues"] = refused("wrong_credit_code", title)
    await browser.send("/raise", do="check", enterprise="91330500MA28C00001", **SAID)
    answer = await browser.send("/raise/check")
    assert answer.status_code == 422 and title in browser.text and 'id="enterprise-wrong"' in answer.text
    assert TITLE in answer.text


async def test_what_was_typed_when_the_sign_in_was_over_comes_back_after_it(
    given: Given, browser: Browser
) -> None:
    with at_another_time(given, 2 * SESSION_LIFE):
        await browser.send("/raise", do="check", **SAID)
        assert browser.page.url.path == "/sign-in"
        await browser.send("/sign-in", do="entrepreneur:wu")
        assert browser.page.url.path == "/raise"
        assert TITLE in browser.page.text and "先装临时的" in browser.page.text


async def test_a_draft_is_kept_and_can_be_thrown_away(browser: Browser) -> None:
    await browser.send("/raise", do="keep", **SAID)
    assert browser.page.url.path == "/mine" and TITLE in browser.text
    await browser.send("/raise/drop")
    assert TITLE not in browser.text


async def test_a_draft_is_nobody_elses(given: Given, browser: Browser) -> None:
    await browser.send("/raise", do="keep", **SAID)
    stranger = given.browser()
    await stranger.open("/raise")
    assert TITLE not in stranger.page.text


async def test_a_file_is_handed_on_and_its_receipt_sent_with_the_issue(
    given: Given, browser: Browser
) -> None:
    file = {
        "sha256": "b" * 64,
        "media_type": "image/jpeg",
        "bytes": 1234,
        "name": "bbb.jpg",
        "receipt": "r.1",
    }
    given.asked.answers |= {"POST /attachments": (201, file), "POST /issues": RAISED}
    picture = ("灯.jpg", b"\xff\xd8\xff", "image/jpeg")
    await browser.send("/raise", files={"files": picture}, do="check", **SAID)
    assert "灯.jpg" in browser.text
    given.registered()
    await browser.send("/raise/check")
    assert given.asked.bodies("/issues")[0]["attachments"] == ["r.1"]


async def test_a_file_that_is_not_taken_is_said_with_its_name(given: Given, browser: Browser) -> None:
    given.asked.answers["POST /attachments"] = (415, {"title": "不支持这种附件", "status": 415})
    program = ("病毒.exe", b"MZ", "application/octet-stream")
    answer = await browser.send("/raise", files={"files": program}, do="check", **SAID)
    assert answer.status_code == 422 and "病毒.exe: 不支持这种附件" in browser.text and TITLE in answer.text


async def test_a_file_can_be_removed_again(given: Given, browser: Browser) -> None:
    file = {
        "sha256": "b" * 64,
        "media_type": "image/jpeg",
        "bytes": 1234,
        "name": "bbb.jpg",
        "receipt": "r.1",
    }
    given.asked.answers["POST /attachments"] = (201, file)
    await browser.send("/raise", files={"files": ("灯.jpg", b"\xff")}, do="check", **SAID)
    await browser.open("/raise")
    await browser.send("/raise", do=f"remove:{'b' * 64}", **SAID)
    assert "灯.jpg" not in browser.text and TITLE in browser.page.text


@pytest.mark.parametrize("field", ["title", "text", "enterprise"])
async def test_script_in_a_field_is_text_like_any_other(browser: Browser, field: str) -> None:
    script = "<script>alert(1)</script>'\">{{7*7}}"
    fields = {**SAID, field: script} if field != "enterprise" else {**SAID, field: "<b>" + "x" * 15}
    await browser.send("/raise", do="check", **fields)
    assert "<script>alert" not in browser.page.text and "<b>x" not in browser.page.text
    assert "49" not in browser.text


async def test_a_registration_whose_event_is_on_its_way_says_so(given: Given, browser: Browser) -> None:
    given.asked.answers["POST /issues"] = (
        202,
        {"status": "pending", "look": f"/issues/{ISSUE}/outcomes?command=x"},
    )
    await browser.send("/raise", do="check", **SAID)
    await browser.send("/raise/check")
    assert browser.page.url.path == f"/issues/{ISSUE}/registered" and "正在登记" in browser.text


async def test_a_page_that_waits_for_a_registration_looks_again_by_itself_and_not_for_ever(
    given: Given, browser: Browser
) -> None:
    path, pauses = f"/issues/{ISSUE}/registered", list[int]()
    await browser.open(path)
    while found := re.search(r'http-equiv="refresh" content="(\d+);url=([^"]+)"', browser.page.text):
        pauses.append(int(found[1]))
        assert "会自动再看" in browser.text
        await browser.open(found[2])
    assert pauses == sorted(pauses) and pauses[0] >= 1 and sum(pauses) == 60 and "正在登记" in browser.text
    for odd in ("-1", "x", "9" * 40, "²"):
        assert (await browser.open(f"{path}?look={odd}")).status_code == 200
    given.registered()
    await browser.open(f"{path}?look=2")
    assert NUMBER in browser.text and "http-equiv" not in browser.page.text
