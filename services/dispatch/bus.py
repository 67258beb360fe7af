"""Which commands and facts reach which handler of dispatch."""

from services.dispatch import domain
from shared.bus.room import Room
from shared.calendar import Calendar
from shared.clocks import Policy
from shared.commands import AssignIssue, SignAssignment, DraftReply, SignOffReply, CheckReply, ReleaseReply
from shared.events import FEEDBACK, INTAKE, IssueClosed, IssueAccepted, IssueRegistered


def room(*, jurisdiction: str, history: bool, policy: Policy, calendar: Calendar) -> Room:
    """Everything the loop must know of dispatch."""
    return Room(service="dispatch", jurisdiction=jurisdiction, state=domain.Issue, reads=(INTAKE, FEEDBACK),
        commands=dict.fromkeys((AssignIssue, SignAssignment, DraftReply, SignOffReply, CheckReply, ReleaseReply), domain.act),
        facts={IssueRegistered: domain.registered, IssueAccepted: domain.accepted, IssueClosed: domain.closed}, history=history)
