"""A talk tells its issues, in chunks: each answers done or refused, and the next are told when a chunk has answered.

The instant from which a promise runs is in the data, so it is the same for all of them, however late they hear of it.
Whoever has not answered after a pause is told again; an issue that has done it refuses the second time.
Source of the rules: clocks.md (first paragraph), bus.md (Fan-out).
"""

from collections.abc import Iterator
from datetime import datetime

from services.intake.talk.life import State, Talk, Telling
from shared.contract.command import Command
from shared.contract.commands.talks import ConfirmNews, HearTalk, JoinTalk
from shared.contract.events.talks import TalkLapsed
from shared.contract.subjects import id_of
from shared.contract.words import TalkNews
from shared.domain.clocks import due_at
from shared.domain.decisions import Change, Context, Deadline, Message, Reason, Refusal, event
from shared.domain.decisions import command as ask
from shared.domain.fan_out import answered, asks_again, chunk, has_asked, once_more
from shared.domain.talks import WAIT


def wait_until(starts_at: datetime, context: Context) -> datetime:
    """Until when what was collected for a talk waits for it (clocks.md: five working days behind its date)."""
    limit = context.policy.limits.get("talk", WAIT)
    return due_at(starts_at, limit, context.policy, context.calendar).at


def join(talk: Talk | None, command: JoinTalk, context: Context) -> Change[Talk] | Refusal:
    """An issue joins the members, and is told where the talk stands; asked again, it is told again."""
    if talk is None:
        return Refusal(Reason.UNKNOWN_TALK, "no such talk was announced")
    joined = talk
    if command.issue not in talk.members:
        joined = talk.model_copy(update={"members": (*talk.members, command.issue)})
    if command.person and command.person not in joined.raisers:
        joined = joined.model_copy(update={"raisers": (*joined.raisers, command.person)})
    what, at = _stands(talk)
    return Change(joined, (_tell(joined, command.issue, what, at, context, 0),), {"state": talk.state.value})


def refused(talk: Talk | None, command: Command, context: Context, refusal: Refusal) -> tuple[Message, ...]:
    """An issue whose talk was never announced waits for nothing: its promise runs from its registration."""
    if talk is not None or not isinstance(command, JoinTalk):
        return ()
    hears = HearTalk(talk=id_of(context.subject), what=TalkNews.UNKNOWN, at=command.registered_at)
    return (ask(command.issue, hears),)


def with_news(talk: Talk, what: TalkNews, context: Context) -> tuple[Talk, tuple[Message, ...]]:
    """The talk with something that all its members must hear, instead of what they were being told."""
    news = talk.news + 1
    at = talk.ends_at if what is TalkNews.EXPECTED else context.now
    if not talk.members:
        return talk.model_copy(update={"news": news, "telling": None}), ()
    telling = Telling(what=what, at=at, left=talk.members, again_at=context.now)
    return _next(talk.model_copy(update={"news": news}), telling, context)


def confirm(talk: Talk | None, command: ConfirmNews, context: Context) -> Change[Talk] | Refusal:
    """A member has answered; once all that were asked have, the next are told."""
    if talk is None:
        return Refusal(Reason.UNKNOWN_TALK, "no such talk was announced")
    telling = talk.telling
    if telling is None or command.news != talk.news or not has_asked(telling, command.issue):
        return Change(talk)
    left = answered(telling, command.issue)
    after = talk.model_copy(update={"telling": left, "refused": talk.refused + (not command.done)})
    return Change(after) if left is None or left.sent else Change(*_next(after, left, context))


def next_deadline(talk: Talk) -> Deadline | None:
    """When what was collected starts although the talk was not held, or who has not answered is told again.

    Both rest on intake's own commands alone, so there is no grace.
    """
    return min(_deadlines(talk), default=None, key=lambda deadline: deadline.at)


def _deadlines(talk: Talk) -> Iterator[Deadline]:
    if talk.state in (State.ANNOUNCED, State.OPEN) and talk.lapsed_at is None:
        yield Deadline(f"talk/1/lapse/{talk.moves + 1}", talk.wait_until, talk.wait_until)
    if talk.telling is not None:
        yield asks_again(talk.telling, f"telling/{talk.news}")


def expire(talk: Talk, deadline: Deadline, context: Context) -> Change[Talk]:
    """The talk was not held in time, or somebody has not answered."""
    if next_deadline(talk) != deadline or context.now < deadline.at:
        return Change(talk)
    if deadline.name.startswith("telling"):
        assert talk.telling is not None  # the deadline is of it
        return Change(*_next(talk, once_more(talk.telling), context))
    lapsed = talk.model_copy(update={"lapsed_at": context.now})
    after, asked = with_news(lapsed, TalkNews.LAPSED, context)
    return Change(after, (event(TalkLapsed(issues=talk.members)), *asked))


def _next(talk: Talk, telling: Telling, context: Context) -> tuple[Talk, tuple[Message, ...]]:
    """Tell the next members on the list."""
    after, issues = chunk(telling, context.now)
    messages = (_tell(talk, issue, telling.what, telling.at, context, talk.news) for issue in issues)
    return talk.model_copy(update={"telling": after}), tuple(messages)


def _tell(talk: Talk, issue: str, what: TalkNews, at: datetime, context: Context, news: int) -> Message:
    hears = HearTalk(talk=id_of(context.subject), news=news, what=what, at=at, departments=talk.departments)
    return ask(issue, hears)


def _stands(talk: Talk) -> tuple[TalkNews, datetime]:
    """What an issue hears that joins now."""
    if talk.ended_at is not None:
        return (TalkNews.HELD if talk.state is State.HELD else TalkNews.CANCELLED), talk.ended_at
    if talk.lapsed_at is not None:
        return TalkNews.LAPSED, talk.lapsed_at
    return TalkNews.EXPECTED, talk.ends_at
