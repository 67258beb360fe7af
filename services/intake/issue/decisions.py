"""What intake decides when it is asked: register an issue with its promise, accept, reject, withdraw."""

from services.intake.credit_codes import CREDIT_CODE_RULE, is_credit_code
from services.intake.issue.appealing import rejection
from services.intake.issue.hearing import expected_from, joining, started, talk_of, unanswered
from services.intake.issue.life import MOVES, NOTHING, Issue, Sealed, State
from services.intake.issue.material import supplied_in
from services.intake.issue.moving import asked, moved, others
from services.intake.issue.numbers import is_issue_id, issue_number
from services.intake.issue.occasions import wrong_occasion
from services.intake.issue.wording import corrected_in
from shared.contract.attachments import OpenAttachment
from shared.contract.commands.intake import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.contract.events.intake import (
    IssueAccepted,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    Occasion,
)
from shared.contract.words import ALWAYS_ANSWERED, Confirmation, Provisional, Role, Source
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Reason, Refusal, event, legal_verbs


def register(issue: Issue | None, command: RegisterIssue, context: Context) -> Change[Issue] | Refusal:
    """Keep the words, sealed, and start the promise, which runs from now on (clocks.md, first paragraph).

    Of an issue of a talk it waits for that to say from when it runs: until then the date is provisional.
    """
    if issue is not None:
        legal = legal_verbs(MOVES, issue.state)
        return Refusal(Reason.ALREADY_REGISTERED, f"{issue_number(context.subject)} is registered", legal)
    if not is_issue_id(context.subject):
        return Refusal(Reason.MALFORMED, "subject: not an issue's id; it derives from who asks and the key")
    enterprise = command.enterprise.strip().upper()
    if enterprise and not is_credit_code(enterprise):
        return Refusal(Reason.WRONG_CREDIT_CODE, f"enterprise: {CREDIT_CODE_RULE}")
    person = _raiser(command, context)
    if isinstance(person, Refusal):
        return person
    if fault := wrong_occasion(command):
        return Refusal(Reason.MALFORMED, fault)
    number, talk = issue_number(context.subject), talk_of(command)
    promise = started(expected_from(command, context.now), context.policy, context.calendar)
    because = Provisional.TALK_NOT_HELD if talk else promise.provisional_because
    registered = Issue(
        state=State(MOVES[(NOTHING, command.verb)]),
        kind=command.kind,
        origin=command.origin,
        words=Sealed(**command.words.model_dump()),
        occasion=command.occasion and Occasion(**command.occasion.model_dump()),
        phase=command.phase,
        urgent=command.urgent,
        enterprise=enterprise,
        anonymous=command.anonymous,
        person=person,
        recorded_by=_official(context),
        registered_at=context.now,
        due_at=promise.due_at,
        provisional_because=because,
        policy=promise.policy,
        calendar=promise.calendar,
        attachments=tuple(OpenAttachment(**dict(file)) for file in command.attachments),
        waiting=unanswered(talk, context.now) if talk else None,
    )
    outcome = {
        "state": registered.state.value,
        "number": number,
        "id": context.subject,
        "due_at": promise.due_at.isoformat(),
        "due_on": promise.due_at.astimezone(SHANGHAI).date().isoformat(),
        "provisional_because": because and str(because),
    } | ({"masked": command.masked} if command.masked else {})
    messages = [event(_registration(registered, number))]
    messages += [] if talk else [event(promise)]
    if command.origin is Source.TALK and command.occasion is not None and command.occasion.id:
        messages.append(joining(context.subject, command.occasion.id, registered))
    return Change(registered, tuple(messages), outcome)


