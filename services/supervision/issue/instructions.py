"""A leader's instructions on an issue (批示): what its department hears of them, and how many there may be.

An instruction is about the issue: whoever holds it owes the report, and what is open goes with it to whoever takes it
over. It is owed to the leader, so neither a reply nor the end of the issue ends it.
"""

from services.supervision.issue.clocks import Messages
from services.supervision.issue.life import Instruction, Issue
from shared.contract.event import Event
from shared.contract.events.dispatch import AssignmentTransferred, IssueAssigned
from shared.contract.events.supervision import DepartmentAddressed
from shared.contract.words import ClockName, Saying
from shared.domain.decisions import Message, event

MOST_OPEN = 5
"""How many of one issue may wait for their reports at once."""
MOST = 20
"""How many there may be of one issue in all: each keeps its clock."""


def passed_on(issue: Issue, happened: Event) -> Messages:
    """Who takes an issue over hears of each instruction that is open."""
    if not isinstance(happened, IssueAssigned | AssignmentTransferred):
        return ()
    return tuple(addressed(issue, one, Saying.INSTRUCTED, one.words) for one in issue.instructions)


def addressed(issue: Issue, instruction: Instruction, saying: Saying, words: str) -> Message:
    """What the department that holds the issue hears of an instruction, with the date as it is now."""
    due_at = next(
        clock.due_at
        for clock in reversed(issue.clocks)
        if (clock.name, clock.round) == (ClockName.INSTRUCTION, instruction.number)
    )
    said = DepartmentAddressed(
        saying=saying,
        round=issue.round,
        department=issue.department,
        assignment=issue.assignment,
        instruction=instruction.number,
        words=words,
        due_at=due_at,
    )
    return event(said)
