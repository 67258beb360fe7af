"""Who takes part in a talk, or raised something for it, is told that it moved, changed or is called off; by mail.

Dispatch knows the officials: it hears of it here, and tells who leads the talk and the departments' people.
"""

from collections.abc import Iterable
from dataclasses import replace

from services.intake.talk import decisions
from services.intake.talk.life import Talk
from shared.contract.commands.notices import PrepareNotice
from shared.contract.commands.talks import CancelTalk, ChangeTalk, LeadTalk, MoveTalk, NameParticipants
from shared.contract.events.talks import DepartmentsInformed, Participant, TalkLeader
from shared.contract.words import Occurrence, TakesPart
from shared.domain.decisions import Change, Context, Message, Refusal, event
from shared.domain.notices import tell
from shared.domain.talks import begins_text


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
    """Everybody who would come, leads it or has sent a question, hears the new time."""
    return _all(decisions.move(talk, command, context), Occurrence.TALK_POSTPONED, context, command.by)


def changed(talk: Talk | None, command: ChangeTalk, context: Context) -> Change[Talk] | Refusal:
    """The same hear of another place; of other departments those that come or stay away now. What else is said anew
    calls nobody anywhere else.
    """
    decided = decisions.change(talk, command, context)
    if isinstance(decided, Refusal) or talk is None:
        return decided
    here, before = set(decided.state.departments), set(talk.departments)
    if decided.state.place == talk.place:
        return _officials(decided, here ^ before, (), Occurrence.TALK_CHANGED, context.principal)
    heard = _people(decided, Occurrence.TALK_CHANGED, context)
    return _officials(heard, here | before, talk.leaders, Occurrence.TALK_CHANGED, context.principal)


def led(talk: Talk | None, command: LeadTalk, context: Context) -> Change[Talk] | Refusal:
    """The same hear that others lead it, whoever does not any more too."""
    decided = decisions.lead(talk, command, context)
    if isinstance(decided, Refusal) or talk is None or decided.state.leaders == talk.leaders:
        return decided
    heard, leaders = (
        _people(decided, Occurrence.TALK_CHANGED, context),
        (*talk.leaders, *decided.state.leaders),
    )
    return _officials(heard, decided.state.departments, leaders, Occurrence.TALK_CHANGED, command.by)


def cancelled(talk: Talk | None, command: CancelTalk, context: Context) -> Change[Talk] | Refusal:
    """The same hear that they need not come."""
    decided = decisions.cancel(talk, command, context)
    return _all(decided, Occurrence.TALK_CANCELLED, context, context.principal)


def _all(
    decided: Change[Talk] | Refusal, about: Occurrence, context: Context, by: str
) -> Change[Talk] | Refusal:
    if isinstance(decided, Refusal):
        return decided
    talk = decided.state
    return _officials(_people(decided, about, context), talk.departments, talk.leaders, about, by)


def _people(decided: Change[Talk], about: Occurrence, context: Context) -> Change[Talk]:
    talk = decided.state
    everybody = dict.fromkeys((*(one.person for one in talk.participants), *talk.raisers))
    messages = _notices(talk, everybody, about, context)
    return replace(decided, messages=(*decided.messages, *messages))


def _officials(
    decided: Change[Talk],
    departments: Iterable[str],
    leaders: Iterable[TalkLeader],
    about: Occurrence,
    by: str,
) -> Change[Talk]:
    """Nothing is said where there is nobody to hear it: each word costs dispatch a write."""
    said = DepartmentsInformed(
        about=about,
        starts_at=decided.state.starts_at,
        departments=tuple(sorted(departments)),
        leaders=tuple(dict.fromkeys(one.account for one in leaders)),
        by=by,
    )
    if not (said.departments or said.leaders):
        return decided
    return replace(decided, messages=(*decided.messages, event(said)))


def _coming(talk: Talk) -> Iterable[Participant]:
    return (one for one in talk.participants if one.how != TakesPart.WRITTEN)


def _notices(talk: Talk, people: Iterable[str], about: Occurrence, context: Context) -> tuple[Message, ...]:
    said = {"number": begins_text(talk.starts_at), "about": about}
    return tuple(tell(PrepareNotice, context, {**said, "to": one}) for one in people)
