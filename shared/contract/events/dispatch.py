"""What dispatch tells: assignments, replies, and its reference data (departments, staff, routing rules)."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contract.event import DISPATCH, DISPATCH_QUESTIONS, Event, Number, Round
from shared.contract.words import (
    Chooser,
    OpenChooser,
    OpenCoHandlingEnd,
    OpenEnded,
    OpenLevel,
    OpenOutcome,
    OpenPauseGround,
    OpenRole,
    OpenTransferCause,
)


class IssueAssigned(Event, type="issue.assigned.v1", topic=DISPATCH, must_understand=True):
    """Happens when one department becomes the lead of an accepted issue; says who or what chose it."""

    assignment: str
    round: Round = 1
    """Of replies: from the second one on less time is given."""
    department: str
    head: str
    chosen_by: OpenChooser = Chooser.PERSON
    rules: str = ""
    """The version of the rules or of the model that chose; empty when a person did."""
    terms: tuple[str, ...] = ()
    """The words of the issue by which a rule chose."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    by: str


class IssueClaimed(Event, type="issue.claimed.v1", topic=DISPATCH):
    """Happens when a department claims an issue on the spot (当场领办) and becomes its lead."""

    assignment: str
    department: str
    talk: str
    by: str
    recorded_by: str = ""
    """Who wrote it down there for them; empty where they did it themselves."""


class AnsweredOnTheSpot(Event, type="issue.answered_on_the_spot.v1", topic=DISPATCH):
    """Happens when a department answers in the talk's room; the released reply follows with these words."""

    assignment: str
    department: str
    round: Round
    draft: Round
    sha256: str
    outcome: OpenOutcome
    talk: str
    by: str
    recorded_by: str = ""
    """Who wrote it down there for them; empty where they did it themselves."""


class InBatch(BaseModel):
    """One issue of many that are assigned at once."""

    model_config = ConfigDict(frozen=True, extra="allow")
    issue: str
    department: str = ""
    refused: str = ""
    """Why it was not assigned; empty where it was, and before that is known."""


class BatchBegun(Event, type="batch.begun.v1", topic=DISPATCH):
    """Happens when the office assigns many issues at once (一键交办)."""

    members: tuple[InBatch, ...]
    talk: str = ""
    by: str


class BatchDone(Event, type="batch.done.v1", topic=DISPATCH):
    """Happens when each of many has answered: it was assigned, or why it was not."""

    members: tuple[InBatch, ...]
    assigned: Number
    """How many were."""


class AssignmentSigned(Event, type="assignment.signed.v1", topic=DISPATCH, must_understand=True):
    """Happens when the department signs for its assignment."""

    assignment: str
    department: str
    by: str


class AssignmentReturned(Event, type="assignment.returned.v1", topic=DISPATCH, must_understand=True):
    """Happens when a department says, within one working day and with a reason, that it is not its matter."""

    assignment: str
    department: str
    reason: str
    by: str


class AssignmentRuled(Event, type="assignment.ruled.v1", topic=DISPATCH, must_understand=True):
    """Happens when the office rules on a return; its ruling is final."""

    assignment: str
    department: str
    upheld: bool
    reason: str = ""
    by: str


class AssignmentRecalled(Event, type="assignment.recalled.v1", topic=DISPATCH, must_understand=True):
    """Happens when the office takes an assignment back before a draft was signed off: nobody holds the issue now."""

    assignment: str
    department: str
    reason: str
    by: str


class HandlerNamed(Event, type="handler.named.v1", topic=DISPATCH):
    """Happens when a department names who handles an assignment and who stands in, first or in place of others."""

    assignment: str
    department: str
    handler: str
    substitute: str = ""
    previous_handler: str = ""
    previous_substitute: str = ""
    reason: str = ""
    by: str


class AssignmentTransferred(Event, type="assignment.transferred.v1", topic=DISPATCH, must_understand=True):
    """Happens when one assignment ends and another department becomes the lead, and says why."""

    assignment: str
    round: Round = 1
    """Of replies: from the second one on less time is given."""
    department: str
    head: str
    previous_assignment: str
    previous_department: str
    why: OpenTransferCause
    transfers: Number
    """How many upheld returns the issue has had; mergers of departments are outside this count."""
    by: str


class CoHandlerAdded(Event, type="assignment.co_handler_added.v1", topic=DISPATCH):
    """Happens when the office adds a co-handler with an assignment of its own: its opinion is due to the lead."""

    assignment: str
    """Of the co-handler: ``<issue>.c<n>``, which no lead's is."""
    round: Round
    department: str
    head: str
    wanted: str
    """What it is to give its opinion on."""
    started_at: AwareDatetime
    due_at: AwareDatetime
    limit: str
    policy: str
    """The versions by which that was counted: its clock runs by them."""
    calendar: str
    by: str


