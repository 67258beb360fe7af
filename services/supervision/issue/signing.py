"""What supervision decides of documents when a person asks: issued by hand, signed, answered, lifted.

Beyond the order nothing goes out without a name under it: that of a person of the same or a higher level.
"""

from services.supervision.issue import documents
from services.supervision.issue.decisions import UNKNOWN, answerer, may_not, may_not_lift, stale
from services.supervision.issue.life import Document, DocumentState, Issue
from shared.contract.commands.supervision import (
    AnswerOrder,
    IssueDocument,
    LiftDocument,
    RecordNumber,
    SignDocument,
)
from shared.contract.envelope import time_text
from shared.contract.events.supervision import DocumentAnswered
from shared.contract.words import DocumentEnd, DocumentKind
from shared.domain.decisions import Change, Context, Reason, Refusal
from shared.domain.documents import NEEDS_WORDS, number_text, year_of
from shared.domain.steps import ORDER

NOT_ENDED = (DocumentState.DRAFTED, DocumentState.ISSUED, DocumentState.ANSWERED)
MOST_BY_HAND = 20
"""How many documents of one issue may be issued by hand: what grows without end stops one day."""


def issue_by_hand(issue: Issue | None, command: IssueDocument, context: Context) -> Change[Issue] | Refusal:
    """A reminder, an order, an interview's record or a circular; it goes out as soon as it has its number."""
    if issue is None:
        return UNKNOWN
    if refusal := _cannot_issue(issue, command, context):
        return refusal
    order = command.kind is DocumentKind.SUPERVISION_ORDER
    policy, calendar = context.policy, context.calendar
    days = command.answer_days or policy.steps[ORDER - 1].answer_days
    due = documents.answer_due(days, context.now, context.reference, policy.version, calendar.version)
    document = Document(
        id=documents.next_id(issue),
        kind=command.kind,
        state=DocumentState.REQUESTED,
        policy=policy.version,
        round=issue.round,
        assignment=issue.assignment,
        department=issue.department,
        year=year_of(context.now),
        due_at=context.now,
        answer_due_at=due if order else None,
        words=command.words.strip(),
        praise=command.praise,
        joint=command.joint,
        offices=command.offices,
        across=command.across,
        by=context.principal,
        level=_level(context),
    )
    after, messages = documents.make(issue, document, context)
    return Change(after, messages, {"document": document.id})


def record_number(issue: Issue | None, command: RecordNumber, context: Context) -> Change[Issue] | Refusal:
    """The register has answered: the document goes out, waits for a signature, or is void."""
    found = _document(issue, command.document)
    if isinstance(found, Refusal):
        return found
    issue, document = found
    if document.state is not DocumentState.REQUESTED:
        return Change(issue)
    entered = document.model_copy(update={"number": command.number})
    after, messages = documents.numbered(entered, context)
    return Change(documents.put(issue, after), messages)


def sign(issue: Issue | None, command: SignDocument, context: Context) -> Change[Issue] | Refusal:
    """A drafted document goes out under the name of who signs it."""
    found = _document(issue, command.document)
    if isinstance(found, Refusal):
        return found
    issue, document = found
    if document.state is not DocumentState.DRAFTED:
        return _illegal(document, "signed")
    words = command.words.strip()
    if document.kind in NEEDS_WORDS and not words:
        return Refusal(Reason.REASON_MISSING, f"words: {document.kind} needs words of its own")
    if refusal := _cannot_sign(issue, command.signature, context, (document,)):
        return refusal
    signed = document.model_copy(update={"words": words, "by": context.principal, "level": _level(context)})
    after, messages = documents.issued(signed, context)
    return Change(documents.put(issue, after), messages, _number(after))


