"""A new calendar or policy reaches every clock that runs, and no other; the dates are counted a second time here.

The rules are those of clocks.md 8 and 9: whole under the version that came, never less than a working day taken away.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import RENEWING, SOON, Key, key_of
from tests.simulation.checker.counting import Pause, due_at
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, instant, kind_of, owner_of
from tests.simulation.checker.terms import calendar_of


@dataclass
class Clock:
    """One clock as told so far: its start, the versions by which it runs, and what was told of it."""

    key: Key
    started: Mapping[str, Any]
    due_at: datetime
    policy: str
    calendar: str
    limit: str
    over: bool = False
    """Stopped, or breached."""
    stopped_at: datetime | None = None
    pauses: list[Pause] = field(default_factory=list)
    """While its issue was rejected."""
    granted: list[Pause] = field(default_factory=list)
    """The pauses that were granted, as far as supervision had heard of them."""
    days: list[int] = field(default_factory=list)
    """By how many working days it was extended."""

    @property
    def breaks(self) -> list[Pause]:
        """All that does not count."""
        return [*self.pauses, *self.granted]


class Renewals:
    """What was published for clocks that run, and by what each issue's clocks run."""

    def __init__(self, evidence: Evidence) -> None:
        self.versions = {what: evidence.published(what) for what in ("policy", "calendar")}
        self._skew = timedelta(milliseconds=evidence.history.skew_ms)
        self.followed = {
            event["data"].get(event["data"]["because"])
            for events in evidence.events_by("supervision").values()
            for event in events
            if kind_of(event) == "clock.recalculated"
        }
        """The versions by which at least one clock was moved."""

    def of(self, subject: str, events: list[Event], dispatch: list[Event]) -> Iterator[Clock | Violation]:
        """Read the events of one issue: each clock as it is in the end, and what may not be so.

        ``dispatch``: what supervision heard of it from there.
        """
        clocks: dict[Key, Clock] = {}
        for event in events:
            kind, data = kind_of(event), event["data"]
            if not kind.startswith("clock."):
                continue
            key = key_of(data)
            clock = clocks.get(key)
            if kind == "clock.started":
                clocks[key] = self._started(key, data, clock)
            elif clock is not None and kind == "clock.recalculated" and data["because"] not in RENEWING:
                self._given_time(event, clock, dispatch)
            elif clock is not None and kind == "clock.recalculated":
                clock.granted = [*_granted(clock.key, dispatch, _seen(event))]
                yield from self._renewed(f"{subject}: {event['id']}", event, clock)
            elif clock is not None and kind == "clock.breach_annulled":
                clock.over = clock.stopped_at is not None
            elif clock is not None and kind in ("clock.breached", "clock.stopped"):
                if kind == "clock.breached" and not clock.over:
                    clock.granted = [*_granted(clock.key, dispatch, _seen(event))]
                    yield from _at_breach(self, subject, clock, instant(event["time"]))
                clock.over = True
                if kind == "clock.stopped":
                    clock.stopped_at = instant(data["stopped_at"])
        for clock in clocks.values():
            clock.granted = [*_granted(clock.key, dispatch)]
            yield clock

    def _given_time(self, event: Event, clock: Clock, dispatch: list[Event]) -> None:
        """An extension or a pause moved it: what it may say is told in more_time.py."""
        cause = next((one for one in dispatch if one["id"] == event.get("cause")), None)
        if cause is not None and kind_of(cause) == "extension.granted":
            clock.days.append(cause["data"]["days"])
        clock.due_at = instant(event["data"]["due_at"])

    def _started(self, key: Key, data: Mapping[str, Any], before: Clock | None) -> Clock:
        resumed = data.get("resumed_at")
        if not resumed or before is None:
            return Clock(
                key, data, instant(data["due_at"]), data["policy"], data["calendar"], str(data["limit"])
            )
        if before.stopped_at is not None:
            before.pauses.append((before.stopped_at, instant(resumed)))
        before.over, before.due_at, before.stopped_at = False, instant(data["due_at"]), None
        return before

    def _renewed(self, what: str, event: Event, clock: Clock) -> Iterator[Violation]:
        data, because = event["data"], event["data"]["because"]
        published = self.versions.get(because, {}).get(str(data.get(because)))
        if published is None or not self._reaches(because, published):
            yield Clause.RENEWED_FOUNDED(f"{what} goes by a {because} that nobody published for what runs")
            return
        since = instant(published["data"]["in_force_from"])
        if instant(event["time"]) < since - self._skew or since > clock.due_at:
            yield Clause.RENEWED_FOUNDED(f"{what} goes by {data[because]}, which is in force from {since}")
        if clock.over:
            yield Clause.RENEWED_RUNNING(f"{what} moves {clock.key}, which is stopped or breached")
        expected = self.due(clock, because, published, since)
        if expected is not None and expected != instant(data["due_at"]):
            yield Clause.RENEWED_DUE(f"{what} moves it to {data['due_at']}, it is {expected}")
        clock.due_at, clock.limit = instant(data["due_at"]), self._limit(clock, because, published)
        clock.policy, clock.calendar = data["policy"], data["calendar"]

    def _reaches(self, because: str, published: Event) -> bool:
        return because == "calendar" or bool(published["data"].get("applies_to_running"))

    def _limit(self, clock: Clock, because: str, published: Event) -> str:
        if because == "calendar":
            return clock.limit
        name, round, _ = clock.key
        if name == "instruction":
            return clock.limit
        again = name in ("promise", "holding") and round > 1
        own = self.versions["policy"].get(str(clock.started["policy"]))
        if name == "tracking" and own and clock.started["limit"] != own["data"]["policy"]["limits"][name]:
            return clock.limit  # it ends on a day that somebody named
        return str(published["data"]["policy"]["limits"]["rework" if again else name])

    def due(self, clock: Clock, because: str, published: Event, since: datetime) -> datetime | None:
        """When it is due by this version; None where it is paused, or runs by a version that is not known here."""
        if clock.granted and clock.granted[-1][1] is None:
            return None  # it is due at no time: what is said meanwhile holds until it goes on
        named = {"policy": clock.policy, "calendar": clock.calendar, because: published["data"]["version"]}
        known = {what: self.versions[what].get(version) for what, version in named.items()}
        if known["policy"] is None or known["calendar"] is None:
            return None
        terms = known["policy"]["data"]["policy"], calendar_of(known["calendar"]["data"]), clock.breaks
        began, limit = instant(clock.started["started_at"]), self._limit(clock, because, published)
        due = due_at(began, limit, *terms)
        for days in clock.days:
            due = due_at(due, f"{days}wd", *terms)
        if due >= clock.due_at:
            return due
        a_day_later = due_at(since, "1wd", *terms)
        return max(due, min(clock.due_at, a_day_later))

    def to_come(self, clock: Clock, now: datetime) -> Iterator[tuple[str, Event]]:
        """Each version that came into force behind those by which a clock runs, some time ago."""
        for what, own in (("policy", clock.policy), ("calendar", clock.calendar)):
            mine = self.versions[what].get(own)
            for published in self.versions[what].values():
                since = instant(published["data"]["in_force_from"])
                later = mine is not None and since > instant(mine["data"]["in_force_from"])
                if later and self._reaches(what, published) and since < now - SOON and since <= clock.due_at:
                    yield what, published

    def possible(self, clock: Clock, now: datetime) -> Iterator[datetime]:
        """When it may be due by the versions in force by now: nobody has to have read all of them."""
        own = {what: self.versions[what].get(getattr(clock, what)) for what in ("policy", "calendar")}
        if None in own.values():
            return
        policy = self.versions["policy"][clock.policy]["data"]["policy"]
        calendar = calendar_of(self.versions["calendar"][clock.calendar]["data"])
        began = instant(clock.started["started_at"])
        found = [replace(clock, due_at=due_at(began, clock.limit, policy, calendar, clock.breaks))]
        published = [(what, one) for what, versions in self.versions.items() for one in versions.values()]
        for what, one in sorted(published, key=lambda each: instant(each[1]["data"]["in_force_from"])):
            since = instant(one["data"]["in_force_from"])
            for before in [*found] if since <= now and self._reaches(what, one) else ():
                mine = self.versions[what][getattr(before, what)]["data"]["in_force_from"]
                due = self.due(before, what, one, since) if instant(mine) < since <= before.due_at else None
                if due is not None:
                    limit = self._limit(before, what, one)
                    by = {what: one["data"]["version"], "limit": limit, "due_at": due}
                    found.append(replace(before, **by))
        yield from dict.fromkeys(one.due_at for one in found)


