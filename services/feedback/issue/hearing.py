"""What an issue hears of a paper, each once: it is a typical case, or the meeting that heard it decided on this one."""

from services.feedback.issue.life import TIMERS, Issue
from shared.contract.command import Command
from shared.contract.commands.papers import ConfirmPaper, HearPaper
from shared.contract.event import Event
from shared.contract.events.papers import MeetingDecided, TypicalCaseChosen
from shared.contract.subjects import subject_of
from shared.domain.decisions import TERMINAL, Change, Context, Message, Reason, Refusal, event
from shared.domain.decisions import command as ask

MOST = 50
"""How often one issue is told something by papers: each decision is an instruction, with a clock of its own."""


def hear(issue: Issue | None, command: HearPaper, context: Context) -> Change[Issue] | Refusal:
    """Take it in, and answer; told again, it only answers."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")
    if command.news in issue.heard:
        return Change(issue, (_answer(command),))
    if refusal := _cannot(issue, command):
        return refusal
    after = issue.model_copy(update={"heard": (*issue.heard, command.news)})
    return Change(after, (event(_happened(command)), _answer(command)))


def refused(issue: Issue | None, command: Command, context: Context, refusal: Refusal) -> tuple[Message, ...]:
    """The paper hears why not."""
    return (_answer(command, refusal.reason),) if isinstance(command, HearPaper) else ()


def _cannot(issue: Issue, command: HearPaper) -> Refusal | None:
    if len(issue.heard) >= MOST:
        return Refusal(Reason.TOO_MANY, f"papers have told it {MOST} things: there are no more of one issue")
    if command.meeting is None:
        answered = issue.reply is not None
        return (
            None
            if answered
            else Refusal(Reason.ILLEGAL_MOVE, "no reply to it is out: it is no case of anything")
        )
    if TIMERS[issue.state] == TERMINAL:
        return Refusal(Reason.ILLEGAL_MOVE, f"it is {issue.state}: there is nothing left to instruct")
    return None


def _happened(command: HearPaper) -> Event:
    if command.meeting is None:
        return TypicalCaseChosen(
            paper=command.paper, edition=command.edition, words=command.words, by=command.by
        )
    return MeetingDecided(
        decision=command.news,
        meeting=command.meeting,
        words=command.words,
        due_on=command.due_on,
        leader=command.leader,
        by=command.by,
    )


def _answer(command: HearPaper, refused: str = "") -> Message:
    return ask(subject_of("paper", command.paper), ConfirmPaper(news=command.news, refused=refused))
