"""Papers of the three meetings: drafted from figures, chosen and read by a person, frozen as page and as file."""

import re
from io import BytesIO

import pytest

from services.portal.desks.papers.files import bar_of
from services.portal.figures.definitions import COUNTS, FIGURES, RATES
from services.portal.figures.honours import RULES
from shared.contract.events.papers import PaperPublished
from shared.contract.words import FigureName, FigureUnit, HonourList, Role
from tests.portal.crawling import Document
from tests.portal.given import ORIGIN, WU, Given
from tests.portal.papers_given import (
    BOX,
    PAPER,
    PATH,
    WHY,
    frozen,
    in_file,
    links_in_file,
    office,
    published,
    town,
)
from tests.portal.test_board import official
from tests.portal.test_leader_and_figures import IDS

__all__ = ["town"]

# ------------------------------------------------------- drafting, publishing


async def test_what_is_due_stands_on_the_list_of_who_publishes_until_it_is_published(town: Given) -> None:
    browser = office(town)
    await browser.open("/papers")
    assert "2026年3月 月度分析" in browser.text
    assert "2025年下半年" not in browser.text, "nothing was raised in it"
    await published(town)
    await browser.open("/papers")
    assert f'href="{PATH}/draft"' not in browser.page.text and f'href="{PATH}"' in browser.page.text
    reader = official(town, Role.LEADER)
    await reader.open("/papers")
    assert "待发布" not in reader.text and "2026年3月 月度分析" in reader.text


async def test_names_and_cases_are_proposed_by_the_rules_with_their_numbers_and_a_person_chooses(
    town: Given,
) -> None:
    browser = office(town)
    await browser.open(f"{PATH}/draft")
    for rule in RULES:
        assert rule.zh in browser.text
    assert "按时答复 4 · 评价满意 5 · 答复 6" in browser.text
    assert f"一位企业家（{WU[:8]}）" in browser.text and "问题得到解决 6" in browser.text
    assert f'name="case-{IDS[1]}"' in browser.page.text and f'name="case-{IDS[0]}"' not in browser.page.text
    await browser.send(f"{PATH}/draft", **{BOX: "1"})
    assert "奔跑者" in browser.text and "李强" in browser.text
    assert "贡献者" not in browser.text and "典型案例" not in browser.text


async def test_an_enterprise_stands_on_a_paper_by_the_name_that_it_had(town: Given) -> None:
    firm, issue = "91330500MA2B4A0Q6C", "EEEEEEEEEEEEE"
    called = {"name": "湖州某厂", "trade": "纺织", "contacts": [], "revision": 1, "by": "chen"}
    town.shown.tell("intake", "enterprise.registered.v1", called, f"enterprise:{firm}")
    town.registered(issue, kind="suggestion", enterprise=firm)
    town.accepted(issue)
    town.assigned(issue)
    out = {"assignment": f"{issue}.1", "department": "housing", "round": 1, "draft": 1, "sha256": "a" * 64}
    out |= {"outcome": "adopted", "outcome_class": "A", "text": "已采纳。", "by": "chen"}
    town.shown.tell("dispatch", "reply.released.v1", out, issue)
    browser, feedback = await published(town, **{f"on-contributors-{firm}": "1"})
    assert "湖州某厂" in browser.text
    renamed = {**called, "name": "湖州新厂", "revision": 2}
    town.shown.tell("intake", "enterprise.changed.v1", renamed, f"enterprise:{firm}")
    await browser.open(PATH)
    assert "湖州某厂" in browser.text and "湖州新厂" not in browser.text
    assert firm not in browser.text
    (paper,) = (event for event in feedback.paper.events if isinstance(event, PaperPublished))
    assert [(one.who, one.called) for one in paper.honours[-1].honoured] == [(firm, "湖州某厂")]


async def test_a_case_needs_its_sentence_and_nothing_typed_is_lost(town: Given) -> None:
    browser = office(town)
    await browser.open(f"{PATH}/draft")
    answer = await browser.send(f"{PATH}/draft", **{f"case-{IDS[2]}": "1", "preface": "很长" * 20_000})
    assert answer.status_code == 422
    assert "请用一句话写明典型在哪里" in browser.text and "40000" in browser.text
    assert "很长很长" in browser.page.text
    assert (await browser.open(f"{PATH}/preview")).url.path == f"{PATH}/draft"
    assert town.asked.bodies(f"{PATH}/publish") == []


