"""Which officials are told of what dispatch decided: those of a department who have something to do now."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, NamedTuple

from services.dispatch.issue.addressing import beside
from services.dispatch.issue.asking import person_of, reader_of
from services.dispatch.issue.co_handling import waited_for
from services.dispatch.issue.life import Issue
from shared.contract.command import Command
from shared.contract.commands.notices import PrepareStaffNotice
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentTransferred,
    HandlerNamed,
    IssueAssigned,
    ReplySentBack,
)
from shared.contract.events.supervision import DepartmentAddressed
from shared.contract.orders import (
    OrderCoHandle,
    OrderCoHandlerHeard,
    OrderDocumentIssued,
    OrderInstructed,
    OrderInstructionTakenBack,
    OrderMaterialSupplied,
    OrderOrdered,
    OrderReminded,
    OrderRework,
)
from shared.contract.words import Addressee, ClockName, Occurrence, Role, Saying
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Change, Context, Message, Refusal
from shared.domain.notices import tell
from shared.domain.rights import Asker

Whom = Callable[[Issue, Context], tuple[str, ...]]


def leading(issue: Issue, context: Context) -> tuple[str, ...]:
    """The department's leaders, who name a handler; where the directory names none, its handlers."""
    return context.directory.leading(reader_of(issue.department, issue, context))


def handling(issue: Issue, context: Context) -> tuple[str, ...]:
    """Who was named to handle it; as long as nobody is, the department's leaders."""
    return (issue.handler,) if issue.handler else leading(issue, context)


def drafting(issue: Issue, context: Context) -> tuple[str, ...]:
    """Who handed in the draft that was sent back; a department's own system reads its orders."""
    asker = Asker.of(issue.drafts[-1].drafted_by)
    return () if asker.role == Role.DEPARTMENT else (person_of(asker.actor),)


def answering(issue: Issue, context: Context) -> tuple[str, ...]:
    """Who handles it and the department's leaders, the leader in charge among them."""
    return (*handling(issue, context), *leading(issue, context))


def looking_back(issue: Issue, context: Context) -> tuple[str, ...]:
    """The same, and the supervision office, which looks back."""
    return (*answering(issue, context), *context.directory.acting_as(Role.SUPERVISOR))


def assigning(issue: Issue, context: Context) -> tuple[str, ...]:
    """The people of the assigning office."""
    return context.directory.acting_as(Role.OFFICE)


class Telling(NamedTuple):
    """Of what somebody is told, and who."""

    about: Occurrence
    whom: Whom


NOTICED: Mapping[type[Event | Command], Telling] = {
    IssueAssigned: Telling(Occurrence.ASSIGNED, leading),
    AssignmentTransferred: Telling(Occurrence.ASSIGNED, leading),
    HandlerNamed: Telling(Occurrence.HANDLER_NAMED, handling),
    ReplySentBack: Telling(Occurrence.SENT_BACK, drafting),
    OrderRework: Telling(Occurrence.REWORK, handling),
    OrderCoHandlerHeard: Telling(Occurrence.CO_HANDLER_HEARD, handling),
    OrderMaterialSupplied: Telling(Occurrence.MATERIAL_SUPPLIED, handling),
    OrderReminded: Telling(Occurrence.REMINDED, answering),
    OrderOrdered: Telling(Occurrence.ORDERED, answering),
    OrderDocumentIssued: Telling(Occurrence.DOCUMENT_ISSUED, leading),
    OrderInstructed: Telling(Occurrence.INSTRUCTED, answering),
    OrderInstructionTakenBack: Telling(Occurrence.INSTRUCTION_TAKEN_BACK, answering),
}
"""What goes out, and who of the lead is told of it. Nobody is told of what they did themselves."""
TO_CO_HANDLERS: Mapping[type[Event | Command], Telling] = {
    OrderCoHandle: Telling(Occurrence.CO_HANDLE, leading),
    OrderReminded: Telling(Occurrence.OPINION_OVERDUE, leading),
}
"""The same of those who are waited for: they name nobody who handles it, so their leaders are told."""
WARNING = Telling(Occurrence.WARNED, handling)
"""Of a reminder that only warns."""
LOOK_BACK = Telling(Occurrence.LOOK_BACK, looking_back)
"""Of a reminder of what is looked at again."""
INSTRUCTION_OVERDUE = Telling(Occurrence.INSTRUCTION_OVERDUE, answering)
"""Of a reminder of an instruction."""
RULING_OVERDUE = Telling(Occurrence.RULING_OVERDUE, assigning)
NOBODY_HOLDS = Telling(Occurrence.NOBODY_HOLDS, assigning)
"""Of what supervision has for the office: its own, and what nobody holds."""
IN_THE_DEPARTMENT: Mapping[str, Whom] = {
    Addressee.HANDLER: handling,
    Addressee.LEADER_IN_CHARGE: leading,
    Addressee.HEAD: leading,
}
"""Whom of the department a step of the ladder may name; where it names nobody of it, those are told as above."""


