"""Each document as an editable file: what it is, whether it counts, and all that its page says."""

from io import BytesIO

import pytest
from docx import Document

from shared.contract.words import DocumentKind
from tests.portal.given import Browser, Given
from tests.portal.papers_given import in_file
from tests.portal.test_acting_on_the_ladder import late, staff
from tests.portal.test_board import official
from tests.portal.test_documents import WORDS, document, order
from tests.unit.supervision.given import after


async def test_a_document_is_also_an_editable_file_with_all_that_it_says(given: Given) -> None:
    late(given, after(days=22))
    place = order(given, by="shen", joint="joint_order", offices=["party", "government"], across=["levels"])
    staff(given, "city")
    browser = official(given)
    await browser.open(place)
    assert "联合督办: 党委办公室、政府办公室" in browser.text.replace("：", ": ")
    answer = await browser.open(f"{place}/files/document.docx")
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    said = in_file(answer)
    for words in (
        "督办单",
        "督办〔2026〕1号",
        "市建设局",
        "请三日内到现场核查。",
        "并书面说明。",
        "沈岚",
        "跨层级",
    ):
        assert words in said
    assert "{{" not in said and "{%" not in said


READ = {
    "reminder": ("催办单", "催办", "问题 HZ-1 已超过承诺答复期限，请立即办理并答复。"),
    "supervision_order": ("督办单", "督办", "问题 HZ-1 已逾期未答复，请抓紧办理，并在期限内回复本督办单。"),
    "yellow_card": ("黄牌", "黄牌", "问题 HZ-1 督办后仍未答复，予以黄牌警示。"),
    "red_card": ("红牌", "红牌", "问题 HZ-1 逾期仍未答复或再次不满意，予以红牌警示。"),
    "interview": ("约谈记录", "约谈", "就问题 HZ-1 约谈贵部门，记录如下："),
    "circular": ("通报", "通报", "现将问题 HZ-1 的办理情况通报如下："),
    "matters_entry": ("监督事项清单条目", "清单", "问题 HZ-1 列入监督事项清单："),
}
"""kind -> its title, the word of its number, and the sentence it begins with."""


async def lines_of(browser: Browser, place: str) -> list[str]:
    """What stands in a document's file, line by line."""
    answer = await browser.open(f"{place}/files/document.docx")
    return [line.text for line in Document(BytesIO(answer.content)).paragraphs if line.text]


def test_each_kind_of_document_is_read_below() -> None:
    assert list(READ) == list(DocumentKind)


@pytest.mark.parametrize("kind", READ)
async def test_the_file_of_each_kind_says_what_it_is_until_it_is_out_as_a_draft_and_afterwards_if_void(
    given: Given, kind: str
) -> None:
    late(given, after(days=22))
    staff(given, "city")
    browser, (title, word, sentence) = official(given), READ[kind]
    place, to, on = document(given, "d1", kind), "送： 市建设局", "2026年3月24日 周二"
    head = [title, f"{word}〔2026〕1号"]
    assert await lines_of(browser, place) == [*head, "待签发", to, sentence, on]
    void = {"document": "d1", "kind": kind, "year": 2026, "number": 1, "because": "annulled"}
    given.shown.tell("supervision", "document.voided.v1", void, at=after(days=22))
    assert await lines_of(browser, place) == [*head, "作废", to, sentence, on]
    signed = document(given, "d2", kind, 2, by="shen", step=3, words=WORDS)
    sentence = "现就问题 HZ-1 催办，请抓紧办理并按期答复。" if kind == "reminder" else sentence
    said = [to, sentence, *WORDS.split("\n"), "签发人： 沈岚", on]
    assert await lines_of(browser, signed) == [title, f"{word}〔2026〕2号", *said]
    given.shown.tell(
        "supervision", "document.lifted.v1", {"document": "d2", "because": "reply"}, at=after(days=22)
    )
    assert await lines_of(browser, signed) == [title, f"{word}〔2026〕2号", "已解除", *said]


async def test_the_file_of_a_circular_may_praise(given: Given) -> None:
    late(given, after(days=22))
    place = document(given, "d1", "circular", by="shen", praise=True, words="主动上门办理")
    title, number, to, *said = await lines_of(official(given), place)
    assert (title, number, to) == ("表扬通报", "通报〔2026〕1号", "送： 市建设局")
    assert said[:2] == ["现对问题 HZ-1 的办理予以通报表扬：", "主动上门办理"]


async def test_what_somebody_wrote_stays_text_in_the_file(given: Given) -> None:
    late(given, after(days=22))
    place = order(given, words="</w:t><script>&{{ 7*7 }}")
    answer = await official(given).open(f"{place}/files/document.docx")
    said = in_file(answer)
    assert "&lt;/w:t&gt;&lt;script&gt;&amp;{{ 7*7 }}" in said
