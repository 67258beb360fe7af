"""What becomes of each issue of the six Wednesdays: rated, dissatisfied, not rated, late, without an answer."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from random import Random

from services.cli.scenario.huzhou import article
from services.cli.scenario.office_time import DAY_MINUTES, OfficeTime
from services.cli.scenario.shapes import Shape
from services.cli.scenario.verbs import VERBS, Scene, rate
from services.supervision.builtin import builtin_calendar
from shared.contract.words import Phase, Satisfaction, Solved
from shared.domain.clocks import SHANGHAI

ANSWERED = Shape((), (0, 0))
"""Which replies fit: all that is answered is done already."""
OFFICE_DAYS_OF_A_PROMISE = 10
MORNING, SPOKEN = time(9, 10), (time(14, 35), 135)
"""When what is not said at the talk is written down; from when, and in how many minutes, what is said there."""


class Fate(StrEnum):
    """What becomes of an issue."""

    SATISFIED = "satisfied"
    BASICALLY = "basically_satisfied"
    DISSATISFIED = "dissatisfied"
    """Its raiser asks for rework, which is granted and answered; the second reply is not rated."""
    NOT_RATED = "not_rated"
    LATE = "late"
    """Answered within a working day behind its promise."""
    UNANSWERED = "unanswered"
    """It climbs the ladder."""


class Writer:
    """Writes issues step by step, at instants of office hours but for what entrepreneurs do."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        first = article.WEDNESDAYS[0] - timedelta(days=14)
        self._office = OfficeTime(builtin_calendar(), article.UNTIL, (article.UNTIL - first).days)

    def write(self, scene: Scene, fate: Fate, ends_at: datetime, share: float) -> None:
        """The whole of one issue; ``share``: how far the talk that ends then had got when it was said."""
        self._written_down(scene, ends_at, share)
        at = self._handled(scene, fate, ends_at)
        if at is None:
            return
        dice = self._dice
        rated = at + dice.randint(60, 3 * DAY_MINUTES)
        match fate:
            case Fate.SATISFIED | Fate.LATE:
                self._rated(scene, rated, Satisfaction.SATISFIED, Solved.YES, "satisfied")
            case Fate.BASICALLY:
                self._rated(scene, rated, Satisfaction.BASICALLY_SATISFIED, Solved.PARTLY, "basically")
            case Fate.DISSATISFIED:
                self._rated(scene, rated, Satisfaction.DISSATISFIED, Solved.NO, "dissatisfied")
                self._reworked(scene, rated)

    def _written_down(self, scene: Scene, ends_at: datetime, share: float) -> None:
        first, minutes = SPOKEN
        match scene.phase:
            case Phase.BEFORE:
                at = _on(ends_at, MORNING, timedelta(days=-6)) + timedelta(minutes=round(share * 400))
            case Phase.AT:
                at = _on(ends_at, first) + timedelta(minutes=round(share * minutes))
            case _:
                at = _on(ends_at, MORNING, timedelta(days=1)) + timedelta(minutes=round(share * 30))
        VERBS["register"](scene, at)
        VERBS["accept"](scene, at + timedelta(minutes=self._dice.randint(3, 7)))

    def _handled(self, scene: Scene, fate: Fate, ends_at: datetime) -> int | None:
        """Assigned, signed for, drafted, released; the office minute of the release."""
        dice, promise = self._dice, OFFICE_DAYS_OF_A_PROMISE * DAY_MINUTES
        begins = self._office.minute_of(ends_at.date()) + DAY_MINUTES
        at = self._do(scene, "assign", begins + dice.randint(60, 2 * DAY_MINUTES - 120))
        at = self._do(scene, "sign", at + dice.randint(20, 200))
        if fate is Fate.UNANSWERED:
            return None
        if fate is Fate.LATE:
            at = begins + promise + dice.randint(40, 90)
        else:
            at += dice.randint(DAY_MINUTES, 6 * DAY_MINUTES)
        at = self._do(scene, "draft", at)
        at = self._do(scene, "sign_off", at + dice.randint(20, 120))
        at = self._do(scene, "check", at + dice.randint(20, 90))
        return self._do(scene, "release", at + dice.randint(10, 60))

    def _reworked(self, scene: Scene, at: int) -> None:
        dice = self._dice
        for verb, least, most in (
            ("grant", 30, DAY_MINUTES),
            ("draft", DAY_MINUTES, 2 * DAY_MINUTES),
            ("sign_off", 20, 120),
            ("check", 20, 90),
            ("release", 10, 60),
        ):
            at = self._do(scene, verb, at + dice.randint(least, most))

    def _rated(self, scene: Scene, at: int, satisfaction: Satisfaction, solved: Solved, why: str) -> None:
        rate(scene, self._office.at(at), satisfaction, solved, scene.why(why))

    def _do(self, scene: Scene, verb: str, minute: int) -> int:
        VERBS[verb](scene, self._office.at(minute) + timedelta(seconds=self._dice.randrange(60)))
        return minute


def _on(day: datetime, hour: time, moved: timedelta = timedelta()) -> datetime:
    return datetime.combine(day.date() + moved, hour, SHANGHAI)
