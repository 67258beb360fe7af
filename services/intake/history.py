"""In a history namespace words are masked, sealed and opened as they are live, though the driver posts whole steps."""

from collections.abc import Mapping, Sequence

from services.intake.reading import known_issue
from services.intake.registering import Registering, Registration
from shared.contract.command import Command
from shared.contract.commands.intake import AcceptIssue, RegisterIssue
from shared.contract.words import Role
from shared.domain.rights import Asker
from shared.history import Entry, Prepare
from shared.store import Aggregates


def prepared(registering: Registering, store: Aggregates) -> Mapping[str, Prepare]:
    """How the commands with words are made of what the driver says, by type."""

    async def register(entry: Entry, entries: Sequence[Entry]) -> Command:
        body = Registration.model_validate(entry.data)
        asker = Asker.of(entry.actor)
        own = asker.account if asker.role == Role.ENTREPRENEUR else ""
        return await registering.command(entry.subject, own or body.person, body, entry.at)

    async def accept(entry: Entry, entries: Sequence[Entry]) -> Command | None:
        """With the words of the registration in the same step, else of the one that is stored; None before that."""
        for other in entries:
            if (other.subject, other.type) == (entry.subject, RegisterIssue.type):
                return registering.accepted(Registration.model_validate(other.data), other.at)
        known = await known_issue(store, entry.subject)
        return None if known is None else await registering.acceptance(entry.subject, known)

    return {RegisterIssue.type: register, AcceptIssue.type: accept}
