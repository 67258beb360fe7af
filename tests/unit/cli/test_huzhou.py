"""The six Wednesdays on paper: as many talks, people and issues as the article says, told by invented people."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import Any

from services.cli.replaying.drive import Driver
from services.cli.replaying.lives import Step
from services.cli.scenario.huzhou import article
from services.cli.scenario.huzhou.people import places, words
from services.cli.scenario.huzhou.plan import plan
from services.cli.scenario.people import NO_REGION
from services.cli.scenario.plan import Place, Town
from services.cli.scenario.script import Planned
from services.cli.scenario.vocabulary import topics
from services.dispatch.builtin import invented_staff
from services.intake.credit_codes import is_credit_code
from services.supervision.builtin import builtin_calendar
from shared.contract.commands.people import RegisterPerson
from shared.contract.commands.talks import AnnounceTalk
from shared.contract.registry import COMMANDS
from shared.contract.words import Phase
from shared.domain.rights import Asker, scope_of
from shared.domain.talks import talk_id
from tests.keys import REFERENCES
from tests.unit.cli.test_scenario import asked, entries, steps
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


def test_most_of_what_is_raised_at_a_talk_is_about_its_theme_and_not_all_of_it() -> None:
    signed = asked(told(), "dispatch.sign.v1")
    assigned = {one["subject"]: Asker.of(one["actor"]).department for one in signed}
    raised = asked(told(), "intake.register.v1")
    for on, theme in zip(article.WEDNESDAYS, words()["themes"], strict=True):
        day = [assigned[one["subject"]] for one in raised if f"{on:%Y%m%d}" in of_talk(one)]
        of_theme = sum(department in theme["departments"] for department in day)
        assert len(day) / 2 < of_theme < len(day), theme["theme"]


def test_each_raises_what_is_a_matter_of_their_trade_or_of_everybodys() -> None:
    trades = {REFERENCES.person(firm.account): firm.trade for firm in told().firms}
    said = [(pattern(topic.title + "{}"), pattern("{}" + topic.text + "{}"), topic) for topic in topics()]
    of_a_trade = 0
    for one in asked(told(), "intake.register.v1"):
        title, text, trade = one["data"]["title"], one["data"]["text"], trades[one["data"]["person"]]
        [topic] = [topic for titled, told_as, topic in said if titled(title) and told_as(text)]
        assert not topic.trades or trade in topic.trades, (title, trade)
        of_a_trade += bool(topic.trades)
    assert of_a_trade > 556 / 4


def pattern(words: str) -> Callable[[str], re.Match[str] | None]:
    """Whether a text is these words, whatever stands in their gaps."""
    return re.compile(".*".join(map(re.escape, re.split(r"\{\w*\}", words))), re.DOTALL).fullmatch


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