def _granted(key: Key, dispatch: list[Event], until: int | None = None) -> Iterator[Pause]:
    """The pauses that were granted for a clock, from when to when; ``until``: the last event that was read by then."""
    name, round, assignment = key
    since: datetime | None = None
    for event in dispatch:
        data = event["data"]
        mine = data.get("round") == round and assignment in ("", data.get("assignment"))
        if name not in ("promise", "holding") or not mine or (until is not None and event["seq"] > until):
            continue
        # The holder's own clock pauses as soon as the raiser is asked, and once, whatever is granted meanwhile.
        pauses = ("pause.granted",) if name == "promise" else ("pause.granted", "assignment.enterprise_asked")
        if kind_of(event) in pauses and since is None:
            since = instant(event["time"])
        elif kind_of(event) == "pause.ended" and since is not None:
            yield since, instant(event["time"])
            since = None
    if since is not None:
        yield since, None


def _seen(event: Event) -> int:
    """Up to which event supervision had read dispatch's of this issue."""
    seen = read_seen(str(event.get("seen", "")))
    return max((last for source, last in seen.items() if owner_of(source) == "dispatch"), default=0)


def check_renewals(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Every recalculation that was told, and every clock that runs on by an older version, in the end."""
    renewals = Renewals(evidence)
    if not renewals.versions["policy"]:
        return  # a history that begins after the first start
    for subject, events in evidence.events_by("supervision").items():
        for found in renewals.of(subject, events, hearing.events("supervision", subject, "dispatch")):
            if isinstance(found, Violation):
                yield found
            elif not found.over and not hearing.waits("supervision", subject):
                to_come = renewals.to_come(found, evidence.history.now)
                yield from _in_the_end(renewals, subject, found, to_come)
    for subject, events in evidence.events_by("intake").items():
        yield from _promise_moved(renewals, subject, events)


def _promise_moved(renewals: Renewals, subject: str, events: list[Event]) -> Iterator[Violation]:
    """The date at the appeal: that of the promise without the time since the rejection, by the versions that reach it,
    as far as intake had read them."""
    by_kind = {kind_of(event): event for event in events}
    appealed, promise = by_kind.get("issue.appealed"), by_kind.get("promise.started")
    rejected = by_kind.get("issue.rejected")
    if appealed is None or promise is None or rejected is None:
        return
    data = promise["data"]
    key, began = ("promise", 1, ""), instant(data["started_at"])
    clock = Clock(key, data, began, data["policy"], data["calendar"], str(data["limit"]))
    rejected_at = instant(rejected["time"])
    clock.pauses = [(rejected_at, max(instant(appealed["time"]), rejected_at))]
    possible = list(renewals.possible(clock, instant(appealed["time"])))
    due = instant(appealed["data"]["due_at"])
    if possible and due not in possible:
        yield Clause.PROMISE_MOVED(
            f"{subject}: {appealed['id']} promises {due}, it was rejected until then: {possible}"
        )


def _at_breach(renewals: Renewals, subject: str, clock: Clock, now: datetime) -> Iterator[Violation]:
    """A version that nobody followed may not have given it more time; one that others followed may have come late."""
    missed = (
        one for one in renewals.to_come(clock, now) if one[1]["data"]["version"] not in renewals.followed
    )
    yield from _in_the_end(renewals, subject, clock, missed)


def _in_the_end(
    renewals: Renewals, subject: str, clock: Clock, to_come: Iterable[tuple[str, Event]]
) -> Iterator[Violation]:
    for what, published in to_come:
        due = renewals.due(clock, what, published, instant(published["data"]["in_force_from"]))
        if due is not None and due > clock.due_at:
            version = published["data"]["version"]
            yield Clause.RENEWED_ALL(
                f"{subject}: {clock.key} is due {clock.due_at}, by {version} it is {due}"
            )
            return
