"""What may be asked of dispatch: about issues, departments, staff, routing rules and alerts."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool

from shared.contract.command import Command
from shared.contract.event import MAIL, MAX_REASON_CHARS, MAX_TEXT_CHARS, PRINCIPAL, FreeText, Round
from shared.contract.events.dispatch import Substitute
from shared.contract.words import WAY_NAME, Level, Outcome, PauseGround, Role

MAX_NAME_CHARS = 100
MOST_CHOSEN = 10
"""In how many ways somebody may be told of one thing."""
MAX_ALERT_CHARS, MAX_SUMMARY_CHARS, MAX_RUNBOOK_CHARS = 40, 500, 200
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""The SHA-256 of a draft, as the outcome of ``draft`` and the reading of the issue give it."""


Phone = Annotated[str, Field(pattern=r"^0\d{2,3}-\d{7,8}$", max_length=13, examples=["0572-2039817"])]
"""A landline of an office with its area code; a mobile is always somebody's own."""


class AssignIssue(Command, type="dispatch.assign.v1", service="dispatch"):
    """Make a department the lead (交办); without one, the routing rules choose and give their terms.

    Others may be asked for their opinion in the same step (协办).
    """

    department: str = Field(default="", max_length=40)
    co_handlers: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = Field(
        default=(), max_length=10
    )
    """The departments that are asked, each with an assignment of its own."""
    wanted: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    """What they are to give their opinions on."""


class SignAssignment(Command, type="dispatch.sign.v1", service="dispatch"):
    """Sign for an assignment (签收)."""

    assignment: str = Field(max_length=100)


class ReturnAssignment(Command, type="dispatch.return.v1", service="dispatch"):
    """Say that it is not this department's matter (退回)."""

    assignment: str = Field(max_length=100)
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class RecallAssignment(Command, type="dispatch.recall.v1", service="dispatch"):
    """Take an assignment back that should not have been made (撤回交办), before a draft of it is signed off."""

    assignment: str = Field(max_length=100)
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class NameHandler(Command, type="dispatch.name_handler.v1", service="dispatch"):
    """Name who in the department handles an assignment, and the substitute (经办人、代理人), or others than before."""

    assignment: str = Field(max_length=100)
    handler: str = Field(min_length=1, max_length=100, pattern=PRINCIPAL)
    substitute: str = Field(default="", max_length=100, pattern=PRINCIPAL)
    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    """Needed where somebody was named before."""


class RuleOnReturn(Command, type="dispatch.rule.v1", service="dispatch"):
    """Rule on a return: upheld (to ``department``, or routed again) or not (it stays where it is)."""

    assignment: str = Field(max_length=100)
    upheld: StrictBool
    department: str = Field(default="", max_length=40)
    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)


class AddCoHandler(Command, type="dispatch.add_co_handler.v1", service="dispatch"):
    """Ask another department for its opinion (协办、会签) on an issue that a lead holds: the office."""

    assignment: str = Field(max_length=100)
    """The lead's, as it was read."""
    department: str = Field(min_length=1, max_length=40)
    wanted: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)
    """What it is to give its opinion on."""


class GiveOpinion(Command, type="dispatch.give_opinion.v1", service="dispatch"):
    """Give the opinion that one's department was asked for (会签): it agrees or objects, once."""

    assignment: str = Field(max_length=100)
    """The co-handler's own."""
    agrees: StrictBool
    words: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    """Needed of an objection."""


class ReleaseCoHandler(Command, type="dispatch.release_co_handler.v1", service="dispatch"):
    """Say that an opinion is not wanted any more, with a reason: the office."""

    assignment: str = Field(max_length=100)
    """The co-handler's own."""
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class DraftReply(Command, type="dispatch.draft.v1", service="dispatch"):
    """Hand in a draft (拟复)."""

    assignment: str = Field(max_length=100)
    outcome: Outcome
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    promised_on: date | None = None
    round: Round | None = None
    """The round it answers, where the sender knows it: a late draft of an earlier round is refused."""
    signed_off_by: str = Field(default="", max_length=100, pattern=PRINCIPAL)
    """Who signed it off already; taken from a department's own system and from nobody else."""
    answer: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    """With that signature: what is answered to the co-handlers who object."""


class ClaimIssue(Command, type="dispatch.claim.v1", service="dispatch"):
    """Claim an issue on the spot (当场领办): a department that is at the talk leads it from now on."""

    official: str = Field(default="", max_length=80, pattern=PRINCIPAL)
    """Of whoever writes it down in the talk's room: the account of the department's person who claims; else empty."""


