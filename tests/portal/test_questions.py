"""A department asks the enterprise: the form, the question on the raiser's page with its answer, and what lists say."""

from datetime import timedelta
from typing import Any

import pytest

from services.portal.queries import handovers
from tests.portal.department import FIRST, PATH, at_work, colleague, dispatch
from tests.portal.given import WU, Browser, Given, refused, stamp
from tests.portal.office_given import clerk, directory
from tests.portal.projection.given import AT, ISSUE

ASK, ANSWER, END = f"{PATH}/ask-enterprise", f"{PATH}/supply-material", f"{PATH}/end-pause"
WORDS, SAID = "请补充缺灯路段的位置图", "位置见附图，共五处。"
ABOUT = {"assignment": FIRST, "department": "housing", "round": 1, "request": 1}
PLAN = {"hash": "b" * 64, "media_type": "application/pdf", "bytes": 2048}


@pytest.fixture(autouse=True)
def _held(given: Given) -> None:
    """The housing department has an issue of Wu's and has signed for it."""
    directory(given)
    at_work(given)
    tell(given, "assignment.signed.v1", {"assignment": FIRST, "department": "housing", "by": "housing/li"})
    dispatch(given)
    given.now = AT + timedelta(days=1)


def tell(given: Given, type: str, data: dict[str, Any], owner: str = "dispatch", **how: Any) -> None:
    given.shown.tell(owner, type, data, **{"at": AT, **how})


def asked(given: Given) -> None:
    more = {"words": WORDS, "ends_at": stamp(AT + timedelta(days=7)), "by": "housing/li"}
    tell(given, "assignment.enterprise_asked.v1", {**ABOUT, **more}, at=AT + timedelta(hours=10))


def answered(given: Given) -> None:
    said = {"request": 1, "department": "housing", "question": WORDS, "text": SAID, "attachments": [PLAN]}
    tell(given, "issue.material_supplied.v1", {**said, "person": WU, "by": ""}, "intake")


def ended(given: Given, because: str, granted: bool = False) -> None:
    more = {"because": because, "granted": granted}
    tell(given, "pause.ended.v1", {**ABOUT, **more}, at=AT + timedelta(hours=20))


async def raiser(given: Given) -> Browser:
    browser = given.browser()
    await browser.sign_in()
    return browser


async def test_a_handler_asks_in_words_of_its_own(given: Given) -> None:
    browser = colleague(given)
    await browser.open(PATH)
    assert f'href="{ASK}"' in browser.page.text
    await browser.open(ASK)
    assert (await browser.send(ASK, words="")).status_code == 422
    assert "请写明需要企业说明或补充什么" in browser.text
    await browser.send(ASK, words=WORDS)
    assert given.asked.bodies(ASK) == [{"assignment": FIRST, "words": WORDS}]
    assert "已请企业补充" in browser.text


async def test_while_it_is_open_nothing_else_is_asked_and_it_is_taken_back(given: Given) -> None:
    asked(given)
    browser = colleague(given)
    await browser.open(PATH)
    for gone in (ASK, f"{PATH}/ask-pause"):
        assert f'href="{gone}"' not in browser.page.text
    await browser.open(ASK)
    assert "现在" in browser.text, "back to the issue, which says so"
    await browser.open(END)
    assert WORDS in browser.text and "撤回询问" in browser.text
    await browser.send(END, reason="企业已来电说明")
    assert given.asked.bodies(END) == [{"assignment": FIRST, "request": 1, "reason": "企业已来电说明"}]


async def test_the_question_is_on_top_of_the_raisers_page_and_list_and_its_answer_the_first_thing_to_do(
    given: Given,
) -> None:
    asked(given)
    browser = await raiser(given)
    await browser.open("/mine")
    assert "有一项询问等您答复" in browser.text
    assert browser.page.text.index('class="whole"') > browser.page.text.index("等您处理")
    await browser.open(PATH)
    page = browser.page.text
    assert page.index(WORDS) < page.index('id="said"')
    # One main thing to do: among the others where it is wide, and alone at the bottom of a phone.
    assert page.count("btn-primary") == page.count(f'href="{ANSWER}"') == 2
    assert f'class="btn btn-primary wide not-small" href="{ANSWER}"' in page
    assert f'<div class="stick only-small"><a class="btn btn-primary" href="{ANSWER}"' in page


