"""More time: who asks for it, when, how far it goes, who decides, and by when a reply is promised from then on.

The rules are those of clocks.md 4 and 5, told a second time: days are walked one by one. Dates are judged in the first
round: from the second one on each owner takes the policy that it has read by then.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from shared.domain.calendar import Calendar
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import RENEWING
from tests.simulation.checker.counting import SHANGHAI
from tests.simulation.checker.history import Event, Evidence, instant, kind_of
from tests.simulation.checker.terms import calendar_of

MOST_EXTENSIONS, MOST_DAYS, PAUSE_DAYS = 1, 10, 5
"""Where a policy does not say."""
PER_ROUND = ("extension.asked", "extension.granted", "pause.granted", "pause.ended")
QUESTION = "assignment.enterprise_asked"
"""A pause of the promise is asked for by it, and that of the holder's own clock begins."""
QUESTIONS = "dispatch.questions"
TELLS = re.compile(r"(extension|pause)\..*|assignment\.enterprise_asked")
Stretch = tuple[datetime, datetime]


@dataclass
class Promise:
    """The promise of the first round, as intake told it, and what was granted of it."""

    started_at: datetime
    limit: str
    policy: Mapping[str, Any]
    calendar: Calendar
    pauses: list[Stretch] = field(default_factory=list)
    days: list[int] = field(default_factory=list)

    @property
    def due_at(self) -> datetime:
        """When it is due by all that was granted so far."""
        amount = int(self.limit.rstrip("wd"))
        at = self.after(self.started_at, amount) if self.limit.endswith("wd") else self._calendar_days(amount)
        for days in self.days:
            at = self.after(at, days)
        return at

    @property
    def notice(self) -> datetime | None:
        """Until when more time may be asked for; None where the limit does not say it so simply."""
        amount = int(self.limit.rstrip("wd")) - 1
        return self.after(self.started_at, amount) if amount and self.limit.endswith("wd") else None

    def after(self, at: datetime, days: int) -> datetime:
        """The end of the office day so many working days later that no pause holds."""
        on = at.astimezone(SHANGHAI).date()
        while days:
            on, at = self._next(on)
            days -= self.calendar.is_working_day(on) and not self._is_paused(at)
        return at

    def _calendar_days(self, days: int) -> datetime:
        on, at = self.started_at.astimezone(SHANGHAI).date(), self.started_at
        while days or not self.calendar.is_working_day(on) or self._is_paused(at):
            on, at = self._next(on)
            days -= bool(days) and not self._is_paused(at)
        return at

    def _next(self, on: date) -> tuple[date, datetime]:
        on += timedelta(days=1)
        return on, datetime.combine(on, time.fromisoformat(self.policy["office_day_end"]), SHANGHAI)

    def _is_paused(self, at: datetime) -> bool:
        return any(since <= at < until for since, until in self.pauses)


def check_more_time(evidence: Evidence) -> Iterator[Violation]:
    """Of every issue what dispatch told of extensions and pauses, and the dates that supervision made of it."""
    recalculated = evidence.events_by("supervision")
    intake = evidence.events_by("intake")
    for subject, events in evidence.events_by("dispatch").items():
        told = [event for event in events if TELLS.match(kind_of(event))]
        if not told:
            continue
        yield from _decided(subject, told)
        yield from _said(evidence, subject, told)
        yield from _pauses(subject, told, evidence)
        promise = _promise(evidence, intake.get(subject, []))
        if promise is not None and not _recalculated(recalculated.get(subject, [])):
            yield from _dates(subject, told, promise)
        yield from _followed(subject, told, recalculated.get(subject, []))


def _said(evidence: Evidence, subject: str, told: list[Event]) -> Iterator[Violation]:
    """Of each extension that is granted intake hears once, with the new date: it tells who raised the issue."""
    heard = [
        (opened.event["cause"], opened.event["data"]["due_at"])
        for (topic, about, _), found in evidence.events.items()
        if (topic, about) == (QUESTIONS, subject)
        for opened in found.values()
        if opened.event is not None and kind_of(opened.event) == "date.put_off"
    ]
    granted = [
        (event["cause"], event["data"]["due_at"]) for event in told if kind_of(event) == "extension.granted"
    ]
    if sorted(heard) != sorted(granted):
        yield Clause.TIME_TOLD(f"{subject}: granted was {granted}, its raiser is to be told of {heard}")


def _recalculated(events: list[Event]) -> bool:
    """Whether the first promise was moved by a version: then the date is counted in renewals.py, and both owners'
    dates are compared in due_dates.py."""
    return any(
        kind_of(event) == "clock.recalculated"
        and event["data"]["because"] in RENEWING
        and (event["data"]["clock"], event["data"].get("round", 1)) == ("promise", 1)
        for event in events
    )


def _promise(evidence: Evidence, events: list[Event]) -> Promise | None:
    """None where it, or its policy or calendar, is not among what is known."""
    policies, calendars = evidence.published("policy"), evidence.published("calendar")
    for event in events:
        data = event["data"]
        if (
            kind_of(event) == "promise.started"
            and data["policy"] in policies
            and data["calendar"] in calendars
        ):
            calendar = calendar_of(calendars[data["calendar"]]["data"])
            policy = policies[data["policy"]]["data"]["policy"]
            promise = Promise(instant(data["started_at"]), data["limit"], policy, calendar)
            times = {kind_of(one): instant(one["time"]) for one in events}
            if "issue.rejected" in times and "issue.appealed" in times:
                promise.pauses.append((times["issue.rejected"], times["issue.appealed"]))
            return promise
    return None


