"""A talk's issues start once, from its end; leaders are at one talk at a time; only who is there claims or answers.

Written down here a second time on purpose: from docs/loop.md, Talks, and clocks.md, not from the services' code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import (
    Event,
    Evidence,
    aggregate_of,
    instant,
    kind_of,
    owner_of,
    waits_for,
)

ENDINGS = ("talk.held", "talk.cancelled", "talk.lapsed")
NEWS = {"talk.postponed": "talk_postponed", "talk.cancelled": "talk_cancelled"}
ENDED = ("issue.withdrawn", "issue.referred")
AT_THE_TALK = ("issue.claimed", "issue.answered_on_the_spot")


def check_talks(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Every issue of a talk by intake's events; every claim and batch by dispatch's."""
    told = evidence.events_by("intake")
    talks = {subject: events for subject, events in told.items() if aggregate_of(subject) == "talk"}
    for subject, events in told.items():
        if aggregate_of(subject) == "issue" and events and kind_of(events[0]) == "issue.registered":
            talk = waits_for(events[0])
            if talk:
                yield from _started(evidence, hearing, subject, events, talks.get(f"talk:{talk}", []))
    prepared = _prepared(evidence)
    for subject, events in talks.items():
        if not evidence.dead_letters_about["intake", subject]:
            yield from _news(evidence, subject, events, prepared)
    yield from _leaders(evidence)
    for subject, events in evidence.events_by("dispatch").items():
        if aggregate_of(subject) == "batch":
            yield from _batch(evidence, subject, events)
        for event in events:
            if kind_of(event) in AT_THE_TALK:
                yield from _was_there(subject, event, told.get(subject, []))
        yield from _recorded(subject, events)


def _started(
    evidence: Evidence, hearing: Hearing, subject: str, events: list[Event], talk: list[Event]
) -> Iterator[Violation]:
    """It starts at an end of its talk, or at its own registration where that is later or there was no talk."""
    registered = instant(events[0]["time"])
    ends = [instant(event["time"]) for event in talk if kind_of(event) in ENDINGS]
    starts = [event for event in events if kind_of(event) == "promise.started"]
    may = {max(end, registered) for end in ends}
    may |= {registered} if not talk or _joined_before(talk, registered) else set()
    for event in starts:
        at = instant(event["data"]["started_at"])
        if at not in may:
            yield Clause.TALK_START(
                f"{subject}: {event['id']} starts at {at}, its talk ended {[f'{end:%F %T}' for end in ends]}"
            )
    for event in events:
        if kind_of(event) == "promise.expected" and event["data"]["provisional_because"] != "talk_not_held":
            yield Clause.TALK_EXPECTED(f"{subject}: {event['id']} does not say that the talk was not held")
    if _unsettled(evidence, hearing, subject, events, talk) or starts:
        return
    if any(kind_of(event) in ENDED for event in events):
        return
    if not talk or _is_over(talk):
        yield Clause.TALK_TOLD(f"{subject}: its talk is over, and its promise was never started")
        return
    expected = [event["data"] for event in events if kind_of(event) == "promise.expected"]
    ends_at = [event["data"]["ends_at"] for event in talk if "ends_at" in event["data"]]
    if not expected or expected[-1]["talk_ends_at"] != ends_at[-1]:
        yield Clause.TALK_TOLD(
            f"{subject}: it expects {expected[-1:]}, and its talk is to end at {ends_at[-1]}"
        )


def _joined_before(talk: list[Event], registered: datetime) -> bool:
    """Whether it asked to join before the talk was announced, as far as clocks that differ can say."""
    return instant(talk[0]["time"]) >= registered


def _is_over(talk: list[Event]) -> bool:
    """Whether the newest of its ends and moves is an end."""
    last = [kind_of(event) for event in talk if kind_of(event) in (*ENDINGS, "talk.postponed")]
    return bool(last) and last[-1] != "talk.postponed"


def _prepared(evidence: Evidence) -> Mapping[str, list[tuple[str, str]]]:
    """What a talk's command or its agenda's made somebody hear by mail: (to, about), by the command's id."""
    found: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for opened in evidence.opened:
        event = opened.event
        if event is not None and event["type"] == "intake.notice.prepare.v1":
            found[event.get("cause", "")][event["id"]] = (event["data"]["to"], event["data"]["about"])
    return {cause: list(told.values()) for cause, told in found.items()}


def _news(
    evidence: Evidence, subject: str, talk: list[Event], prepared: Mapping[str, list[tuple[str, str]]]
) -> Iterator[Violation]:
    """Whoever takes part hears once what it becomes; of another theme, more places or history nobody is told.

    One command may have two events: a deadline that fired before it, of which nobody is told, and its own.
    """
    there, stands, news = set[str](), tuple[Any, Any]((None, None)), list[tuple[Event, str, set[str]]]()
    for event in talk:
        kind, data = kind_of(event), event["data"]
        about = NEWS.get(kind, "")
        if kind in ("talk.announced", "talk.changed"):
            before, stands = stands, (data["place"], data["leaders"])
            about = "talk_changed" if kind == "talk.changed" and stands != before else about
        news.append((event, "" if evidence.was_played(event) else about, {*there}))
        if kind == "talk.signed_up":
            (there.discard if data["withdrawn"] else there.add)(data["person"])
        there |= {one["person"] for one in (*data.get("participants", ()), *data.get("attendees", ()))}
    every: defaultdict[str, set[str]] = defaultdict(set)
    for event, about, _ in news:
        every[event.get("cause", "")].add("talk_named" if kind_of(event) == "talk.named" else about)
    for event, about, there in news:
        told = prepared.get(cause := event.get("cause", ""), [])
        hears = Counter(to for to, _ in told)
        wrong = [what for _, what in told if what not in every[cause]]
        if wrong or (about and (there - {*hears} or max(hears.values(), default=1) > 1)):
            yield Clause.TALK_NEWS(f"{subject}: {event['id']} is told as {told}, there are {sorted(there)}")


