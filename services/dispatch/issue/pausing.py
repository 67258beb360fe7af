"""Decisions on a pause of an issue: its holder asks, the office grants or refuses, and either ends it (clocks.md 4)."""

from typing import Any

from services.dispatch.issue.asking import asked, before_its_promise, person_of
from services.dispatch.issue.extending import decidable
from services.dispatch.issue.life import MOVES, Issue, Pause, State
from services.dispatch.issue.timing import about, noted, resumed
from shared.contract.commands.dispatch import AskPause, EndPause, GrantPause, RefusePause
from shared.contract.events.dispatch import PauseAsked, PauseGranted, PauseRefused
from shared.contract.orders import OrderPauseDecided
from shared.contract.words import Ended, PauseGround
from shared.domain.clocks import due_at
from shared.domain.decisions import Change, Context, Reason, Refusal, event, order

MOST_ASKED = 20
"""How many pauses and questions there may be of one issue: the files of each answer stay with it."""


def ask(issue: Issue | None, command: AskPause, context: Context) -> Change[Issue] | Refusal:
    """The holder asks that the days from the grant on do not count; a statutory procedure names its legal basis."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    reason, basis = command.reason.strip(), command.basis.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: say what is waited for")
    if command.ground is PauseGround.STATUTORY and not basis:
        return Refusal(Reason.BASIS_MISSING, "basis: name the law or regulation of the procedure")
    if refusal := cannot_wait(known):
        return refusal
    request = known.pauses_asked + 1
    about_it = {"request": request, "ground": command.ground, "basis": basis}
    pause = Pause(**about_it, by=person_of(context.actor))
    waiting = known.model_copy(update={"pause": pause, "pauses_asked": request})
    happened = PauseAsked(**about(known), **about_it, reason=reason, by=context.principal)
    return Change(waiting, (event(happened),), {"state": known.state.value, "request": request})


def grant(issue: Issue | None, command: GrantPause, context: Context) -> Change[Issue] | Refusal:
    """From now on no day counts at whose end the pause is in force; waiting for the entrepreneur ends by itself."""
    known = decidable(issue, command, "pause", context)
    if isinstance(known, Refusal):
        return known
    if refusal := before_its_promise(known):
        return refusal
    asked_for = known.pause
    assert asked_for is not None  # it is decidable
    if asked_for.refused:
        return Refusal(Reason.ILLEGAL_MOVE, "that pause was refused: the question alone is still open")
    ends_at = asked_for.ends_at  # the raiser was told until when an answer is waited for
    if asked_for.ground == PauseGround.WAITING and not asked_for.question:
        ends_at = due_at(context.now, context.policy.pause_limit, context.policy, context.calendar).at
    paused = noted(known, ("paused", context.now, str(asked_for.ground)), context)
    state = State(MOVES[(known.state, command.verb)])
    pause = asked_for.model_copy(update={"ends_at": ends_at})
    happened = PauseGranted(
        **about(known),
        request=pause.request,
        ground=pause.ground,
        basis=pause.basis,
        ends_at=ends_at,
        by=context.principal,
    )
    decided = _decided(known, command, granted=True, ends_at=ends_at)
    after = paused.model_copy(update={"state": state, "pause": pause})
    return Change(after, (event(happened), order(known.department, decided)), {"state": state.value})


def refuse(issue: Issue | None, command: RefusePause, context: Context) -> Change[Issue] | Refusal:
    """The days go on counting, and the department is told why; a question stays open all the same."""
    known = decidable(issue, command, "pause", context)
    if isinstance(known, Refusal):
        return known
    asked_for = known.pause
    assert asked_for is not None  # it is decidable
    if asked_for.refused:
        return Refusal(Reason.ILLEGAL_MOVE, "that pause was refused already")
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the department is told why")
    happened = PauseRefused(**about(known), request=command.request, reason=reason, by=context.principal)
    decided = _decided(known, command, granted=False, reason=reason)
    still_open = asked_for.model_copy(update={"refused": True}) if asked_for.question else None
    after = known.model_copy(update={"pause": still_open})
    return Change(after, (event(happened), order(known.department, decided)), {"state": after.state.value})


def end(issue: Issue | None, command: EndPause, context: Context) -> Change[Issue] | Refusal:
    """What was waited for has come, or the pause holds no longer: holder or office let the clocks run on.

    A question ends by it too: its answer came in another way, or is not needed any more.
    """
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if known.pause is None or (known.state is not State.SUSPENDED and not known.pause.question):
        return Refusal(Reason.ILLEGAL_MOVE, "nothing is paused, and no question is open")
    if command.request != known.pause.request:
        return Refusal(
            Reason.STALE_REQUEST, f"it is pause {known.pause.request} that is in force: read it first"
        )
    return resumed(known, context, Ended.PERSON, command.reason.strip(), context.principal)


def cannot_wait(issue: Issue) -> Refusal | None:
    """Why nothing else can be waited for: something is already, or as often as it may be; None where it can."""
    if issue.pause is None and issue.pauses_asked < MOST_ASKED:
        return None
    if issue.pause is None:
        rule = f"{MOST_ASKED} pauses and questions were asked for on it: there are no more of one issue"
        return Refusal(Reason.TOO_MANY, rule)
    if issue.pause.question:
        return Refusal(
            Reason.ILLEGAL_MOVE, f"question {issue.pause.request} is open: it waits for the raiser's answer"
        )
    return Refusal(Reason.ILLEGAL_MOVE, "a pause was asked for already: it waits for the office")


def _decided(issue: Issue, command: GrantPause | RefusePause, **decided: Any) -> OrderPauseDecided:
    return OrderPauseDecided(
        assignment=issue.assignment, round=issue.round, request=command.request, **decided
    )
