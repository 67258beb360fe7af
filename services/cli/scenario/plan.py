"""The plan of the town: who lives there, which issues they raise, and every step of them up to today.

It follows from seed and day, and from the deployment's key, by which people are named. All steps lie before the day
begins; what falls due after them happens by itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from services.cli.replaying.lives import Course
from services.cli.scenario.office_time import OfficeTime
from services.cli.scenario.people import WU, Firm, firms
from services.cli.scenario.saying import OUTCOMES, Saying
from services.cli.scenario.script import Script
from services.cli.scenario.shapes import FIRST, REST, SHAPES, Shape
from services.cli.scenario.starting import SIZE
from services.cli.scenario.talks import held, talks
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
    writer = _Writer(name, on, place, office, people, dice)
    written = [(shape, writer.issue(number, shape)) for number, shape in enumerate(_shapes(size, dice))]
    known = _known(name, people, place, office)
    spoken = talks(name, place.jurisdiction, place.references, people, on)
    courses = [*known, *(script.course() for _, script in written), spoken]
    return Town(tuple(people), tuple(courses), {script.subject: shape for shape, script in written})


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
        self, name: str, on: date, place: Place, office: OfficeTime, people: Sequence[Firm], dice: Random
    ) -> None:
        self._name, self._place, self._office, self._firms, self._dice = name, place, office, people, dice
        self._begins = datetime.combine(on, time(0), SHANGHAI)
        self._titles: set[str] = set()
        self._texts: set[str] = set()
        self._times: Counter[Topic] = Counter()
        self._raised: Counter[Firm] = Counter()

    def issue(self, number: int, name: str) -> Script:
        """The script of one issue that is to become this."""
        dice, shape = self._dice, SHAPES[name]
        topic, firm = self._about(shape)
        script = Script(f"{self._name}/{number}", firm, self._place.jurisdiction, self._place.references)
        origin = Source.ONLINE
        if not shape.own:
            origin, script.recorder = RECORDED[number % len(RECORDED)]
        elif not shape.raiser:
            script.anonymous = dice.random() < ANONYMOUS
        instants = self._instants(shape)
        saying = Saying(topic, firm, instants[0], dice)
        while saying.text in self._texts:
            saying = Saying(topic, firm, instants[0], dice)
        self._texts.add(saying.text)
        saying.title = next(title for title in saying.titles() if title not in self._titles)
        self._titles.add(saying.title)
        wrong = self._wrong(saying) if shape.department == "other" else ""
        scene = Scene(script, saying, shape, dice, wrong, origin, which=number)
        if found := held(self._place.jurisdiction, self._begins.date(), instants[0]):
            (scene.talk, scene.talk_on), scene.phase = found, Phase.AFTER
        for (verb, _), at in zip(shape.steps, instants, strict=True):
            VERBS[verb](scene, at)
        return script

    def _about(self, shape: Shape) -> tuple[Topic, Firm]:
        """The topic that came least often of those that fit, and one whose matter it is and who raised least."""
        fitting = [topic for topic in topics() if self._fits(topic, shape)]
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

    def _outside(self, at: datetime) -> datetime:
        """Another hour of the same day, at noon or before office: an entrepreneur's own."""
        early = at.replace(hour=7, minute=self._dice.randrange(60))
        return early if self._dice.random() < 0.5 else at.replace(hour=12, minute=self._dice.randrange(5, 60))


def _sums(first: int, gaps: Sequence[int]) -> Iterator[int]:
    for gap in gaps:
        first += gap
        yield first
