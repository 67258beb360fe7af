"""What is looked at again stands on the list, is due on its day, and what was found is acted on; told from loop.md.

Tracked issues stand on it, closed ones whose promised day is still to come, and of the other closed ones those whose id
is in the sample. Who looks had nothing to do with the reply.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import read_clocks
from tests.simulation.checker.counting import SHANGHAI, due_at
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, kind_of, owner_of
from tests.simulation.checker.terms import calendar_of

FOUND = "supervision.look_backs"
ENDS = ("issue.withdrawn", "issue.referred")
Others = Mapping[str, list[Event]]


def check_looking(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Of every issue: what came onto the list, when it was looked at, by whom, and what became of that."""
    told = evidence.events_by("supervision")
    for subject in {**told, **evidence.events_by("feedback")}:
        if aggregate_of(subject) != "issue" or hearing.gave_up("supervision", subject):
            continue
        events = told.get(subject, [])
        others = {
            owner: hearing.events("supervision", subject, owner)
            for owner in ("intake", "dispatch", "feedback")
        }
        if not any(kind_of(event) == "issue.registered" for event in others["intake"]):
            continue
        look = _Looking(evidence, subject, events, others)
        yield from look.listed()
        yield from look.due()
        yield from look.runs(hearing.waits("supervision", subject))
        yield from look.looked()
        yield from look.reminded()
        yield from _acted_on(evidence, hearing, subject, events)


