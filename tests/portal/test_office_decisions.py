"""What the office decides: returns, appeals, another round; what it takes back, hands on, and records for others."""

from typing import Any

import pytest

from tests.portal.given import ISSUE, TITLE, Given, refused
from tests.portal.office_given import (
    OFFICE,
    PATH,
    appealed,
    clerk,
    directory,
    dissatisfied,
    held,
    raised,
    returned,
    suggests,
)


@pytest.fixture(autouse=True)
def _known(given: Given) -> None:
    directory(given)


async def test_a_return_is_ruled_on_with_its_reason_beside_the_words(given: Given) -> None:
    returned(given)
    suggests(given, "housing", "urban_management")
    browser = clerk(given)
    await browser.open("/office/returns")
    assert (
        TITLE in browser.text
        and "路灯归城管局管。" in browser.text
        and f'href="{OFFICE}/rule"' in browser.page.text
    )
    await browser.open(f"{OFFICE}/rule")
    assert "市建设局退回的理由" in browser.text and 'value="housing" checked' not in browser.page.text
    answer = await browser.send(f"{OFFICE}/rule", reason="")
    assert answer.status_code == 422 and "请选择其中一项" in browser.text
    await browser.send(f"{OFFICE}/rule", upheld="yes")
    ruling = {"assignment": f"{ISSUE}.1", "upheld": True, "department": "urban_management"}
    assert given.asked.bodies(f"{PATH}/rule") == [ruling]
    assert "已经裁定" in browser.text


