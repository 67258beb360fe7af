"""In a history namespace words are masked, sealed and opened as they are live, though the driver posts whole steps."""

from collections.abc import Mapping, Sequence

from services.intake.reading import known_issue
from services.intake.registering import Appealing, Correction, Registering, Registration
from shared.contract.command import Command
from shared.contract.commands.intake import AcceptIssue, AppealRejection, CorrectWords, RegisterIssue
from shared.contract.words import Role
from shared.domain.rights import Asker
from shared.history import Entry, Prepare
from shared.store import Aggregates


def prepared(registering: Registering, store: Aggregates) -> Mapping[str, Prepare]:
    """How the commands with words are made of what the driver says, by type."""

    async def register(entry: Entry, entries: Sequence[Entry]) -> Command:
        """Of an anonymous issue the actor is a reference of that issue alone; ``person`` says whose it is."""
        body = Registration.model_validate(entry.data)
        asker = Asker.of(entry.actor)
        own = asker.account if asker.role == Role.ENTREPRENEUR else ""
        person = body.person if not own or body.anonymous else own
        if own:
            body = body.model_copy(update={"person": ""})
        return await registering.command(entry.subject, person, body, entry.at)

    async def accept(entry: Entry, entries: Sequence[Entry]) -> Command | None:
        """With the words of the registration in the same step, else of the one that is stored; None before that."""
        for other in entries:
            if (other.subject, other.type) == (entry.subject, RegisterIssue.type):
                return registering.accepted(Registration.model_validate(other.data), other.at)
        known = await known_issue(store, entry.subject)
        return None if known is None else await registering.acceptance(entry.subject, known)

    async def correct(entry: Entry, entries: Sequence[Entry]) -> Command | None:
        known = await known_issue(store, entry.subject)
        body = Correction.model_validate(entry.data)
        return None if known is None else await registering.correction(entry.subject, known, body)

    async def appeal(entry: Entry, entries: Sequence[Entry]) -> Command:
        return await registering.appeal(entry.subject, Appealing.model_validate(entry.data))

    return {
        RegisterIssue.type: register,
        AcceptIssue.type: accept,
        CorrectWords.type: correct,
        AppealRejection.type: appeal,
    }
