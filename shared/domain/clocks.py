"""When something is due: facts, a policy and a calendar in; an instant out.

Nothing here reads a clock or keeps a running total: a clock is the list of its facts, and every date is
derived from them (clocks.md 2). Days are Asia/Shanghai days; instants come out in UTC.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema, core_schema

from shared.contract.words import ClockName, Provisional
from shared.domain.calendar import Calendar
from shared.domain.faults import Fault
from shared.domain.steps import DEFAULT_LADDER, Step, wrong_step

SHANGHAI = timezone(
    timedelta(hours=8), "Asia/Shanghai"
)  # no summer time since 1991; a fixed offset is faster
_DAY = timedelta(days=1)
_HOUR = 3_600_000_000  # in microseconds, the unit in which office time is counted

LIMITS = (*(name.value for name in ClockName), "rework", "rating", "appeal", "talk")
"""Every limit a policy must name: one for each clock, for the promise of a new round, an invitation, an appeal, and a
talk behind its date."""


class Limit(str):
    """How long something may take: "10wd" (working days), "14d" (calendar days) or "4oh" (office hours).

    It is its own string, in JSON too, with `amount` and `unit` ("wd", "d" or "oh") beside it. Raises
    ValueError for anything else.
    """

    amount: int
    unit: str

    def __new__(cls, text: str) -> Self:
        match = re.fullmatch(r"([1-9][0-9]{0,3})(wd|d|oh)", text)
        if match is None:
            raise ValueError(
                Fault(
                    "%(found)s is not a limit: write a whole number from 1 to 9999 and its unit, such as "
                    '"10wd" (working days), "14d" (calendar days) or "4oh" (office hours)',
                    found=repr(text),
                )
            )
        limit = super().__new__(cls, text)
        limit.amount, limit.unit = int(match[1]), match[2]
        return limit

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


@lru_cache(maxsize=64)
def _parse_threshold(text: str) -> tuple[int, str]:
    match = re.fullmatch(r"([1-9][0-9]?)(%|wd)", text)
    if match is None:
        raise ValueError(
            Fault(
                '%(found)s is not a warning threshold: write "70%%" (1 to 99 percent of the time) '
                'or "1wd" (1 to 99 working days before due)',
                found=repr(text),
            )
        )
    return int(match[1]), match[2]


def _threshold_text(text: str) -> str:
    _parse_threshold(text)
    return text


class Policy(BaseModel):
    """The limits in force, as data with a version; a clock freezes the version it started with (clocks.md 8).

    `office_hours` are local (start, end) times in order; `office_day_end` is the local time at which days
    fall due; `limits` names the clocks, `warnings` may leave some out (they have none); `ladder` is empty in one
    that was published before there was a ladder. `extensions` is how often a promise may be extended, and
    `extension_days` by how many working days (clocks.md 5); `pause_limit` how long a pause waits for the entrepreneur
    (clocks.md 4). `look_back_percent`: of a hundred closed issues so many are looked at again (loop.md, feedback).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1, max_length=100)
    office_hours: tuple[tuple[time, time], ...] = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
    office_day_end: time = time(17, 30)
    limits: dict[str, Limit]
    warnings: dict[str, tuple[Annotated[str, AfterValidator(_threshold_text)], ...]] = {}
    ladder: tuple[Step, ...] = ()
    extensions: int = Field(default=1, ge=0, le=10)
    extension_days: int = Field(default=10, ge=1, le=250)
    pause_limit: Limit = Limit("5wd")
    look_back_percent: int = Field(default=5, ge=0, le=100)
    grace_seconds: int = Field(default=120, ge=0, le=604_800)

    @model_validator(mode="after")
    def _office_hours_rise(self) -> Self:
        edges = [edge for window in self.office_hours for edge in window]
        rising = all(before < after for before, after in pairwise(edges))
        if not edges or not rising or any(edge.tzinfo for edge in (*edges, self.office_day_end)):
            raise ValueError(
                Fault('office hours must be local times in rising order, such as [["08:30", "12:00"]]')
            )
        return self

    def warnings_of(self, clock: str) -> tuple[str, ...]:
        """The thresholds at which a clock warns; () for one that does not."""
        return self.warnings.get(clock, ())

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the ladder, the first one first."""
        return self.ladder or DEFAULT_LADDER

    def with_reply_limit(self, limit: str) -> "Policy":
        """A copy with this promise and holding limit, and a version that says so ("default-1+promise=14d")."""
        reply = Limit(limit)
        version = re.sub(r"\+promise=[^+]*", "", self.version) + f"+promise={reply}"
        limits = {**self.limits, "promise": reply, "holding": reply}
        return self.model_copy(update={"version": version, "limits": limits})


def complete(policy: Policy) -> Policy:
    """The policy, when it names exactly the clocks and steps of this version; ValueError says what is wrong where.

    Asked of a policy that is to be published, never of one that was: an older one may know fewer clocks.
    """
    if missing := [name for name in LIMITS if name not in policy.limits]:
        raise ValueError(Fault("limits lacks %(names)s: every clock needs a limit", names=", ".join(missing)))
    if unknown := sorted({*policy.limits, *policy.warnings} - set(LIMITS)):
        names = {"names": ", ".join(unknown), "known": ", ".join(LIMITS)}
        raise ValueError(Fault("no clock has the name %(names)s; known are %(known)s", **names))
    if wrong := wrong_step(policy.ladder):
        raise ValueError(wrong)
    return policy


CompletePolicy = Annotated[Policy, AfterValidator(complete)]

Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]


@dataclass(frozen=True)
class Started:
    """The clock began; its own day is not counted."""

    at: Instant
    limit: Limit
    kind: Literal["started"] = "started"


@dataclass(frozen=True)
class Paused:
    """A pause was granted, from this instant on (clocks.md 4)."""

    at: Instant
    reason: str
    kind: Literal["paused"] = "paused"


@dataclass(frozen=True)
class Resumed:
    """The pause ended; from this instant on it is no longer in force."""

    at: Instant
    kind: Literal["resumed"] = "resumed"


@dataclass(frozen=True)
class Extended:
    """An extension by so many working days was granted (clocks.md 5)."""

    at: Instant
    days_wd: Annotated[int, Field(ge=1)]
    kind: Literal["extended"] = "extended"


@dataclass(frozen=True)
class Stopped:
    """What was due happened."""

    at: Instant
    kind: Literal["stopped"] = "stopped"


Fact = Annotated[Started | Paused | Resumed | Extended | Stopped, Field(discriminator="kind")]

Entry = tuple[str, AwareDatetime, str]
"""A fact as a document keeps it: its kind, its instant, and limit, reason or number of days as text."""


def facts_of(history: Iterable[Entry]) -> list[Fact]:
    """The history of a clock as the arithmetic reads it; raises ValueError for what is no fact.

    It stands as it was heard: what goes on again by a clock that runs behind was not paused at all, and what is paused
    again by one is paused from where it had gone on.
    """
    facts = list[Fact]()
    paused_at = resumed_at = datetime.min.replace(tzinfo=UTC)
    for kind, at, argument in history:
        if kind == "paused":
            at = paused_at = max(resumed_at, at)
        elif kind == "resumed":
            at = resumed_at = max(paused_at, at)
        facts.append(_fact(kind, at, argument))
    return facts


def _fact(kind: str, at: datetime, argument: str) -> Fact:
    match kind:
        case "started":
            return Started(at, Limit(argument))
        case "paused":
            return Paused(at, argument)
        case "resumed":
            return Resumed(at)
        case "extended":
            return Extended(at, int(argument))
        case "stopped":
            return Stopped(at)
    raise ValueError(f"{kind!r} is no fact of a clock")


class Due(NamedTuple):
    """An instant in UTC; provisional when it rests on a year without a published notice (clocks.md 9)."""

    at: datetime
    provisional: bool

    @property
    def because(self) -> Provisional | None:
        """Why it is provisional."""
        return Provisional.YEAR_NOT_PUBLISHED if self.provisional else None


class Threshold(NamedTuple):
    """A threshold's text ("70%", "1wd") or "due", and its instant in UTC."""

    name: str
    at: datetime


