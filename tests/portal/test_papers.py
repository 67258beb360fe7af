"""Papers of the three meetings: drafted from figures, chosen and read by a person, frozen as page and file; heard."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from services.feedback.consumer import consumer
from services.portal.desks.papers.files import bar_of
from services.portal.figures.definitions import COUNTS, FIGURES, RATES
from services.portal.figures.honours import RULES
from services.portal.figures.papers import draft
from shared.contract.commands.papers import HearPaper, PublishPaper, RecordMeeting
from shared.contract.words import FigureName, FigureUnit, HonourList, Role
from shared.domain.papers import read_period
from tests.portal.crawling import Document
from tests.portal.given import ISSUE, WU, Browser, Given, known_versions, stamp
from tests.portal.test_board import official
from tests.portal.test_leader_and_figures import IDS, answered
from tests.unit.feedback.test_papers import REFERENCE
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import JURISDICTION

PAPER = "huzhou-monthly-2026-03"
PATH = f"/papers/{PAPER}"
APRIL = datetime(2026, 4, 3, 2, 0, tzinfo=UTC)
BOX = "on-runners-li"
WHY = "夜班路灯三日点亮"


@pytest.fixture
def town(given: Given) -> Given:
    """Seven issues of March, six of them answered, and it is April."""
    answered(given)
    given.officials(zhou="leader", chen="office")
    known_versions(given)
    for id in IDS[:6]:
        named = {
            "assignment": f"{id}.1",
            "department": "housing",
            "handler": "li",
            "substitute": "",
            "by": "wang",
        }
        given.shown.tell("dispatch", "handler.named.v1", named, id)
    given.now = APRIL
    return given


def office(given: Given) -> Browser:
    return official(given, Role.OFFICE)


class Feedback:
    """The real paper of feedback, asked with what the portal sent; what it tells becomes rows."""

    def __init__(self, given: Given) -> None:
        self._given, self.paper = given, OneAggregate(consumer(JURISDICTION), f"paper:{PAPER}", REFERENCE)

    def takes(self, verb: str) -> dict[str, Any]:
        """What was asked last; the outcome."""
        body = self._given.asked.bodies(f"{PATH}/{verb}")[-1]
        shape = {"publish": PublishPaper, "record-meeting": RecordMeeting}[verb]
        known = len(self.paper.events)
        outcome = self.paper.ask(shape.model_validate(body), self._given.now, "office:shen")
        for event in self.paper.events[known:]:
            said = event.model_dump(mode="json")
            self._given.shown.tell("feedback", event.type, said, f"paper:{PAPER}", at=self._given.now)
        return outcome

    def told(self) -> list[HearPaper]:
        """What its issues hear."""
        return [HearPaper.model_validate(one.data) for one in self.paper.commands.values()]


async def published(given: Given, **fields: str) -> tuple[Browser, Feedback]:
    browser, feedback = office(given), Feedback(given)
    await browser.open(f"{PATH}/draft")
    case = {f"case-{IDS[1]}": "1", f"why-{IDS[1]}": WHY, BOX: "1"}
    await browser.send(f"{PATH}/draft", **{"preface": "三月问题集中在园区配套。", **case, **fields})
    await browser.send(f"{PATH}/preview")
    assert feedback.takes("publish")["status"] == "done"
    await browser.open(PATH)
    return browser, feedback


def in_file(answer: Any) -> str:
    with ZipFile(BytesIO(answer.content)) as file:
        return file.read("word/document.xml").decode()


def card(page: str, title: str) -> str:
    """What stands under one heading, without tags."""
    found = next(part for part in re.split(r"<section", page) if title in part)
    return " ".join(re.sub("<[^>]+>", " ", found).split())


# ------------------------------------------------------- drafting, publishing


async def test_what_is_due_stands_on_the_list_of_who_publishes_until_it_is_published(town: Given) -> None:
    browser = office(town)
    await browser.open("/papers")
    assert "2026年3月 月度分析" in browser.text and "2025年下半年 半年研究报告" in browser.text
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
    assert body["cases"] == [{"issue": IDS[1], "words": WHY}]
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
    for words in ("5 / 6", "83.3 %", "三月问题集中在园区配套。", WHY, "李强", "按时答复 4"):
        assert words in browser.page.text, words
    town.shown.tell(
        "feedback", "reply.rated.v1", {"round": 1, "satisfaction": "satisfied", "solved": "yes"}, IDS[6]
    )
    await browser.open(PATH)
    assert _frozen(browser.page.text) == _frozen(before)
    town.shown.build_anew()
    await browser.open(PATH)
    assert _frozen(browser.page.text) == _frozen(before)


def _frozen(page: str) -> str:
    return re.sub(r'name="(mark|key)" value="[^"]*"', "", page.partition("<main")[2])


async def test_each_number_opens_its_issues(town: Given) -> None:
    browser, _ = await published(town)
    links = [one for one in Document(browser.page.text).links if one.startswith("/figures/")]
    assert any("department=housing" in one for one in links)
    address = next(one for one in links if one.startswith("/figures/satisfied?"))
    await browser.open(f"{address}&part=numerator")
    assert f"/issues/{IDS[1]}" in browser.page.text and f"/issues/{IDS[0]}" not in browser.page.text
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
        WHY,
        "李强",
        RULES[0].zh,
        "市建设局",
    ):
        assert words in said, words
    assert "&lt;/w:t&gt;&lt;script&gt;&amp;{{ 7*7 }}" in said and "{%" not in said
    pictures = re.findall(r'<wp:docPr [^>]*descr="([^"]*)"', said)
    assert "满意率: 83.3 %" in pictures and len(pictures) == said.count("<w:drawing>")


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


# ------------------------------------------------------------------ the meeting


async def test_the_meeting_is_recorded_and_each_decision_is_followed_until_its_report(town: Given) -> None:
    browser, feedback = await published(town)
    await browser.open(f"{PATH}/meeting")
    number = f"{IDS[6][:4]}-{IDS[6][4:8]}-{IDS[6][8:12]}-{IDS[6][12:]}X"
    fields = {"held_on": "2026-04-03", "chaired_by": "zhou", "words": "听取了三月分析。"}
    decided = {"issue-1": number, "words-1": "请一周内报方案", "due-1": "2026-04-10"}
    await browser.send(f"{PATH}/meeting", **fields, **decided)
    (body,) = town.asked.bodies(f"{PATH}/record-meeting")
    assert body["decisions"] == [{"issue": IDS[6], "words": "请一周内报方案", "due_on": "2026-04-10"}]
    assert feedback.takes("record-meeting")["state"] == "heard"
    await browser.open(PATH)
    shown = card(browser.page.text, 'id="meeting"')
    assert "领导专题会" in shown and "某zhou主持" in shown and "正在交给承办部门" in shown
    assert "记录会议" not in browser.text
    given = {
        "instruction": 1,
        "department": "housing",
        "words": "请一周内报方案",
        "due_at": stamp(APRIL + timedelta(days=7)),
        "by": "zhou",
        "decision": f"{PAPER}.1.1",
    }
    town.shown.tell("supervision", "instruction.given.v1", given, IDS[6])
    await browser.open(PATH)
    assert "报告期限" in card(browser.page.text, 'id="meeting"')
    report = {"instruction": 1, "department": "housing", "words": "方案已报", "by": "li"}
    town.shown.tell("supervision", "instruction.reported.v1", report, IDS[6])
    await browser.open(PATH)
    assert "方案已报" in card(browser.page.text, 'id="meeting"')
    assert (await browser.open(f"{PATH}/meeting")).url.path == PATH


async def test_what_is_wrong_with_a_meeting_is_said_by_its_field_and_more_rows_lose_nothing(
    town: Given,
) -> None:
    browser, _ = await published(town)
    await browser.open(f"{PATH}/meeting")
    wrong = {
        "held_on": "2026-04-09",
        "issue-1": "没有",
        "words-2": "办",
        "issue-2": "",
        "due-2": "2026-04-05",
    }
    answer = await browser.send(f"{PATH}/meeting", **wrong)
    assert answer.status_code == 422
    for said in ("这一天还没有到", "请选择主持人", "请填写问题编号", "请写明决定内容", "今天之后的工作日"):
        assert said in browser.text, said
    await browser.send(f"{PATH}/meeting", do="more", **{"words-4": "第四项"})
    assert 'name="words-8"' in browser.page.text and "第四项" in browser.page.text
    assert town.asked.bodies(f"{PATH}/record-meeting") == []


async def test_a_decision_that_came_to_nothing_says_so(town: Given) -> None:
    browser, _ = await published(town)
    told = {"number": 1, "issue": ISSUE, "words": "请办理", "due_on": None}
    heard = {"edition": 1, "meeting": "leaders_meeting", "held_on": "2026-04-03", "chaired_by": "zhou"}
    heard |= {"decisions": [told], "by": "chen"}
    town.shown.tell("feedback", "paper.heard.v1", heard, f"paper:{PAPER}")
    void = {"edition": 1, "number": 1, "issue": ISSUE, "reason": "unknown_issue"}
    town.shown.tell("feedback", "paper.decision_voided.v1", void, f"paper:{PAPER}")
    await browser.open(PATH)
    assert "未能形成批示" in browser.text and "请办理" in browser.text


# ------------------------------------------------------------------ the figures


def test_a_longer_paper_has_its_months_and_departments_and_is_the_same_however_often_counted(
    town: Given,
) -> None:
    period = read_period("half_yearly", "2026-h1")
    assert period is not None
    found = draft(town.shown.reader(), period, APRIL)
    assert found == draft(town.shown.reader(), period, APRIL)
    groups = {(one["period"], one["department"]) for one in found.figures}
    assert groups == {("2026-h1", ""), ("2026-h1", "housing"), ("2026-03", "")}
    assert all(one["numerator"] <= one["denominator"] for one in found.figures)
    assert list(_shares(found.figures, "2026-h1", "")) == list(_shares(found.figures, "2026-h1", "housing"))
    assert json.loads(json.dumps(found.figures)) == found.figures


def _shares(figures: list[dict[str, Any]], period: str, department: str) -> Iterator[tuple[str, int, int]]:
    wanted = ("registered", "satisfied")
    for one in figures:
        if (one["period"], one["department"]) == (period, department) and one["figure"] in wanted:
            yield one["figure"], one["numerator"], one["denominator"]


def test_the_contract_names_the_figures_and_lists_that_the_portal_has() -> None:
    assert {figure.name for figure in (*COUNTS, *RATES)} == set(FigureName)
    assert {figure.unit for figure in FIGURES.values()} == set(FigureUnit)
    assert [rule.list for rule in RULES] == list(HonourList)
