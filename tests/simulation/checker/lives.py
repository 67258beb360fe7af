"""Only legal moves: what each owner told of an issue, read in its sequence, is a path through a small table.

The tables are written down here a second time on purpose: from docs/loop.md and not from the services' code.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import (
    OWNERS,
    SERVICES,
    Event,
    Evidence,
    aggregate_of,
    instant,
    kind_of,
    owner_of,
    waits_for,
)

Table = Mapping[tuple[str, str], tuple[str, ...]]

AWAITING = {"registered": "awaiting", "registered again": "awaiting again", "waits": "awaiting, waits"}
"""Where the office waits for material before it decides."""
OPEN = (*AWAITING, *AWAITING.values(), "accepted")
INTAKE: Table = {
    ("", "issue.registered"): ("just registered", "waits"),
    # Of a talk the promise begins when that says so, wherever the issue stands by then.
    **{(state, "promise.expected"): (state,) for state in ("waits", "awaiting, waits", "accepted, waits")},
    ("waits", "promise.started"): ("registered",),
    ("awaiting, waits", "promise.started"): ("awaiting",),
    ("waits", "issue.accepted"): ("accepted, waits",),
    ("accepted, waits", "promise.started"): ("accepted",),
    ("accepted, waits", "issue.material_supplied"): ("accepted, waits",),
    **{
        (state, kind): (after,)
        for state in ("waits", "accepted, waits")
        for kind, after in (
            ("issue.withdrawn", "withdrawn"),
            ("issue.referred", "referred"),
            ("words.corrected", state),
            ("words.confirmed", state),
        )
    },
    ("just registered", "promise.started"): ("registered",),
    ("registered", "issue.accepted"): ("accepted",),
    ("registered", "issue.rejected"): ("rejected",),
    ("awaiting", "issue.rejected"): ("rejected",),
    **{(before, "issue.material_asked"): (waits,) for before, waits in AWAITING.items()},
    **{
        (waits, f"issue.material_{how}"): (before,)
        for before, waits in AWAITING.items()
        for how in ("received", "lapsed")
    },
    **{(waits, "issue.accepted"): ("accepted",) for waits in ("awaiting", "awaiting again")},
    ("awaiting, waits", "issue.accepted"): ("accepted, waits",),
    ("rejected", "issue.appealed"): ("appealed",),
    ("appealed", "appeal.upheld"): ("registered again",),
    ("appealed", "appeal.dismissed"): ("rejected for good",),
    ("registered again", "issue.accepted"): ("accepted",),
    **{(state, "issue.withdrawn"): ("withdrawn",) for state in (*OPEN, "appealed")},
    **{(state, "issue.referred"): ("referred",) for state in OPEN},
    **{(state, f"words.{done}"): (state,) for state in OPEN for done in ("corrected", "confirmed")},
    ("accepted", "issue.material_supplied"): ("accepted",),
    ("referred", "referral.receipted"): ("referred",),
    # A reply that is out may be made public; closing wins over an end that crossed it.
    **{(state, "issue.disclosed"): ("public",) for state in ("accepted", "withdrawn", "referred", "public")},
    ("public", "issue.material_supplied"): ("public",),
    ("public", "issue.restored"): ("accepted",),
}
HELD = ("assigned", "returned", "in progress", "suspended", "drafted", "signed off", "checked")
DISPATCH: Table = {
    ("", "issue.assigned"): ("assigned",),
    ("assigned", "assignment.signed"): ("in progress",),
    ("assigned", "assignment.returned"): ("returned",),
    # Claimed at a talk: assigned and signed for in one; answered there: drafted and signed in one.
    ("assigned", "issue.claimed"): ("assigned",),
    ("in progress", "issue.answered_on_the_spot"): ("in progress",),
    ("in progress", "assignment.returned"): ("returned",),
    **{
        (state, "assignment.recalled"): ("",) for state in ("assigned", "in progress", "suspended", "drafted")
    },
    **{(state, "handler.named"): (state,) for state in HELD if state != "returned"},
    ("returned", "assignment.ruled"): ("upheld", "assigned"),
    ("upheld", "assignment.transferred"): ("assigned",),
    **{(state, "assignment.transferred"): ("assigned",) for state in HELD},
    **{
        (state, f"extension.{how}"): (state,)
        for state in ("in progress", "drafted")
        for how in ("asked", "granted", "refused")
    },
    ("in progress", "pause.asked"): ("in progress",),
    ("in progress", "assignment.enterprise_asked"): ("in progress",),
    ("in progress", "pause.refused"): ("in progress",),
    ("in progress", "pause.granted"): ("suspended",),
    # Co-handlers move nothing: they are asked about the issue, whoever leads; a merger asks for another one anywhere.
    **{
        (state, f"assignment.co_handler_{how}"): (state,)
        for state in ("", *HELD, "replied")
        for how in ("added", "heard", "released")
        if state != "replied" or how == "released"
    },
    # What was asked for ends with its assignment, after the event that ends that.
    **{
        (state, f"{what}.ended"): (state,)
        for state in ("", *HELD, "replied")
        for what in ("extension", "pause")
    },
    ("in progress", "reply.drafted"): ("drafted",),
    ("drafted", "reply.signed_off"): ("signed off",),
    ("drafted", "reply.sent_back"): ("in progress",),
    ("signed off", "reply.checked"): ("checked",),
    ("signed off", "reply.sent_back"): ("in progress",),
    ("checked", "reply.sent_back"): ("in progress",),
    ("checked", "reply.released"): ("replied", "in progress"),
    ("replied", "reply.corrected"): ("replied", "in progress"),
}
"""``in progress`` after a release: a new round was granted, which is feedback's to tell (see ``_rounds``). Only a
merger transfers from another state than ``upheld`` (see ``mergers.py``)."""

FEEDBACK: Table = {
    ("", "rating.invited"): ("invited",),
    ("invited", "rating.reminded"): ("invited",),
    ("invited", "reply.rated"): ("rated",),
    ("invited", "rating.lapsed"): ("rated",),
    ("rated", "rework.asked"): ("rework asked",),
    ("rated", "issue.tracked"): ("tracked",),
    ("rated", "issue.closed"): ("closed",),
    ("rework asked", "rework.decided"): ("rework",),
    ("rework asked", "rework.refused"): ("rated",),
    ("rework", "rating.invited"): ("invited",),
    ("tracked", "issue.closed"): ("closed",),
    # What a look-back found: kept is rated as a reply, broken begins a new round, also of what was closed.
    ("tracked", "rating.invited"): ("invited",),
    ("tracked", "rework.decided"): ("rework",),
    ("closed", "rework.decided"): ("rework",),
    # What papers tell an issue moves nothing: a case was answered, a decision is about what has not ended.
    **{
        (state, "typical_case.chosen"): (state,)
        for state in ("invited", "rework asked", "rework", "tracked", "closed")
    },
    **{
        (state, "meeting.decided"): (state,) for state in ("", "invited", "rework asked", "rework", "tracked")
    },
}
PAPER: Table = {
    ("", "paper.published"): ("published",),
    ("published", "paper.heard"): ("heard",),
    **{(state, "paper.published"): ("published",) for state in ("published", "heard")},
    **{(state, "paper.decision_voided"): (state,) for state in ("published", "heard")},
}
TALK: Table = {
    ("", "talk.announced"): ("announced",),
    **{("announced", f"talk.{what}"): ("announced",) for what in ("signed_up", "postponed")},
    **{
        (state, f"talk.{what}"): (state,)
        for state in ("announced", "open")
        for what in ("changed", "named", "lapsed")
    },
    ("announced", "talk.opened"): ("open",),
    **{(state, "talk.attended"): (state,) for state in ("open", "held")},
    ("open", "talk.held"): ("held",),
    **{(state, "talk.cancelled"): ("cancelled",) for state in ("announced", "open")},
}
BATCH: Table = {("", "batch.begun"): ("begun",), ("begun", "batch.done"): ("done",)}
RATING_ROUND: Table = {
    ("", "rating_round.started"): ("running",),
    ("running", "rating_round.done"): ("done",),
}
DEPARTMENT: Table = {
    ("", "department.published"): ("published", "merged"),
    ("published", "department.published"): ("published", "merged"),
}
PERSON: Table = {
    ("", "person.registered"): ("registered",),
    ("registered", "person.changed"): ("registered",),
    ("registered", "person.erased"): ("erased",),
    ("", "person.erased"): ("erased",),
}
ENTERPRISE: Table = {
    ("", "enterprise.registered"): ("registered",),
    ("registered", "enterprise.changed"): ("registered",),
}
NOTICE: Table = {
    ("", "notice.sent"): ("sent",),
    ("", "notice.given_up"): ("given up",),
    ("", "notice.staff_sent"): ("sent",),
    ("sent", "notice.staff_sent"): ("sent",),  # of a digest, for each thing in it
    ("", "notice.staff_given_up"): ("given up",),
    ("given up", "notice.staff_given_up"): ("given up",),
    ("given up", "notice.staff_sent"): ("sent",),  # of the same digest, what was overtaken and what was not
    ("sent", "notice.staff_given_up"): ("sent",),
}
TABLES = {
    ("intake", "issue"): INTAKE,
    ("intake", "person"): PERSON,
    ("intake", "enterprise"): ENTERPRISE,
    ("intake", "notice"): NOTICE,
    ("dispatch", "notice"): NOTICE,
    ("intake", "talk"): TALK,
    ("dispatch", "batch"): BATCH,
    ("dispatch", "issue"): DISPATCH,
    ("dispatch", "department"): DEPARTMENT,
    ("feedback", "issue"): FEEDBACK,
    ("feedback", "rating_round"): RATING_ROUND,
    ("feedback", "paper"): PAPER,
}
CLICKS = ("reply.signed_off", "reply.checked", "reply.sent_back", "reply.released")
"""What happens to a draft because somebody has read it."""
TOPIC_OF = {service: topic for topic, service in OWNERS.items()}

CAUSED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "issue.assigned": ("intake", ("issue.accepted",)),
    "rating.invited": ("dispatch", ("reply.released",)),
    "clock.started": ("intake", ("issue.registered",)),
}
"""An event, and what its owner must have seen of another owner before: topic's owner, any of these types."""