class AnswerOnTheSpot(Command, type="dispatch.answer_on_the_spot.v1", service="dispatch"):
    """Answer in the talk's room (当场答复): its leader says it, and the reply goes out with these words."""

    outcome: Outcome
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    promised_on: date | None = None
    official: str = Field(default="", max_length=80, pattern=PRINCIPAL)
    """Of whoever writes it down in the talk's room: the account of the leader who answers; else empty."""


class BatchMember(BaseModel):
    """One issue, and the department that is to lead it; empty: the routing rules choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issue: str = Field(min_length=1, max_length=90)
    department: str = Field(default="", max_length=40)


class AssignMany(Command, type="dispatch.batch.assign.v1", service="dispatch", kind="batch"):
    """Assign many issues at once (一键交办), each to its own department; each answers done or refused."""

    members: tuple[BatchMember, ...] = Field(min_length=1, max_length=500)
    talk: str = Field(default="", max_length=90, pattern=r"^[\w-]*$")
    """The talk whose issues they are; empty of another selection."""


class AssignInBatch(Command, type="dispatch.assign_in_batch.v1", service="dispatch"):
    """One of many is assigned, as the office asked for all of them."""

    batch: str = Field(max_length=90)
    department: str = Field(default="", max_length=40)
    by: str = Field(max_length=120)
    """Who asked, with the role."""


class ConfirmAssigned(Command, type="dispatch.batch.confirm.v1", service="dispatch", kind="batch"):
    """One of many answers: it is assigned, or why it is not."""

    issue: str = Field(max_length=90)
    department: str = Field(default="", max_length=40)
    refused: str = Field(default="", max_length=40)
    """The reason; empty where it is assigned."""


class SignOffReply(Command, type="dispatch.sign_off.v1", service="dispatch"):
    """Sign the draft that was read off (签发): the department's leader."""

    assignment: str = Field(max_length=100)
    draft: Round
    sha256: Hash
    answer: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    """What is answered to the co-handlers who object; needed where one does."""


class CheckReply(Command, type="dispatch.check.v1", service="dispatch"):
    """Find the signed draft that was read fit to go out (审核把关): the office."""

    assignment: str = Field(max_length=100)
    draft: Round
    sha256: Hash


class SendBackReply(Command, type="dispatch.send_back.v1", service="dispatch"):
    """Hand the draft that was read back to the handler, with a reason."""

    assignment: str = Field(max_length=100)
    draft: Round
    sha256: Hash
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class ReleaseReply(Command, type="dispatch.release.v1", service="dispatch"):
    """Release the draft that was read as the reply (答复): the office."""

    assignment: str = Field(max_length=100)
    draft: Round
    sha256: Hash


class CorrectReply(Command, type="dispatch.correct.v1", service="dispatch"):
    """Set a corrected version beside the one that was read of a reply that is out (更正); its outcome stays."""

    assignment: str = Field(max_length=100)
    round: Round
    version: Round
    """The version that was read: 1 is the reply as it was released."""
    sha256: Hash
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    promised_on: date | None = None
    """Of a planned outcome another date, where that was wrong too; left out, it stays."""
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class AskExtension(Command, type="dispatch.ask_extension.v1", service="dispatch"):
    """Ask for more time (申请延期), at least one working day before the promise is due, with a reason."""

    assignment: str = Field(max_length=100)
    until: date
    """The working day on which it would be due instead."""
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class GrantExtension(Command, type="dispatch.grant_extension.v1", service="dispatch"):
    """Grant the extension that was read (同意延期): the office, and never who asked."""

    assignment: str = Field(max_length=100)
    request: Round


class RefuseExtension(Command, type="dispatch.refuse_extension.v1", service="dispatch"):
    """Refuse the extension that was read (不同意延期), with a reason."""

    assignment: str = Field(max_length=100)
    request: Round
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class AskPause(Command, type="dispatch.ask_pause.v1", service="dispatch"):
    """Ask for a pause (申请暂停计时) on one of three grounds, with a reason."""

    assignment: str = Field(max_length=100)
    ground: PauseGround
    basis: FreeText = Field(default="", max_length=200)
    """The legal basis; needed where the ground is a statutory procedure."""
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class AskEnterprise(Command, type="dispatch.ask_enterprise.v1", service="dispatch"):
    """Ask who raised the issue for something (请企业补充): its own clock pauses, the promise by a grant."""

    assignment: str = Field(max_length=100)
    words: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)
    """The question, as they read it."""


