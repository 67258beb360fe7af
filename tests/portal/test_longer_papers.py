"""The half-yearly study and the yearly report: published through the portal, frozen as page and as file."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.portal.figures.papers import draft
from shared.contract.events.papers import PaperPublished
from shared.domain.papers import read_period
from tests.portal.crawling import Document
from tests.portal.given import ORIGIN, Given
from tests.portal.papers_given import (
    APRIL,
    WHY,
    card,
    frozen,
    in_file,
    links_in_file,
    office,
    published,
    town,
)
from tests.portal.test_leader_and_figures import IDS

__all__ = ["town"]


@pytest.mark.parametrize(
    ("paper", "now", "title", "meeting"),
    [
        (
            "half_yearly-2026-h1",
            datetime(2026, 7, 3, tzinfo=UTC),
            "2026年上半年 半年研究报告",
            "政府常务会议",
        ),
        ("yearly-2026", datetime(2027, 1, 5, tzinfo=UTC), "2026年 年度报告", "市委常委会"),
    ],
    ids=["half-yearly", "yearly"],
)
async def test_it_is_drafted_published_frozen_and_recorded_with_the_meeting_that_heard_it(
    town: Given, paper: str, now: datetime, title: str, meeting: str
) -> None:
    town.now, path = now, f"/papers/huzhou-{paper}"
    due = await office(town).open("/papers")
    assert f'href="{path}/draft"' in due.text
    browser, feedback = await published(town, f"huzhou-{paper}")
    before = browser.page.text
    for said in (title, "5 / 6", "83.3 %", "2026年3月", WHY, "李强", "市建设局"):
        assert said in browser.text, said
    (event,) = (event for event in feedback.paper.events if isinstance(event, PaperPublished))
    assert {one.period for one in event.figures} == {paper.partition("-")[2], "2026-03"}
    answer = await browser.open(f"{path}/files/paper.docx")
    for said in (title, meeting, "83.3 %（5 / 6）", WHY, "李强"):
        assert said in in_file(answer), said
    on_page = {one for one in Document(before).links if one.startswith("/figures/")}
    assert {one.removeprefix(ORIGIN) for one in links_in_file(answer)} == on_page
    again = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    town.shown.tell("feedback", "reply.rated.v1", again, IDS[6])
    assert frozen((await browser.open(path)).text) == frozen(before)
    await browser.open(f"{path}/meeting")
    held = {"held_on": f"{now:%Y-%m-%d}", "chaired_by": "zhou", "words": "听取了报告。"}
    await browser.send(f"{path}/meeting", **held)
    assert feedback.takes("record-meeting")["state"] == "heard"
    await browser.open(path)
    assert meeting in card(browser.page.text, 'id="meeting"')


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