async def test_what_stays_needs_its_reason_and_what_goes_another_department(given: Given) -> None:
    returned(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/rule")
    assert (await browser.send(f"{OFFICE}/rule", upheld="no")).status_code == 422
    assert "请写明为什么仍由它办理" in browser.text
    assert (await browser.send(f"{OFFICE}/rule", upheld="yes", other="housing")).status_code == 422
    assert "请选择转给哪个部门" in browser.text
    await browser.send(f"{OFFICE}/rule", upheld="no", other="", reason="园区道路归你们。")
    ruling = {"assignment": f"{ISSUE}.1", "upheld": False, "reason": "园区道路归你们。"}
    assert given.asked.bodies(f"{PATH}/rule") == [ruling]


async def test_two_rule_at_once_and_the_second_has_its_words_again(given: Given) -> None:
    returned(given)
    given.asked.answers[f"POST {PATH}/rule"] = refused("stale_assignment", "已不是当前办件")
    browser = clerk(given)
    await browser.open(f"{OFFICE}/rule")
    answer = await browser.send(f"{OFFICE}/rule", upheld="no", reason="园区道路归你们。")
    assert (
        answer.status_code == 422 and "刚刚有了新进展" in browser.text and "园区道路归你们。" in answer.text
    )


async def test_an_assignment_is_taken_back_with_a_reason(given: Given) -> None:
    held(given)
    browser = clerk(given)
    await browser.open(PATH)
    assert "收回重新交办" in browser.text
    await browser.open(f"{OFFICE}/recall")
    assert (await browser.send(f"{OFFICE}/recall", reason="")).status_code == 422
    await browser.send(f"{OFFICE}/recall", reason="交错了")
    assert given.asked.bodies(f"{PATH}/recall") == [{"assignment": f"{ISSUE}.1", "reason": "交错了"}]


async def test_an_appeal_is_decided_by_somebody_else_than_who_rejected(given: Given) -> None:
    appealed(given)
    own, other = clerk(given), clerk(given, "chen")
    await own.open(f"{OFFICE}/decide-appeal")
    assert "须由同事决定" in own.text and f'action="{OFFICE}/decide-appeal"' not in own.page.text
    await other.open("/office/decisions")
    assert TITLE in other.text
    await other.open(f"{OFFICE}/decide-appeal")
    assert "官司是另一件事。" in other.text and "已由法院立案。" in other.text
    assert (await other.send(f"{OFFICE}/decide-appeal", upheld="yes")).status_code == 422
    await other.send(f"{OFFICE}/decide-appeal", upheld="yes", reason="确实不是一件事。")
    assert given.asked.bodies(f"{PATH}/decide-appeal") == [{"upheld": True, "reason": "确实不是一件事。"}]


async def test_another_round_is_granted_or_refused_with_a_reason(given: Given) -> None:
    dissatisfied(given)
    browser = clerk(given)
    await browser.open("/office/decisions")
    assert "还是黑的" in browser.text
    await browser.open(f"{OFFICE}/decide-rework")
    assert "路灯已经装好。" in browser.text and "不满意" in browser.text
    assert (await browser.send(f"{OFFICE}/decide-rework", granted="no")).status_code == 422
    assert "请写明为什么不再办理" in browser.text
    await browser.send(f"{OFFICE}/decide-rework", granted="yes")
    assert given.asked.bodies(f"{PATH}/decide-rework") == [{"round": 1, "granted": True}]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"body": "", "addressee": "法院"}, "请选择转送给谁"),
        ({"body": "court", "addressee": ""}, "请写明具体单位"),
        ({"body": "discipline_inspection", "addressee": "纪委", "reason": "某人"}, "这里不留文字"),
        ({"body": "court", "addressee": "法院", "number": "12"}, "请写回执日期"),
        ({"body": "court", "addressee": "法院", "number": "12", "on": "昨天"}, "2026-11-25"),
    ],
)
async def test_a_referral_says_what_is_missing(given: Given, fields: dict[str, str], said: str) -> None:
    raised(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/refer")
    answer = await browser.send(f"{OFFICE}/refer", **fields)
    assert answer.status_code == 422 and said in browser.text and not given.asked.bodies(f"{PATH}/refer")


async def test_another_bodys_matter_is_handed_on_with_its_receipt_or_before_it_comes(given: Given) -> None:
    raised(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/refer")
    await browser.send(
        f"{OFFICE}/refer", body="court", addressee="吴兴区法院", number="〔2026〕12号", on="2026-03-02"
    )
    receipt = {"number": "〔2026〕12号", "on": "2026-03-02"}
    assert given.asked.bodies(f"{PATH}/refer") == [
        {"body": "court", "addressee": "吴兴区法院", "receipt": receipt}
    ]
    given.shown.tell(
        "intake", "issue.referred.v1", {"body": "court", "addressee": "吴兴区法院", "by": "wang"}
    )
    await browser.open(f"{OFFICE}/record-receipt")
    assert "吴兴区法院" in browser.text
    assert (await browser.send(f"{OFFICE}/record-receipt", number="")).status_code == 422
    await browser.send(f"{OFFICE}/record-receipt", **receipt)
    assert given.asked.bodies(f"{PATH}/record-receipt") == [receipt]


async def test_from_a_talk_it_is_handed_on_with_a_receipt_only(given: Given) -> None:
    raised(given, origin="talk")
    browser = clerk(given)
    await browser.open(f"{OFFICE}/refer")
    answer = await browser.send(f"{OFFICE}/refer", body="court", addressee="法院")
    assert answer.status_code == 422 and "请写回执文号" in browser.text


@pytest.mark.parametrize(
    ("fields", "called_by"),
    [
        ({"confirmed_by": "call"}, "wang"),
        ({"confirmed_by": "call", "called_by": "chen"}, "chen"),
        ({"confirmed_by": "link"}, None),
    ],
)
async def test_a_withdrawal_is_recorded_with_how_and_when_it_was_confirmed(
    given: Given, fields: dict[str, str], called_by: str | None
) -> None:
    raised(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/withdraw")
    assert (await browser.send(f"{OFFICE}/withdraw", confirmed_by="")).status_code == 422
    assert "没有确认不能撤回" in browser.text
    assert (await browser.send(f"{OFFICE}/withdraw", **fields, day="昨天")).status_code == 422
    await browser.send(f"{OFFICE}/withdraw", **fields, day="2026-03-02", time="09:40", reason="已经解决")
    (body,) = given.asked.bodies(f"{PATH}/withdraw")
    expected: dict[str, Any] = {"confirmed_at": "2026-03-02T09:40:00+08:00", "reason": "已经解决"}
    expected |= {"confirmed_by": fields["confirmed_by"], **({"called_by": called_by} if called_by else {})}
    assert body == expected


async def test_the_page_of_an_issue_offers_the_office_what_is_legal_now(given: Given) -> None:
    raised(given)
    browser = clerk(given)
    await browser.open(PATH)
    for verb in ("accept", "reject", "refer", "withdraw"):
        assert f'href="{OFFICE}/{verb}"' in browser.page.text, verb
    assert f'href="{OFFICE}/assign"' not in browser.page.text
    dissatisfied(given)
    await browser.open(PATH)
    for verb in ("decide-rework", "correct"):
        assert f'href="{OFFICE}/{verb}"' in browser.page.text, verb
    assert "答复已经发出" in browser.text, "why it cannot be withdrawn any more"