def check_lives(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Every owner's path, what it had seen before each step, and the rounds and drafts of replies."""
    by_owner = {service: evidence.events_by(service) for service in SERVICES}
    for (service, kind), table in TABLES.items():
        for subject, events in by_owner[service].items():
            if aggregate_of(subject) == kind:
                yield from _path(service, table, subject, events)
    for service, by_subject in by_owner.items():
        for subject, events in by_subject.items():
            yield from _seen_before(service, subject, events, by_owner)
    for subject, events in by_owner["dispatch"].items():
        yield from _rounds(subject, events, by_owner["feedback"].get(subject, []))
        yield from _drafts(subject, events)
        yield from _clicks(subject, events, evidence)
    for subject, events in by_owner["intake"].items():
        yield from _taken_back_too_late(subject, events, hearing, evidence.history.skew_ms)


def _path(service: str, table: Table, subject: str, events: list[Event]) -> Iterator[Violation]:
    states: set[str] = {""}
    for event in events:
        kind = kind_of(event)
        after = {state for now in states for state in table.get((now, kind), ())}
        if kind == "assignment.ruled":
            after = {"upheld"} if event["data"]["upheld"] else after - {"upheld"}
        elif kind == "pause.ended" and event["data"]["because"] != "assignment_over":
            # A question ends wherever the department stands with its work by then.
            paused = event["data"]["granted"]
            after = (
                ({"in progress"} if states & {"suspended"} else set()) if paused else after - {"suspended"}
            )
        elif kind == "issue.registered":
            after &= {"waits"} if waits_for(event) else {"just registered"}
        elif kind == "department.published":
            after &= {"merged"} if event["data"].get("merged_into") else {"published"}
        if not after:
            where = " or ".join(sorted(states)) or "the beginning"
            yield Clause.LEGAL_MOVE(
                f"{subject}: {service} told {kind} (seq {event['seq']}), which is no legal move from {where}"
            )
            return
        states = after


def _seen_before(
    service: str,
    subject: str,
    events: list[Event],
    by_owner: Mapping[str, Mapping[str, list[Event]]],
) -> Iterator[Violation]:
    """What an event says it had seen exists, never shrinks, and holds its cause."""
    before: dict[str, int] = {}
    for event in events:
        seen = _seen(event)
        for owner, seq in seen.items():
            there = by_owner.get(owner, {}).get(subject, [])
            if seq > len(there):
                yield Clause.SEEN_EXISTS(
                    f"{subject}: {event['id']} had seen {owner} seq {seq}, which does not exist"
                )
        if any(seen.get(owner, 0) < seq for owner, seq in before.items()):
            yield Clause.SEEN_GROWS(
                f"{subject}: {event['id']} had seen less than the event before it: {event.get('seen')!r}"
            )
        before = seen
        if (cause := CAUSED.get(kind_of(event))) is not None:
            owner, kinds = cause
            known = by_owner[owner].get(subject, [])[: seen.get(owner, 0)]
            if not any(kind_of(other) in kinds for other in known):
                yield Clause.SEEN_CAUSE(
                    f"{subject}: {event['id']} ({kind_of(event)}) came before {' or '.join(kinds)} was seen"
                )


def _seen(event: Event) -> dict[str, int]:
    """What the owner had read of the other owners, by service."""
    seen = {owner_of(source): seq for source, seq in read_seen(event.get("seen", "")).items()}
    return {owner: seq for owner, seq in seen.items() if owner in SERVICES}


def _rounds(subject: str, events: list[Event], feedback: list[Event]) -> Iterator[Violation]:
    """Round 1, 2, ...: one release each, and a later one only after feedback granted it."""
    granted = {1, *(event["data"]["round"] for event in feedback if kind_of(event) == "rework.decided")}
    released: list[int] = []
    for event in events:
        round = event["data"].get("round")
        if round is not None and round not in granted:
            yield Clause.ROUND_GRANTED(
                f"{subject}: {event['id']} ({kind_of(event)}) is of round {round}, which nobody granted"
            )
        if kind_of(event) == "reply.released":
            released.append(round)
    if released != sorted(set(released)):
        yield Clause.ONE_RELEASE(f"{subject}: replies were released for the rounds {released}")


def _drafts(subject: str, events: list[Event]) -> Iterator[Violation]:
    """Drafts count on over the whole life of an issue, and every later step names the last one by its hash."""
    last, sha256 = 0, ""
    for event in events:
        kind, data = kind_of(event), event["data"]
        if not kind.startswith("reply.") or kind == "reply.corrected":
            continue
        if kind == "reply.drafted":
            last, sha256 = last + 1, data["sha256"]
        if (data["draft"], data["sha256"]) != (last, sha256):
            yield Clause.DRAFT_NAMED(
                f"{subject}: {event['id']} ({kind}) is about draft {data['draft']}, the last one is {last}"
            )
        if kind == "reply.released":
            content = {name: data.get(name) for name in ("outcome", "promised_on", "text")}
            text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            if hashlib.sha256(text.encode()).hexdigest() != sha256:
                yield Clause.DRAFT_RELEASED(
                    f"{subject}: {event['id']} released other words than were drafted and signed off"
                )


def _clicks(subject: str, events: list[Event], evidence: Evidence) -> Iterator[Violation]:
    """Who signs, checks, sends back or releases has asked it of this very draft, or handed it in with a signature."""
    for event in events:
        kind, asked = kind_of(event), evidence.by_id.get(event.get("cause", ""))
        if kind not in CLICKS or asked is None or asked.event is None:
            continue
        if kind_of(asked.event) == "dispatch.draft":
            if kind != "reply.signed_off" or not asked.event["data"].get("signed_off_by"):
                yield Clause.CLICK_SIGNED(
                    f"{subject}: {event['id']} ({kind}) came of a draft that nobody had signed"
                )
            continue
        if kind_of(asked.event) == "dispatch.answer_on_the_spot":
            official, by = asked.event["data"].get("official"), str(event["data"]["by"]).rpartition("/")[2]
            is_leader = str(asked.event["actor"]).startswith("department_leader:") or official == by
            if kind != "reply.signed_off" or not is_leader:
                yield Clause.CLICK_SIGNED(f"{subject}: {event['id']} ({kind}) came of an answer on the spot")
            continue
        read, about = ((part["draft"], part["sha256"]) for part in (asked.event["data"], event["data"]))
        if read != about:
            yield Clause.CLICK_DRAFT(
                f"{subject}: {event['id']} ({kind}) is about draft {about[0]}, the click was on draft {read[0]}"
            )


def _taken_back_too_late(
    subject: str, events: list[Event], hearing: Hearing, skew_ms: int
) -> Iterator[Violation]:
    """Nobody takes an issue back once intake has acted on it that a reply is out."""
    heard = hearing.events("intake", subject, "feedback")
    invited = next((event for event in heard if kind_of(event) == "rating.invited"), None)
    if invited is None:
        return
    place = ("feedback.events", invited["source"], invited["seq"])
    # Passed over by an older version, or set aside, it was acted on when it was handed in.
    since = hearing.of("intake", subject).handed_in.get(place, -skew_ms) + skew_ms
    for event in events:
        late = instant(event["time"]).timestamp() * 1000 >= since
        if kind_of(event) == "issue.withdrawn" and late and _seen(event).get("feedback", 0) >= invited["seq"]:
            yield Clause.TAKEN_BACK(f"{subject}: {event['id']} takes back what was answered already")