async def test_what_is_published_is_what_was_read_with_every_number_and_how_far_was_read(town: Given) -> None:
    _, feedback = await published(town)
    (body,) = town.asked.bodies(f"{PATH}/publish")
    figures = {one["figure"]: one for one in body["figures"] if not one["department"]}
    assert (figures["satisfied"]["numerator"], figures["satisfied"]["denominator"]) == (5, 6)
    assert (figures["open"]["numerator"], figures["open"]["denominator"]) == (1, 7)
    assert {one["department"] for one in body["figures"]} == {"", "housing"}
    assert body["supersedes"] == 0
    assert {one["topic"] for one in body["positions"]} >= {"intake.events", "dispatch.events"}
    assert body["cases"] == [{"issue": IDS[1], "title": "第1件", "words": WHY}]
    (runners,) = body["honours"]
    assert [(one["who"], one["department"]) for one in runners["honoured"]] == [("li", "housing")]
    assert [one.news for one in feedback.told()] == [f"{PAPER}.1.{IDS[1]}"]


async def test_where_a_number_moved_since_it_was_read_the_preview_is_read_again(town: Given) -> None:
    browser = office(town)
    await browser.open(f"{PATH}/draft")
    await browser.send(f"{PATH}/draft")
    rated = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    town.shown.tell("feedback", "reply.rated.v1", rated, IDS[6])
    assert (await browser.send(f"{PATH}/preview")).status_code == 409
    assert "请重新看过" in browser.text and "6 / 7" in browser.text
    assert town.asked.bodies(f"{PATH}/publish") == []
    await browser.send(f"{PATH}/preview")
    assert len(town.asked.bodies(f"{PATH}/publish")) == 1


async def test_a_frozen_paper_stays_as_it_was_whatever_happens_and_after_a_rebuild(town: Given) -> None:
    browser, _ = await published(town)
    before = browser.page.text
    for words in ("5 / 6", "83.3 %", "1 / 7", "三月问题集中在园区配套。", WHY, "第1件", "李强", "按时答复 4"):
        assert words in browser.page.text, words
    assert RULES[0].zh in browser.text
    assert re.search(r'class="share-bar"[^>]* aria-label="满意率: 83.3 %"', browser.page.text)
    assert "7 / 7" not in browser.page.text  # of all that was registered the one number
    town.shown.tell(
        "feedback", "reply.rated.v1", {"round": 1, "satisfaction": "satisfied", "solved": "yes"}, IDS[6]
    )
    corrected = {"version": 2, "title": "另一个题目", "text": "更正后的原话。"}
    town.shown.tell("intake", "words.corrected.v1", corrected, IDS[1])
    await browser.open(PATH)
    assert frozen(browser.page.text) == frozen(before)
    town.shown.build_anew()
    await browser.open(PATH)
    assert frozen(browser.page.text) == frozen(before)


async def test_each_number_opens_its_issues(town: Given) -> None:
    browser, _ = await published(town)
    links = [one for one in Document(browser.page.text).links if one.startswith("/figures/")]
    assert any("department=housing" in one for one in links)
    address = next(one for one in links if one.startswith("/figures/satisfied?"))
    await browser.open(f"{address}&part=numerator")
    assert f"/issues/{IDS[1]}" in browser.page.text and f"/issues/{IDS[0]}" not in browser.page.text
    assert "以上为今天" in browser.text  # the paper's own number stays as it was
    await browser.open("/figures/registered?month=2026-01&through=2026-06")
    assert "2026-01/2026-06" in browser.text and f"/issues/{IDS[6]}" in browser.page.text
    for hostile in ("2026-06&through=2026-01", "2026-13&through=%27", "0001-01&through=9999-12"):
        assert (await browser.open(f"/figures/registered?month={hostile}")).status_code == 200


async def test_it_is_also_an_editable_file_with_the_same_numbers_and_a_bar_beside_each_rate(
    town: Given,
) -> None:
    await published(town, preface="</w:t><script>&{{ 7*7 }}")
    answer = await official(town, Role.LEADER).open(f"{PATH}/files/paper.docx")
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    said = in_file(answer)
    for words in (
        "2026年3月 月度分析",
        "领导专题会",
        "83.3 %（5 / 6）",
        ">1 / 7<",
        WHY,
        "李强",
        RULES[0].zh,
        "市建设局",
    ):
        assert words in said, words
    assert "&lt;/w:t&gt;&lt;script&gt;&amp;{{ 7*7 }}" in said and "{%" not in said
    pictures = re.findall(r'<wp:docPr [^>]*descr="([^"]*)"', said)
    assert "满意率: 83.3 %" in pictures and len(pictures) == said.count("<w:drawing>")