def accept(issue: Issue | None, command: AcceptIssue, context: Context) -> Change[Issue] | Refusal:
    """The office takes the issue on; of a talk, where nothing is rejected, the clerk who wrote it down does too."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if context.role == Role.CLERK and known.origin is not Source.TALK:
        return Refusal(Reason.WRONG_ROLE, "a clerk takes on what was said at a talk, and nothing else")
    corrected = corrected_in(known, command)
    if isinstance(corrected, Refusal):
        return corrected
    supplied = supplied_in(known, command)
    if isinstance(supplied, Refusal):
        return supplied
    said = {"title": command.title, "text": command.text, "corrected": corrected, "supplied": supplied}
    accepted = IssueAccepted(**said, by=context.principal)
    return moved(known, command.verb, accepted)


def reject(issue: Issue | None, command: RejectIssue, context: Context) -> Change[Issue] | Refusal:
    """The office does not take it on, for one of the four grounds; some sources always get an answer."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if known.origin in ALWAYS_ANSWERED:
        detail = f"an issue from {known.origin.value} is always answered"
        return Refusal(Reason.NOT_ELIGIBLE, detail, others(known, command.verb))
    if known.appeal is not None:
        detail = "the appeal against its rejection was upheld"
        return Refusal(Reason.NOT_ELIGIBLE, detail, others(known, command.verb))
    explanation = command.explanation.strip()
    if not explanation:
        return Refusal(Reason.REASON_MISSING, "explanation: the raiser is told why")
    made = rejection(context)
    rejected = known.model_copy(
        update={"ground": command.ground, "explanation": explanation, "rejection": made}
    )
    answer = IssueRejected(
        ground=command.ground,
        explanation=explanation,
        by=context.principal,
        appeal_until=made.appeal_until,
    )
    return moved(rejected, command.verb, answer)


def withdraw(issue: Issue | None, command: WithdrawIssue, context: Context) -> Change[Issue] | Refusal:
    """Who raised it takes it back, or the office records what they confirmed; never once a reply is out."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if context.role == Role.ENTREPRENEUR:
        withdrawn = IssueWithdrawn(person=known.person, reason=command.reason.strip())
        return moved(known, command.verb, withdrawn)
    if unconfirmed := _unconfirmed(known, command, context):
        return Refusal(Reason.CONFIRMATION_MISSING, unconfirmed)
    withdrawn = IssueWithdrawn(
        person=known.person,
        by=context.principal,
        reason=command.reason.strip(),
        confirmed_by=command.confirmed_by,
        confirmed_at=command.confirmed_at,
        called_by=command.called_by,
    )
    return moved(known, command.verb, withdrawn)


def _unconfirmed(issue: Issue, command: WithdrawIssue, context: Context) -> str:
    """What is missing of the person's confirmation; empty where nothing is."""
    if command.confirmed_by is None or command.confirmed_at is None:
        return "confirmed_by, confirmed_at: how and when the one who raised it confirmed that"
    if not issue.registered_at <= command.confirmed_at <= context.now:
        return "confirmed_at: after the registration, and not to come"
    if command.confirmed_by is Confirmation.LINK and not issue.link_sha256:
        return "confirmed_by: no link was handed out for this issue, or none that is still good"
    if (command.confirmed_by is Confirmation.CALL) != bool(command.called_by):
        return "called_by: of a call, and of nothing else, the official who spoke with them"
    return ""


def _raiser(command: RegisterIssue, context: Context) -> str | Refusal:
    """The reference of who raises it: who asks, or the person for whom an official writes it down."""
    if context.role == Role.ENTREPRENEUR:
        if command.person:
            return Refusal(Reason.WRONG_ROLE, "person: an entrepreneur speaks for nobody else")
        return context.principal
    if not command.person:
        return Refusal(
            Reason.MALFORMED, "person: say for whom it is written down; only that person may rate it"
        )
    return command.person


def _registration(issue: Issue, number: str) -> IssueRegistered:
    """What everybody may read of a new issue: not its words; the enterprise of an anonymous one is sealed too."""
    return IssueRegistered(
        number=number,
        kind=issue.kind,
        origin=issue.origin,
        occasion=issue.occasion,
        phase=issue.phase,
        urgent=issue.urgent,
        enterprise=issue.enterprise,
        anonymous=issue.anonymous,
        person=issue.person,
        recorded_by=issue.recorded_by,
        attachments=issue.attachments,
    )


def _official(context: Context) -> str:
    """Who writes it down for somebody else; empty when entrepreneurs speak for themselves."""
    return "" if context.role == Role.ENTREPRENEUR else context.principal
