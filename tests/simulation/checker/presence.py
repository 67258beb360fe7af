"""Who leads a talk or is to be there hears what becomes of it; who came has come, however late that is written down.

Written down here a second time on purpose: from docs/loop.md, Talks and the table of notices, not from the code.
"""

from collections.abc import Iterator
from typing import Any

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, kind_of, owner_of

TOPIC = "intake.talks"
ENDS_OR_MOVES = {"talk.postponed": "talk_postponed", "talk.cancelled": "talk_cancelled"}


def check_presence(evidence: Evidence) -> Iterator[Violation]:
    """What intake tells departments, and who has come, against its talks."""
    said = {
        subject: [opened.event for _, opened in sorted(found.items()) if opened.event is not None]
        for (topic, subject, source), found in evidence.events.items()
        if topic == TOPIC and owner_of(source) == "intake"
    }
    lost = {subject for topic, subject, _ in evidence.unpublished}
    for subject, talk in evidence.events_by("intake").items():
        if aggregate_of(subject) != "talk":
            continue
        if subject not in lost:
            yield from _informed(evidence, subject, talk, said.get(subject, []))
        if not evidence.dead_letters_about["intake", subject]:
            yield from _attended(evidence, subject, talk)


def _informed(evidence: Evidence, subject: str, talk: list[Event], said: list[Event]) -> Iterator[Violation]:
    """Of another time, place or leader, or of its end, all that are to be there; of who comes or goes, these.

    Of all but the last hears who leads the talk, and who led it until then.
    """
    due, there, stands, starts_at = list[Any](), set[str](), tuple[Any, Any](("", ())), ""
    for event in talk:
        kind, data = kind_of(event), event["data"]
        about, hear, lead = ENDS_OR_MOVES.get(kind, ""), there, {one["account"] for one in stands[1]}
        if kind in ("talk.announced", "talk.changed"):
            before, here, now = there, set(data["departments"]), (data["place"], data["leaders"])
            about, hear = "talk_changed", here | before if now != stands else here ^ before
            lead = lead | {one["account"] for one in now[1]} if now != stands else set()
            there, stands = here, now
        starts_at = data.get("starts_at", starts_at)
        if about and (hear or lead) and kind != "talk.announced" and not evidence.was_played(event):
            due.append((event.get("cause"), about, instant(starts_at), sorted(hear), sorted(lead)))
    told = [
        (
            one.get("cause"),
            one["data"]["about"],
            instant(one["data"]["starts_at"]),
            one["data"]["departments"],
            sorted(one["data"]["leaders"]),
        )
        for one in said
    ]
    if told != due:
        yield Clause.TALK_DEPARTMENTS(
            f"{subject}: departments and leaders hear {told}, and should hear {due}"
        )


def _attended(evidence: Evidence, subject: str, talk: list[Event]) -> Iterator[Violation]:
    """From its opening on, unless it is called off, whoever came is taken down, however late; and nobody twice."""
    came = [
        one["person"]
        for event in talk
        if kind_of(event) == "talk.attended"
        for one in event["data"]["attendees"]
    ]
    if len({*came}) < len(came):
        yield Clause.ATTENDED(f"{subject}: {came} have come, one of them twice")
    begins, ends = (_asked_at(evidence, talk, kind) for kind in ("talk.opened", "talk.cancelled"))
    for opened in evidence.opened:
        event = opened.event
        if event is None or (event["subject"], event["type"]) != (subject, "intake.talk.attend.v1"):
            continue
        outcome = evidence.outcome("intake", subject, event["id"]) or {}
        offset = evidence.by_id[event["id"]].record.offset
        is_there = begins is not None and begins < offset and (ends is None or offset < ends)
        if outcome.get("reason") == "illegal_move" and is_there:
            yield Clause.ATTENDED(f"{subject}: {event['id']} is refused, though it was opened before")
        missing = {one["person"] for one in event["data"]["attendees"]} - {*came}
        if outcome.get("status") == "done" and missing:
            yield Clause.ATTENDED(f"{subject}: {event['id']} is done, and {sorted(missing)} have not come")


def _asked_at(evidence: Evidence, talk: list[Event], kind: str) -> int | None:
    """Where the command stands that made this happen: all that is asked of one talk stands in one partition."""
    causes = (evidence.by_id.get(str(event.get("cause"))) for event in talk if kind_of(event) == kind)
    return next((opened.record.offset for opened in causes if opened is not None), None)
