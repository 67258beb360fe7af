"""Which commands and facts reach which handler of dispatch."""

from functools import partial

from services.dispatch import domain, handlers
from services.dispatch.domain import LEARNED, Issue, Rules
from shared.bus.room import Decide, Room
from shared.calendar import Calendar
from shared.clocks import Policy
from shared.commands import (
    AssignIssue,
    CheckReply,
    Command,
    DraftReply,
    RefuseDepartment,
    ReleaseReply,
    ReturnAssignment,
    RuleOnReturn,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.events import FEEDBACK, INTAKE, IssueRegistered, IssueTracked, PromiseStarted
from shared.moves import Change, Context, Refusal


def room(*, jurisdiction: str, history: bool, policy: Policy, calendar: Calendar) -> Room:
    """Everything the loop must know of dispatch."""
    rules = Rules(policy, calendar)
    decides: dict[type[Command], Decide] = {
        AssignIssue: partial(handlers.assign, rules),
        SignAssignment: domain.sign,
        ReturnAssignment: domain.give_back,
        RuleOnReturn: partial(handlers.rule_on_return, rules),
        DraftReply: domain.draft,
        SignOffReply: domain.sign_off,
        CheckReply: domain.check,
        SendBackReply: domain.send_back,
        ReleaseReply: domain.release,
        RefuseDepartment: handlers.refuse_department,
    }
    return Room(
        service="dispatch",
        jurisdiction=jurisdiction,
        state=Issue,
        reads=(INTAKE, FEEDBACK),
        commands={command: partial(_telling, decide) for command, decide in decides.items()},
        facts=dict.fromkeys({fact for _, fact in LEARNED}, handlers.learn)
        | {
            IssueRegistered: handlers.register,
            PromiseStarted: handlers.promised,
            IssueTracked: handlers.tracked,
        },
        history=history,
    )


def _telling(decide: Decide, issue: Issue | None, command: Command, context: Context) -> Change | Refusal:
    """Decide; and when a department's message is refused, say so on its own topic too.

    Not done by ``Room.refused``, which is not given the state it would have to hand back.
    """
    decision = decide(issue, command, context)
    if not isinstance(decision, Refusal):
        return decision
    told = handlers.tell_refused(issue, command, context, decision)
    if told is None:
        return decision
    outcome = {"status": "refused", "reason": decision.reason.value, "detail": decision.detail}
    if decision.legal:
        outcome["legal"] = list(decision.legal)  # type: ignore[assignment]
    return Change(told.state, told.events, told.orders, told.sends, outcome)