async def test_in_the_file_too_each_number_leads_to_its_issues_for_who_may_open_them(town: Given) -> None:
    browser, _ = await published(town)
    on_page = {one for one in Document(browser.page.text).links if one.startswith("/figures/")}
    answer = await browser.open(f"{PATH}/files/paper.docx")
    assert {one.removeprefix(ORIGIN) for one in links_in_file(answer)} == on_page
    assert len(re.findall("<w:hyperlink ", in_file(answer))) >= len(on_page)
    assert "点开看到的是问题现在的情况" in in_file(answer)
    others = await official(town, Role.HANDLER).open(f"{PATH}/files/paper.docx")
    assert links_in_file(others) == [] and "83.3 %（5 / 6）" in in_file(others)


def test_a_bar_is_a_picture_that_can_be_read() -> None:
    from PIL import Image

    image = Image.open(BytesIO(bar_of(100))).convert("RGB")
    assert image.getpixel((99, 5)) != image.getpixel((100, 5)) == image.getpixel((399, 25))
    assert Image.open(BytesIO(bar_of(0))).size == Image.open(BytesIO(bar_of(400))).size == (400, 26)


async def test_another_edition_stands_in_the_place_of_the_first_which_can_still_be_read(town: Given) -> None:
    browser, feedback = await published(town)
    await browser.open(f"{PATH}/draft")
    await browser.send(f"{PATH}/draft", preface="更正后")
    await browser.send(f"{PATH}/preview")
    assert town.asked.bodies(f"{PATH}/publish")[-1]["supersedes"] == 1
    assert feedback.takes("publish")["edition"] == 2
    await browser.open(PATH)
    assert "更正后" in browser.text and WHY not in browser.text
    await browser.open(f"{PATH}?edition=1")
    assert "该版已被第 2 版替代" in browser.text and WHY in browser.text
    for none in ("3", "0", "x", "%00", "1" * 30):
        assert (await browser.open(f"{PATH}?edition={none}")).status_code == 404


@pytest.mark.parametrize(
    "id",
    ["huzhou-monthly-2026-04", "huzhou-monthly-2026-13", "deqing-monthly-2026-03", "x", "huzhou-yearly-9999"],
)
async def test_no_paper_is_drafted_of_a_period_that_runs_or_of_none(town: Given, id: str) -> None:
    for page in ("", "/draft", "/preview", "/meeting", "/files/paper.docx"):
        assert (await office(town).open(f"/papers/{id}{page}")).status_code == 404


async def test_officials_read_papers_and_the_office_alone_drafts_them(town: Given) -> None:
    await published(town)
    for role in (Role.LEADER, Role.FEDERATION, Role.SUPERVISOR, Role.HANDLER):
        reader = official(town, role, "housing" if role is Role.HANDLER else "")
        assert (await reader.open(PATH)).status_code == 200
        for page in ("draft", "preview", "meeting"):
            assert (await reader.open(f"{PATH}/{page}")).status_code == 404
    assert f'href="/issues/{IDS[1]}"' not in reader.page.text
    entrepreneur = town.browser()
    await entrepreneur.sign_in()
    for page in ("/papers", PATH, f"{PATH}/draft", f"{PATH}/files/paper.docx"):
        assert (await entrepreneur.open(page)).status_code == 404


async def test_who_reads_no_issue_of_others_sees_no_title_of_a_case(town: Given) -> None:
    browser, _ = await published(town)
    assert "第1件" in browser.text
    reader = official(town, Role.HANDLER, "planning")
    await reader.open(PATH)
    assert WHY in reader.text and "第1件" not in reader.text
    assert not [one for one in Document(reader.page.text).links if one.startswith("/figures/")]


# ------------------------------------------------------------------ the figures


def test_the_contract_names_the_figures_and_lists_that_the_portal_has() -> None:
    assert {figure.name for figure in (*COUNTS, *RATES)} == set(FigureName)
    assert {figure.unit for figure in FIGURES.values()} == set(FigureUnit)
    assert [rule.list for rule in RULES] == list(HonourList)