def noticed(kind: AggregateType) -> AggregateType:
    """The same kind, which prepares the notices of what it decides."""
    return replace(
        kind,
        commands={asked: _noticing(decide) for asked, decide in kind.commands.items()},
        events={happened: _noticing(react) for happened, react in kind.events.items()},
    )


def _noticing(decide: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(decide)
    def decided(
        issue: Issue | None, asked: Command | Event, context: Context
    ) -> Change[Issue] | Refusal | None:
        change: Change[Issue] | Refusal | None = decide(issue, asked, context)
        if not isinstance(change, Change):
            return change
        said = asked if isinstance(asked, DepartmentAddressed) else None
        tellings = _tellings((*change.messages, Message(asked)), change.state, said, context)
        notices = tuple(_notices(tellings, said, context))
        return replace(change, messages=(*change.messages, *notices)) if notices else change

    return decided


def _telling(body: Event | Command) -> Telling | None:
    match body:
        case OrderReminded(saying=Saying.WARNING):
            return WARNING
        case OrderReminded(saying=Saying.LOOK_BACK):
            return LOOK_BACK
        case OrderReminded() if body.instruction:
            return INSTRUCTION_OVERDUE
        case DepartmentAddressed(department="") if body.saying in (Saying.WARNING, Saying.ISSUED):
            return RULING_OVERDUE if body.clock == ClockName.RULING else NOBODY_HOLDS
    return NOTICED.get(type(body))


def _tellings(
    messages: Iterable[Message], seen: Issue | None, said: DepartmentAddressed | None, context: Context
) -> Iterator[tuple[Telling, Issue]]:
    """Of what somebody is told, and the issue as those have it; ``said``: what supervision said, and to whom else."""
    if seen is None:
        return
    for message in messages:
        issue, telling = _telling_of(seen, message, context)
        if telling is not None:
            yield (telling if said is None else _as_named(telling, said)), issue
    if said is not None:
        accounts = beside(said, context.directory)
        drafted = said.saying == Saying.DRAFTED
        about = Occurrence.TO_BE_SIGNED if drafted else Occurrence.FOR_INFORMATION
        yield Telling(about, lambda issue, context: accounts), seen


def _as_named(telling: Telling, said: DepartmentAddressed) -> Telling:
    """Of the department those whom the step names, where it names any of it."""
    named = [IN_THE_DEPARTMENT[one] for one in said.to if one in IN_THE_DEPARTMENT]
    if not named or not said.department:
        return telling
    return telling._replace(
        whom=lambda issue, context: tuple(one for whom in named for one in whom(issue, context))
    )


def _notices(
    tellings: Iterable[tuple[Telling, Issue]], said: DepartmentAddressed | None, context: Context
) -> Iterator[Message]:
    """One to each person and way; of what supervision says each is told once, by what concerns them first."""
    passed_over = {person_of(context.actor), "" if said is None else said.by}
    for telling, issue in tellings:
        body = {"number": issue.number, "about": telling.about}
        for account in dict.fromkeys(telling.whom(issue, context)):
            if not account or account in passed_over:
                continue
            if said is not None:
                passed_over.add(account)
            for way in context.directory.ways(account):
                to = {"to": account, "way": way}
                yield tell(PrepareStaffNotice, context, {**body, **to}, in_office_hours=True)


def _telling_of(issue: Issue, message: Message, context: Context) -> tuple[Issue, Telling | None]:
    """Of what somebody is told by this message, and the issue as those have it who are told."""
    part = getattr(message.body, "assignment", "")
    if any((one.assignment, one.department) == (part, message.to) for one in waited_for(issue)):
        mine = {"department": message.to, "handler": "", "substitute": ""}
        return issue.model_copy(update=mine), TO_CO_HANDLERS.get(type(message.body))
    readers = ("", issue.department, reader_of(issue.department, issue, context))
    return issue, _telling(message.body) if message.to in readers else None