class CoHandlerHeard(Event, type="assignment.co_handler_heard.v1", topic=DISPATCH, must_understand=True):
    """Happens when a co-handler countersigns or objects; its words go to the lead's own topic alone."""

    assignment: str
    round: Round
    department: str
    agrees: bool
    by: str


class CoHandlerReleased(
    Event, type="assignment.co_handler_released.v1", topic=DISPATCH, must_understand=True
):
    """Happens when a co-handler's opinion is wanted no more, and says why."""

    assignment: str
    round: Round
    department: str
    because: OpenCoHandlingEnd
    reason: str = ""
    by: str = ""


class ExtensionAsked(Event, type="extension.asked.v1", topic=DISPATCH):
    """Happens when the holder asks for more time, at least one working day before the promise is due."""

    assignment: str
    department: str
    round: Round
    request: Round
    """The how-manieth extension that is asked of this issue; from the third one on it goes up the ladder."""
    reason: str
    due_at: AwareDatetime
    """When the promise is due without it."""
    until: date
    """The day on which it would be due instead."""
    days: Number
    """How many working days later that is."""
    by: str


class ExtensionGranted(Event, type="extension.granted.v1", topic=DISPATCH, must_understand=True):
    """Happens when the extension is granted one level up; the raiser is told, the first date is kept for ever."""

    assignment: str
    department: str
    round: Round
    request: Round
    days: Number
    original_due_at: AwareDatetime
    """What the raiser was told first."""
    old_due_at: AwareDatetime
    due_at: AwareDatetime
    by: str


class ExtensionRefused(Event, type="extension.refused.v1", topic=DISPATCH):
    """Happens when the extension is refused, with a reason."""

    assignment: str
    department: str
    round: Round
    request: Round
    reason: str
    by: str


class ExtensionEnded(Event, type="extension.ended.v1", topic=DISPATCH):
    """Happens when an open request lapses because the promise it asked about fell due, or its assignment is over."""

    assignment: str
    department: str
    round: Round
    request: Round
    because: OpenEnded


class PauseAsked(Event, type="pause.asked.v1", topic=DISPATCH):
    """Happens when the holder asks for a pause on one of three grounds."""

    assignment: str
    department: str
    round: Round
    request: Round
    """The how-manieth pause that is asked of this issue."""
    ground: OpenPauseGround
    basis: str = ""
    """The legal basis of a statutory procedure."""
    reason: str
    by: str


class PauseGranted(Event, type="pause.granted.v1", topic=DISPATCH, must_understand=True):
    """Happens when the pause is granted: days at whose end it is in force do not count."""

    assignment: str
    department: str
    round: Round
    request: Round
    ground: OpenPauseGround
    basis: str = ""
    ends_at: AwareDatetime | None = None
    """When it ends by itself; None where somebody ends it."""
    by: str


class PauseRefused(Event, type="pause.refused.v1", topic=DISPATCH):
    """Happens when the pause is refused, with a reason."""

    assignment: str
    department: str
    round: Round
    request: Round
    reason: str
    by: str


class PauseEnded(Event, type="pause.ended.v1", topic=DISPATCH, must_understand=True):
    """Happens when what was waited for has come, its time ran out, a person ended it, or its assignment is over."""

    assignment: str
    department: str
    round: Round
    request: Round
    because: OpenEnded
    reason: str = ""
    granted: bool = True
    """Whether it was in force for the promise; a question to the raiser ends without that too, and so does a request
    that nobody decided on, with its assignment."""
    due_at: AwareDatetime | None = None
    """When the promise is due from now on; None where nobody waits for it any more."""
    by: str = ""


class EnterpriseAsked(Event, type="assignment.enterprise_asked.v1", topic=DISPATCH, must_understand=True):
    """Happens when the holder asks the raiser for something: its own clock pauses, and a pause is asked for."""

    assignment: str
    department: str
    round: Round
    request: Round
    """Counted with the pauses of this issue: the question, its answer and its pause name each other by it."""
    words: str
    ends_at: AwareDatetime
    """When it ends by itself, answered or not, and with it the pause."""
    by: str


class QuestionPut(Event, type="question.put.v1", topic=DISPATCH_QUESTIONS):
    """Happens when a department asks the raiser something: intake tells them, and collects the answer."""

    assignment: str
    department: str
    round: Round
    request: Round
    words: str
    ends_at: AwareDatetime


