"""The Wednesdays of Huzhou through the four real consumers, and through the portal: the article's numbers come out."""

import asyncio
import io
import json
import re
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from services.cli.asking import EventLog
from services.cli.display import Terminal
from services.cli.events import read_event
from services.cli.figures.rates import replied, satisfied
from services.cli.main import app
from services.cli.scenario.beginning import Beginning
from services.cli.scenario.command import _bar
from services.cli.scenario.huzhou import article
from services.cli.scenario.huzhou.counting import LEVELS, Counted, count
from services.cli.scenario.huzhou.people import places
from services.cli.scenario.huzhou.showing import shown
from services.cli.scenario.plan import Town
from services.cli.scenario.playing import Progress
from services.cli.scenario.script import Planned
from services.cli.scenario.starting import Scenario
from shared.contract.envelope import Envelope
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION
from shared.contract.words import Level
from shared.domain.talks import talk_id
from tests.house.repository import ROOT
from tests.portal.given import Browser, Given
from tests.unit.cli.test_huzhou import of_talk, told
from tests.unit.cli.test_scenario import asked
from tests.unit.cli.test_scenario_played import TownWorld

NUMBERS_OF_A_LINE = 7
"""Talks, people, issues, and four rates."""
LAST_STEP = 6
"""Of the ladder: the list of matters."""
REPORTED = ("98.5 % 65 / 66", "97.9 % 191 / 195", "66 / 66", "195 / 195")
"""What the article has of the first three rounds, as the page says it."""


def wednesday(on: date) -> Town:
    """What happens about the talks of one day alone."""
    day = {talk_id(place.code, "weekly", on, 1) for place in places()}
    issues = {one["subject"] for one in asked(told(), "intake.register.v1") if of_talk(one) in day}
    courses: list[Planned] = []
    for course in told().courses:
        assert isinstance(course, Planned)
        if course.subject in issues or course.subject.removeprefix("talk:") in day:
            courses.append(course)
    return Town((), tuple(courses), {subject: told().shapes[subject] for subject in issues})


@pytest.fixture(scope="module")
def played() -> TownWorld:
    world = TownWorld(wednesday(article.WEDNESDAYS[0]), article.UNTIL)
    world.play()
    return world


def ladder_of_the_late(events: Iterable[Envelope]) -> None:
    """Seven departments break one promise each, which is the ladder's first step: six answer on the next working day,
    and it is lifted; one does not, and climbs on to the last step. However often each event stands in the log.
    """
    known: dict[str, dict[str, Envelope]] = {}
    for one in events:
        known.setdefault(one.type, {}).setdefault(one.id, one)
    breached = known["clock.breached.v1"].values()
    broken = {one.subject: one for one in breached if one.data["clock"] == "promise"}
    departments = {one.data["department"] for one in broken.values()}
    assert len(broken) == len(departments) == article.LATE_DEPARTMENTS
    steps: dict[str, list[int]] = {}
    for one in known["ladder.raised.v1"].values():
        steps.setdefault(one.subject, []).append(one.data["step"])
    assert {*steps} == {*broken}
    [unanswered] = {subject for subject, climbed in steps.items() if climbed != [1]}
    assert steps[unanswered] == [*range(1, LAST_STEP + 1)]
    assert max(one.time.date() for one in known["ladder.raised.v1"].values()) == date(2022, 8, 15)
    assert {one.subject for one in known["ladder.lifted.v1"].values()} == {*broken} - {unanswered}
    replies = {one.subject: one for one in known["reply.released.v1"].values() if one.subject in broken}
    assert {*replies} == {*broken} - {unanswered}
    days = {reply.time.date() - broken[subject].time.date() for subject, reply in replies.items()}
    assert days == {timedelta(days=1)}, "both breaches and the days after them are working days"


def told_by(world: TownWorld) -> list[Envelope]:
    """What its services have told."""
    topics = (INTAKE, DISPATCH, SUPERVISION, FEEDBACK)
    return [read_event(record) for topic in topics for record in world.log[topic]]


def counted(world: TownWorld) -> Counted:
    events = told_by(world)
    return count([*events, *reversed(events)], article.ENDS_AT)


def test_no_step_is_refused(played: TownWorld) -> None:
    assert {*(outcome["status"] for outcome in played.outcomes.values())} == {"done"}


