"""Which function makes rows of which event: one table by owner, kind of subject and type."""

from collections.abc import Callable, Mapping

from services.portal.projection.rows import (
    co_handling,
    dispatch,
    documents,
    feedback,
    instructions,
    intake,
    looking,
    papers,
    reference,
    supervision,
    talks,
    timing,
)
from services.portal.projection.rows.changes import Happened, Rows

Writes = Callable[[Rows, Happened], None]

ISSUE: Mapping[str, Mapping[str, Writes]] = {
    "intake": {
        "issue.registered.v1": intake.registered,
        "promise.started.v1": intake.promised,
        "promise.expected.v1": intake.expected,
        "issue.accepted.v1": intake.accepted,
        "words.corrected.v1": intake.words_corrected,
        "words.confirmed.v1": intake.words_confirmed,
        "issue.rejected.v1": intake.rejected,
        "issue.appealed.v1": intake.appealed,
        "appeal.upheld.v1": intake.upheld,
        "appeal.dismissed.v1": intake.dismissed,
        "issue.referred.v1": intake.referred,
        "referral.receipted.v1": intake.receipted,
        "issue.withdrawn.v1": intake.withdrawn,
        "issue.material_asked.v1": intake.material_asked,
        "issue.material_received.v1": intake.material_received,
        "issue.material_lapsed.v1": intake.material_lapsed,
        "issue.material_supplied.v1": intake.supplied,
        "issue.disclosed.v1": intake.disclosed,
        "issue.restored.v1": intake.restored,
    },
    "dispatch": {
        "issue.assigned.v1": dispatch.assigned,
        "assignment.signed.v1": dispatch.signed,
        "assignment.returned.v1": dispatch.returned,
        "assignment.ruled.v1": dispatch.ruled,
        "assignment.recalled.v1": dispatch.recalled,
        "handler.named.v1": dispatch.handler_named,
        "assignment.transferred.v1": dispatch.transferred,
        "assignment.co_handler_added.v1": co_handling.added,
        "assignment.co_handler_heard.v1": co_handling.heard,
        "assignment.co_handler_released.v1": co_handling.released,
        "extension.asked.v1": timing.extension_asked,
        "extension.granted.v1": timing.extension_granted,
        "extension.refused.v1": timing.extension_refused,
        "extension.ended.v1": timing.extension_ended,
        "pause.asked.v1": timing.pause_asked,
        "assignment.enterprise_asked.v1": timing.enterprise_asked,
        "pause.granted.v1": timing.pause_granted,
        "pause.refused.v1": timing.pause_refused,
        "pause.ended.v1": timing.pause_ended,
        "reply.drafted.v1": dispatch.drafted,
        "reply.signed_off.v1": dispatch.signed_off,
        "reply.checked.v1": dispatch.checked,
        "reply.sent_back.v1": dispatch.sent_back,
        "reply.released.v1": dispatch.released,
        "reply.corrected.v1": dispatch.corrected,
    },
    "supervision": {
        "clock.started.v1": supervision.started,
        "clock.recalculated.v1": supervision.recalculated,
        "clock.warned.v1": supervision.warned,
        "clock.breached.v1": supervision.breached,
        "clock.breach_annulled.v1": supervision.annulled,
        "clock.stopped.v1": supervision.stopped,
        "explanation.given.v1": supervision.explained,
        "ladder.raised.v1": supervision.raised,
        "ladder.ended.v1": supervision.ended,
        "ladder.lifted.v1": supervision.lifted,
        "tracking.opened.v1": looking.opened,
        "tracking.reviewed.v1": looking.reviewed,
        "look_back.done.v1": looking.done,
        "document.drafted.v1": documents.drafted,
        "document.issued.v1": documents.issued,
        "document.answered.v1": documents.answered,
        "document.voided.v1": documents.voided,
        "document.lift_drafted.v1": documents.lift_drafted,
        "document.lifted.v1": documents.lifted,
        "instruction.given.v1": instructions.given,
        "instruction.reported.v1": instructions.reported,
        "instruction.taken_back.v1": instructions.taken_back,
    },
    "feedback": {
        "rating.invited.v1": feedback.invited,
        "reply.rated.v1": feedback.rated,
        "rating.lapsed.v1": feedback.lapsed,
        "rework.asked.v1": feedback.rework_asked,
        "rework.decided.v1": feedback.rework_granted,
        "rework.refused.v1": feedback.rework_refused,
        "issue.tracked.v1": feedback.tracked,
        "issue.closed.v1": feedback.closed,
    },
}
OF_INTAKE: Mapping[str, Writes] = {
    "person.registered.v1": intake.person_registered,
    "person.changed.v1": intake.person_changed,
    "person.erased.v1": intake.person_erased,
    "enterprise.registered.v1": intake.enterprise_registered,
    "enterprise.changed.v1": intake.enterprise_changed,
    "talk.announced.v1": talks.announced,
    "talk.changed.v1": talks.changed,
    "talk.signed_up.v1": talks.signed_up,
    "talk.named.v1": talks.named,
    "talk.postponed.v1": talks.postponed,
    "talk.opened.v1": talks.opened,
    "talk.attended.v1": talks.attended,
    "talk.held.v1": talks.held,
    "talk.lapsed.v1": talks.lapsed,
    "talk.cancelled.v1": talks.cancelled,
}
"""Of what else intake keeps: people, enterprises, talks."""
OF_FEEDBACK: Mapping[str, Writes] = {
    "paper.published.v1": papers.published,
    "paper.heard.v1": papers.heard,
    "paper.decision_voided.v1": papers.decision_voided,
}
"""Of what else feedback keeps: papers."""
_OF_OTHERS: Mapping[str, Mapping[str, Writes]] = {"intake": OF_INTAKE, "feedback": OF_FEEDBACK}
REFERENCE: Mapping[str, Mapping[str, Writes]] = {
    "intake": {"rotation.published.v1": talks.rotation},
    "dispatch": {
        "department.published.v1": reference.department,
        "staff.published.v1": reference.staff,
        "rules.published.v1": reference.rules,
    },
    "supervision": {
        "policy.published.v1": reference.policy,
        "calendar.published.v1": reference.calendar,
    },
}
"""Versions, as they stand on the ``*.reference`` topics; on the topics of events they are only part of a timeline."""

KNOWN = frozenset(
    type for table in (*ISSUE.values(), *_OF_OTHERS.values(), *REFERENCE.values()) for type in table
)
"""Every type that this version makes rows of."""


def writes(owner: str, event: Happened) -> Writes | None:
    """What makes rows of this event on its owner's topic of events; None where nothing does."""
    if ":" not in event.subject:
        return ISSUE[owner].get(event.type) if owner in ISSUE else None
    if event.type.startswith(f"{event.subject.partition(':')[0]}."):
        return _OF_OTHERS.get(owner, {}).get(event.type)
    return None