class Recalculated(NamedTuple):
    """From this instant on a running clock has another limit, policy or calendar: the recorded exception to the
    freezing of its terms (clocks.md 8)."""

    at: datetime
    limit: Limit
    policy: Policy
    calendar: Calendar


class Reading(NamedTuple):
    """What a clock's facts say; `breached` is known once it is stopped, None before.

    While paused, `due_at` is the earliest it can still be, and `deadlines` holds only those from before the
    pause.
    """

    due_at: datetime
    original_due_at: datetime
    provisional: bool
    state: Literal["running", "paused", "stopped"]
    stopped_at: datetime | None
    breached: bool | None
    deadlines: tuple[Threshold, ...]


def due_at(start: datetime, limit: Limit, policy: Policy, calendar: Calendar) -> Due:
    """When a clock that started at `start` (aware) falls due, were it never paused or extended (clocks.md 3).

    Raises ValueError for a naive start, or one that leaves the calendar's years.
    """
    return _due(_Timeline(start, (), policy, calendar).after(_amount(limit), limit.unit), start, calendar)


def threshold_at(
    start: datetime, limit: Limit, threshold: str, policy: Policy, calendar: Calendar
) -> datetime | None:
    """When a warning is given (clocks.md 6): at "70%" of the time, in whole days, or "1wd" before due.

    None when that is not after the start's own day (for a share of office hours: not after the start) or not
    before due. Raises ValueError for a threshold of another form, and as `due_at`.
    """
    line = _Timeline(start, (), policy, calendar)
    due = line.after(_amount(limit), limit.unit)
    return line.threshold(limit, threshold, due, extended=False)