class QuestionClosed(Event, type="question.closed.v1", topic=DISPATCH_QUESTIONS):
    """Happens when a question ends that was not answered: intake takes no answer any more."""

    request: Round
    because: OpenEnded


class DatePutOff(Event, type="date.put_off.v1", topic=DISPATCH_QUESTIONS):
    """Happens when an extension was granted: intake tells who raised the issue that its date is another."""

    round: Round
    old_due_at: AwareDatetime
    due_at: AwareDatetime


class ReplyDrafted(Event, type="reply.drafted.v1", topic=DISPATCH):
    """Happens when a handler hands in a draft; its words stay in the department (docs/local-state.md)."""

    assignment: str
    department: str
    round: Round
    draft: Round
    sha256: str
    outcome: OpenOutcome
    by: str


class ReplySignedOff(Event, type="reply.signed_off.v1", topic=DISPATCH):
    """Happens when the department's leader signs this very draft off."""

    assignment: str
    department: str
    round: Round
    draft: Round
    sha256: str
    by: str


class ReplyChecked(Event, type="reply.checked.v1", topic=DISPATCH):
    """Happens when the office finds a signed draft fit to go out."""

    assignment: str
    department: str
    round: Round
    draft: Round
    sha256: str
    by: str


class ReplySentBack(Event, type="reply.sent_back.v1", topic=DISPATCH):
    """Happens when leader or office hand a draft back to the handler with a reason."""

    assignment: str
    department: str
    round: Round
    draft: Round
    sha256: str
    reason: str
    by: str


class ReplyReleased(Event, type="reply.released.v1", topic=DISPATCH, must_understand=True):
    """Happens when the office releases the reply: from here the issue is handled."""

    assignment: str
    department: str
    round: Round
    draft: Round
    sha256: str
    outcome: OpenOutcome
    outcome_class: str
    text: str
    promised_on: date | None = None
    by: str
    handled_by: tuple[str, ...] = ()
    """The accounts of who drafted it and who signed it off: they do not decide on what becomes of it."""


class ReplyCorrected(Event, type="reply.corrected.v1", topic=DISPATCH):
    """Happens when the office sets a corrected version beside a released reply; it reopens nothing."""

    assignment: str
    department: str
    round: Round
    version: Round
    """Counted within the round: 1 is the reply as it was released, so the first correction is 2."""
    sha256: str
    """Over outcome, date and text, as the hash of a draft is."""
    outcome: OpenOutcome
    text: str
    promised_on: date | None = None
    reason: str
    by: str


class Substitute(BaseModel):
    """Who acts for a handler or leader who is away."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    of: str
    by: str


class DepartmentPublished(Event, type="department.published.v1", topic=DISPATCH, reference=True):
    """Happens when a version of a department's directory entry comes into force."""

    version: str
    in_force_from: AwareDatetime
    name_zh: str
    name_en: str
    level: OpenLevel
    parent: str = ""
    duties: tuple[str, ...] = ()
    head: str
    """The post of the head of the department (一把手)."""
    leader_in_charge: str = ""
    """分管领导."""
    deputies: tuple[str, ...] = ()
    leaders: tuple[str, ...] = ()
    """Account names of who may sign off (签发), beside their substitutes; empty: they are not named yet."""
    handlers: tuple[str, ...] = ()
    substitutes: tuple[Substitute, ...] = ()
    phones: tuple[str, ...] = ()
    """What its offices are called by (办公电话): not masked in anybody's words."""
    merged_into: str = ""
    """The department that took its work over; a merged department is given nothing any more."""
    by: str


class StaffPublished(Event, type="staff.published.v1", topic=DISPATCH, reference=True):
    """Happens when a version of an official's entry comes into force: roles, level and department."""

    version: str
    in_force_from: AwareDatetime
    name: str
    roles: tuple[OpenRole, ...]
    level: OpenLevel
    department: str = ""
    mail: str = ""
    """Where notices reach this official; empty where the account says it (docs/settings.md)."""
    by: str


class WaysChosen(Event, type="staff.ways_chosen.v1", topic=DISPATCH, reference=True):
    """Happens when an official chose in which ways they are told that there is work."""

    version: str
    in_force_from: AwareDatetime
    ways: tuple[str, ...]
    """Their names, as the deployment gives them, and ``mail``; no address and no secret of any."""
    by: str


class RulesPublished(Event, type="rules.published.v1", topic=DISPATCH, reference=True):
    """Happens when a version of the routing rules comes into force: the words that speak for each department."""

    version: str
    in_force_from: AwareDatetime
    fallback: str
    """The department that gets what no rule knows."""
    keywords: dict[str, tuple[str, ...]]
    by: str
