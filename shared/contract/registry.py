"""Every message of the contract by its type string; importing this module makes the registers whole."""

from shared.contract import orders
from shared.contract.command import COMMANDS, CONTROL
from shared.contract.commands import dispatch as dispatch_commands
from shared.contract.commands import feedback as feedback_commands
from shared.contract.commands import intake as intake_commands
from shared.contract.commands import notices as notices_commands
from shared.contract.commands import papers as papers_commands
from shared.contract.commands import people as people_commands
from shared.contract.commands import supervision as supervision_commands
from shared.contract.commands import talks as talks_commands
from shared.contract.event import EVENTS
from shared.contract.events import dispatch, feedback, intake, notices, papers, people, supervision, talks
from shared.contract.replies import REPLIES_BY_TYPE

MODULES = (
    intake,
    people,
    talks,
    dispatch,
    notices,
    supervision,
    feedback,
    papers,
    orders,
    intake_commands,
    people_commands,
    talks_commands,
    dispatch_commands,
    notices_commands,
    supervision_commands,
    feedback_commands,
    papers_commands,
)
"""The modules whose classes enter themselves into the registers, in the order of the documents."""

__all__ = ["COMMANDS", "CONTROL", "EVENTS", "MODULES", "REPLIES_BY_TYPE"]
