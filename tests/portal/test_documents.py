"""Documents on pages: the registers, one document and its file, and what people do about each."""

from datetime import timedelta
from typing import Any

import pytest

from services.portal.addresses import Place
from services.portal.queries import documents, looking
from shared.contract.words import Role
from tests.portal.department import leader, people
from tests.portal.given import Given, refused, stamp
from tests.portal.projection.given import ISSUE
from tests.portal.test_acting_on_the_ladder import HELD, LIFT, late, offers, staff
from tests.portal.test_board import official
from tests.portal.test_ladder import PATH, told
from tests.unit.supervision.given import DUE, after

BY_HAND = f"{PATH}/issue-document"
WORDS = "请三日内到现场核查。\n并书面说明。"


def document(given: Given, id: str, kind: str, number: int = 1, **values: Any) -> str:
    """A document that is out, or, without ``by``, one that a step drafted; where its page is."""
    known = {
        "document": id,
        "kind": kind,
        "year": 2026,
        "number": number,
        "round": 1,
        "department": "housing",
    }
    if values.get("by") is None:
        values = {"step": 3, "due_at": stamp(DUE), **values}
        given.shown.tell(
            "supervision", "document.drafted.v1", {**known, **values, "by": ""}, at=after(days=22)
        )
    else:
        given.shown.tell("supervision", "document.issued.v1", {**known, **values}, at=after(days=22))
    return f"{PATH}/documents/{id}"


def order(given: Given, id: str = "d2", **values: Any) -> str:
    """A supervision order that its department has to answer."""
    due = stamp(given.now + timedelta(hours=30))
    return document(
        given, id, "supervision_order", **{"by": "", "answer_due_at": due, "words": WORDS, **values}
    )


async def test_the_page_of_an_issue_lists_its_documents_and_leads_to_each(given: Given) -> None:
    late(given, after(days=22))
    order(given)
    card = document(given, "d3", "yellow_card")
    browser = official(given)
    await browser.open(PATH)
    assert "督办〔2026〕1号" in browser.text and "黄牌〔2026〕1号" in browser.text
    assert f'href="{card}"' in browser.page.text
    await browser.open(card)
    assert "待签发" in browser.text and "市建设局" in browser.text


async def test_a_county_lifts_its_own_card_but_not_one_that_the_city_signed(given: Given) -> None:
    told(given, HELD, after(days=22))
    people(given, level="county")
    staff(given, "county")
    given.now = after(days=22)
    browser = official(given)
    own = document(given, "d3", "yellow_card", step=3, by="shen", level="county")
    await browser.open(own)
    assert f'href="{own}/lift"' in browser.page.text and await offers(browser, LIFT)
    of_the_city = document(given, "d4", "red_card", step=4, by="zhao", level="city")
    await browser.open(of_the_city)
    assert f'href="{of_the_city}/lift"' not in browser.page.text
    assert not await offers(browser, LIFT)  # nor the step that the city signed for


@pytest.mark.parametrize("role", [Role.CPPCC, Role.DISCIPLINE])
async def test_the_cppcc_and_discipline_inspection_read_each_document_and_do_nothing_about_it(
    given: Given, role: Role
) -> None:
    late(given, after(days=22))
    entry = document(given, "d6", "matters_entry", by="shen", level="city", words="连续两次未答复。")
    drafted = document(given, "d3", "yellow_card")
    browser = official(given, role)
    assert await offers(browser, entry)  # the notice of an entry leads to the page of its issue
    said_there = {order(given): "请三日内到现场核查。", entry: "连续两次未答复。", drafted: "待签发"}
    for place, said in said_there.items():
        assert (await browser.open(place)).status_code == 200 and said in browser.text
        for name in ("sign", "lift", "answer"):
            assert f'href="{place}/{name}"' not in browser.page.text
            assert (await browser.open(f"{place}/{name}")).status_code == 404
    assert not await offers(browser, BY_HAND)
    await browser.open("/documents")
    assert "清单〔2026〕1号" in browser.text and "督办〔2026〕1号" in browser.text


