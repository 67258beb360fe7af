"""What everybody may read: only what the office made public, masked, without names, until it is taken back."""

from datetime import timedelta

import pytest

from tests.portal.given import ISSUE, TEXT, TITLE, Given, refused
from tests.portal.office_given import OFFICE, PATH, clerk, directory
from tests.portal.projection.given import AT
from tests.portal.talks_given import TALK, announced, held

CODE, FIRM = "91330500MA2B4N6X7K", "湖州路灯厂"
PUBLIC = {"title": "园区没有路灯", "text": "夜间不安全。", "reply": "已安装。", "round": 1, "by": "wang"}


@pytest.fixture(autouse=True)
def _known(given: Given) -> None:
    directory(given)
    announced(given)
    firm = {"code": CODE, "name": FIRM, "trade": "", "size": "", "district": "", "revision": 1, "by": "wang"}
    given.shown.tell("intake", "enterprise.registered.v1", firm, f"enterprise:{CODE}")


def answered(given: Given, **more: object) -> None:
    """A talk's issue with a reply."""
    given.registered(origin="talk", phase="at", occasion={"id": TALK}, enterprise=CODE, **more)
    words = {"title": TITLE, "text": f"{FIRM}门口，电话 13812345678。{TEXT}", "by": "wang"}
    given.shown.tell("intake", "issue.accepted.v1", words)
    given.assigned()
    given.replied()
    held(given)


def public(given: Given, seconds: int = 0, **more: object) -> None:
    given.shown.tell("intake", "issue.disclosed.v1", {**PUBLIC, **more}, at=AT + timedelta(seconds=seconds))


async def column(given: Given) -> str:
    """What somebody reads who is not signed in."""
    browser = given.browser()
    await browser.open("/column")
    return browser.page.text


@pytest.mark.parametrize("anonymous", [False, True])
async def test_nothing_that_was_not_made_public_stands_on_the_column(given: Given, anonymous: bool) -> None:
    answered(given, anonymous=anonymous)
    text = await column(given)
    for said in (TITLE, FIRM, "夜班职工", "路灯已经装好", "138", ISSUE, "7K3M", CODE):
        assert said not in text, said


@pytest.mark.parametrize("anonymous", [False, True])
async def test_what_is_public_stands_there_in_its_words_alone_until_it_is_taken_back(
    given: Given, anonymous: bool
) -> None:
    answered(given, anonymous=anonymous)
    assert "已安装。" not in await column(given)
    public(given)
    text = await column(given)
    assert all(
        said in text for said in ("园区没有路灯", "夜间不安全。", "已安装。", "市建设局", "1 条答复已公开")
    )
    for said in (TITLE, FIRM, "夜班职工", "路灯已经装好", "138", ISSUE, "7K3M", CODE):
        assert said not in text, said
    public(given, 1, title="路灯问题")
    assert "路灯问题" in await column(given) and "园区没有路灯" not in await column(given)
    given.shown.tell("intake", "issue.restored.v1", {"reason": "不宜公开", "by": "wang"})
    assert "已安装。" not in await column(given)


async def test_what_is_proposed_is_masked_and_names_no_enterprise_and_is_shown_before_it_goes_out(
    given: Given,
) -> None:
    answered(given)
    browser = clerk(given)
    await browser.open(PATH)
    assert f'href="{OFFICE}/disclose"' in browser.page.text
    await browser.open(f"{OFFICE}/disclose")
    proposed = browser.page.text.split('name="text"')[1].split("</textarea>")[0]
    assert "某企业门口" in proposed and "138****5678" in proposed and FIRM not in proposed
    typed = {"title": "园区没有路灯", "text": "请打 13912345678", "reply": "已安装。"}
    await browser.send(f"{OFFICE}/disclose", do="preview", **typed)
    assert "139****5678" in browser.text and "13912345678" not in browser.page.text
    assert not given.asked.bodies(f"{PATH}/disclose")
    await browser.send(f"{OFFICE}/disclose", do="confirmed")
    (body,) = given.asked.bodies(f"{PATH}/disclose")
    assert body == {**typed, "text": "请打 139****5678", "round": 1}


async def test_words_that_name_the_raiser_are_refused_and_kept(given: Given) -> None:
    answered(given)
    given.asked.answers[f"POST {PATH}/disclose"] = refused("names_somebody", "公开的文字里还有反映人的姓名")
    browser = clerk(given)
    await browser.open(f"{OFFICE}/disclose")
    await browser.send(
        f"{OFFICE}/disclose", do="preview", title="路灯", text="王小明说没有路灯", reply="已装。"
    )
    answer = await browser.send(f"{OFFICE}/disclose", do="confirmed")
    assert answer.status_code == 422 and "还有反映人的姓名" in browser.text
    assert "王小明说没有路灯" in browser.page.text
    answer = await browser.send(f"{OFFICE}/disclose", do="preview", text="")
    assert answer.status_code == 422 and "每个人都可能读到" in browser.text


async def test_it_is_taken_back_with_a_reason_and_only_while_it_is_public(given: Given) -> None:
    answered(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/restore")
    assert "done=not_now" in str(browser.page.url)
    public(given)
    await browser.open(f"{OFFICE}/restore")
    assert "园区没有路灯" in browser.text
    answer = await browser.send(f"{OFFICE}/restore")
    assert answer.status_code == 422
    await browser.send(f"{OFFICE}/restore", reason="企业不同意")
    assert given.asked.bodies(f"{PATH}/restore") == [{"reason": "企业不同意"}]


async def test_before_a_reply_is_out_it_is_not_offered(given: Given) -> None:
    given.registered()
    given.accepted()
    given.assigned()
    browser = clerk(given)
    await browser.open(PATH)
    assert "/disclose" not in browser.page.text
    await browser.open(f"{OFFICE}/disclose")
    assert "done=not_now" in str(browser.page.url)
