"""The heart of intake: an issue is registered once, its words frozen, its promise shown; then accepted or not."""

import re
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from shared.calendar import Calendar
from shared.clocks import SHANGHAI, Policy, due_at
from shared.commands import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.events import IssueAccepted, IssueRegistered, IssueRejected, IssueWithdrawn, PromiseStarted, Source
from shared.moves import Change, Context, Moves, Reason, Refusal, illegal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = ALPHABET + "*~$=U"
ID_LETTERS = 13


class State(StrEnum):
    """Where an issue stands with intake."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


MOVES: Moves = {
    (State.REGISTERED, "accept"): State.ACCEPTED,
    (State.REGISTERED, "reject"): State.REJECTED,
    (State.REGISTERED, "withdraw"): State.WITHDRAWN,
    (State.ACCEPTED, "withdraw"): State.WITHDRAWN,
}

TIMERS: dict[str, str] = {
    State.REGISTERED: "supervision: assign clock",
    State.ACCEPTED: "supervision: promise clock",
    State.REJECTED: "terminal",
    State.WITHDRAWN: "terminal",
    State.CLOSED: "terminal",
}

ALWAYS_ANSWERED = {Source.TALK, Source.OBSERVER, Source.VISIT, Source.DELIBERATION}
"""What came from these may never be rejected (loop.md, intake)."""


class Issue(BaseModel):
    """What intake keeps of an issue."""

    model_config = ConfigDict(frozen=True)
    state: State
    number: str
    origin: Source = Source.ONLINE
    title: str = ""
    text: str = ""
    due_at: str = ""


def issue_id(principal: str, key: str) -> str:
    """The id of the issue that (principal, key) raises: 65 bits of SHA-256 in Crockford's base 32."""
    digest = int.from_bytes(sha256(f"{principal}\x00{key}".encode()).digest()[:9], "big") >> 7
    return "".join(ALPHABET[(digest >> shift) & 31] for shift in range(60, -1, -5))


def issue_number(subject: str) -> str:
    """The number a person reads: the id in groups, and a check character (Crockford, modulo 37)."""
    value = 0
    for letter in subject:
        value = value * 32 + ALPHABET.index(letter)
    return f"{subject[:4]}-{subject[4:8]}-{subject[8:]}-{CHECK[value % 37]}"


def read_number(text: str) -> str:
    """The id behind a number or an id as typed by hand; ValueError says what is wrong."""
    letters = re.sub(r"[\s-]", "", text).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if len(letters) == ID_LETTERS and set(letters) <= set(ALPHABET):
        return letters
    subject = letters[:ID_LETTERS]
    if len(letters) != ID_LETTERS + 1 or not set(subject) <= set(ALPHABET):
        raise ValueError(f"{text!r} 不是编号 / is no issue number: write 13 letters and digits and one to check them")
    if issue_number(subject)[-1] != letters[-1]:
        raise ValueError(f"{text!r}: 校验位不符，请核对 / the check character does not fit; please look again")
    return subject


def credit_code_is_right(code: str) -> bool:
    """GB 32100-2015: 18 characters without I, O, S, V, Z; the last one checks the others modulo 31."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or any(letter not in letters for letter in code):
        return False
    total = sum(letters.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    return letters[(31 - total % 31) % 31] == code[17]


def register(
    issue: Issue | None, command: RegisterIssue, context: Context, policy: Policy, calendar: Calendar
) -> Change[Issue] | Refusal:
    """Write an issue down and start its promise at once."""
    if issue is not None:
        return Refusal(Reason.ALREADY_REGISTERED, f"registered under number {issue.number}")
    code = command.enterprise.strip().upper()
    if code and not credit_code_is_right(code):
        return Refusal(Reason.WRONG_CREDIT_CODE, "enterprise: 18 characters, the last checks the others (GB 32100-2015)")
    number = issue_number(context.subject)
    limit = policy.limits["promise"]
    due = due_at(context.now, limit, policy, calendar)
    registered = IssueRegistered(
        number=number, kind=command.kind, origin=command.origin, title=command.title, text=command.text,
        enterprise="" if command.anonymous else code, anonymous=command.anonymous,
        pseudonym=f"P-{sha256(context.subject.encode()).hexdigest()[:8]}" if command.anonymous else "",
    )  # fmt: skip
    promise = PromiseStarted(
        started_at=context.now, due_at=due.at, limit=str(limit), provisional=due.provisional,
        policy=policy.version, calendar=calendar.version,
    )  # fmt: skip
    state = Issue(
        state=State.REGISTERED, number=number, origin=command.origin, title=command.title, text=command.text,
        due_at=due.at.isoformat(),
    )  # fmt: skip
    outcome = {
        "id": context.subject, "number": number, "due_at": due.at.isoformat(),
        "due_on": due.at.astimezone(SHANGHAI).date().isoformat(), "provisional": due.provisional,
    }  # fmt: skip
    return Change(state, (registered, promise), outcome=outcome)


def accept(issue: Issue | None, command: AcceptIssue, context: Context) -> Change[Issue] | Refusal:
    """Take an issue on."""
    return _move(issue, "accept", IssueAccepted(by=context.principal))


def reject(issue: Issue | None, command: RejectIssue, context: Context) -> Change[Issue] | Refusal:
    """Do not take an issue on: one of four grounds, and never what came from a talk or a visit."""
    if issue is not None and issue.origin in ALWAYS_ANSWERED and (issue.state, "reject") in MOVES:
        return Refusal(Reason.NOT_ELIGIBLE, f"an issue from {issue.origin} is answered, not rejected")
    event = IssueRejected(ground=command.ground, explanation=command.explanation, by=context.principal)
    return _move(issue, "reject", event)


def withdraw(issue: Issue | None, command: WithdrawIssue, context: Context) -> Change[Issue] | Refusal:
    """The one who raised it takes it back."""
    return _move(issue, "withdraw", IssueWithdrawn(reason=command.reason))


def _move(issue: Issue | None, verb: str, event: IssueAccepted | IssueRejected | IssueWithdrawn) -> Change[Issue] | Refusal:
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is registered")
    if (issue.state, verb) not in MOVES:
        return illegal(MOVES, issue.state, verb)
    return Change(issue.model_copy(update={"state": State(MOVES[issue.state, verb])}), (event,))


UNUSED = timedelta(0)
