"""Handing an issue to the body whose matter it is, and the receipt that comes back."""

from datetime import date

from services.intake.issue.life import Issue, Referral
from services.intake.issue.moving import asked, moved
from shared.contract.commands.intake import Receipt, RecordReceipt, ReferIssue
from shared.contract.events.intake import IssueReferred, ReferralReceipted
from shared.contract.words import ALWAYS_ANSWERED, Body
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Reason, Refusal

UNSPOKEN = (Body.DISCIPLINE_INSPECTION,)
"""What goes there is said nowhere else: no event names words or people, and the issue's key is deleted (api.py)."""


def refer(issue: Issue | None, command: ReferIssue, context: Context) -> Change[Issue] | Refusal:
    """The office hands it on, which ends it here; no reply is out yet."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if wrong := unfit_reason(command):
        return wrong
    receipt = command.receipt
    if receipt is None and known.origin in ALWAYS_ANSWERED:
        detail = f"receipt: an issue from {known.origin.value} is handed on with the body's receipt"
        return Refusal(Reason.RECEIPT_MISSING, detail)
    if receipt is not None and (refusal := _of_a_day_to_come(receipt.on, context)):
        return refusal
    referral = Referral(body=command.body, addressee=command.addressee.strip(), reason=command.reason.strip())
    said = {"addressee": referral.addressee, "reason": referral.reason}
    happened = IssueReferred(
        body=command.body, by=context.principal, **({} if command.body in UNSPOKEN else said)
    )
    referred = known.model_copy(update={"referral": referral})
    if receipt is None:
        return moved(referred, command.verb, happened)
    return moved(_with(referred, receipt), command.verb, happened, _receipted(receipt, context))


def record_receipt(issue: Issue | None, command: RecordReceipt, context: Context) -> Change[Issue] | Refusal:
    """The office writes the receipt down; one that was mistyped is written down again."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if refusal := _of_a_day_to_come(command.on, context):
        return refusal
    receipt = Receipt(number=command.number, on=command.on)
    return moved(_with(known, receipt), command.verb, _receipted(receipt, context))


def unfit_reason(command: ReferIssue) -> Refusal | None:
    """A reason is given, but of a complaint about an official none: the gateway refuses that before it is posted."""
    if command.body in UNSPOKEN and command.reason:
        return Refusal(Reason.MALFORMED, "reason: nothing of a complaint about an official is written down")
    if command.body not in UNSPOKEN and not command.reason.strip():
        return Refusal(Reason.REASON_MISSING, "reason: who raised it reads why it is that body's matter")
    return None


def is_unspoken(issue: Issue) -> bool:
    """Whether it was handed to a body whose matters nobody else may read."""
    return issue.referral is not None and issue.referral.body in UNSPOKEN


def _with(issue: Issue, receipt: Receipt) -> Issue:
    referral = issue.referral
    assert referral is not None  # by the table of moves: it was referred
    given = {"receipt_number": receipt.number.strip(), "receipt_on": receipt.on}
    return issue.model_copy(update={"referral": referral.model_copy(update=given)})


def _receipted(receipt: Receipt, context: Context) -> ReferralReceipted:
    return ReferralReceipted(number=receipt.number.strip(), on=receipt.on, by=context.principal)


def _of_a_day_to_come(on: date, context: Context) -> Refusal | None:
    if on <= context.now.astimezone(SHANGHAI).date():
        return None
    return Refusal(Reason.MALFORMED, "on: a receipt is not of a day to come")