def answer(issue: Issue | None, command: AnswerOrder, context: Context) -> Change[Issue] | Refusal:
    """The department answers an order; the ladder goes on until a reply is out."""
    found = _document(issue, command.document)
    if isinstance(found, Refusal):
        return found
    issue, document = found
    if refusal := stale(issue, command):
        return refusal
    if document.kind is not DocumentKind.SUPERVISION_ORDER or document.state is not DocumentState.ISSUED:
        return _illegal(document, "answered")
    if not issue.department:  # of what nobody holds the rights cannot say whose it is
        return Refusal(Reason.ILLEGAL_MOVE, "no department holds it now: nobody answers for it")
    words = command.words.strip()
    if not words:
        return Refusal(Reason.REASON_MISSING, "words: say what was done about it")
    by = answerer(context)
    answers = DocumentAnswered(document=document.id, because=DocumentEnd.WORDS, words=words, by=by)
    after, messages = documents.answered(document, answers)
    return Change(documents.put(issue, after), messages)


def lift_document(issue: Issue | None, command: LiftDocument, context: Context) -> Change[Issue] | Refusal:
    """One document counts no longer, or is not going to be signed; the step of the ladder stays."""
    found = _document(issue, command.document)
    if isinstance(found, Refusal):
        return found
    issue, document = found
    if document.state not in NOT_ENDED:
        return _illegal(document, "lifted")
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: everybody reads why it was lifted")
    if why := may_not_lift(issue, (document,), context):
        return Refusal(Reason.WRONG_ROLE, why)
    ended = documents.Ended(DocumentEnd.PERSON, reason, context.principal)
    after, messages = documents.ended(document, ended)
    return Change(documents.put(issue, after), messages)


def _cannot_issue(issue: Issue, command: IssueDocument, context: Context) -> Refusal | None:
    """Why no such document can be issued now; None where it can."""
    if not issue.department:
        return Refusal(Reason.ILLEGAL_MOVE, "no department holds it: there is nobody to address")
    if issue.ended_at is not None and not command.praise:
        return Refusal(Reason.ILLEGAL_MOVE, f"it ended at {time_text(issue.ended_at)}")
    if sum(not document.step for document in issue.documents) >= MOST_BY_HAND:
        rule = f"{MOST_BY_HAND} documents were issued on it by hand: there are no more of one issue"
        return Refusal(Reason.TOO_MANY, rule)
    if command.praise and command.kind is not DocumentKind.CIRCULAR:
        return Refusal(Reason.MALFORMED, "praise: only a circular praises")
    if bool(command.joint) != (len(set(command.offices)) > 1):
        rule = "offices: two or more offices act together, and only where joint says how"
        return Refusal(Reason.MALFORMED, rule)
    if not command.words.strip():
        return Refusal(Reason.REASON_MISSING, "words: say what this document says")
    return _cannot_sign(issue, command.signature, context)


def _cannot_sign(
    issue: Issue, signature: str, context: Context, reached: tuple[Document, ...] = ()
) -> Refusal | None:
    """Why this official's name cannot stand under a document of this issue; None where it can."""
    if why := may_not(issue, context, reached):
        return Refusal(Reason.WRONG_ROLE, why)
    official = context.directory.official(context.principal)
    if official is None:
        return Refusal(
            Reason.WRONG_ROLE, f"{context.principal} is not in the directory: a named person signs"
        )
    if signature.strip() != official.name:
        return Refusal(Reason.SIGNATURE_MISSING, "signature: write your own name as the directory has it")
    return None


def _level(context: Context) -> str:
    """Of who signs: who is in the directory has one."""
    official = context.directory.official(context.principal)
    return "" if official is None else str(official.level)


def _document(issue: Issue | None, id: str) -> tuple[Issue, Document] | Refusal:
    if issue is None:
        return UNKNOWN
    document = documents.find(issue, id)
    if document is None:
        return Refusal(Reason.UNKNOWN_DOCUMENT, f"document: it has no {id[:40]!r}")
    return issue, document


def _illegal(document: Document, done: str) -> Refusal:
    return Refusal(
        Reason.ILLEGAL_MOVE, f"{document.kind} {document.id} is {document.state}, not to be {done}"
    )


def _number(document: Document) -> dict[str, str]:
    return {"number": number_text(document.kind, document.year, document.number)}