async def test_whoever_does_not_see_how_it_is_handled_sees_no_document(given: Given) -> None:
    late(given, after(days=22))
    place = order(given)
    raiser = given.browser()
    await raiser.sign_in()
    for browser in (raiser, official(given, Role.OBSERVER), official(given, Role.HANDLER, "planning")):
        for path in (place, f"{place}/files/document.docx", f"{place}/lift", "/documents"):
            assert (await browser.open(path)).status_code == 404, path
    for other in ("d9", "x" * 200):
        assert (await official(given).open(f"{PATH}/documents/{other}")).status_code == 404


async def test_a_card_is_signed_with_ones_name(given: Given) -> None:
    late(given, after(days=22))
    place = document(given, "d3", "yellow_card")
    browser = official(given)
    await browser.open(f"{place}/sign")
    assert (await browser.send(f"{place}/sign")).status_code == 422 and "请署上您的姓名" in browser.text
    verb = f"{PATH}/sign-document"
    given.asked.answers[f"POST {verb}"] = refused("signature_missing", "请署上本人姓名")
    assert (await browser.send(f"{place}/sign", signature="王芳")).status_code == 422
    assert "请署上本人姓名" in browser.text and "王芳" in browser.page.text
    del given.asked.answers[f"POST {verb}"]
    await browser.send(f"{place}/sign", signature="沈岚")
    assert given.asked.bodies(verb)[-1] == {"document": "d3", "signature": "沈岚"}
    assert "已签发送达" in browser.text


async def test_an_interview_is_not_signed_without_its_record(given: Given) -> None:
    late(given, after(days=22))
    place = document(given, "d5", "interview")
    browser = official(given)
    await browser.open(f"{place}/sign")
    assert (await browser.send(f"{place}/sign", signature="沈岚")).status_code == 422
    assert "请填写内容" in browser.text
    await browser.send(f"{place}/sign", signature="沈岚", words="已约谈主要负责人")
    assert given.asked.bodies(f"{PATH}/sign-document")[-1]["words"] == "已约谈主要负责人"


@pytest.mark.parametrize("state", ["drafted", "issued"])
async def test_it_is_lifted_or_given_up_with_a_reason(given: Given, state: str) -> None:
    late(given, after(days=22))
    place = document(given, "d3", "yellow_card", **({"by": "shen"} if state == "issued" else {}))
    browser = official(given)
    await browser.open(f"{place}/lift")
    assert (await browser.send(f"{place}/lift")).status_code == 422
    assert (await browser.send(f"{place}/lift", reason="长" * 2001)).status_code == 422
    await browser.send(f"{place}/lift", reason="情有可原")
    assert given.asked.bodies(f"{PATH}/lift-document") == [{"document": "d3", "reason": "情有可原"}]


async def test_the_department_answers_its_order_from_the_page_of_the_issue(given: Given) -> None:
    late(given, after(days=22))
    place = order(given)
    browser = leader(given)
    assert await offers(browser, f"{place}/answer")
    await browser.open(f"{place}/answer")
    assert "请三日内到现场核查" in browser.text
    await browser.send(f"{place}/answer", words="已派员核查")
    assert given.asked.bodies(f"{PATH}/answer-order") == [{"document": "d2", "words": "已派员核查"}]
    answered = {"document": "d2", "because": "words", "words": "已派员核查", "by": "zhou"}
    given.shown.tell("supervision", "document.answered.v1", answered, at=given.now)
    assert not await offers(browser, f"{place}/answer")
    assert (await browser.open(f"{place}/answer")).url.path == place


async def test_an_order_by_hand_says_who_acts_together_and_a_circular_may_praise(given: Given) -> None:
    late(given, after(days=22))
    browser = official(given)
    assert await offers(browser, BY_HAND)
    await browser.open(BY_HAND)
    assert (await browser.send(BY_HAND, joint="joint_order")).status_code == 422
    assert "请选择文书种类" in browser.text and "勾选两个以上办公室" in browser.text
    together = {"joint": "joint_order", "office-party": "1", "office-cppcc": "1", "across-levels": "1"}
    said = {"kind": "supervision_order", "words": WORDS, "answer_days": "3", "signature": "沈岚"}
    await browser.send(BY_HAND, **said, **together)
    assert given.asked.bodies(BY_HAND)[-1] == {
        "kind": "supervision_order",
        "words": WORDS,
        "signature": "沈岚",
        "joint": "joint_order",
        "across": ["levels"],
        "offices": ["party", "cppcc"],
        "answer_days": 3,
    }
    await browser.open(BY_HAND)
    await browser.send(BY_HAND, kind="praise", words="主动上门办理", signature="沈岚")
    assert given.asked.bodies(BY_HAND)[-1]["praise"] is True


