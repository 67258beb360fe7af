"""Who takes part in a talk, or raised something for it, is told that it moved, changed or is called off; by mail."""

from collections.abc import Iterable
from dataclasses import replace

from services.intake.talk import decisions
from services.intake.talk.life import Talk
from shared.contract.commands.notices import PrepareNotice
from shared.contract.commands.talks import CancelTalk, ChangeTalk, LeadTalk, MoveTalk, NameParticipants
from shared.contract.events.talks import Participant
from shared.contract.words import Occurrence, TakesPart
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Message, Refusal
from shared.domain.notices import tell


def named(talk: Talk | None, command: NameParticipants, context: Context) -> Change[Talk] | Refusal:
    """Who was not to come before, and is now."""
    decided = decisions.name(talk, command, context)
    if isinstance(decided, Refusal):
        return decided
    before = {one.person for one in talk.participants if one.how != TakesPart.WRITTEN} if talk else set()
    new = [one.person for one in _coming(decided.state) if one.person not in before]
    return replace(
        decided, messages=(*decided.messages, *_notices(decided.state, new, Occurrence.TALK_NAMED, context))
    )


def moved(talk: Talk | None, command: MoveTalk, context: Context) -> Change[Talk] | Refusal:
    """Everybody who would come, or has sent a question, hears the new time."""
    return _all(decisions.move(talk, command, context), Occurrence.TALK_POSTPONED, context)


def changed(talk: Talk | None, command: ChangeTalk, context: Context) -> Change[Talk] | Refusal:
    """The same hear of another place; what else is said anew calls nobody anywhere else."""
    decided = decisions.change(talk, command, context)
    if isinstance(decided, Refusal) or talk is None or decided.state.place == talk.place:
        return decided
    return _all(decided, Occurrence.TALK_CHANGED, context)


def led(talk: Talk | None, command: LeadTalk, context: Context) -> Change[Talk] | Refusal:
    """The same hear that others lead it."""
    decided = decisions.lead(talk, command, context)
    if isinstance(decided, Refusal) or talk is None or decided.state.leaders == talk.leaders:
        return decided
    return _all(decided, Occurrence.TALK_CHANGED, context)


def cancelled(talk: Talk | None, command: CancelTalk, context: Context) -> Change[Talk] | Refusal:
    """The same hear that they need not come."""
    return _all(decisions.cancel(talk, command, context), Occurrence.TALK_CANCELLED, context)


def _all(decided: Change[Talk] | Refusal, about: Occurrence, context: Context) -> Change[Talk] | Refusal:
    if isinstance(decided, Refusal):
        return decided
    talk = decided.state
    everybody = dict.fromkeys((*(one.person for one in talk.participants), *talk.raisers))
    messages = _notices(talk, everybody, about, context)
    return replace(decided, messages=(*decided.messages, *messages))


def _coming(talk: Talk) -> Iterable[Participant]:
    return (one for one in talk.participants if one.how != TakesPart.WRITTEN)


def _notices(talk: Talk, people: Iterable[str], about: Occurrence, context: Context) -> tuple[Message, ...]:
    """The notice is known by when the talk begins: it has no number that people read."""
    begins = talk.starts_at.astimezone(SHANGHAI)
    said = {"number": f"{begins:%Y-%m-%d %H:%M}", "about": about}
    return tuple(tell(PrepareNotice, context, {**said, "to": one}) for one in people)
