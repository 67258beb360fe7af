"""A talk's room: what keys a scripted clerk presses beyond the words, and how long until they can go on typing.

A real browser over the portal and the four services as they are, with broker and store in memory. The clerk chooses who
speaks, types, marks a suggestion or what is urgent, has it claimed or answered on the spot, all by keyboard; for a part
of it the line is cut. Fails unless each record was taken once, in order, and each claim and answer was about its own.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from bench.results import Measure, Result, Skipped
from services.portal.queries import rooms, talks
from shared.contract.envelope import open_envelope
from shared.contract.events.intake import IssueRegistered
from tests.portal.projection.given import AT
from tests.portal.whole import Whole
from tests.serving import served_aside

SPEAKERS, ISSUES, CUT = 12, 120, range(40, 60)
"""How many sit there, how many issues they raise, and of which the line is cut."""
EACH = (3, 1, 2)
"""How many issues one says before another speaks, again and again."""
MOST_KEYS, MOST_SECONDS = 12, 1.0
SIZE = {"width": 1440, "height": 900}
TALK = "huzhou-weekly-20260304-1"
BEGINS = AT + timedelta(days=2, hours=5)
BETWEEN = timedelta(seconds=40)
"""Of official time between two records: a talk that lasts longer than it should."""
WORDS = "园区北门外到公交站没有路灯，夜班工人摔伤过，请尽快安装"
REPLY = "您好：已现场查看并处理，路灯已全部亮灯，损坏请打12345。"
FREE, WAITING = "#text:focus", "#waiting"


class Said(NamedTuple):
    """One issue as it is said: which speaker, what is particular, and what a department does about it at once."""

    speaker: int
    words: str
    kind: str = ""
    on_the_spot: str = ""


def script() -> Iterator[Said]:
    """Every seventh is a suggestion, every ninth urgent; every fourth is claimed, every tenth answered."""
    speaker, left = 0, 0
    for number in range(ISSUES):
        if not left:
            speaker, left = speaker + 1, EACH[speaker % len(EACH)]
        left -= 1
        kind = "s" if number % 7 == 5 else "u" if number % 9 == 7 else ""
        spot = "a" if number % 10 == 8 else "c" if number % 4 == 1 else ""
        yield Said((speaker - 1) % SPEAKERS + 1, f"{WORDS}，第{number + 1}件。", kind, spot)


class Clerk:
    """Presses keys and counts them; ``waited`` has the seconds after each act until words can be typed again."""

    def __init__(self, page: Page) -> None:
        self._page, self._speaker = page, 0
        self.keys, self.waited = list[int](), list[float]()

    def records(self, said: Said) -> None:
        """One issue, with all that happens about it at once."""
        pressed = self._press("Escape", said.kind) if said.kind else 0
        if said.speaker != self._speaker:
            pressed += self._press("Escape", *f"{said.speaker:02}")
            self._speaker = said.speaker
        self._page.keyboard.insert_text(said.words)
        pressed += self._ends("Control+Enter")
        if said.on_the_spot == "c":
            pressed += self._press("F2", "0") + self._ends("1")  # of eleven people
        elif said.on_the_spot == "a":
            pressed += self._press("F4", "1", "6" if said.kind == "s" else "1")  # adopted, solved
            self._page.keyboard.insert_text(REPLY)
            pressed += self._ends("Control+Enter")
        self.keys.append(pressed)

    def _press(self, *keys: str) -> int:
        """One that is held down with another counts too."""
        for key in keys:
            self._page.keyboard.press(key)
        return sum(len(key.split("+")) for key in keys)

    def _ends(self, key: str) -> int:
        began = time.perf_counter()
        pressed = self._press(key)
        self._page.locator(FREE).wait_for()
        self.waited.append(time.perf_counter() - began)
        return pressed


def measure(say: Callable[[str], None]) -> Result:
    """Plan and begin the talk, record all of it, and look at what was taken."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise Skipped("no chromium here: apt-get install chromium fonts-wqy-zenhei")
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        city = begun(Whole(Path(folder)))
        with served_aside(city.app, timeout_graceful_shutdown=2) as site, sync_playwright() as started:
            browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE, locale="zh-CN")
            page.goto(f"{site}/sign-in")
            with page.expect_navigation():
                page.locator("button[value^='clerk:']").first.click()
            page.goto(f"{site}/talks/{TALK}/room")
            page.locator("#text:focus").wait_for()
            say(f"{ISSUES} issues of {SPEAKERS} people, the line cut for {len(CUT)} of them")
            clerk, sent = recorded(page, city)
            browser.close()
        check(city)
    return result(clerk, sent)