class _Looking:
    """One issue as supervision tells it, beside what it had heard of it."""

    def __init__(self, evidence: Evidence, subject: str, events: list[Event], others: Others) -> None:
        self._evidence, self._subject, self._events, self._others = evidence, subject, events, others
        self._policies, self._calendars = evidence.published("policy"), evidence.published("calendar")

    def listed(self) -> Iterator[Violation]:
        """Each tracked or closed issue comes onto the list for its reason, or for none."""
        opened: dict[str, list[Event]] = {}
        for event in self._of("tracking.opened"):
            opened.setdefault(str(event.get("cause")), []).append(event)
        for event in self._others["feedback"]:
            if kind_of(event) not in ("issue.tracked", "issue.closed"):
                continue
            told = [one["data"]["because"] for one in opened.pop(event["id"], [])]
            if not any(told == ([one] if one else []) for one in self._reasons(event)):
                expected = " or ".join(str(one) for one in self._reasons(event))
                yield Clause.LISTED(f"{self._subject}: {event['id']} is listed for {told}, it is {expected}")
        for cause in opened:
            yield Clause.LISTED(
                f"{self._subject}: it is listed for {cause}, which neither tracks nor closes it"
            )

    def _reasons(self, event: Event) -> Iterator[str | None]:
        """What may be the reason: it depends on the version of the reply that supervision had read by then."""
        at = instant(event["time"])
        ended = any(kind_of(other) in ENDS for other in self._others["intake"])
        if kind_of(event) == "issue.tracked":
            yield "tracked"
            if ended:
                yield None
            return
        promised = {one["data"].get("promised_on") for one in self._replies(event["data"]["round"])}
        ahead = {bool(on) and date.fromisoformat(on) > _day(at) for on in promised} or {False}
        if any(one["data"]["finding"] == "kept" for one in self._of("look_back.done")):
            ahead = ahead | {False}  # it had been kept when a leader ruled it finished
        if True in ahead:
            yield "promised"
        if False in ahead:
            number = int(sha256(self._subject.encode()).hexdigest()[:8], 16) % 100
            shares = {one["data"]["policy"].get("look_back_percent", 5) for one in self._policies.values()}
            yield from {"sample" if number < share else None for share in shares or {5}}

    def due(self) -> Iterator[Violation]:
        """Each clock of the list runs to the day that was promised or named, at most for a quarter."""
        by_cause: dict[str, list[Event]] = {}
        for event in self._events:
            by_cause.setdefault(str(event.get("cause")), []).append(event)
        for event in self._of("clock.started"):
            data = event["data"]
            terms = self._policies.get(data["policy"]), self._calendars.get(data["calendar"])
            if data["clock"] != "tracking" or terms[0] is None or terms[1] is None:
                continue
            policy, table = terms[0]["data"]["policy"], calendar_of(terms[1]["data"])
            started = instant(data["started_at"])
            together = by_cause[str(event.get("cause"))]
            named = [one["data"]["next_on"] for one in together if kind_of(one) == "tracking.reviewed"]
            first = any(kind_of(one) == "tracking.opened" for one in together)
            days = {date.fromisoformat(on) for on in named}
            if (on := self._promised(event)) is not None and (on > _day(started) or (first and not named)):
                days.add(on)
            limits = [policy["limits"]["tracking"]]
            limits += [f"{max(1, (day - _day(started)).days)}d" for day in days]
            due = min(due_at(started, limit, policy, table) for limit in limits)
            if first and self._because(together) == "sample":
                due = due_at(started, limits[0], policy, table)
            if due != instant(data["due_at"]):
                yield Clause.LOOK_DUE(f"{self._subject}: {event['id']} is due {data['due_at']}, it is {due}")

    def _because(self, together: list[Event]) -> str:
        return next(one["data"]["because"] for one in together if kind_of(one) == "tracking.opened")

    def runs(self, waits: bool) -> Iterator[Violation]:
        """A clock runs while it stands on the list, and at no other time."""
        running = [one for one in read_clocks(self._events) if one.key[0] == "tracking" and not one.stopped]
        if waits or bool(running) == self._stands():
            return
        says = f"{len(running)} clocks run" if running else "no clock runs"
        yield Clause.LISTED(
            f"{self._subject}: it {'stands' if not running else 'does not stand'} on the list, {says}"
        )

    def _stands(self) -> bool:
        last: Event | None = None
        for event in self._events:
            if kind_of(event) in ("tracking.opened", "tracking.reviewed", "look_back.done"):
                last = event
        if last is None or kind_of(last) == "look_back.done":
            return False
        seen = _seen(last)
        over = ("rework.decided", "issue.closed")
        if any(kind_of(one) in over and one["seq"] > seen["feedback"] for one in self._others["feedback"]):
            return False
        closed = any(kind_of(one) == "issue.closed" for one in self._others["feedback"])
        return closed or not any(kind_of(one) in ENDS for one in self._others["intake"])

    def looked(self) -> Iterator[Violation]:
        """Only a supervisor looks, and nobody who drafted or signed off what is looked at."""
        for event in self._of("look_back.done", "tracking.reviewed"):
            data = event["data"]
            replies = [one for one in self._replies(data["round"]) if kind_of(one) == "reply.released"]
            if replies and data["by"] in replies[-1]["data"].get("handled_by", ()):
                yield Clause.LOOKED_BY(f"{self._subject}: {event['id']} is by who answered: {data['by']}")
            asked = self._evidence.by_id.get(str(event.get("cause", "")))
            actor = "" if asked is None or asked.event is None else str(asked.event.get("actor", ""))
            if actor and actor.partition(":")[0] != "supervisor":
                yield Clause.LOOKED_BY(f"{self._subject}: {event['id']} was asked by {actor}")

    def reminded(self) -> Iterator[Violation]:
        """The department hears of every look-back that is due by itself, but of those of the sample."""
        said = Counter(
            str(opened.event.get("cause"))
            for (topic, subject, _), found in self._evidence.events.items()
            if (topic, subject) == ("supervision.orders", self._subject)
            for opened in found.values()
            if opened.event is not None and opened.event["data"].get("saying") == "look_back"
        )
        expected, because, department = Counter[str](), "", ""
        for event in self._events:
            cause = str(event.get("cause"))
            if kind_of(event) == "tracking.opened" or kind_of(event) == "tracking.reviewed":
                because, department = event["data"]["because"], event["data"]["department"]
            elif kind_of(event) == "clock.breached" and event["data"]["clock"] == "tracking":
                by_itself = cause.startswith("timer/")
                expected[cause] += by_itself and because != "sample" and bool(department)
        for cause in {*said, *expected}:
            if said[cause] != expected[cause]:
                yield Clause.LOOK_BACK_TOLD(
                    f"{self._subject}: {cause} made {expected[cause]} look-backs due, {said[cause]} were said"
                )

    def _of(self, *kinds: str) -> Iterator[Event]:
        return (event for event in self._events if kind_of(event) in kinds)

    def _replies(self, upto: int) -> list[Event]:
        """Every version of the newest reply of a round or one before it, unless a look-back was the reply."""
        kinds = ("reply.released", "reply.corrected")
        found = [one for one in self._others["dispatch"] if kind_of(one) in kinds]
        rounds = [one["data"]["round"] for one in found if one["data"]["round"] <= upto]
        return [one for one in found if rounds and one["data"]["round"] == max(rounds) == upto]

    def _promised(self, event: Event) -> date | None:
        """The day that was promised, as far as supervision had read it when it told this."""
        seen = _seen(event)["dispatch"]
        found = [one for one in self._replies(event["data"]["round"]) if one["seq"] <= seen]
        on = found[-1]["data"].get("promised_on") if found else None
        return date.fromisoformat(on) if on else None


