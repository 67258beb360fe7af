"""A question of the holder to who raised the issue, and its answer, which intake collects (clocks.md 4)."""

from services.dispatch.issue.asking import asked, person_of, reader_of
from services.dispatch.issue.life import HELD, Issue, Pause, State
from services.dispatch.issue.pausing import cannot_wait
from services.dispatch.issue.timing import about, resumed
from shared.contract.commands.dispatch import AskEnterprise
from shared.contract.envelope import time_text
from shared.contract.events.dispatch import EnterpriseAsked, QuestionPut
from shared.contract.events.intake import MaterialSupplied
from shared.contract.orders import Answer, OrderMaterialSupplied
from shared.contract.words import Ended, PauseGround
from shared.domain.clocks import due_at
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, order

MOST_ANSWERS = 9
"""So many of the newest stand on the order to who holds it next; all are in its timeline."""


def ask(issue: Issue | None, command: AskEnterprise, context: Context) -> Change[Issue] | Refusal:
    """The holder asks, one question at a time: its own clock pauses at once, the promise once the office grants it."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    words = command.words.strip()
    if not words:
        return Refusal(Reason.MALFORMED, "words: say what the enterprise is asked")
    if refusal := cannot_wait(known):
        return refusal
    request = known.pauses_asked + 1
    ends_at = due_at(context.now, context.policy.pause_limit, context.policy, context.calendar).at
    pause = Pause(
        request=request,
        by=person_of(context.actor),
        ground=PauseGround.WAITING,
        ends_at=ends_at,
        question=words,
    )
    open_now = known.model_copy(update={"pause": pause, "pauses_asked": request})
    said = {**about(known), "request": request, "words": words, "ends_at": ends_at}
    messages = (event(EnterpriseAsked(**said, by=context.principal)), event(QuestionPut(**said)))
    outcome = {"state": known.state.value, "request": request, "ends_at": time_text(ends_at)}
    return Change(open_now, messages, outcome)


def answered(issue: Issue | None, happened: MaterialSupplied, context: Context) -> Change[Issue] | None:
    """The raiser answers: question and pause end, and whoever holds the issue hears it, also too late.

    Of an issue that has ended meanwhile nobody needs it any more.
    """
    if issue is None or issue.state not in (State.WAITING, *HELD, State.REPLIED):
        return None
    answer = Answer(request=happened.request, question=happened.question, text=happened.text)
    listed = {file.hash for file in issue.attachments}
    files = (*issue.attachments, *(file for file in happened.attachments if file.hash not in listed))
    answers = (*issue.answers, answer)[-MOST_ANSWERS:]
    known = issue.model_copy(update={"answers": answers, "attachments": files})
    pause = issue.pause
    if pause is None or not pause.question or pause.request != happened.request:
        return Change(known, _passed_on(known, happened, context, late=True))
    late = pause.ends_at is not None and pause.ends_at < context.now
    ended = resumed(known, context, Ended.TIME_OVER if late else Ended.ANSWERED)
    return Change(ended.state, (*ended.messages, *_passed_on(ended.state, happened, context, late=late)))


def _passed_on(
    issue: Issue, happened: MaterialSupplied, context: Context, *, late: bool
) -> tuple[Message, ...]:
    if not issue.department:
        return ()
    supplied = OrderMaterialSupplied(
        assignment=issue.assignment,
        round=issue.round,
        request=happened.request,
        question=happened.question,
        text=happened.text,
        attachments=happened.attachments,
        late=late,
        due_at=issue.due_at,
    )
    return (order(reader_of(issue.department, issue, context), supplied),)
