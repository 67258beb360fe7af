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
        commands=decides,
        facts=dict.fromkeys({fact for _, fact in LEARNED}, handlers.learn)
        | {
            IssueRegistered: handlers.register,
            PromiseStarted: handlers.promised,
            IssueTracked: handlers.tracked,
        },
        refused=handlers.tell_refused,
        history=history,
    )
