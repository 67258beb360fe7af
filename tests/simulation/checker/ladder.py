"""The ladder: what is told of it leads from step to step as it may, and ends where the clocks and rounds say.

The rules are those of clocks.md, The ladder, told a second time: days are walked one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from shared.domain.calendar import Calendar
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import MOST, ends_of, left_at, stops_of, tells_lateness
from tests.simulation.checker.counting import SHANGHAI
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, instant, kind_of
from tests.simulation.checker.terms import calendar_of

RED, LAST = 4, 6
REACH = {"promise": LAST, "holding": 1, "ruling": 1, "instruction": 1}
"""How far the breach of each clock takes an issue."""
DAYS = ((0, 0, 0), (1, 2, 2), (2, 0, 0), (3, 0, 0), (5, 0, 0), (5, 0, 0))
"""Of each step how long after the one before, how long its answer may take, and how many days more an explanation buys,
where a policy does not say."""
MAY_LIFT = ("supervisor", "leader")
SOON = timedelta(minutes=10)
Key = tuple[str, int, str]
Others = Mapping[str, list[Event]]


@dataclass
class Climb:
    """What should take an issue up: each step with its instant, since when, and until when it climbs."""

    key: Key
    seq: int
    """The place of the event that tells of it."""
    ways: list[list[tuple[int, datetime]]]
    """By each version that may have reached it."""
    grace: timedelta
    ended_at: datetime | None = None

    def stands(self, now: datetime) -> set[int]:
        """The highest step that may have come by then, by each version."""
        return {
            max((step for step, at in steps if self._came(at) and at + self.grace <= now), default=0)
            for steps in self.ways
        }

    def _came(self, at: datetime) -> bool:
        return self.ended_at is None or at < self.ended_at


@dataclass
class Terms:
    """By which versions days are counted, and which do not count."""

    policy: Mapping[str, Any]
    calendar: Calendar
    policy_since: datetime
    calendar_since: datetime
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    explained_at: datetime | None = None

    def by(self, what: str, published: Event) -> "Terms":
        """The same with one of the two replaced by a version; the grace stays."""
        if what == "calendar":
            return replace(self, calendar=calendar_of(published["data"]))
        grace = self.policy["grace_seconds"]
        return replace(self, policy={**published["data"]["policy"], "grace_seconds": grace})

    @property
    def grace(self) -> timedelta:
        """How long after its instant a step fires."""
        return timedelta(seconds=self.policy["grace_seconds"])

    @property
    def _days(self) -> Sequence[tuple[int, int, int]]:
        ladder = self.policy.get("ladder", ())
        return [(step["after_days"], step["answer_days"], step["more_days"]) for step in ladder] or DAYS

    def steps(self, at: datetime, first: int, last: int) -> list[tuple[int, datetime]]:
        """The steps from one that is reached at this instant."""
        found = [(first, at)]
        for step in range(first + 1, last + 1):
            (_, answered, _), (after, _, more) = self._days[step - 2 : step]
            reached, at = at, self._after(self._after(at, answered), after)
            if self.explained_at is not None and reached <= self.explained_at <= at:
                at = self._after(at, more)
            found.append((step, at))
        return found

    def _after(self, at: datetime, days: int) -> datetime:
        """The end of the office day so many working days later."""
        on: date = at.astimezone(SHANGHAI).date()
        while days:
            on += timedelta(days=1)
            at = datetime.combine(on, time.fromisoformat(self.policy["office_day_end"]), SHANGHAI)
            paused = any(since <= at < until for since, until in self.pauses)
            days -= self.calendar.is_working_day(on) and not paused
        return at


class Ladder:
    """The events of supervision about one issue, read in order; ``wrong`` is what may not be so."""

    def __init__(self, evidence: Evidence, subject: str, others: Others) -> None:
        self._evidence, self._subject, self._others = evidence, subject, others
        self._policies, self._calendars = evidence.published("policy"), evidence.published("calendar")
        self.lamp = 0
        self.wrong: list[Violation] = []
        self.breaches: dict[tuple[Key, datetime], int] = {}
        """Breaches that stand, by clock and due date, and the place of the event that tells of each."""
        self.lifted_seq = self.left_seq = 0
        """Places of the last events that tell that a person lifted it, and that closing did."""
        self.lifted_at: datetime | None = None
        self.at_once: dict[datetime, Event] = {}
        """By the instant of what brings it to red at once, the step that was told of it."""
        self._clocks: dict[Key, list[Event]] = {}
        self._explained: dict[int, datetime] = {}
        """By round when the breach of its promise was explained."""

    def read(self, event: Event) -> None:
        """One event more."""
        data = event["data"]
        match kind_of(event):
            case "clock.started":
                self._clocks.setdefault(_key(data), []).append(event)
            case "clock.breached" if data["clock"] in REACH:
                self.breaches[_key(data), instant(data["due_at"])] = event["seq"]
            case "clock.recalculated":
                if told := self._clocks.get(_key(data)):
                    terms = {name: data[name] for name in ("policy", "calendar")}
                    told.append({**told[-1], "data": {**told[-1]["data"], **terms}})
                old, new = ((_key(data), instant(data[name])) for name in ("old_due_at", "due_at"))
                if old in self.breaches:
                    self.breaches[new] = self.breaches.pop(old)
            case "clock.breach_annulled":
                self.breaches.pop((_key(data), instant(data["due_at"])), None)
            case "explanation.given":
                self._given(event)
            case "ladder.raised":
                self._raised(event)
                self.lamp = data["step"]
            case "ladder.lifted":
                self._stands(event)
                self._lifted(event)
                self.lamp = data["to"]
            case "ladder.ended":
                self._stands(event)

    def _complain(self, clause: Clause, event: Event, sentence: str) -> None:
        self.wrong.append(clause(f"{self._subject}: {event['id']} {sentence}"))

    def _raised(self, event: Event) -> None:
        data = event["data"]
        step, due = data["step"], instant(data["due_at"])
        if step <= self.lamp:
            self._complain(Clause.LADDER_RISES, event, f"raises to {step} what stood at {self.lamp}")
        begun = _key(data) in self._clocks and self._clocks[_key(data)][-1].get("cause") == event.get("cause")
        by_timer = str(event.get("cause", "")).startswith("timer/")
        terms = self.terms(data, _key(data))
        grace = terms.grace if terms is not None and by_timer else timedelta(0)
        at_last = begun or self._shown_at_last(event, due)
        if not at_last and instant(event["time"]) < due + grace:
            self._complain(Clause.LADDER_EARLY, event, f"raises to {step} before {due + grace}")
        if terms is not None and by_timer and not tells_lateness(data, instant(event["time"]), due + grace):
            self._complain(Clause.TOLD_LATE, event, f"fires at {due + grace} and says {data['late_seconds']}")
        expected = self._expected(event, terms)
        if expected is None:
            self._complain(Clause.LADDER_FOUNDED, event, f"raises to {step} without a reason for that")
        elif terms is not None and expected and due not in {dict(one).get(step) for one in expected}:
            self._complain(
                Clause.LADDER_DUE, event, f"raises to {step} of {due}, it is {dict(expected[0]).get(step)}"
            )

    def _shown_at_last(self, event: Event, due: datetime) -> bool:
        """Whether the end of a pause, heard of when the issue had ended, shows what was due before that."""
        heard = any(end["id"] == event.get("cause") for end in _of(self._others, "dispatch", "pause.ended"))
        ends = (
            *_of(self._others, "intake", "issue.withdrawn"),
            *_of(self._others, "intake", "issue.referred"),
        )
        return heard and any(due < instant(end["time"]) for end in ends)

    def _expected(self, event: Event, terms: Terms | None) -> list[list[tuple[int, datetime]]] | None:
        """The steps and instants of each thing it may climb for, by each version that may have reached them; None where
        nothing has happened of the kind.
        """
        data = event["data"]
        if data["because"] == "appealed" and not _of(self._others, "intake", "issue.appealed"):
            return None
        if data["clock"]:
            due = [due for key, due in self.breaches if key == _key(data)]
            if not due or data["step"] > REACH.get(data["clock"], 0):
                return None
            own = self._terms_of(_key(data))
            return [] if terms is None or own is None else self._ways(own, due[-1], 1, REACH[data["clock"]])
        because = {"dissatisfied_again": "feedback", "extensions": "dispatch"}.get(data["because"], "")
        asked = [
            instant(each["time"])
            for owner, each in self._at_once()
            if each["data"]["round"] == data["round"] and because in ("", owner)
        ]
        if not asked or data["step"] < RED:
            return None
        if instant(data["due_at"]) in asked:
            self.at_once.setdefault(instant(data["due_at"]), event)
        found: list[list[tuple[int, datetime]]] = []
        for at in asked:
            first = self.terms(self.at_once.get(at, event)["data"], ("", data["round"], ""))
            found += [] if first is None else self._ways(first, at, RED, LAST)
        return found

    def _at_once(self) -> Iterator[tuple[str, Event]]:
        """What brings it to red at once: a dissatisfied round after the first, an extension asked after the second."""
        # The first one that dissatisfied is of a later round where a look-back had begun that.
        for event in [*_of(self._others, "feedback", "rework.asked")][1:]:
            yield "feedback", event
        for event in _of(self._others, "dispatch", "extension.asked"):
            if event["data"]["request"] > 2:
                yield "dispatch", event

    def _ways(self, terms: Terms, at: datetime, first: int, last: int) -> list[list[tuple[int, datetime]]]:
        """The steps by the terms it began with, and as each version moved those to come that came into force since."""
        found = [terms.steps(at, first, last)]
        for what, published in self._renewals(terms):
            since, before = instant(published["data"]["in_force_from"]), found[-1]
            terms = terms.by(what, published)
            kept = max(1, sum(at < since for _, at in before))
            step, reached = before[kept - 1]
            found.append([*before[: kept - 1], *terms.steps(reached, step, last)])
        return found

    def _renewals(self, terms: Terms) -> list[tuple[str, Event]]:
        """What was published for clocks that run behind these terms, the earlier in force first."""
        reaching = [("calendar", one) for one in self._calendars.values()]
        reaching += [
            ("policy", one) for one in self._policies.values() if one["data"].get("applies_to_running")
        ]
        since = {"policy": terms.policy_since, "calendar": terms.calendar_since}
        later = [one for one in reaching if instant(one[1]["data"]["in_force_from"]) > since[one[0]]]
        return sorted(later, key=lambda one: instant(one[1]["data"]["in_force_from"]))

    def _given(self, event: Event) -> None:
        data = event["data"]
        key, at = ("promise", data["round"], ""), instant(event["time"])
        due = [due for known, due in self.breaches if known == key]
        if not due or data["round"] in self._explained:
            self._complain(Clause.LADDER_EXPLAINED, event, "explains what was explained, or was not broken")
            return
        terms = self._terms_of(key)
        if terms is not None and all(at > dict(steps)[2] for steps in self._ways(terms, due[-1], 1, 2)):
            self._complain(Clause.LADDER_EXPLAINED, event, "explains when the order was due")
        self._explained[data["round"]] = max(at, due[-1])

    def _stands(self, event: Event) -> None:
        step = event["data"]["step"]
        if step != self.lamp or not step:
            self._complain(Clause.LADDER_STANDS, event, f"is of step {step}, it stands at {self.lamp}")

    def _lifted(self, event: Event) -> None:
        data = event["data"]
        if data["because"] != "person":
            self.left_seq = event["seq"] if data["because"] == "ended" else self.left_seq
            return
        self.lifted_seq, self.lifted_at = event["seq"], instant(event["time"])
        asked = self._evidence.by_id.get(str(event.get("cause", "")))
        request = asked.event if asked is not None and asked.event is not None else {}
        wanted, role = request.get("data", {}), str(request.get("actor", "")).partition(":")[0]
        if request and (
            role not in MAY_LIFT
            or wanted.get("step") != data["step"]
            or not data["reason"]
            or str(wanted.get("reason", "")).strip() != data["reason"]
        ):
            self._complain(Clause.LADDER_LIFTED_BY, event, f"lifts what {role} asked with {dict(wanted)}")

    def terms(self, data: Mapping[str, Any], key: Key) -> Terms | None:
        """The versions that an event names, where they are known, and the pauses of its clock."""
        policy, calendar = self._policies.get(data["policy"]), self._calendars.get(data["calendar"])
        if policy is None or calendar is None:
            return None
        pauses = [
            (stopped, instant(started["data"]["resumed_at"]))
            for started in self._clocks.get(key, ())
            if started["data"].get("resumed_at")
            for stopped in self._rejected()
        ]
        explained_at = self._explained.get(key[1]) if key[0] == "promise" else None
        since = [instant(one["data"]["in_force_from"]) for one in (policy, calendar)]
        table = calendar_of(calendar["data"])
        rules = {**policy["data"]["policy"], "grace_seconds": self._grace(key, policy)}
        return Terms(rules, table, *since, pauses, explained_at)

    def _grace(self, key: Key, policy: Event) -> int:
        """Seconds: a clock keeps those it started with, whatever version it is recalculated by."""
        told = self._clocks.get(key, [])
        started = next((one for one in told if one["id"] == told[-1]["id"]), None)
        first = None if started is None else self._policies.get(started["data"]["policy"])
        seconds: int = (first or policy)["data"]["policy"]["grace_seconds"]
        return seconds

    def _terms_of(self, key: Key) -> Terms | None:
        """Those of a clock as it was started last; None where what told of it is lost."""
        started = self._clocks.get(key)
        return None if started is None else self.terms(started[-1]["data"], key)

    def _rejected(self) -> Iterator[datetime]:
        return (instant(event["time"]) for event in _of(self._others, "intake", "issue.rejected"))

    def climbs(self) -> Iterator[Climb | None]:
        """What should take the issue up by now; None for what cannot be told from here."""
        for (key, due), seq in self.breaches.items():
            terms = self._terms_of(key)
            if terms is None:
                yield None
            else:
                started = self._clocks[key][-1]["data"]
                steps = self._ways(terms, due, 1, REACH[key[0]])
                stops = stops_of(key[0], key[1], instant(started["started_at"]), self._others)
                ended_at = min(stops, default=None)
                yield Climb(key, seq, steps, terms.grace, ended_at)
        for owner, event in self._at_once():
            round, at = event["data"]["round"], instant(event["time"])
            if any(end <= at for end in ends_of(self._others, "issue.appealed", round)):
                continue
            told = self.at_once.get(at)
            terms = None if told is None else self.terms(told["data"], ("", round, ""))
            if told is None or terms is None:
                yield None
                continue
            steps = self._ways(terms, at, RED, LAST)
            ended_at = min(self._round_ends(round, owner == "feedback"), default=None)
            yield Climb(("", round, ""), told["seq"], steps, terms.grace, ended_at)

    def _round_ends(self, round: int, dissatisfied: bool) -> Iterator[datetime]:
        """When the next reply is out, which of an extension is that of its round; or there is no further round."""
        yield from ends_of(self._others, "issue.appealed", round)
        for event in (*self._others["dispatch"], *self._others["feedback"]):
            its, kind = event["data"].get("round", 0), kind_of(event)
            answered = kind == "reply.released" and (its > round if dissatisfied else its >= round)
            if answered or (kind == "rework.refused" and its == round and dissatisfied):
                yield instant(event["time"])

    def is_lifted(self, climb: Climb) -> bool:
        """Whether a person has lifted it since it began."""
        if self.lifted_at is None:
            return False
        return climb.seq < self.lifted_seq or climb.ways[0][0][1] <= self.lifted_at

    def is_left(self, climb: Climb, round: int) -> bool:
        """Whether the close of this round has lifted it; an instruction has a number of its own, and no round."""
        return climb.seq < self.left_seq if climb.key[0] == "instruction" else climb.key[1] <= round


def check_ladder(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Of every issue each step that was told, and the one at which it stands in the end."""
    if not evidence.published("policy"):
        return  # a history that begins after the first start
    for subject, events in evidence.events_by("supervision").items():
        others = {
            owner: hearing.events("supervision", subject, owner)
            for owner in ("intake", "dispatch", "feedback")
        }
        ladder = Ladder(evidence, subject, others)
        for event in events:
            ladder.read(event)
        yield from ladder.wrong
        if not hearing.waits("supervision", subject):
            yield from _in_the_end(evidence, subject, ladder, others)