def begun(city: Whole) -> Whole:
    """A talk with four departments and twelve people, which has begun."""
    announced = {
        "series": "weekly",
        "number": 1,
        "level": "city",
        "jurisdiction": "huzhou",
        "theme": "园区道路与路灯",
        "place": "政企恳谈室",
        "starts_at": BEGINS.isoformat(),
        "ends_at": (BEGINS + timedelta(hours=2)).isoformat(),
        "capacity": SPEAKERS,
        "organiser": "湖州市工商联",
        "leaders": [{"account": "qian", "name": "钱江", "post": "副市长", "body": "government"}],
        "departments": ["urban_management", "housing", "planning", "transport"],
    }
    federation = "federation:feng"
    city.ask("intake", "/agendas/huzhou/announce", federation, **announced)
    people = [
        city.ask("intake", "/people", federation, name=f"某{n:02}", phone=f"+447700900{n:03}")["person"]
        for n in range(SPEAKERS)
    ]
    city.ask(
        "intake", f"/talks/{TALK}/name", federation, participants=[{"person": person} for person in people]
    )
    city.go_to(BEGINS)
    city.ask("intake", f"/talks/{TALK}/open", "clerk:lu")
    return city


def recorded(page: Page, city: Whole) -> tuple[Clerk, list[float]]:
    """Record all of it; how it went, and after how many seconds each was taken while the line stood."""
    clerk, sent = Clerk(page), list[float]()
    for number, said in enumerate(script()):
        if number == CUT.start:
            page.context.set_offline(True)
        began = time.perf_counter()
        clerk.records(said)
        city.now += BETWEEN
        if number not in CUT:
            page.context.set_offline(False)
            page.locator(WAITING).wait_for(state="hidden")
            sent.append(time.perf_counter() - began)
    return clerk, sent


def check(city: Whole) -> None:
    """Each was taken once, in order; claimed and answered are those of which the script says so."""
    reads, expected = city.shown.reader(), list(script())
    of_talk = {row["id"]: row for row in talks.members(reads, TALK)}
    told = [open_envelope(one.value or b"") for one in city.shown.topics.records]
    there = [of_talk[one.subject] for one in told if one.type == IssueRegistered.type]
    titles = [str(row["title"]) for row in there]
    assert titles == [said.words.rstrip("。") for said in expected], titles
    marks = rooms.marks(reads, [row["id"] for row in there])
    found = [
        "" if (mark := marks.get(row["id"])) is None else "a" if mark.is_answer else "c" for row in there
    ]
    assert found == [said.on_the_spot for said in expected], found


def result(clerk: Clerk, sent: list[float]) -> Result:
    """The measures beside their goals."""
    measures = [
        Measure("keys beyond the words of an issue, at most", max(clerk.keys), "keys", MOST_KEYS),
        Measure("keys beyond the words of an issue, median", median(clerk.keys), "keys"),
        Measure("until the next can be typed, at most", max(clerk.waited), "s", MOST_SECONDS),
        Measure("until the next can be typed, median", median(clerk.waited) * 1000, "ms"),
        Measure("from the first key of an issue until all of it is taken, median", median(sent), "s"),
    ]
    detail = {"issues": ISSUES, "speakers": SPEAKERS, "of these while the line was cut": len(CUT)}
    return Result("room", measures, {**detail, "keys": clerk.keys})
