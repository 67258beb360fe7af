"""The words of an issue stay as they were registered: corrected ones stand beside them, the person confirms them."""

from services.intake.issue.life import TAKEN_ON, Issue, Sealed
from services.intake.issue.moving import asked, moved, others
from shared.contract.commands.intake import AcceptIssue, ConfirmWords, CorrectWords
from shared.contract.events.intake import CorrectedWords, WordsConfirmed, WordsCorrected
from shared.contract.words import Role
from shared.domain.decisions import Change, Context, Reason, Refusal

MOST_CORRECTIONS = 9
"""Who has more to say than this raises another issue."""


def version_of(issue: Issue) -> int:
    """The version of the newest words: 1 as they were registered, then each correction."""
    return 1 + len(issue.corrections)


def correct_words(issue: Issue | None, command: CorrectWords, context: Context) -> Change[Issue] | Refusal:
    """Who raised it, or who wrote it down for them, sets corrected words beside; once more the same changes nothing."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    outcome = {"state": known.state.value, "version": version_of(known), "masked": command.masked}
    newest = known.corrections[-1] if known.corrections else known.words
    if command.words.words == newest.words:
        return Change(known, outcome=outcome)
    if len(known.corrections) == MOST_CORRECTIONS:
        detail = f"its words were corrected {MOST_CORRECTIONS} times already"
        return Refusal(Reason.ILLEGAL_MOVE, detail, others(known, command.verb))
    if (known.state in TAKEN_ON) != bool(command.text):
        return Refusal(Reason.STALE_WORDS, "it was taken on meanwhile: send the correction once more")
    added = (*known.corrections, Sealed(**command.words.model_dump()))
    corrected = known.model_copy(update={"corrections": added})
    happened = WordsCorrected(
        version=version_of(corrected),
        title=command.title,
        text=command.text,
        by="" if context.role == Role.ENTREPRENEUR else context.principal,
    )
    change = moved(corrected, command.verb, happened)
    return Change(change.state, change.messages, {**outcome, "version": version_of(corrected)})


def confirm_words(issue: Issue | None, command: ConfirmWords, context: Context) -> Change[Issue] | Refusal:
    """Only who raised it confirms its words: the newest, as they were read."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if command.version != version_of(known):
        return Refusal(
            Reason.STALE_WORDS, f"the newest words are version {version_of(known)}: read them first"
        )
    confirmed = known.model_copy(update={"confirmed": command.version})
    change = moved(confirmed, command.verb, WordsConfirmed(version=command.version, person=known.person))
    return Change(change.state, change.messages, {**change.outcome, "version": command.version})


def corrected_in(issue: Issue, command: AcceptIssue) -> CorrectedWords | Refusal | None:
    """The newest correction that goes out with an acceptance; a refusal where another one came meanwhile."""
    read = 1 if command.corrected is None else command.corrected.version
    if read != version_of(issue):
        return Refusal(
            Reason.STALE_WORDS, f"the newest words are version {version_of(issue)}: read them first"
        )
    return None if command.corrected is None else CorrectedWords(**command.corrected.model_dump())
