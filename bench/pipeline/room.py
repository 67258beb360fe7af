"""The load: one registration an event, decided and stored as intake does it, with its promise and one deadline."""

from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.bus.room import Room
from shared.calendar import Calendar, base_calendar
from shared.clocks import Policy, default_policy, due_at
from shared.commands import RegisterIssue
from shared.events import IssueRegistered, Kind, Source
from shared.moves import Change, Context, Deadline, Reason, Refusal

GRACE = timedelta(minutes=2)


class Issue(BaseModel):
    """What is remembered of one issue."""

    model_config = ConfigDict(frozen=True)

    state: str = "registered"
    number: str
    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    title: str
    text: str
    raised_by: str
    registered_at: AwareDatetime
    promised_at: AwareDatetime
    assign_at: AwareDatetime


def register(
    policy: Policy, calendar: Calendar, state: Issue | None, command: RegisterIssue, context: Context
) -> Change[Issue] | Refusal:
    """Write an issue down: number, promise and the first deadline; one event tells it."""
    if state is not None:
        return Refusal(Reason.ALREADY_REGISTERED)
    promised = due_at(context.now, policy.limits["promise"], policy, calendar).at
    assigned = due_at(context.now, policy.limits["assign"], policy, calendar).at
    number = f"{context.now:%Y%m%d}-{context.subject[-8:]}"
    issue = Issue(
        number=number, kind=command.kind, origin=command.origin, title=command.title, text=command.text,
        raised_by=context.principal, registered_at=context.now, promised_at=promised, assign_at=assigned,
    )  # fmt: skip
    told = IssueRegistered(
        number=number, kind=command.kind, origin=command.origin, title=command.title, text=command.text,
    )  # fmt: skip
    return Change(issue, (told,), outcome={"number": number, "promised_on": f"{promised:%Y-%m-%d}"})


def next_deadline(issue: Issue) -> Deadline:
    """When it must have been assigned."""
    return Deadline("assign/1/due/1", issue.assign_at, issue.assign_at + GRACE)


def _fire(issue: Issue, _: Deadline, __: Context) -> Change[Issue]:
    return Change(issue)


def room() -> Room:
    """A room of the shape of intake's, with one command and one event."""
    commands: dict[Any, Any] = {RegisterIssue: partial(register, default_policy(), base_calendar())}
    return Room(
        service="intake", jurisdiction="huzhou", state=Issue, reads=(), commands=commands, facts={},
        next_deadline=next_deadline, fire=_fire,
    )  # fmt: skip


def text_of(number: int, size: int) -> str:
    """A text of about so many bytes in UTF-8, different for each number."""
    sentence = f"第{number}号：企业反映用地审批进度缓慢，请有关部门协调办理。"
    return (sentence * (size // len(sentence.encode()) + 1))[: size // 3]