def read_clock(
    facts: Iterable[Fact],
    policy: Policy,
    calendar: Calendar,
    *,
    warnings: Sequence[str] = (),
    recalculated: Sequence[Recalculated] = (),
) -> Reading:
    """Everything a clock's facts say, in whatever order and however often they came (clocks.md 2, 4, 5, 8).

    Facts later than the first stop are ignored; an extension granted after the breach, like a pause or a recalculation,
    does not undo it. The original due is that of the start alone, kept for ever. ``recalculated``: of one instant the
    later published behind the other. Raises ValueError unless there is exactly one Started, and as `due_at`.
    """
    known = set(facts)
    starts = [fact for fact in known if isinstance(fact, Started)]
    if len(starts) != 1:
        raise ValueError(f"a clock has exactly one Started fact, not {len(starts)}")
    start, limit = starts[0].at, starts[0].limit
    stopped_at = min((fact.at for fact in known if isinstance(fact, Stopped)), default=None)
    if stopped_at is not None:
        known = {fact for fact in known if fact.at <= stopped_at}
        recalculated = [each for each in recalculated if each.at <= stopped_at]
    pauses, paused_at = _pauses(known, stopped_at or max(fact.at for fact in known))
    first = _Run(_Timeline(start, pauses, policy, calendar), limit)
    run, due = first, first.whole()
    extensions = sorted(
        (one for one in known if isinstance(one, Extended)), key=lambda one: (one.at, one.days_wd)
    )
    changes: list[Extended | Recalculated] = [*extensions, *recalculated]
    for change in sorted(changes, key=lambda change: change.at):
        if change.at <= due:
            run, due = run.changed(change, due)
    line, limit, extended = run.line, run.limit, bool(run.days_wd)
    deadlines: list[Threshold] = []
    if stopped_at is None:
        found = ((name, line.threshold(limit, name, due, extended)) for name in warnings)
        deadlines = sorted(
            (Threshold(name, at) for name, at in found if at), key=lambda deadline: deadline.at
        )
        deadlines.append(Threshold("due", due))
    if paused_at is not None:
        # A day that ends as the pause begins is not counted, but an hour that ends then is over.
        last = paused_at if limit.unit == "oh" and not extended else paused_at - timedelta.resolution
        deadlines = [deadline for deadline in deadlines if deadline.at <= last]
    return Reading(
        due_at=due,
        original_due_at=due_at(start, first.limit, policy, calendar).at,
        provisional=_due(due, start, line.calendar).provisional,
        state="stopped" if stopped_at is not None else "paused" if paused_at is not None else "running",
        stopped_at=stopped_at,
        breached=None if stopped_at is None else stopped_at > due,
        deadlines=tuple(deadlines),
    )