def _decided(subject: str, told: list[Event]) -> Iterator[Violation]:
    """Who asks does not decide; at most one extension is granted in a round, of so many days at most."""
    asked_by: dict[tuple[str, int], str] = {}
    granted: set[int] = set()
    for event in told:
        what, _, how = kind_of(event).partition(".")
        data = event["data"]
        if kind_of(event) == QUESTION:
            what, how = "pause", "asked"
        request = (what, data["request"])
        account = str(data.get("by", "")).rpartition("/")[2]
        if how == "asked":
            asked_by[request] = account if "/" in data["by"] else ""
        elif how in ("granted", "refused") and asked_by.get(request) == account:
            yield Clause.TIME_DECIDED_BY(f"{subject}: {event['id']} is decided by who asked, {account}")
        if kind_of(event) == "extension.granted":
            if data["round"] in granted or data["days"] > MOST_DAYS:
                yield Clause.TIME_MOST(f"{subject}: {event['id']} grants {data['days']} days more")
            granted.add(data["round"])


def _pauses(subject: str, told: list[Event], evidence: Evidence) -> Iterator[Violation]:
    """A pause ends once; one that waits for the entrepreneur after five working days at the latest."""
    calendars = evidence.published("calendar").values()
    ends: dict[int, datetime | None] = {}
    asked: dict[int, str] = {}
    for event in told:
        data, at = event["data"], instant(event["time"])
        if kind_of(event) == QUESTION:
            asked[data["request"]] = data["ends_at"]
            possible = {_working_days_after(at, calendar_of(one["data"])) for one in calendars}
            if possible and instant(data["ends_at"]) not in possible:
                yield Clause.PAUSE_ENDS(f"{subject}: {event['id']} ends {data['ends_at']}, not {possible}")
        elif kind_of(event) == "pause.granted" and data["request"] in asked:
            ends[data["request"]] = instant(asked[data["request"]])
            if data["ends_at"] != asked[data["request"]]:
                yield Clause.PAUSE_ENDS(
                    f"{subject}: {event['id']} ends {data['ends_at']}, the raiser was told else"
                )
        elif kind_of(event) == "pause.granted":
            ends_at = instant(data["ends_at"]) if data.get("ends_at") else None
            ends[data["request"]] = ends_at
            waits = data["ground"] == "waiting_for_entrepreneur"
            possible = {_working_days_after(at, calendar_of(one["data"])) for one in calendars}
            if waits != (ends_at is not None) or (waits and possible and ends_at not in possible):
                yield Clause.PAUSE_ENDS(f"{subject}: {event['id']} ends {ends_at}, and not one of {possible}")
        elif kind_of(event) == "pause.ended" and data.get("granted", True):
            until = ends.pop(data["request"], at)
            if until is not None and at > until and data["because"] == "person":
                yield Clause.PAUSE_ENDS(f"{subject}: {event['id']} ends by hand what was over {until}")


def _working_days_after(at: datetime, calendar: Calendar) -> datetime:
    on, left = at.astimezone(SHANGHAI).date(), PAUSE_DAYS
    while left:
        on += timedelta(days=1)
        left -= calendar.is_working_day(on)
    return datetime.combine(on, time(17, 30), SHANGHAI)


def _dates(subject: str, told: list[Event], promise: Promise) -> Iterator[Violation]:
    """Every date that dispatch names in the first round, and that more time was asked for in time."""
    since: datetime | None = None
    for event in told:
        kind, data, at = kind_of(event), event["data"], instant(event["time"])
        if kind not in PER_ROUND or data["round"] != 1:
            continue
        if kind == "extension.asked":
            notice = promise.notice
            if notice is not None and at > notice:
                yield Clause.TIME_ASKED(
                    f"{subject}: {event['id']} asks at {at}, it was possible until {notice}"
                )
        elif kind == "extension.granted":
            promise.days.append(data["days"])
        elif kind == "pause.granted":
            since = at
        elif since is not None and data.get("granted", True):
            promise.pauses.append((since, at))
            since = None
        named = data.get("due_at")
        if named and instant(named) != promise.due_at:
            yield Clause.TIME_DUE(f"{subject}: {event['id']} says {named}, it is due {promise.due_at}")


def _followed(subject: str, told: list[Event], events: list[Event]) -> Iterator[Violation]:
    """What supervision makes of it for the promise is what dispatch told, which goes on counting by the first versions:
    the same until a later one has reached the clock (renewals.py).
    """
    named = {event["id"]: event["data"].get("due_at") for event in told}
    for event in events:
        data = event["data"]
        if kind_of(event) != "clock.recalculated" or (data["clock"], data.get("round", 1)) != ("promise", 1):
            continue
        if data["because"] in RENEWING:
            return
        due = named.get(str(event.get("cause", "")))
        if due and instant(due) != instant(data["due_at"]):
            yield Clause.TIME_DUE(f"{subject}: {event['id']} moves it to {data['due_at']}, granted was {due}")