def test_the_first_wednesday_counts_what_the_article_lets_it(played: TownWorld) -> None:
    found, became = counted(played), Counter(played.town.shapes.values())
    city, *counties = article.issues_of(0)
    assert [found.count(level) for level in LEVELS] == [(1, city), (6, sum(counties))]
    came, *others = article.people_at(0)
    assert [found.people(level) for level in LEVELS] == [came, sum(others)]
    everything = city + sum(counties)
    assert found.part(replied, LEVELS) == (everything, everything)
    assert found.part(satisfied, LEVELS) == (became["satisfied"], everything)
    assert found.as_json()["on_time"] == {"rounds_1_3": [everything, everything]}


def test_promises_run_from_the_end_of_the_talk_and_what_came_later_from_its_own_instant(
    played: TownWorld,
) -> None:
    ends = datetime(2022, 6, 8, 9, tzinfo=UTC)
    late = {
        one["subject"] for one in asked(played.town, "intake.register.v1") if one["data"]["phase"] == "after"
    }
    began = {
        event.subject: datetime.fromisoformat(event.data["started_at"])
        for event in map(read_event, played.log[INTAKE])
        if event.type == "promise.started.v1"
    }
    assert {*began} == {*played.town.shapes} and late
    assert {at for subject, at in began.items() if subject not in late} == {ends}
    assert min(at for subject, at in began.items() if subject in late) > ends


def test_the_table_shows_each_round_and_says_what_does_not_fit(played: TownWorld) -> None:
    from rich.console import Console

    console = Console(width=120, record=True, file=None, quiet=True)
    console.quiet = False
    with console.capture() as said:
        console.print(*shown(counted(played), "x"), sep="\n")
    assert "22/22" in said.get() and "06-08" in said.get()
    assert "8 leaders a week" in said.get()


def test_what_was_not_held_and_what_belongs_to_no_talk_is_no_part_of_the_table(played: TownWorld) -> None:
    events = [read_event(record) for record in played.log[INTAKE]]
    without = [one for one in events if one.type != "talk.held.v1" or "huzhou-weekly" not in one.subject]
    found = count(without, article.ENDS_AT)
    assert found.count(Level.CITY) == (0, 0) and found.count(Level.COUNTY)[0] == 6