def _acted_on(evidence: Evidence, hearing: Hearing, subject: str, events: list[Event]) -> Iterator[Violation]:
    """What was found is told to feedback once; that asks for a rating, or begins the round, unless it had ended."""
    told = {
        (opened.event["cause"], kind_of(opened.event)): (source, seq, opened.event)
        for (topic, about, source), found in evidence.events.items()
        if (topic, about) == (FOUND, subject)
        for seq, opened in found.items()
        if opened.event is not None
    }
    for event in events:
        data: Mapping[str, Any] = event["data"]
        if kind_of(event) != "look_back.done":
            continue
        expected = f"promise.{data['finding']}"
        if data["finding"] == "broken" or data["because"] == "tracked":
            place = told.pop((event["cause"], expected), None)
            if place is None:
                yield Clause.LOOK_BACK_HEARD(
                    f"{subject}: {event['id']} found it {data['finding']}: nobody was told"
                )
            elif hearing.of("feedback", subject).has((FOUND, *place[:2])):
                yield from _followed(evidence, hearing, subject, place[2])
    for cause, kind in told:
        yield Clause.LOOK_BACK_HEARD(
            f"{subject}: {kind} was told for {cause}, which found nothing of the kind"
        )


def _followed(evidence: Evidence, hearing: Hearing, subject: str, found: Event) -> Iterator[Violation]:
    feedback = evidence.events_by("feedback").get(subject, [])
    follows = {"promise.kept": "rating.invited", "promise.broken": "rework.decided"}[kind_of(found)]
    done = [one for one in feedback if one.get("cause") == found["id"]]
    if [(kind_of(one), one["data"]["round"]) for one in done] == [(follows, found["data"]["round"] + 1)]:
        return
    ended = any(kind_of(one) in ENDS for one in hearing.events("feedback", subject, "intake"))
    ruled = any(
        kind_of(one) == "issue.closed" and one["data"]["reason"] == "ruled_finished" for one in feedback
    )
    if done or not (ended or (ruled and follows == "rating.invited")):
        yield Clause.LOOK_BACK_HEARD(f"{subject}: {found['id']} was read, and no {follows} of it was told")


def _seen(event: Event) -> Counter[str]:
    """How far supervision had read the others."""
    seen = Counter[str]()
    for source, seq in read_seen(str(event.get("seen", ""))).items():
        seen[owner_of(source)] = max(seq, seen[owner_of(source)])
    return seen


def _day(at: datetime) -> date:
    return at.astimezone(UTC).astimezone(SHANGHAI).date()
