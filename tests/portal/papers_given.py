"""A portal with a month that is over, of which the office drafts a paper; and the real paper of feedback."""

import re
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from services.feedback.consumer import consumer
from shared.contract.commands.papers import HearPaper, PublishPaper, RecordMeeting
from shared.contract.words import Role
from tests.portal.given import Browser, Given, known_versions
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

    def __init__(self, given: Given, paper: str = PAPER) -> None:
        self._given, self._subject = given, f"paper:{paper}"
        self._path = f"/papers/{paper}"
        self.paper = OneAggregate(consumer(JURISDICTION), self._subject, REFERENCE)

    def takes(self, verb: str) -> dict[str, Any]:
        """What was asked last; the outcome."""
        body = self._given.asked.bodies(f"{self._path}/{verb}")[-1]
        shape = {"publish": PublishPaper, "record-meeting": RecordMeeting}[verb]
        known = len(self.paper.events)
        outcome = self.paper.ask(shape.model_validate(body), self._given.now, "office:shen")
        for event in self.paper.events[known:]:
            said = event.model_dump(mode="json")
            self._given.shown.tell("feedback", event.type, said, self._subject, at=self._given.now)
        return outcome

    def told(self) -> list[HearPaper]:
        """What its issues hear."""
        return [HearPaper.model_validate(one.data) for one in self.paper.commands.values()]


async def published(given: Given, paper: str = PAPER, **fields: str) -> tuple[Browser, Feedback]:
    browser, feedback, path = office(given), Feedback(given, paper), f"/papers/{paper}"
    await browser.open(f"{path}/draft")
    case = {f"case-{IDS[1]}": "1", f"why-{IDS[1]}": WHY, BOX: "1"}
    await browser.send(f"{path}/draft", **{"preface": "三月问题集中在园区配套。", **case, **fields})
    await browser.send(f"{path}/preview")
    assert feedback.takes("publish")["status"] == "done"
    await browser.open(path)
    return browser, feedback


def frozen(page: str) -> str:
    """What a paper says, without what each form of a page has of its own."""
    return re.sub(r'name="(mark|key)" value="[^"]*"', "", page.partition("<main")[2])


def in_file(answer: Any) -> str:
    with ZipFile(BytesIO(answer.content)) as file:
        return file.read("word/document.xml").decode()


def links_in_file(answer: Any) -> list[str]:
    """Where it leads, each once."""
    with ZipFile(BytesIO(answer.content)) as file:
        found = file.read("word/_rels/document.xml.rels").decode()
    targets = (one for one in re.findall(r"<Relationship [^>]*>", found) if 'TargetMode="External"' in one)
    return [unescape(re.findall(r'Target="([^"]*)"', one)[0]) for one in targets]


def card(page: str, title: str) -> str:
    """What stands under one heading, without tags."""
    found = next(part for part in re.split(r"<section", page) if title in part)
    return " ".join(re.sub("<[^>]+>", " ", found).split())