@pytest.fixture
def typed(played: TownWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """What is typed, where no system runs: the Wednesday stands for all six, its log for the broker's."""

    @asynccontextmanager
    async def parts(data: Path, base_port: int) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(kafka_bootstrap="")

    async def begin(parts: object, asked: Beginning, progress: Progress) -> Town:
        assert asked.scenario == "huzhou"
        progress(1, 1)
        return played.town

    async def event_log(bootstrap: str, namespace: str) -> EventLog:
        return EventLog(told_by(played), 0)

    monkeypatch.setattr("services.cli.scenario.command._parts", parts)
    monkeypatch.setattr("services.cli.scenario.command.event_log", event_log)
    monkeypatch.setattr("services.cli.scenario.playing.begin", begin)
    words = ("scenario", "huzhou", "--data", str(tmp_path))
    return lambda *more: CliRunner().invoke(app, [*words, *more], env={"COLUMNS": "120"})


def test_the_command_shows_the_table_and_writes_the_numbers_where_it_is_told(
    played: TownWorld, typed: Callable[..., Result], tmp_path: Path
) -> None:
    out, expected = tmp_path / "out.json", counted(played).as_json()
    assert expected["talks"] == {"city": 1, "county": 6}
    table = typed()
    assert (table.exit_code, "22/22" in table.stdout) == (0, True), table.output
    assert typed("--json", str(out)).exit_code == 0
    assert json.loads(out.read_text()) == expected
    assert json.loads(typed("--json", "-").stdout) == expected


def test_on_a_terminal_the_command_says_how_far_it_has_come(
    typed: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", typed().stderr)
    assert re.search(r"湖州六个周三 / six Wednesdays in Huzhou .*1/1", shown)


def test_a_bar_says_how_far_the_scenario_has_come() -> None:
    console = Terminal()
    console.file, console._force_terminal = io.StringIO(), True
    with _bar(console, "湖州 / Huzhou") as show:
        show(3, 10)
    assert re.search(r"湖州 / Huzhou.*3/10", console.file.getvalue())


def test_make_run_starts_with_the_scenario_that_is_named() -> None:
    for name in Scenario:
        told = subprocess.run(
            ["make", "-n", "run", f"SCENARIO={name}"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert f"qinqing up --scenario {name} " in told.stdout


async def shown_by_the_portal(world: TownWorld, given: Given, *rounds: int) -> str:
    """The same once all has been told."""
    given.shown.read([record for records in world.log.values() for record in records])
    given.now = article.ENDS_AT
    return await the_articles_table(given.browser(), *rounds)


async def the_articles_table(browser: Browser, *rounds: int) -> str:
    """The table of the first rounds, as many as the last number says, as a leader reads it; of as many as each number
    says talks, people and issues are the article's."""
    await browser.sign_in("leader:qian")
    for many in rounds:
        first, last = article.WEDNESDAYS[0], article.WEDNESDAYS[many - 1]
        await browser.open(f"/talks/results?first={first}&last={last}")
        counts = re.findall(r"恳谈会： (\d+) 到场： (\d+) 问题： (\d+)", browser.text)
        people, issues = (
            [of(place) for place in range(many)] for of in (article.people_at, article.issues_of)
        )
        city = many, sum(one[0] for one in people), sum(one[0] for one in issues)
        whole = many * len(people[0]), sum(map(sum, people)), sum(map(sum, issues))
        county = tuple(both - one for both, one in zip(whole, city, strict=True))
        assert [tuple(map(int, one)) for one in counts[:2]] == [city, county]
        assert len(counts) == 2 + 2 * many
        said = browser.text
        assert await numbers_that_open(browser) == NUMBERS_OF_A_LINE * len(counts)
    return said


async def numbers_that_open(browser: Browser) -> int:
    """How many numbers the open table has; behind each stand as many issues, talks or people, behind a rate on both
    of its sides."""
    link = r'<a class="number-link" href="([^"]+)"[^>]*>(\d+)(?: / (\d+))?</a>'
    numbers = re.findall(link, browser.page.text)
    for href, first, whole in numbers:
        address = unescape(href)
        sides = {"&part=numerator": first, "&part=denominator": whole} if whole else {"": first}
        for side, many in sides.items():
            assert await rows_from(browser, address + side) == int(many), (address, side)
    return len(numbers)


async def rows_from(browser: Browser, address: str) -> int:
    """How many stand on this page of a list and on those that follow."""
    many = 0
    while address:
        page = (await browser.open(address)).text
        many += page.count('<tr class="one')
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = unescape(following[1]) if following else ""
    return many


async def test_the_portal_shows_the_same_of_the_first_wednesday(played: TownWorld, tmp_path: Path) -> None:
    became, everything = Counter(played.town.shapes.values()), sum(article.issues_of(0))
    text = await shown_by_the_portal(played, Given(tmp_path), 1)
    issues = article.issues_of(0)[0]
    assert f"{issues} / {issues}" in text  # each of the city answered in time
    assert f"{everything - issues} / {everything - issues}" in text
    satisfied = re.findall(r"满意率： [\d.]+ % (\d+) / (\d+)", text)
    assert sum(int(hits) for hits, _ in satisfied[:2]) == became["satisfied"]


def test_seven_departments_are_late_and_one_issue_climbs_the_whole_ladder() -> None:
    late = {subject for subject, became in told().shapes.items() if became in ("late", "unanswered")}
    talks = {of_talk(one) for one in asked(told(), "intake.register.v1") if one["subject"] in late}
    courses = [one for one in told().courses if isinstance(one, Planned)]
    told_of = [one for one in courses if one.subject in late or one.subject.removeprefix("talk:") in talks]
    world = TownWorld(Town((), tuple(told_of), {}), article.UNTIL)
    world.play()
    test_no_step_is_refused(world)
    ladder_of_the_late(told_by(world))


@pytest.mark.prove
def test_all_six_wednesdays_come_out_exactly(tmp_path: Path) -> None:
    world = TownWorld(told(), article.UNTIL)
    world.play()
    test_no_step_is_refused(world)
    ladder_of_the_late(told_by(world))
    rounds = len(article.WEDNESDAYS), article.ROUNDS_REPORTED
    text = asyncio.run(shown_by_the_portal(world, Given(tmp_path), *rounds))
    for said in REPORTED:
        assert said in text, said
    assert counted(world).as_json() == {
        "talks": {"city": 6, "county": 36},
        "entrepreneurs": {"city": 59, "county": 302},
        "issues": {"city": 123, "county": 433},
        "on_time": {"rounds_1_3": [261, 261]},
        "satisfied": {"city": [65, 66], "county": [191, 195]},
    }
