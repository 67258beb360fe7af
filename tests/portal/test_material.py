"""The office asks for material before it takes an issue on: its form, the raiser's answer, and what lists say."""

from datetime import timedelta
from typing import Any

import pytest

from tests.portal.given import WU, Browser, Given, refused, stamp
from tests.portal.office_given import clerk, directory
from tests.portal.projection.given import AT, ISSUE

PATH = f"/issues/{ISSUE}"
FORM, ASK, ANSWER = f"/office{PATH}/ask-material", f"{PATH}/ask-material", f"{PATH}/supply-material"
WORDS, SAID = "请补充租赁合同", "合同见附件，共五页。"


@pytest.fixture(autouse=True)
def _raised(given: Given) -> None:
    """Wu has raised an issue, which nobody has taken on; intake shows its words."""
    directory(given)
    given.registered(person=WU)
    given.now = AT + timedelta(days=1)
    words(given)


def words(given: Given, **more: Any) -> None:
    """What intake shows to who may read it."""
    said = {"id": ISSUE, "title": "停车难", "text": "厂门口没有车位", **more}
    given.asked.answers[f"GET {PATH}"] = (200, said)


def tell(given: Given, type: str, data: dict[str, Any]) -> None:
    given.shown.tell("intake", type, data, at=AT + timedelta(hours=10))


def asked(given: Given) -> None:
    more = {"ends_at": stamp(AT + timedelta(days=7)), "by": "wang"}
    tell(given, "issue.material_asked.v1", {"request": 1, "words": WORDS, **more})


def answered(given: Given) -> None:
    tell(given, "issue.material_received.v1", {"request": 1, "attachments": [], "person": WU, "by": ""})
    words(given, supplied=[{"request": 1, "question": WORDS, "text": SAID}])


async def raiser(given: Given) -> Browser:
    browser = given.browser()
    await browser.sign_in()
    return browser


async def test_the_office_asks_from_the_list_and_loses_nothing_of_what_it_wrote(given: Given) -> None:
    browser = clerk(given)
    await browser.open("/office/triage")
    assert f'href="{FORM}"' in browser.page.text and 'data-key="m"' in browser.page.text
    await browser.open(FORM)
    assert "停车难" in browser.text and "各项时限不暂停" in browser.text
    assert (await browser.send(FORM, words=" ")).status_code == 422 and "请写明需补充什么" in browser.text
    given.asked.answers[f"POST {ASK}"] = refused("too_many", "已请补充三次")
    assert (await browser.send(FORM, words=WORDS)).status_code == 422 and WORDS in browser.page.text
    del given.asked.answers[f"POST {ASK}"]
    await browser.send(FORM, words=WORDS)
    assert given.asked.bodies(ASK)[-1] == {"words": WORDS}
    assert "已请提出人补充" in browser.text


async def test_while_it_waits_it_stands_in_the_list_and_may_be_taken_on_all_the_same(given: Given) -> None:
    asked(given)
    browser = clerk(given)
    for narrowed in ("", "?show=awaiting_material"):
        await browser.open(f"/office/triage{narrowed}")
        assert "待补充材料" in browser.text and "已请补充材料" in browser.text
        assert 'value="accept_and_assign"' in browser.page.text and f'href="{FORM}"' not in browser.page.text
    await browser.open("/office/triage?show=registered")
    assert "停车难" not in browser.text
    await browser.open(FORM)
    assert "done=not_now" in str(browser.page.url)


async def test_who_raised_it_finds_the_question_and_answers_it(given: Given) -> None:
    asked(given)
    browser = await raiser(given)
    await browser.open("/mine")
    assert "有询问待答复" in browser.text or "询问" in browser.text
    await browser.open(PATH)
    assert WORDS in browser.text and f'href="{ANSWER}"' in browser.page.text
    await browser.open(ANSWER)
    assert WORDS in browser.text and "交办部门请您补充" in browser.text
    await browser.send(ANSWER, text=SAID, do="send")
    assert given.asked.bodies(ANSWER) == [{"request": 1, "text": SAID}]


async def test_what_was_answered_is_read_by_office_and_raiser_before_and_after_the_acceptance(
    given: Given,
) -> None:
    asked(given)
    answered(given)
    readers = (await raiser(given), clerk(given))
    for reader in readers:
        await reader.open(PATH)
        assert SAID in reader.text and WORDS in reader.text
        assert f'href="{ANSWER}"' not in reader.page.text
    await readers[1].open("/office/triage")
    assert SAID in readers[1].text
    supplied = [{"request": 1, "question": WORDS, "text": SAID}]
    accepted = {"title": "停车难", "text": "厂门口没有车位", "by": "wang", "supplied": supplied}
    tell(given, "issue.accepted.v1", accepted)
    words(given)
    for reader in readers:
        await reader.open(PATH)
        assert SAID in reader.text


async def test_without_an_answer_it_says_so_and_waits_for_the_office_again(given: Given) -> None:
    asked(given)
    tell(given, "issue.material_lapsed.v1", {"request": 1})
    browser = await raiser(given)
    await browser.open(PATH)
    assert f'href="{ANSWER}"' not in browser.page.text and "未答复" in browser.text
    assert "逾期未补充" in browser.text
    office = clerk(given)
    await office.open("/office/triage?show=registered")
    assert "停车难" in office.text