class GrantPause(Command, type="dispatch.grant_pause.v1", service="dispatch"):
    """Grant the pause that was read (同意暂停计时): the office, and never who asked."""

    assignment: str = Field(max_length=100)
    request: Round


class RefusePause(Command, type="dispatch.refuse_pause.v1", service="dispatch"):
    """Refuse the pause that was read (不同意暂停计时), with a reason."""

    assignment: str = Field(max_length=100)
    request: Round
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class EndPause(Command, type="dispatch.end_pause.v1", service="dispatch"):
    """End the pause or question that was read (恢复计时): what was waited for has come, or it holds no longer."""

    assignment: str = Field(max_length=100)
    request: Round
    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)


class HandOver(Command, type="dispatch.hand_over.v1", service="dispatch"):
    """Hand an issue over to the department that took its holder in; posted by the holder's own aggregate."""

    department: str = Field(max_length=40)
    to: str = Field(max_length=40)
    by: str = Field(max_length=100)


class PublishDepartment(
    Command, type="dispatch.department.publish.v1", service="dispatch", kind="department"
):
    """Publish a version of a department's directory entry; a renamed department keeps its code."""

    name_zh: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    name_en: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    level: Level = Level.CITY
    parent: str = Field(default="", max_length=40)
    duties: tuple[str, ...] = Field(default=(), max_length=200)
    head: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    leader_in_charge: str = Field(default="", max_length=MAX_NAME_CHARS)
    deputies: tuple[str, ...] = Field(default=(), max_length=50)
    leaders: tuple[str, ...] = Field(default=(), max_length=50)
    """Account names of who may sign off: the head and the deputies; empty as long as they are not named."""
    handlers: tuple[str, ...] = Field(default=(), max_length=500)
    substitutes: tuple[Substitute, ...] = Field(default=(), max_length=500)
    phones: tuple[Phone, ...] = Field(default=(), max_length=100)
    """What its offices are called by, for everybody to read: not masked in anybody's words."""
    in_force_from: AwareDatetime | None = None
    """Now, where it is left out."""


class MergeDepartment(Command, type="dispatch.department.merge.v1", service="dispatch", kind="department"):
    """Merge a department into another, which takes over the open issues named."""

    into: str = Field(min_length=1, max_length=40)
    issues: tuple[str, ...] = Field(default=(), max_length=100_000)


class ConfirmHandOver(
    Command, type="dispatch.department.confirm_hand_over.v1", service="dispatch", kind="department"
):
    """An issue answers the merger: it went over, or there was nothing to hand over any more."""

    issue: str = Field(max_length=100)


class RefuseMessage(
    Command, type="dispatch.department.refuse_message.v1", service="dispatch", kind="department"
):
    """Tell a department that one of its messages was refused, where it belongs to no issue."""

    message: str
    reason: str
    detail: str = ""
    legal: tuple[str, ...] = ()


class PublishStaff(Command, type="dispatch.staff.publish.v1", service="dispatch", kind="staff"):
    """Publish a version of an official's entry."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    roles: tuple[Role, ...] = Field(min_length=1, max_length=10)
    level: Level = Level.CITY
    department: str = Field(default="", max_length=40)
    mail: str = Field(default="", max_length=254, pattern=MAIL)
    in_force_from: AwareDatetime | None = None


class ChooseWays(Command, type="dispatch.staff.choose_ways.v1", service="dispatch", kind="staff"):
    """Choose in which ways one is told that there is work."""

    ways: tuple[Annotated[str, Field(pattern=WAY_NAME)], ...] = Field(min_length=1, max_length=MOST_CHOSEN)


class ReportAlert(Command, type="dispatch.alert.report.v1", service="dispatch", kind="alert"):
    """Tell the operators that an alert of the monitoring fires, or that it is over; each is told once."""

    name: str = Field(min_length=1, max_length=MAX_ALERT_CHARS, pattern=ONE_LINE)
    severity: str = Field(default="", max_length=MAX_ALERT_CHARS)
    """``page`` where somebody has to see to it at once, at night too."""
    summary: FreeText = Field(default="", max_length=MAX_SUMMARY_CHARS)
    runbook: FreeText = Field(default="", max_length=MAX_RUNBOOK_CHARS)
    """What to do about it: where that stands."""
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    """None while it fires."""


class PublishRules(Command, type="dispatch.rules.publish.v1", service="dispatch", kind="rules"):
    """Publish a version of the routing rules: the words that speak for each department."""

    fallback: str = Field(min_length=1, max_length=40)
    keywords: dict[str, tuple[str, ...]]
    in_force_from: AwareDatetime | None = None