async def test_the_answer_names_the_question_that_was_read(given: Given) -> None:
    asked(given)
    browser = await raiser(given)
    await browser.open(ANSWER)
    assert WORDS in browser.text
    assert (await browser.send(ANSWER, text="", do="send")).status_code == 422
    assert "请写下您的答复" in browser.text
    await browser.send(ANSWER, text=SAID, do="send")
    assert given.asked.bodies(ANSWER) == [{"request": 1, "text": SAID}]
    assert "您的答复已送出" in browser.text


async def test_a_file_is_kept_with_the_answer_until_it_is_sent(given: Given) -> None:
    asked(given)
    browser = await raiser(given)
    await browser.open(ANSWER)
    file = {"sha256": "b" * 64, "media_type": "image/jpeg", "bytes": 1234, "name": "b.jpg", "receipt": "r.1"}
    given.asked.answers[f"POST {PATH}/attachments"] = (201, file)
    picture = ("位置图.jpg", b"\xff\xd8\xff", "image/jpeg")
    assert (await browser.send(ANSWER, files={"files": picture}, text="", do="send")).status_code == 422
    assert "位置图.jpg" in browser.text
    await browser.send(ANSWER, text=SAID, do="send")
    assert given.asked.bodies(ANSWER) == [{"request": 1, "text": SAID, "attachments": ["r.1"]}]


async def test_a_question_that_was_closed_meanwhile_loses_nothing_that_was_typed(given: Given) -> None:
    asked(given)
    browser = await raiser(given)
    await browser.open(ANSWER)
    given.asked.answers[f"POST {ANSWER}"] = refused("stale_request", "现在没有询问")
    assert (await browser.send(ANSWER, text=SAID, do="send")).status_code == 422
    assert SAID in browser.page.text


async def test_once_it_is_answered_question_and_answer_stand_together_for_everybody(given: Given) -> None:
    asked(given)
    answered(given)
    browser = await raiser(given)
    await browser.open(PATH)
    assert WORDS in browser.text and SAID in browser.text and "提出人已答复" in browser.text
    assert f'href="{ANSWER}"' not in browser.page.text
    assert f'href="{PATH}/files/{PLAN["hash"]}"' in browser.page.text
    await browser.open(ANSWER)
    assert SAID in browser.text, "back to the issue"
    for other in (colleague(given), clerk(given)):
        await other.open(PATH)
        assert SAID in other.text and "的询问" in other.text


async def test_the_office_decides_on_its_pause_as_on_any_other(given: Given) -> None:
    asked(given)
    browser = clerk(given)
    place = f"/office/issues/{ISSUE}/decide-pause"
    await browser.open("/office/decisions")
    assert place in browser.page.text and WORDS in browser.text
    await browser.open(place)
    await browser.send(place, granted="yes")
    assert given.asked.bodies(f"{PATH}/grant-pause") == [{"assignment": FIRST, "request": 1}]


async def test_a_refused_pause_leaves_the_question_and_its_end_says_how(given: Given) -> None:
    asked(given)
    tell(given, "pause.refused.v1", {**ABOUT, "reason": "可先行办理", "by": "chen"})
    browser = await raiser(given)
    await browser.open(PATH)
    assert f'href="{ANSWER}"' in browser.page.text
    ended(given, "time_over")
    await browser.open(PATH)
    assert f'href="{ANSWER}"' not in browser.page.text
    assert "逾期未答复" in browser.text and "未答复" in browser.text


async def test_the_hours_of_a_question_are_the_raisers_and_the_recall_still_counts_for_the_department(
    given: Given,
) -> None:
    asked(given)
    recalled = {"assignment": FIRST, "department": "housing", "reason": "误交办", "by": "chen"}
    tell(given, "assignment.recalled.v1", recalled, at=AT + timedelta(hours=15))
    month = given.shown.reader().execute("SELECT month FROM issue").fetchone()[0]
    (one,) = handovers.of_month(
        given.shown.reader(), month, int((AT + timedelta(days=9)).timestamp() * 1000)
    ).handed_on
    assert (one.department, one.because, one.tenths) == ("housing", "assignment.recalled.v1", 100)
