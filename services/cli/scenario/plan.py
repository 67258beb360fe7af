"""The plan of the town: who lives there, which issues they raise, and every step of them up to today.

It follows from seed and day, and from the deployment's key, by which people are named. All steps lie before the day
begins; what falls due after them happens by itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random

from services.cli.replaying.lives import Course
from services.cli.scenario.office_time import DAY_MINUTES, OfficeTime
from services.cli.scenario.papers import Meeting
from services.cli.scenario.people import WU, Firm, firms
from services.cli.scenario.saying import OUTCOMES, Saying
from services.cli.scenario.script import Script
from services.cli.scenario.shapes import AT_THE_TALK, FIRST, REST, SHAPES, TALK_SHAPES, Shape
from services.cli.scenario.starting import SIZE
from services.cli.scenario.talk import CLERK
from services.cli.scenario.talks import Talk, courses, held_before, rotated, talks
from services.cli.scenario.verbs import RAISERS, VERBS, Scene
from services.cli.scenario.vocabulary import Topic, departments, routed, topics
from services.supervision.builtin import builtin_calendar
from shared.contract.words import Kind, Phase, Role, Source
from shared.domain.clocks import SHANGHAI
from shared.identity.references import References

DAYS = 92
"""How far back the first issue may lie: three months."""
MOST_FIRMS = 60
RECORDED = (
    (Source.HOTLINE, f"{Role.CLERK}:sun"),
    (Source.WRITTEN, f"{Role.OFFICE}:xiaoyun"),
    (Source.VISIT, f"{Role.LIAISON}:shen"),
    (Source.TALK, f"{Role.CLERK}:qinyue"),
    (Source.OBSERVER, f"{Role.OBSERVER}:lu"),
    (Source.HOTLINE, f"{Role.CLERK}:douhao"),
)
"""How an issue comes that an official writes down."""
ANONYMOUS = 0.07


@dataclass(frozen=True)
class Town:
    """What is played: courses side by side; ``shapes`` says by subject what each issue is to become."""

    firms: tuple[Firm, ...]
    courses: tuple[Course, ...]
    shapes: dict[str, str]
    ends_at: datetime | None = None
    """When it is over in a namespace of its own; None: now."""
    meeting: Meeting | None = None
    """The one that hears a paper, which is counted when all before it was played; None where there is none."""


@dataclass(frozen=True)
class Place:
    """Whose town it is: the deployment's jurisdiction and key."""

    jurisdiction: str
    references: References


