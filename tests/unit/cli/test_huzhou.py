"""The six Wednesdays on paper, and one of them through the four real consumers: the article's numbers come out."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from itertools import product
from typing import Any

import pytest

from services.cli.events import read_event
from services.cli.figures.rates import replied, satisfied
from services.cli.replaying.drive import Driver
from services.cli.replaying.lives import Step
from services.cli.scenario.huzhou import article
from services.cli.scenario.huzhou.counting import LEVELS, Counted, count
from services.cli.scenario.huzhou.people import places, words
from services.cli.scenario.huzhou.plan import plan
from services.cli.scenario.huzhou.showing import shown
from services.cli.scenario.people import NO_REGION
from services.cli.scenario.plan import Place, Town
from services.cli.scenario.script import Planned
from services.dispatch.builtin import invented_staff
from services.intake.credit_codes import is_credit_code
from services.supervision.builtin import builtin_calendar
from shared.contract.commands.people import RegisterPerson
from shared.contract.commands.talks import AnnounceTalk
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION
from shared.contract.registry import COMMANDS
from shared.contract.words import Level, Phase
from shared.domain.rights import Asker, scope_of
from shared.domain.talks import talk_id
from tests.keys import REFERENCES
from tests.unit.cli.test_scenario import asked, entries, steps
from tests.unit.cli.test_scenario_played import TownWorld
from tests.unit.dispatch.test_builtin import known_to_everybody

PLACE = Place("huzhou", REFERENCES)
BY_WORD = ("intake.register.v1", "intake.accept.v1", "intake.correct_words.v1", RegisterPerson.type)
"""Commands whose words the gateway makes."""


@cache
def told() -> Town:
    return plan(PLACE)


def of_talk(entry: Any) -> str:
    return str(entry["data"]["occasion"]["id"])


# ------------------------------------------------------------------------ plan


def test_it_is_the_same_each_time() -> None:
    assert plan(PLACE) == told()


def test_there_are_as_many_talks_people_and_issues_as_the_article_says() -> None:
    announced = asked(told(), AnnounceTalk.type)
    assert Counter(one["data"]["level"] for one in announced) == {"city": 6, "county": 36}
    assert {one["data"]["starts_at"][:10] for one in announced} == {str(day) for day in article.WEDNESDAYS}
    registered = Counter(of_talk(one) for one in asked(told(), "intake.register.v1"))
    city = sum(number for talk, number in registered.items() if talk.startswith("huzhou-"))
    assert (city, registered.total() - city) == (123, 433)
    came = [one["data"]["attendees"] for one in asked(told(), "intake.talk.attend.v1")]
    assert len({who["person"] for attendees in came for who in attendees}) == 361 == sum(map(len, came))


def test_numbers_are_spread_evenly() -> None:
    for total, parts in product((0, 1, 59, 66, 195, 302), (1, 3, 6, 36)):
        found = article.spread(total, parts)
        assert (sum(found), len(found)) == (total, parts) and max(found) - min(found) <= 1


def test_what_is_raised_before_a_talk_in_the_room_and_after_it_all_occurs() -> None:
    phases = Counter(one["data"]["phase"] for one in asked(told(), "intake.register.v1"))
    assert {*phases} == {*Phase} and min(phases.values()) >= 20


def test_at_each_place_the_four_bodies_take_turns() -> None:
    led: dict[str, list[str]] = {}
    for one in asked(told(), AnnounceTalk.type):
        led.setdefault(one["data"]["jurisdiction"], []).extend(
            leader["body"] for leader in one["data"]["leaders"]
        )
    assert {*led} == {place.code for place in places()}
    for bodies in led.values():
        assert len(set(bodies[:4])) == 4 and len(bodies) == 6


def test_seven_departments_are_late_and_one_of_them_does_not_answer() -> None:
    late = [subject for subject, became in told().shapes.items() if became in ("late", "unanswered")]
    who = [one["actor"] for one in asked(told(), "dispatch.sign.v1") if one["subject"] in late]
    departments = {actor.partition(":")[2].partition("/")[0] for actor in who}
    assert len(late) == len(departments) == article.LATE_DEPARTMENTS
    assert Counter(told().shapes.values())["unanswered"] == 1
    first = {talk_id(place.code, "weekly", day, 1) for place in places() for day in article.WEDNESDAYS[:3]}
    assert not [
        one for one in asked(told(), "intake.register.v1") if one["subject"] in late and of_talk(one) in first
    ]


def test_each_step_is_asked_by_somebody_who_may_and_as_the_contract_says() -> None:
    staff = dict(invented_staff())
    for entry in entries(told()):
        asker, command = Asker.of(entry["actor"]), COMMANDS[entry["type"]]
        assert scope_of(asker, command.aggregate, command.verb) is not None, entry
        if asker.role != "entrepreneur":
            assert asker.role in staff[asker.account].roles
        if entry["type"] not in BY_WORD:
            command.model_validate(entry["data"])


def test_steps_lie_in_order_and_officials_work_on_working_days() -> None:
    calendar = builtin_calendar()
    for course in told().courses:
        instants = [step.at for step in steps(course)]
        assert instants == sorted(instants)
    for entry in entries(told()):
        if not entry["actor"].startswith("entrepreneur:"):
            assert calendar.is_working_day(datetime.fromisoformat(entry["at"]).date()), entry
    keys = [(entry["subject"], entry["actor"], entry["key"]) for entry in entries(told())]
    assert len(keys) == len(set(keys))


def test_everybody_is_invented() -> None:
    firms = told().firms
    assert len({one.code for one in firms}) == len({one.name for one in firms}) == len(firms)
    names = [one.person for one in firms]
    names += [leader["name"] for one in asked(told(), AnnounceTalk.type) for leader in one["data"]["leaders"]]
    assert len({one.phone for one in firms}) == len(firms)
    assert not [name for name in names if known_to_everybody(name)]
    for one in firms:
        assert is_credit_code(one.code) and one.code.startswith(NO_REGION)
        assert re.fullmatch(r"\+447700900\d{3}", one.phone)


def test_nothing_is_said_with_a_gap_in_it() -> None:
    texts = [one["data"][field] for one in asked(told(), "intake.register.v1") for field in ("title", "text")]
    texts += [one["data"]["theme"] for one in asked(told(), AnnounceTalk.type)]
    assert not [text for text in texts if re.search(r"[{}]|None|。。|，，|，。", text)]
    assert len(words()["themes"]) == len(article.WEDNESDAYS)


# --------------------------------------------------------------------- driving


def life(subject: str, *steps: tuple[int, bool], circle: str = "") -> Planned:
    made = [Step("intake", datetime(2022, 6, 1, hour, tzinfo=UTC), (), shared) for hour, shared in steps]
    return Planned(subject=subject, circle=circle, steps=tuple(made))


def rounds(*lives: Planned) -> list[list[tuple[str, int]]]:
    """What the driver plays together, as (subject, hour)."""
    driver, order = Driver({}, None, lives, until=datetime(2023, 1, 1, tzinfo=UTC)), []  # type: ignore[arg-type]
    while found := driver._next_steps():
        order.append([(one.subject, step.at.hour) for one, step in found])
        for one, _ in found:
            one.step += 1
    return order


def test_what_reaches_others_waits_for_all_that_is_earlier_and_all_else_waits_for_it() -> None:
    talk = life("talk:t", (2, False), (5, True))
    assert rounds(talk, life("a", (1, False), (4, False), (6, False)), life("b", (7, False))) == [
        [("talk:t", 2), ("a", 1)],
        [("a", 4)],
        [("talk:t", 5)],
        [("a", 6), ("b", 7)],
    ]


def test_what_is_of_another_talk_waits_for_nothing_of_this_one() -> None:
    talks = (life("talk:t", (5, True), circle="t"), life("talk:u", (1, True), (9, True), circle="u"))
    issues = (life("a", (4, False), (6, False), circle="t"), life("b", (2, False), circle="u"))
    assert rounds(*talks, *issues, life("c", (7, False))) == [
        [("a", 4), ("c", 7), ("talk:u", 1)],
        [("b", 2), ("talk:t", 5)],
        [("a", 6), ("talk:u", 9)],
    ]


# ---------------------------------------------------------------------- played


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


def counted(world: TownWorld) -> Counted:
    topics = (INTAKE, DISPATCH, SUPERVISION, FEEDBACK)
    events = [read_event(record) for topic in topics for record in world.log[topic]]
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


@pytest.mark.prove
def test_all_six_wednesdays_come_out_exactly() -> None:
    world = TownWorld(told(), article.UNTIL)
    world.play()
    test_no_step_is_refused(world)
    assert counted(world).as_json() == {
        "talks": {"city": 6, "county": 36},
        "entrepreneurs": {"city": 59, "county": 302},
        "issues": {"city": 123, "county": 433},
        "on_time": {"rounds_1_3": [261, 261]},
        "satisfied": {"city": [65, 66], "county": [191, 195]},
    }
