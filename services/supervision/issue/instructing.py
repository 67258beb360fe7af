"""Leaders' instructions: given, also as a meeting decided, reported on, taken back by who gave it."""

from services.supervision.issue.decisions import UNKNOWN, answerer, may_not
from services.supervision.issue.instructions import MOST, MOST_OPEN, addressed
from services.supervision.issue.life import CLOCKS, Instruction, Issue
from services.supervision.issue.reactions import observe
from shared.contract.commands.supervision import GiveInstruction, ReportInstruction, TakeBackInstruction
from shared.contract.envelope import time_text
from shared.contract.event import Event
from shared.contract.events.papers import MeetingDecided
from shared.contract.events.supervision import InstructionGiven, InstructionReported, InstructionTakenBack
from shared.contract.words import ClockName, Saying
from shared.domain.clocks import Limit, due_at
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event
from shared.domain.renewing import limit_of
from shared.domain.reporting import limit_until


def give(issue: Issue | None, command: GiveInstruction, context: Context) -> Change[Issue] | Refusal:
    """A leader instructs the department that holds the issue; the clock of its report starts."""
    if issue is None:
        return UNKNOWN
    if refusal := _cannot_give(issue, command, context):
        return refusal
    limit = _as_policy_says(context) if command.due_on is None else limit_until(command.due_on, context)
    if isinstance(limit, Refusal):
        return limit
    return _given(issue, context, limit, words=command.words.strip(), by=context.principal)


def decided(issue: Issue | None, happened: MeetingDecided, context: Context) -> Change[Issue] | None:
    """What a meeting decided is an instruction of the leader who chaired it.

    Whatever became of the issue meanwhile: who takes it over hears of it, and where nobody does the leader takes it
    back. A day on which no report can be due any more is as the policy says.
    """
    if issue is None:
        return None
    limit = None if happened.due_on is None else limit_until(happened.due_on, context)
    if not isinstance(limit, Limit):
        limit = _as_policy_says(context)
    said = {"words": happened.words, "by": happened.leader, "decision": happened.decision}
    return _given(issue, context, limit, **said)


def _given(issue: Issue, context: Context, limit: Limit, **said: str) -> Change[Issue]:
    number, due = issue.instructed + 1, due_at(context.now, limit, context.policy, context.calendar).at
    given = InstructionGiven(
        instruction=number,
        department=issue.department,
        assignment=issue.assignment,
        limit=limit,
        due_at=due,
        **said,
    )
    opened = Instruction(number=number, words=given.words, by=given.by)
    owed = issue.model_copy(update={"instructions": (*issue.instructions, opened), "instructed": number})
    after, messages = _observed(owed, given, context)
    if issue.department:
        messages += (addressed(after, opened, Saying.INSTRUCTED, opened.words),)
    return Change(after, messages, {"instruction": number, "due_at": time_text(due)})


def report(issue: Issue | None, command: ReportInstruction, context: Context) -> Change[Issue] | Refusal:
    """The department that holds the issue says what it did about it; nothing more is owed."""
    found = _open(issue, command.instruction)
    if isinstance(found, Refusal):
        return found
    issue, instruction = found
    if not issue.department:  # of what nobody holds the rights cannot say whose it is
        return Refusal(Reason.ILLEGAL_MOVE, "no department holds it now: whoever takes it over reports")
    words = command.words.strip()
    if not words:
        return Refusal(Reason.REASON_MISSING, "words: say what was done about it")
    reported = InstructionReported(
        instruction=instruction.number,
        department=issue.department,
        words=words,
        by=answerer(context),
    )
    return Change(*_observed(_without(issue, instruction), reported, context))


def take_back(issue: Issue | None, command: TakeBackInstruction, context: Context) -> Change[Issue] | Refusal:
    """Who gave it wants no report any more, and says why; the department hears of it."""
    found = _open(issue, command.instruction)
    if isinstance(found, Refusal):
        return found
    issue, instruction = found
    if instruction.by != context.principal:
        return Refusal(Reason.WRONG_ROLE, f"{instruction.by} gave it: nobody else takes it back")
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the department reads why it was taken back")
    number = instruction.number
    taken = InstructionTakenBack(instruction=number, reason=reason, by=context.principal)
    after, messages = _observed(_without(issue, instruction), taken, context)
    if issue.department:
        messages += (addressed(after, instruction, Saying.TAKEN_BACK, reason),)
    return Change(after, messages)


def _observed(issue: Issue, happened: Event, context: Context) -> tuple[Issue, tuple[Message, ...]]:
    """The issue after an event of our own: its clocks start and stop by the same table as by the others' events."""
    change = observe(issue, happened, context)
    assert change is not None  # the clock of an instruction starts or stops
    return change.state, (event(happened), *change.messages)


def _cannot_give(issue: Issue, command: GiveInstruction, context: Context) -> Refusal | None:
    """Why no instruction can be given now; None where it can."""
    if issue.ended_at is not None:
        return Refusal(Reason.ILLEGAL_MOVE, f"it ended at {time_text(issue.ended_at)}")
    if not issue.department:
        return Refusal(Reason.ILLEGAL_MOVE, "no department holds it: there is nobody to instruct")
    if command.department not in ("", issue.department):
        return Refusal(Reason.STALE_ASSIGNMENT, f"department: {issue.department} holds it now")
    if not command.words.strip():
        return Refusal(Reason.REASON_MISSING, "words: say what is to be done")
    if len(issue.instructions) >= MOST_OPEN:
        rule = f"{MOST_OPEN} instructions wait for their reports already: take one back, or wait for a report"
        return Refusal(Reason.TOO_MANY, rule)
    if issue.instructed >= MOST:
        return Refusal(
            Reason.TOO_MANY, f"{MOST} instructions were given on it: there are no more of one issue"
        )
    if why := may_not(issue, context):
        return Refusal(Reason.WRONG_ROLE, why)
    return None


def _as_policy_says(context: Context) -> Limit:
    return limit_of(ClockName.INSTRUCTION, 1, context.policy) or Limit(CLOCKS[ClockName.INSTRUCTION].limit)


def _open(issue: Issue | None, number: int) -> tuple[Issue, Instruction] | Refusal:
    if issue is None:
        return UNKNOWN
    found = next((one for one in issue.instructions if one.number == number), None)
    if found is not None:
        return issue, found
    if number <= issue.instructed:
        return Refusal(Reason.ILLEGAL_MOVE, f"instruction {number} was reported on, or taken back")
    return Refusal(Reason.UNKNOWN_INSTRUCTION, f"instruction: it has no {number}")


def _without(issue: Issue, instruction: Instruction) -> Issue:
    remaining = tuple(one for one in issue.instructions if one is not instruction)
    return issue.model_copy(update={"instructions": remaining})