def plan(on: date, seed: int, place: Place, size: int = SIZE) -> Town:
    """The town of one day, with so many issues."""
    dice, name = Random(f"town/{seed}/{on}"), f"town/{seed}/{on}"
    office = OfficeTime(builtin_calendar(), on, DAYS)
    people = firms(min(MOST_FIRMS, max(12, size // 3)), dice)
    held = talks(name, place.jurisdiction, on)
    writer = _Writer(name, on, place, office, people, held, dice)
    raised = (said for talk in held for said in writer.raised_at(talk))
    spoken = list(islice(raised, max(0, size - len(FIRST))))
    written = [(shape, writer.issue(shape)) for shape in _shapes(size - len(spoken), dice)] + spoken
    known = _known(name, people, place, office)
    met = courses(held, people, place.references)
    every = [*known, *(script.course() for _, script in written), rotated(name, place.jurisdiction, on), *met]
    shapes = {script.subject: shape for shape, script in written}
    return Town(tuple(people), tuple(every), shapes, meeting=_meeting(name, place, office, shapes))


def _meeting(name: str, place: Place, office: OfficeTime, shapes: Mapping[str, str]) -> Meeting:
    """On the last working day, so that little is left to be played behind it; they decide on what is late."""
    published, held = office.at(office.minutes - 120), office.at(office.minutes - 30)
    late = next(subject for subject, shape in shapes.items() if shape == "in_progress_late")
    return Meeting(name, place.jurisdiction, published, held, late)


def _shapes(size: int, dice: Random) -> list[str]:
    """What each issue is to become."""
    rest = dice.choices(tuple(REST), tuple(REST.values()), k=max(0, size - len(FIRST)))
    return [*FIRST[:size], *rest]


def _known(name: str, people: Sequence[Firm], place: Place, office: OfficeTime) -> Iterator[Course]:
    """Each enterprise is recorded, and its person registers, before the first issue; intake knows ``WU`` by itself."""
    first = office.at(0) - timedelta(hours=3)
    for number, firm in enumerate(people):
        if firm.account == WU:
            continue
        script = Script(f"{name}/{firm.account}", firm, place.jurisdiction, place.references)
        at = first + timedelta(seconds=20 * number)
        yield from script.known(at)


class _Writer:
    """Writes the issues of one town, one after the other."""

    def __init__(
        self,
        name: str,
        on: date,
        place: Place,
        office: OfficeTime,
        people: Sequence[Firm],
        talks: Sequence[Talk],
        dice: Random,
    ) -> None:
        self._name, self._place, self._office, self._firms, self._dice = name, place, office, people, dice
        self._begins = datetime.combine(on, time(0), SHANGHAI)
        self._talks, self._number = talks, 0
        self._titles: set[str] = set()
        self._texts: set[str] = set()
        self._times: Counter[Topic] = Counter()
        self._raised: Counter[Firm] = Counter()

    def issue(self, name: str) -> Script:
        """The script of one issue that is to become this."""
        shape, number = SHAPES[name], self._number
        instants = self._instants(shape)
        origin, recorder = (Source.ONLINE, "") if shape.own else RECORDED[number % len(RECORDED)]
        scene = self._scene(shape, instants[0], origin, recorder)
        if origin is Source.TALK and (talk := held_before(self._talks, instants[0])):
            self._of(scene, talk, Phase.AFTER)
        return self._written(scene, instants)

    def raised_at(self, talk: Talk) -> Iterator[tuple[str, Script]]:
        """(shape, script) of each issue of a talk, as far as that has come by today."""
        for place, name in enumerate(talk.sketch.issues):
            shape = TALK_SHAPES[name]
            assert shape.phase is not None, "it is one of a talk"
            if instants := self._instants_of(talk, shape, place):
                recorder = "" if shape.own else CLERK
                scene = self._scene(shape, instants[0], Source.TALK, recorder, talk.sketch.departments)
                self._of(scene, talk, shape.phase)
                firm = scene.script.firm
                raised = (firm, scene.script.subject, shape.phase, instants[0])
                talk.raised.setdefault(firm.account, raised)
                yield name, self._written(scene, instants)

    def _scene(
        self, shape: Shape, at: datetime, origin: Source, recorder: str, among: Sequence[str] = ()
    ) -> Scene:
        """Who says what; ``among``: the departments of whose matters one it is."""
        dice, number = self._dice, self._number
        self._number += 1
        topic, firm = self._about(shape, among)
        own = (f"{self._name}/{number}", firm, self._place.jurisdiction, self._place.references)
        script = Script(*own, recorder=recorder)
        if origin is Source.ONLINE and not shape.raiser:
            script.anonymous = dice.random() < ANONYMOUS
        saying = Saying(topic, firm, at, dice)
        while saying.text in self._texts:
            saying = Saying(topic, firm, at, dice)
        self._texts.add(saying.text)
        saying.title = next(title for title in saying.titles() if title not in self._titles)
        self._titles.add(saying.title)
        wrong = self._wrong(saying) if shape.department == "other" else ""
        return Scene(script, saying, shape, dice, wrong, origin, which=number)

    def _of(self, scene: Scene, talk: Talk, phase: Phase) -> None:
        scene.talk, scene.talk_on, scene.phase = talk.script.id, talk.day.isoformat(), phase
        scene.script.circle = talk.script.id

    def _written(self, scene: Scene, instants: Sequence[datetime]) -> Script:
        for (verb, _), at in zip(scene.shape.steps, instants, strict=False):
            VERBS[verb](scene, at)
        return scene.script

    def _about(self, shape: Shape, among: Sequence[str]) -> tuple[Topic, Firm]:
        """The topic that came least often of those that fit, and one whose matter it is and who raised least."""
        fitting = [topic for topic in topics() if self._fits(topic, shape)]
        fitting = [topic for topic in fitting if not among or topic.department in among]
        least = min(self._times[topic] for topic in fitting)
        topic = self._dice.choice([topic for topic in fitting if self._times[topic] == least])
        whose = [firm for firm in self._firms if not topic.trades or firm.trade in topic.trades]
        if shape.raiser:
            whose = [firm for firm in whose if firm.account == shape.raiser]
        elif len(whose) > 1:
            whose = [firm for firm in whose if firm.account != WU]
        few = min(self._raised[firm] for firm in whose)
        firm = self._dice.choice([firm for firm in whose if self._raised[firm] == few])
        self._times[topic] += 1
        self._raised[firm] += 1
        return topic, firm

    def _fits(self, topic: Topic, shape: Shape) -> bool:
        if (shape.outcomes, topic.kind) not in OUTCOMES:
            return False
        if shape.outcomes == "later" and not topic.plan:
            return False
        again = any(verb == "rate_dissatisfied" for verb, _ in shape.steps)
        if again and topic.kind is not Kind.PROBLEM:
            return False
        if shape.department == "housing" and topic.department != "housing":
            return False
        wu = self._firms[0].trade
        return not shape.raiser or not topic.trades or wu in topic.trades

    def _wrong(self, saying: Saying) -> str:
        """A department that is not the right one: the one that the rules would choose, else any."""
        right = saying.topic.department
        chosen = routed(saying.title, saying.text)
        others = [code for code in departments() if code not in (right, "office")]
        return chosen if chosen in others else self._dice.choice(others)

    def _instants(self, shape: Shape) -> list[datetime]:
        """When each step of it happens: in office hours, but for what entrepreneurs do, and before today."""
        dice, office = self._dice, self._office
        gaps = [dice.randint(*gap) for _, gap in shape.steps]
        last = office.minutes - 1 - dice.randint(*shape.ago)
        first = max(0, last - sum(gaps))
        instants: list[datetime] = []
        for (verb, _), minute in zip(shape.steps, _sums(first, gaps), strict=True):
            at = office.at(min(minute, office.minutes - 1)) + timedelta(seconds=dice.randrange(60))
            if verb in RAISERS and dice.random() < 0.4:
                at = self._outside(at)
            after = instants[-1] + timedelta(seconds=75) if instants else at
            instants.append(max(at, after))
        return instants

    def _instants_of(self, talk: Talk, shape: Shape, place: int) -> list[datetime]:
        """When each step happens that lies before today: at the talk, and in office hours behind the talk."""
        assert shape.phase is not None, "it is one of a talk"
        dice, office, over = self._dice, self._office, talk.over_at
        at, instants = talk.spoken_at(shape.phase, place), list[datetime]()
        minute = office.minutes if over is None else office.minute_of(over.date()) + DAY_MINUTES
        for verb, gap in shape.steps:
            waited = dice.randint(*gap)
            if verb in AT_THE_TALK and shape.phase is not Phase.AFTER:
                at += timedelta(minutes=waited)
            else:
                minute += waited
                if minute >= office.minutes:
                    break
                at = office.at(minute)
            instants.append(at + timedelta(seconds=dice.randrange(40)))
        return [at for at in instants if at < self._begins]

    def _outside(self, at: datetime) -> datetime:
        """Another hour of the same day, at noon or before office: an entrepreneur's own."""
        early = at.replace(hour=7, minute=self._dice.randrange(60))
        return early if self._dice.random() < 0.5 else at.replace(hour=12, minute=self._dice.randrange(5, 60))


def _sums(first: int, gaps: Sequence[int]) -> Iterator[int]:
    for gap in gaps:
        first += gap
        yield first