def _pauses(
    facts: Iterable[Fact], until: datetime
) -> tuple[tuple[tuple[datetime, datetime], ...], datetime | None]:
    """The stretches [paused, resumed) in order, an open one up to `until`; and since when one is open.

    Facts of one instant count together, so that their order cannot matter: a pause that ends as the next
    begins goes on, one that ends as it begins never was.
    """
    steps: Counter[datetime] = Counter()
    for fact in facts:
        if isinstance(fact, Paused | Resumed):
            steps[fact.at] += 1 if isinstance(fact, Paused) else -1
    pauses, since = [], None
    for at, step in sorted(steps.items()):
        if step > 0 and since is None:
            since = at
        elif step < 0 and since is not None:
            pauses.append((since, at))
            since = None
    if since is not None:
        pauses.append((since, until))
    return tuple(pauses), since


def _due(at: datetime, start: datetime, calendar: Calendar) -> Due:
    published = calendar.is_published(_shanghai(start).date()) and calendar.is_published(_shanghai(at).date())
    return Due(at, not published)


def _shanghai(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; write for example {at.isoformat()}+08:00")
    return at.astimezone(SHANGHAI)


class _Timeline(NamedTuple):
    """The time that counts for one clock: from its start on, in three units, without its pauses.

    Each unit is a number line (working days and days by number, office time in microseconds) on which every
    pause is a stretch to step over; `pauses` are in order and apart.
    """

    start: datetime
    pauses: tuple[tuple[datetime, datetime], ...]
    policy: Policy
    calendar: Calendar

    def after(self, amount: int, unit: str) -> datetime:
        """When so many working days, calendar days or microseconds of office time (one or more) are over."""
        if unit == "oh":
            skips = [(self._office_time(since), self._office_time(until)) for since, until in self.pauses]
            return self._at_office_time(_step(self._office_time(self.start), amount, skips))
        day0 = _shanghai(self.start).date()
        if unit == "d":
            last_day = date.fromordinal(_step(day0.toordinal(), amount, self._skipped(date.toordinal)))
            # A rest day moves on to the next day that is worked and not paused.
            day0, amount = last_day - _DAY, 1
        return self.working_days_after(day0, amount)

    def working_days_after(self, day0: date, n: int) -> datetime:
        """The end of the n-th working day after day0 that no pause holds at its end (clocks.md 3 and 4)."""
        through = self.calendar.working_days_through
        number = _step(through(day0), n, self._skipped(through))
        end = datetime.combine(self.calendar.working_day(number), self.policy.office_day_end, SHANGHAI)
        return end.astimezone(UTC)

    def threshold(self, limit: Limit, threshold: str, due: datetime, extended: bool) -> datetime | None:
        """See `threshold_at`; extensions are in working days, so a share of extended time is too."""
        count, unit = _parse_threshold(threshold)
        if unit == "%" and limit.unit != "wd" and not extended:
            amount, unit = _amount(limit) * count // 100, limit.unit
        else:
            through = self.calendar.working_days_through
            first, last = through(_shanghai(self.start).date()), through(_shanghai(due).date())
            skipped = sum(
                max(0, min(upto, last) - max(after, first)) for after, upto in self._skipped(through)
            )
            days = last - first - skipped
            amount, unit = days * count // 100 if unit == "%" else days - count, "wd"
        at = self.after(amount, unit) if amount >= 1 else None
        return at if at is not None and at < due else None

    def _skipped(self, number: Callable[[date], int]) -> list[tuple[int, int]]:
        """For each pause, the days it holds at their end: numbered above the first, up to the second."""
        return [
            (number(self._last_ended(since)), number(self._last_ended(until))) for since, until in self.pauses
        ]

    def _last_ended(self, at: datetime) -> date:
        """The last day that ended before `at`; a pause from the very end of a day holds that day."""
        local = _shanghai(at)
        return local.date() if local.time() > self.policy.office_day_end else local.date() - _DAY

    def _office_time(self, at: datetime) -> int:
        """The office time of the whole calendar up to `at`, in microseconds."""
        local = _shanghai(at)
        full_day, windows = _office_windows(self.policy.office_hours)
        passed = self.calendar.working_days_through(local.date() - _DAY) * full_day
        if self.calendar.is_working_day(local.date()):
            clock = _microseconds(local.time())
            passed += sum(max(0, min(clock, closes) - opens) for opens, closes in windows)
        return passed

    def _at_office_time(self, passed: int) -> datetime:
        """The first instant at which so much office time is over: a window's end, not the next one's start."""
        full_day, windows = _office_windows(self.policy.office_hours)
        days, left = (passed - 1) // full_day, (passed - 1) % full_day + 1
        midnight = datetime.combine(self.calendar.working_day(days + 1), time(), SHANGHAI)
        for opens, closes in windows:
            if left <= closes - opens:
                break
            left -= closes - opens
        return (midnight + timedelta(microseconds=opens + left)).astimezone(UTC)


class _Run(NamedTuple):
    """How a clock counts from some instant on: its line, its limit, and the extensions granted so far."""

    line: _Timeline
    limit: Limit
    days_wd: tuple[int, ...] = ()

    def whole(self) -> datetime:
        """The due instant: the limit, and behind it each extension."""
        due = self.line.after(_amount(self.limit), self.limit.unit)
        for days in self.days_wd:
            due = self.line.working_days_after(_shanghai(due).date(), days)
        return due

    def changed(self, change: Extended | Recalculated, due: datetime) -> tuple["_Run", datetime]:
        """The run and its due instant after an extension or a recalculation.

        A recalculation that takes time away leaves at least one working day, or what was left.
        """
        if isinstance(change, Extended):
            after = self._replace(days_wd=(*self.days_wd, change.days_wd))
            return after, self.line.working_days_after(_shanghai(due).date(), change.days_wd)
        line = self.line._replace(policy=change.policy, calendar=change.calendar)
        after = _Run(line, change.limit, self.days_wd)
        least = min(due, line.working_days_after(_shanghai(change.at).date(), 1))
        return after, max(after.whole(), least)


def _step(origin: int, amount: int, skips: Iterable[tuple[int, int]]) -> int:
    """The number `amount` places after origin, not counting those above `after` up to `upto` of each skip."""
    target = origin + amount
    for after, upto in skips:
        if after >= target:
            break  # a pause after the end changes nothing, and so never undoes a breach
        target += max(0, upto - max(after, origin))
    return target


def _amount(limit: Limit) -> int:
    return limit.amount * _HOUR if limit.unit == "oh" else limit.amount


@lru_cache(maxsize=64)
def _office_windows(hours: tuple[tuple[time, time], ...]) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The office time of a full day, and each window's start and end, in microseconds since midnight."""
    windows = tuple((_microseconds(opens), _microseconds(closes)) for opens, closes in hours)
    return sum(closes - opens for opens, closes in windows), windows


def _microseconds(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000 + clock.microsecond
