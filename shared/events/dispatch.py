"""What dispatch tells: assignments, requests for time, replies, the directory and the routing rules."""

from datetime import date

from pydantic import AwareDatetime

from shared.events.base import DISPATCH, Event
from shared.events.words import DirectoryEntry, Outcome, PauseGround


class IssueAssigned(Event, type="issue.assigned.v1", topic=DISPATCH):
    """Happens when the office makes one department the lead of an accepted issue."""

    assignment: str
    department: str
    head: str
    reason: str = ""
    by: str


class AssignmentSigned(Event, type="assignment.signed.v1", topic=DISPATCH):
    """Happens when the department signs for its assignment."""

    assignment: str
    department: str
    by: str


class AssignmentReturned(Event, type="assignment.returned.v1", topic=DISPATCH):
    """Happens when a department says, within one working day and with a reason, that it is not its matter."""

    assignment: str
    department: str
    reason: str
    by: str


class AssignmentRuled(Event, type="assignment.ruled.v1", topic=DISPATCH):
    """Happens when the office rules on a return; its ruling is final."""

    assignment: str
    department: str
    upheld: bool
    reason: str = ""
    by: str


class AssignmentTransferred(Event, type="assignment.transferred.v1", topic=DISPATCH):
    """Happens when an upheld return ends one assignment and another department becomes the lead."""

    assignment: str
    department: str
    head: str
    previous_assignment: str
    previous_department: str
    transfers: int
    by: str


class ReplyDrafted(Event, type="reply.drafted.v1", topic=DISPATCH):
    """Happens when a handler hands in a draft; its words stay in the department (docs/local-state.md)."""

    assignment: str
    department: str
    round: int
    outcome: Outcome
    by: str


class ReplySignedOff(Event, type="reply.signed_off.v1", topic=DISPATCH):
    """Happens when the department's leader signs the draft off."""

    assignment: str
    department: str
    round: int
    by: str


class ReplyChecked(Event, type="reply.checked.v1", topic=DISPATCH):
    """Happens when the office finds a signed draft fit to go out."""

    assignment: str
    department: str
    round: int
    by: str


class ReplySentBack(Event, type="reply.sent_back.v1", topic=DISPATCH):
    """Happens when leader or office hand a draft back to the handler with a reason."""

    assignment: str
    department: str
    round: int
    reason: str
    by: str


class ReplyReleased(Event, type="reply.released.v1", topic=DISPATCH):
    """Happens when the office releases the reply: from here the issue is handled."""

    assignment: str
    department: str
    round: int
    outcome: Outcome
    outcome_class: str
    text: str
    promised_on: str = ""
    by: str


class IssueClaimed(Event, type="issue.claimed.v1", topic=DISPATCH):
    """Happens when a department claims an issue on the spot (当场领办) and becomes its lead."""

    assignment: str
    department: str
    head: str
    talk: str = ""
    by: str


class IssueAnsweredOnTheSpot(Event, type="issue.answered_on_the_spot.v1", topic=DISPATCH):
    """Happens when a department answers in the room; the released reply follows with these words."""

    assignment: str
    department: str
    talk: str
    outcome: Outcome
    text: str
    by: str


class IssueRaisedUp(Event, type="issue.raised_up.v1", topic=DISPATCH):
    """Happens when a county raises an issue to the city (提级办理); its promise clock stays here."""

    to: str
    reason: str
    by: str


class IssueHandedDown(Event, type="issue.handed_down.v1", topic=DISPATCH):
    """Happens when the city hands an issue to the county it belongs to (交办属地)."""

    to: str
    reason: str
    by: str


class AssignmentProgressed(Event, type="assignment.progressed.v1", topic=DISPATCH):
    """Happens when the holder notes progress for the raiser to read; it touches no clock."""

    assignment: str
    department: str
    text: str
    by: str


class EnterpriseAsked(Event, type="assignment.enterprise_asked.v1", topic=DISPATCH):
    """Happens when the holder asks the raiser for something; intake collects the answer."""

    assignment: str
    department: str
    round: int
    question: str
    by: str


class CoHandlerAdded(Event, type="assignment.co_handler_added.v1", topic=DISPATCH):
    """Happens when the office adds a co-handler with an assignment of its own."""

    assignment: str
    department: str
    head: str
    lead_assignment: str
    by: str


class CoHandlerHeard(Event, type="assignment.co_handler_heard.v1", topic=DISPATCH):
    """Happens when a co-handler countersigns or objects; its words go to the lead's own topic."""

    assignment: str
    department: str
    round: int
    lead_assignment: str
    agrees: bool
    by: str


class ExtensionAsked(Event, type="extension.asked.v1", topic=DISPATCH):
    """Happens when the holder asks for more time, at least one working day before due."""

    assignment: str
    department: str
    round: int
    request: str
    until_on: date
    reason: str
    by: str


class ExtensionGranted(Event, type="extension.granted.v1", topic=DISPATCH):
    """Happens when the extension is granted one level up; the raiser is told."""

    assignment: str
    department: str
    round: int
    request: str
    until_on: date
    days: int
    by: str


class ExtensionRefused(Event, type="extension.refused.v1", topic=DISPATCH):
    """Happens when the extension is refused, with a reason."""

    assignment: str
    department: str
    round: int
    request: str
    reason: str
    by: str


class ExtensionEnded(Event, type="extension.ended.v1", topic=DISPATCH):
    """Happens when an open request lapses because the clock it asked about is breached or stopped."""

    assignment: str
    department: str
    round: int
    request: str
    reason: str


class PauseAsked(Event, type="pause.asked.v1", topic=DISPATCH):
    """Happens when the holder asks for a pause on one of three grounds."""

    assignment: str
    department: str
    round: int
    request: str
    ground: PauseGround
    legal_basis: str = ""
    reason: str
    by: str


class PauseGranted(Event, type="pause.granted.v1", topic=DISPATCH):
    """Happens when the pause is granted: days at whose end it is in force do not count."""

    assignment: str
    department: str
    round: int
    request: str
    ground: PauseGround
    legal_basis: str = ""
    from_at: AwareDatetime
    until_at: AwareDatetime | None = None
    by: str


class PauseRefused(Event, type="pause.refused.v1", topic=DISPATCH):
    """Happens when the pause is refused, with a reason."""

    assignment: str
    department: str
    round: int
    request: str
    reason: str
    by: str


class PauseEnded(Event, type="pause.ended.v1", topic=DISPATCH):
    """Happens when what was waited for has come, the pause ran out, or a person ended it."""

    assignment: str
    department: str
    round: int
    request: str
    ended_at: AwareDatetime
    ran_out: bool = False
    by: str = ""


class DirectoryPublished(Event, type="directory.published.v1", topic=DISPATCH):
    """Happens when a version of the department directory comes into force."""

    version: str
    departments: tuple[DirectoryEntry, ...]
    by: str


class RulesPublished(Event, type="rules.published.v1", topic=DISPATCH):
    """Happens when a version of the routing rules comes into force; the text makes old choices explicable."""

    version: str
    rules: tuple[str, ...]
    by: str