def _in_the_end(evidence: Evidence, subject: str, ladder: Ladder, others: Others) -> Iterator[Violation]:
    """Where an issue stands follows from what was broken, and from what ended that or lifted it."""
    found = list(ladder.climbs())
    ended = any(True for _ in ends_of(others, "issue.appealed"))
    left = left_at(others)
    lifted = 0 if left == MOST else left  # closing lifted what was of its round or one before
    climbs = [
        climb
        for climb in found
        if climb is not None
        and not ended
        and not ladder.is_lifted(climb)
        and not ladder.is_left(climb, lifted)
    ]
    now = evidence.history.now
    least = max((min(climb.stands(now - SOON)) for climb in climbs), default=0)
    most = max((max(climb.stands(now + SOON)) for climb in climbs), default=0)
    if ladder.lamp < least:
        yield Clause.LADDER_MISSING(f"{subject}: stands at {ladder.lamp}, {least} was due")
    if ladder.lamp > most and None not in found:
        yield Clause.LADDER_UNFOUNDED(f"{subject}: stands at {ladder.lamp}, no more than {most} was due")


def _of(others: Others, owner: str, kind: str) -> list[Event]:
    return [event for event in others[owner] if kind_of(event) == kind]


def _key(data: Mapping[str, Any]) -> Key:
    return data["clock"], data.get("round", 1), data.get("assignment", "")