def _unsettled(
    evidence: Evidence, hearing: Hearing, subject: str, events: list[Event], talk: list[Event]
) -> bool:
    """Whether something is still to be asked again, or lies with an operator."""
    documents = evidence.documents("intake") if evidence.history.documents is not None else {}
    names = {subject, *(event["subject"] for event in talk[:1])}
    due = [(documents.get(name) or {}).get("due", {}).get("name", "") for name in names]
    if any(name.startswith(("join/", "telling/")) for name in due):
        return True
    return evidence.history.documents is None or hearing.waits("intake", subject)


def _leaders(evidence: Evidence) -> Iterator[Violation]:
    """Whoever was engaged, in the order in which the agenda was asked, was at no other talk at that time."""
    engaged: dict[str, tuple[datetime, datetime, set[str]]] = {}
    for opened in evidence.opened:
        event = opened.event
        if (
            event is None
            or opened.record.topic != "intake.commands"
            or aggregate_of(event["subject"]) != "agenda"
        ):
            continue
        kind, data = kind_of(event).removeprefix("intake.agenda."), event["data"]
        outcome = evidence.outcome("intake", event["subject"], event["id"]) or {}
        if outcome.get("status") != "done":
            continue
        talk = str(data.get("talk") or outcome.get("talk"))
        if kind == "leave":
            engaged.pop(talk, None)
            continue
        starts, ends, leaders = engaged.get(talk, (None, None, set()))
        if kind in ("announce", "postpone"):
            starts, ends = instant(data["starts_at"]), instant(data["ends_at"])
        if kind in ("announce", "appoint"):
            leaders = {leader["account"] for leader in data["leaders"]}
        if starts is None or ends is None:
            continue
        engaged[talk] = (starts, ends, leaders)
        for other, (begins, over, busy) in engaged.items():
            if other != talk and begins < ends and starts < over and (both := busy & leaders):
                yield Clause.LEADER_ONCE(f"{talk} and {other}: {', '.join(sorted(both))} is at both at once")


def _was_there(subject: str, event: Event, told: list[Event]) -> Iterator[Violation]:
    """The department was at the talk, as intake had told by then."""
    seen = {owner_of(source): seq for source, seq in read_seen(event.get("seen", "")).items()}
    known = [
        other
        for other in told[: seen.get("intake", 0)]
        if kind_of(other) == "promise.expected"
        or (kind_of(other) == "promise.started" and other["data"].get("departments"))
    ]
    there = known[-1]["data"].get("departments", ()) if known else ()
    if event["data"]["department"] not in there:
        yield Clause.CLAIM_THERE(
            f"{subject}: {event['id']} is of {event['data']['department']}, there were {there}"
        )


def _recorded(subject: str, events: list[Event]) -> Iterator[Violation]:
    """Who wrote an answer down is not who gave it, and neither of them checks or releases it."""
    answers = {
        event["data"]["draft"]: event["data"]
        for event in events
        if kind_of(event) == "issue.answered_on_the_spot" and event["data"].get("recorded_by")
    }
    for event in events:
        said = answers.get(event["data"].get("draft"))
        if said is None or kind_of(event) not in ("reply.checked", "reply.released"):
            continue
        by = event["data"]["by"]
        if by in (said["recorded_by"], said["by"].rpartition("/")[2]):
            yield Clause.RECORDED_BY(f"{subject}: {event['id']} is by {by}, who gave it or wrote it down")


def _batch(evidence: Evidence, subject: str, events: list[Event]) -> Iterator[Violation]:
    """Whoever was chosen has answered once the batch is done, and is assigned if it says so."""
    begun = [
        one["issue"]
        for event in events
        if kind_of(event) == "batch.begun"
        for one in event["data"]["members"]
    ]
    for event in (event for event in events if kind_of(event) == "batch.done"):
        members = event["data"]["members"]
        if [one["issue"] for one in members] != begun:
            yield Clause.BATCH_WHOLE(f"{subject}: {event['id']} answers for others than were chosen")
        for one in members:
            assigned = [
                other["data"]["department"]
                for other in evidence.events_by("dispatch").get(one["issue"], [])
                if kind_of(other) == "issue.assigned"
            ]
            if not one.get("refused") and one["department"] not in assigned:
                yield Clause.BATCH_ASSIGNED(f"{one['issue']}: {event['id']} says that it was assigned")
    if len({kind_of(event) for event in events}) < len(events):
        yield Clause.BATCH_WHOLE(f"{subject}: it was begun or done twice")
