"""Raising on behalf: what was said in a call or a visit, in the name of who said it; and their link, shown once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.clocks import SHANGHAI
from tests.portal.given import DONE, ISSUE, NUMBER, TEXT, TITLE, Given, refused
from tests.portal.office_given import PATH, clerk, directory

RAISE = "/office/raise"
PERSON = "0" * 31 + "7"
LINK = f"{ISSUE}.1.00112233445566778899aabbccddeeff"
CALL = {
    "source": "hotline",
    "occasion_called_from": "0572-2039817",
    "name": "王老板",
    "phone": "138 0013 8000",
}
SAID = {"title": TITLE, "text": TEXT}


@pytest.fixture(autouse=True)
def _known(given: Given) -> None:
    directory(given)
    given.asked.answers |= {
        "POST /people/find": (200, {"person": None}),
        "POST /people": (201, {**DONE, "person": PERSON}),
        "POST /issues": (201, {**DONE, "id": ISSUE}),
        f"POST {PATH}/links": (201, {**DONE, "serial": 1, "link": LINK}),
    }


def recorded(given: Given) -> None:
    """What the projection hears of it."""
    given.registered(origin="hotline", person=PERSON, recorded_by="wang")


async def test_a_call_is_written_down_for_somebody_new_and_their_link_is_shown_once(given: Given) -> None:
    browser = clerk(given)
    await browser.open(RAISE)
    await browser.send(RAISE, do="check", **CALL, **SAID, urgent="1")
    assert (
        "念给本人核对" in browser.text and "将为本人新登记" in browser.text and "先装临时的" in browser.text
    )
    recorded(given)
    await browser.send(f"{RAISE}/check")
    assert LINK in browser.text and NUMBER in browser.text and "只显示这一次" in browser.text
    assert given.asked.bodies("/people/find") == [{"phone": "138 0013 8000"}]
    assert given.asked.bodies("/people") == [{"name": "王老板", "phone": "138 0013 8000"}]
    (body,) = given.asked.bodies("/issues")
    expected: dict[str, Any] = {
        "kind": "problem",
        **SAID,
        "origin": "hotline",
        "person": PERSON,
        "urgent": True,
    }
    assert body == {**expected, "occasion": {"called_from": "0572-2039817"}}
    await browser.open(f"/office/issues/{ISSUE}/recorded")
    assert LINK not in browser.page.text and "换一个新的" in browser.text


async def test_whoever_is_known_by_this_phone_has_the_issue(given: Given) -> None:
    given.asked.answers["POST /people/find"] = (200, {"person": PERSON})
    browser = clerk(given)
    await browser.open(RAISE)
    await browser.send(RAISE, do="check", **CALL, **SAID)
    assert "这个电话已有登记" in browser.text
    await browser.send(f"{RAISE}/check")
    assert given.asked.bodies("/issues")[0]["person"] == PERSON and not given.asked.bodies("/people")


async def test_sent_twice_it_is_one_issue_and_no_second_link(given: Given) -> None:
    browser, again = clerk(given), None
    await browser.open(RAISE)
    await browser.send(RAISE, do="check", **CALL, **SAID)
    recorded(given)
    again = browser.page
    await browser.send(f"{RAISE}/check")
    browser.page = again
    await browser.send(f"{RAISE}/check")
    assert browser.page.url.path == f"/office/issues/{ISSUE}/recorded" and LINK not in browser.page.text
    assert len(given.asked.bodies("/issues")) == 1 == len(given.asked.bodies(f"{PATH}/links"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"source": ""}, "请选择来源"),
        ({"source": "online_column"}, "请选择来源"),
        ({"source": "hotline", "occasion_called_from": ""}, "请写来电号码"),
        ({"source": "written", "occasion_on": ""}, "请写来信或走访的日期"),
        ({"source": "written", "occasion_on": "2027-01-01"}, "日期不能在今天之后"),
        ({"source": "written", "occasion_on": "昨天"}, "2026-11-25"),
        ({"name": ""}, "请写本人姓名"),
        ({"title": ""}, "一句话"),
        ({"enterprise": "123"}, "18"),
    ],
)
async def test_what_is_missing_is_said_at_its_field_and_the_rest_is_kept(
    given: Given, fields: dict[str, str], said: str
) -> None:
    browser = clerk(given)
    await browser.open(RAISE)
    answer = await browser.send(RAISE, do="check", **{**CALL, **SAID, **fields})
    assert answer.status_code == 422 and said in browser.text and "先装临时的" in answer.text
    assert not given.asked.bodies("/issues")


async def test_a_letter_of_this_morning_is_taken_though_it_is_still_yesterday_in_utc(given: Given) -> None:
    given.now = datetime(2026, 3, 2, 7, 30, tzinfo=SHANGHAI).astimezone(UTC)
    browser = clerk(given)
    await browser.open(RAISE)
    letter = {**CALL, **SAID, "source": "written", "occasion_on": "2026-03-02"}
    await browser.send(RAISE, do="check", **letter)
    assert browser.page.url.path == f"{RAISE}/check"


async def test_a_phone_that_is_none_is_said_at_its_field(given: Given) -> None:
    rule = {"errors": [{"field": "phone", "rule": "电话号码为 5 到 15 位数字"}], "title": "错", "status": 422}
    given.asked.answers["POST /people/find"] = (422, rule)
    browser = clerk(given)
    await browser.open(RAISE)
    answer = await browser.send(RAISE, do="check", **{**CALL, **SAID, "phone": "abc"})
    assert answer.status_code == 422 and "5 到 15 位数字" in browser.text


async def test_a_visit_says_when_and_by_whom_and_a_talk_in_which_phase(given: Given) -> None:
    browser = clerk(given)
    await browser.open(RAISE)
    visit = {**CALL, **SAID, "source": "liaison_visit", "occasion_on": "2026-03-01"}
    await browser.send(RAISE, do="check", **visit)
    await browser.send(f"{RAISE}/check")
    assert given.asked.bodies("/issues")[0]["occasion"] == {"on": "2026-03-01", "visited_by": "wang"}
    await browser.open(RAISE)
    await browser.send(RAISE, do="check", **{**visit, "source": "talk", "phase": "at", "anonymous": "1"})
    await browser.send(f"{RAISE}/check")
    talk = given.asked.bodies("/issues")[1]
    assert (talk["phase"], talk["occasion"], talk["anonymous"]) == ("at", {"on": "2026-03-01"}, True)


@pytest.mark.parametrize("path", ["/people", "/issues"])
async def test_what_is_refused_or_away_keeps_everything_and_is_sent_again(given: Given, path: str) -> None:
    browser = clerk(given)
    await browser.open(RAISE)
    await browser.send(RAISE, do="check", **CALL, **SAID)
    before = given.asked.answers[f"POST {path}"]
    given.asked.answers[f"POST {path}"] = (503, {"title": "away"})
    assert (await browser.send(f"{RAISE}/check")).status_code == 503
    given.asked.answers[f"POST {path}"] = refused("words_erased", "原话已删除")
    assert (await browser.send(f"{RAISE}/check")).status_code == 422
    assert "原话已删除" in browser.text and "先装临时的" in browser.text
    given.asked.answers[f"POST {path}"] = before
    recorded(given)
    await browser.send(f"{RAISE}/check")
    assert LINK in browser.text


async def test_what_is_under_way_is_said_to_be_and_asked_again_under_the_same_key(given: Given) -> None:
    browser = clerk(given)
    await browser.open(RAISE)
    await browser.send(RAISE, do="check", **CALL, **SAID)
    given.asked.answers["POST /people"] = (202, {"status": "pending"})
    assert (await browser.send(f"{RAISE}/check")).status_code == 202 and "正在处理" in browser.text
    await browser.send(f"{RAISE}/check")
    first, second = given.asked.keys("/people")
    assert first == second and not given.asked.bodies("/issues")


async def test_a_link_that_was_lost_is_made_anew_once(given: Given) -> None:
    recorded(given)
    given.asked.answers[f"GET {PATH}"] = (200, {"id": ISSUE, **SAID})
    browser = clerk(given)
    await browser.open(f"/office/issues/{ISSUE}/make-link")
    assert "登记成功" not in browser.text  # long ago
    await browser.send(f"/office/issues/{ISSUE}/make-link")
    assert LINK in browser.text
    given.asked.answers[f"POST {PATH}/links"] = refused("id_reused", "不可重复")
    await browser.open(f"/office/issues/{ISSUE}/make-link")
    await browser.send(f"/office/issues/{ISSUE}/make-link")
    assert "暂时没能生成链接" in browser.text


async def test_a_file_that_came_with_a_letter_is_listed(given: Given) -> None:
    receipt = {
        "receipt": "r" * 20,
        "sha256": "d" * 64,
        "media_type": "application/pdf",
        "bytes": 10,
        "status": "done",
    }
    given.asked.answers["POST /attachments"] = (201, receipt)
    browser = clerk(given)
    await browser.open(RAISE)
    letter = {**CALL, **SAID, "source": "written", "occasion_on": "2026-03-01"}
    await browser.send(RAISE, do="check", files={"files": ("来信.pdf", b"%PDF", "application/pdf")}, **letter)
    assert "来信.pdf" in browser.text
    await browser.send(f"{RAISE}/check")
    assert given.asked.bodies("/issues")[0]["attachments"] == ["r" * 20]


async def test_what_is_being_written_down_is_kept_on_the_server_with_its_files_and_asks_nobody(
    given: Given,
) -> None:
    receipt = {"receipt": "r" * 20, "sha256": "d" * 64, "media_type": "application/pdf", "bytes": 10}
    given.asked.answers["POST /attachments"] = (201, {**receipt, "status": "done"})
    browser, elsewhere = clerk(given), clerk(given)
    await browser.open(RAISE)
    file = {"files": ("来信.pdf", b"%PDF", "application/pdf")}
    await browser.send(
        RAISE, do="check", files=file, **SAID
    )  # their name is missing: the form is shown again
    open_there = browser.page
    given.asked.requests.clear()
    for _ in range(2):  # a browser that got no answer keeps it again
        browser.page = open_there
        answer = await browser.send(RAISE, do="quietly", **CALL, **SAID | {"text": "写到一半"})
        assert answer.status_code == 204 and not given.asked.requests
    again = (await elsewhere.open(RAISE)).text
    for kept in ("写到一半", CALL["name"], "来信.pdf"):
        assert kept in again, kept
    assert "写到一半" not in (await clerk(given, "zhou").open(RAISE)).text
