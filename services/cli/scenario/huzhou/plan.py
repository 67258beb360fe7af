"""The plan of the six Wednesdays: 42 talks, who comes, what they raise, and every step of it up to the last rating.

It follows from the deployment's key alone, by which people are named.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from random import Random
from typing import Any

from services.cli.replaying.lives import Course
from services.cli.scenario.huzhou import article
from services.cli.scenario.huzhou.lives import ANSWERED, Fate, Writer
from services.cli.scenario.huzhou.people import People, places, words
from services.cli.scenario.huzhou.talks import Talk, rotation
from services.cli.scenario.people import Firm
from services.cli.scenario.plan import Place, Town
from services.cli.scenario.saying import Saying
from services.cli.scenario.script import Script
from services.cli.scenario.talk import CLERK
from services.cli.scenario.verbs import Scene
from services.cli.scenario.vocabulary import Topic, topics
from shared.contract.words import Kind, Phase, Source

NAME = "huzhou"
OF_THE_THEME = 25
"""So many times likelier is a topic whose department is one of the theme's."""


def plan(place: Place) -> Town:
    """All that is played: people, the rotation, the agenda, each talk, each issue."""
    dice = Random(NAME)
    talks = _talks(People(dice), dice)
    raised = [(talk, scene) for talk in talks for scene in _scenes(talk, place, dice)]
    writer, fates = Writer(dice), _fates(raised, dice)
    for (talk, scene), fate in zip(raised, fates, strict=True):
        writer.write(scene, fate, talk.ends_at, scene.which / talk.total)
    everybody = [firm for talk in talks for firm in (*talk.comers, *talk.writers)]
    references = {firm.account: place.references.person(firm.account) for firm in everybody}
    courses: list[Course] = [*_known(everybody, talks[0], place)]
    courses.append(rotation(NAME, place.jurisdiction, talks))
    courses += [talk.course(NAME, place.jurisdiction, references) for talk in talks]
    courses += [scene.script.course() for _, scene in raised]
    became = {scene.script.subject: fate.value for (_, scene), fate in zip(raised, fates, strict=True)}
    return Town(tuple(everybody), tuple(courses), became, article.ENDS_AT)


def _talks(people: People, dice: Random) -> list[Talk]:
    """In the order of their days, the city's first; at each place the four bodies take turns."""
    leaders = {place.code: people.leaders(place) for place in places()}
    talks = []
    for round, on in enumerate(article.WEDNESDAYS):
        for number, place in enumerate(places()):
            comers = [people.firm(place) for _ in range(article.people_at(round)[number])]
            turn = leaders[place.code][(round + number) % len(leaders[place.code])]
            total, theme = article.issues_of(round)[number], words()["themes"][round]
            talks.append(Talk(place, on, theme, turn, comers, [people.firm(place)], total))
    return talks


def _known(everybody: Sequence[Firm], first: Talk, place: Place) -> Iterator[Course]:
    """Each person registers, and a clerk records the enterprise, on the day before the rotation is published."""
    begins = first.at(time(9), timedelta(days=9))
    for number, firm in enumerate(everybody):
        script = Script(f"{NAME}/{firm.account}", firm, place.jurisdiction, place.references)
        yield from script.known(begins + timedelta(seconds=10 * number))


def _scenes(talk: Talk, place: Place, dice: Random) -> Iterator[Scene]:
    """What is raised at one talk, each by somebody of it: collected before, said there, added after."""
    speakers = [*talk.writers, *talk.comers]
    before, after = talk.total // 3, talk.total // 12
    for number in range(talk.total):
        firm, own = speakers[number % len(speakers)], f"{NAME}/{talk.id}/{number}"
        phase = Phase.BEFORE if number < before else Phase.AT
        if number >= talk.total - after:
            phase = Phase.AFTER
        script = Script(own, firm, place.jurisdiction, place.references, recorder=CLERK, circle=talk.id)
        saying = Saying(_topic(firm, talk.theme, dice), firm, talk.at(time(14)), dice)
        scene = Scene(script, saying, ANSWERED, dice, "", Source.TALK, number)
        scene.talk, scene.talk_on, scene.phase = talk.id, talk.on.isoformat(), phase
        if phase is Phase.BEFORE:
            talk.brought.setdefault(firm.account, script.subject)
        if scene.right not in talk.departments:
            talk.departments.append(scene.right)
        yield scene


def _fates(raised: Sequence[tuple[Talk, Scene]], dice: Random) -> list[Fate]:
    """The first three rounds as the article says; of the others seven departments are late, one without a reply."""
    fates = [Fate.SATISFIED] * len(raised)
    for level, (satisfied, issues) in ((True, article.CITY_REPORTED), (False, article.COUNTY_REPORTED)):
        first = [n for n, (talk, _) in enumerate(raised) if talk.is_reported and talk.of_city == level]
        assert len(first) == issues, "article.issues_of spreads what the article counts"
        for number in dice.sample(first, issues - satisfied):
            fates[number] = Fate.DISSATISFIED
    rest = [n for n, (talk, _) in enumerate(raised) if not talk.is_reported]
    for number in rest:
        fates[number] = dice.choices((Fate.SATISFIED, Fate.BASICALLY, Fate.NOT_RATED), (62, 13, 25))[0]
    late = _late(raised, rest)
    for number in late:
        fates[number] = Fate.LATE
    fates[late[-1]] = Fate.UNANSWERED
    return fates


def _late(raised: Sequence[tuple[Talk, Scene]], rest: Sequence[int]) -> list[int]:
    """One issue of each late department, each of another talk."""
    departments, talks, late = set[str](), set[str](), list[int]()
    for number in rest:
        talk, scene = raised[number]
        if scene.right not in departments and talk.id not in talks and scene.phase is not Phase.AFTER:
            departments.add(scene.right)
            talks.add(talk.id)
            late.append(number)
    return late[:: len(late) // article.LATE_DEPARTMENTS][: article.LATE_DEPARTMENTS]


def _topic(firm: Firm, theme: Mapping[str, Any], dice: Random) -> Topic:
    """What an enterprise of this trade raises: mostly what the talk is about, and not only."""
    fitting = [
        topic
        for topic in topics()
        if topic.kind is Kind.PROBLEM and (not topic.trades or firm.trade in topic.trades)
    ]
    weights = [OF_THE_THEME if topic.department in theme["departments"] else 1 for topic in fitting]
    return dice.choices(fitting, weights)[0]
