"""The decision to correct a reply that is out: a new version beside it, and nothing else moves."""

from services.dispatch.issue.asking import asked, handled_it, reader_of
from services.dispatch.issue.life import MOVES, Correction, Draft, Issue, State, draft_hash
from services.dispatch.issue.replying import unfit_date
from shared.contract.commands.dispatch import CorrectReply
from shared.contract.events.dispatch import ReplyCorrected
from shared.contract.orders import OrderCorrected
from shared.contract.words import Outcome
from shared.domain.decisions import Change, Context, Reason, Refusal, event, order


def correct(issue: Issue | None, command: CorrectReply, context: Context) -> Change[Issue] | Refusal:
    """The office sets a new version beside the newest one: not who drafted or signed off that reply."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    released = known.current_draft
    assert released is not None  # by the table of moves: a reply is out
    newest = known.correction or Correction(
        version=1, sha256=released.sha256, promised_on=released.promised_on
    )
    if refusal := _not_read(known, newest, command):
        return refusal
    if handled_it(known, context):
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply may not correct it")
    corrected = _corrected(newest, released, command, context)
    if isinstance(corrected, Refusal):
        return corrected
    state, reason = State(MOVES[(known.state, command.verb)]), command.reason.strip()
    version = {"version": corrected.version, "text": command.text, "promised_on": corrected.promised_on}
    about = {"assignment": known.assignment, "round": known.round, **version, "reason": reason}
    happened = ReplyCorrected(
        **about,
        department=known.department,
        sha256=corrected.sha256,
        outcome=released.outcome,
        by=context.principal,
    )
    messages = (event(happened), order(reader_of(known.department, known, context), OrderCorrected(**about)))
    outcome = {
        "state": state.value,
        "round": known.round,
        "version": corrected.version,
        "sha256": corrected.sha256,
    }
    return Change(known.model_copy(update={"state": state, "correction": corrected}), messages, outcome)


def _not_read(issue: Issue, newest: Correction, command: CorrectReply) -> Refusal | None:
    """Why the click is about another version than the newest; None where that is the one that was read."""
    if command.round != issue.round:
        return Refusal(Reason.STALE_ROUND, f"the reply that is out is that of round {issue.round}")
    if (command.version, command.sha256) != (newest.version, newest.sha256):
        detail = f"the newest is version {newest.version} with sha256 {newest.sha256}: read it first"
        return Refusal(Reason.STALE_VERSION, detail)
    return None


def _corrected(
    newest: Correction, released: Draft, command: CorrectReply, context: Context
) -> Correction | Refusal:
    """The next version, if it says something else and says why; of a planned outcome the date may change too."""
    if not command.text.strip():
        return Refusal(Reason.MALFORMED, "text: must not be blank")
    if not command.reason.strip():
        return Refusal(Reason.REASON_MISSING, "reason: who raised it is told what was wrong")
    promised_on = newest.promised_on
    if released.outcome is Outcome.PLANNED and command.promised_on not in (None, promised_on):
        promised_on = command.promised_on
        if refusal := unfit_date(promised_on, context):
            return refusal
    sha256 = draft_hash(released.outcome, command.text, promised_on)
    if sha256 == newest.sha256:
        return Refusal(Reason.MALFORMED, "text: nothing in it differs from the version that was read")
    return Correction(version=newest.version + 1, sha256=sha256, promised_on=promised_on)