@pytest.mark.parametrize(("level", "department"), [("county", ""), ("city", "housing")])
async def test_who_is_of_a_lower_level_or_of_the_department_finds_no_such_button(
    given: Given, level: str, department: str
) -> None:
    late(given, after(days=22))
    staff(given, level, department)
    place = document(given, "d3", "yellow_card")
    browser = official(given)
    assert not await offers(browser, BY_HAND)
    assert (await browser.open(BY_HAND)).url.path == PATH
    for name in ("sign", "lift"):
        assert (await browser.open(f"{place}/{name}")).url.path == place


async def test_the_register_has_every_number_also_the_void_ones_and_what_waits(given: Given) -> None:
    late(given, after(days=22))
    order(given)
    document(given, "d3", "yellow_card", 1)
    void = {"document": "d4", "kind": "yellow_card", "year": 2026, "number": 2, "because": "annulled"}
    given.shown.tell("supervision", "document.voided.v1", void, at=after(days=22))
    browser = official(given)
    await browser.open("/documents")
    for number in ("督办〔2026〕1号", "黄牌〔2026〕1号", "黄牌〔2026〕2号"):
        assert number in browser.text
    await browser.open("/documents?waiting=to_sign")
    assert "黄牌〔2026〕1号" in browser.text and "黄牌〔2026〕2号" not in browser.text
    await browser.open("/documents?kind=supervision_order&department=housing&year=2026")
    assert (
        "督办〔2026〕1号" in browser.text
        and "黄牌" not in browser.text.split("待解除")[1].split("全部部门")[0]
    )
    await browser.open("/documents?kind=dream&waiting=x&year=%F0&after=1.x")
    assert browser.page.status_code == 200


async def test_the_bar_counts_what_waits_for_a_signature_no_further_than_ninety_nine(given: Given) -> None:
    late(given, after(days=22))
    browser, there = official(given), 0
    for number, said in ((99, "99"), (100, "99+"), (130, "99+")):
        for one in range(there + 1, number + 1):
            document(given, f"d{one}", "yellow_card", one)
        there = number
        await browser.open("/figures")
        assert f'<span class="n">{said}</span>' in browser.page.text


def test_the_newest_of_many_documents_and_looks_are_found_without_sorting_all(given: Given) -> None:
    late(given, after(days=22))
    document(given, "d3", "yellow_card")
    reads, now, asked = given.shown.reader(), 2**41, list[str]()
    reads.set_trace_callback(asked.append)
    for chosen in (documents.Chosen(), documents.Chosen(documents.TO_SIGN, "yellow_card", "housing", 2026)):
        for place in (None, Place(now, "x")):
            documents.page(reads, chosen, place)
    looking.page(reads, looking.Chosen(), now)
    looking.count(reads, looking.Chosen(), now)
    reads.set_trace_callback(None)
    for query in asked:
        assert "SorterOpen" not in {row[1] for row in reads.execute(f"EXPLAIN {query}")}, query
        plans = [row[3] for row in reads.execute(f"EXPLAIN QUERY PLAN {query}")]
        # Of a look the other clocks are those of its issue, never all that run.
        assert not [plan for plan in plans if plan.startswith("SEARCH o USING INDEX")], plans


async def test_a_long_register_goes_on_after_fifty(given: Given) -> None:
    late(given, after(days=22))
    for number in range(1, 53):
        document(given, f"d{number}", "reminder", number, by="")
    browser = official(given)
    await browser.open("/documents")
    assert "催办〔2026〕52号" in browser.text or "催办〔2026〕1号" in browser.text
    first = browser.text.count("催办〔2026〕")
    following = next(part.split('"')[0] for part in browser.page.text.split('href="') if "after=" in part)
    await browser.open(following.replace("&amp;", "&"))
    assert first + browser.text.count("催办〔2026〕") == 52
    assert ISSUE
