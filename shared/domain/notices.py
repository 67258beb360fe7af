"""The life of a notice by mail, alike in intake and dispatch: prepared, being sent, sent or given up.

Somebody outside takes what was prepared, begins, hands it to a mail server and records that. Who begins has it alone
until ``again_at``; what is not recorded by then is prepared again, whatever became of whoever had it. So a notice is
sent at least once, and twice only where the server had it already and nobody was left to record that.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from pydantic import AwareDatetime

from shared.contract.command import Command
from shared.contract.commands.notices import GivenUp, Prepared
from shared.contract.event import Event
from shared.contract.subjects import subject_of
from shared.contract.words import Occurrence, Unsent
from shared.domain.aggregates import AggregateState, AggregateType, Deadlines
from shared.domain.decisions import (
    TERMINAL,
    Change,
    Context,
    Deadline,
    Message,
    Refusal,
    event,
    illegal,
)
from shared.domain.decisions import command as ask

NOTHING = "nothing"
"""The state of what was never prepared."""
KEPT = timedelta(days=3)
"""How long it is tried: who has not heard by then has seen it on the pages, or never reads mail."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=1)
"""For how long who begins to send has it alone; doubled with each try."""
UNSENT = "unsent"
"""The name of the deadline of what is prepared: by it one finds in the index what is to be sent."""


class State(StrEnum):
    """Where a notice stands."""

    PREPARED = "prepared"
    SENDING = "sending"
    SENT = "sent"
    GIVEN_UP = "given_up"


MOVES: dict[tuple[str, str], str] = {
    (NOTHING, "prepare"): State.PREPARED,
    (State.PREPARED, "begin"): State.SENDING,
    (State.SENDING, "record"): State.SENT,
    # It took longer than anybody waits: the server has it all the same.
    (State.PREPARED, "record"): State.SENT,
    (State.SENDING, "give_up"): State.GIVEN_UP,
}
"""What may be asked, by the system alone."""

FOLLOWING: dict[tuple[str, str], str] = {
    (State.SENDING, "try_again"): State.PREPARED,
    (State.SENDING, "give_up"): State.GIVEN_UP,
    (State.PREPARED, "give_up"): State.GIVEN_UP,
}
"""What time brings: who had it did not record anything, or three days are over."""

TIMERS: dict[str, str] = {
    State.PREPARED: "given up after three days",
    State.SENDING: "tried again after a pause",
    State.SENT: TERMINAL,
    State.GIVEN_UP: TERMINAL,
}


class Notice(AggregateState):
    """A notice to one person about one thing that happened to an issue."""

    state: State
    issue: str
    number: str
    about: Occurrence
    to: str
    until: AwareDatetime
    """Nobody tries after this."""
    tries: int = 0
    again_at: AwareDatetime | None = None
    """While it is being sent: until then nobody else begins."""


class Endings(NamedTuple):
    """The events of one service: a notice was sent, or given up."""

    sent: type[Event]
    given_up: type[Event]


def notice_kind(
    endings: Endings,
    prepares: type[Command],
    begins: type[Command],
    records: type[Command],
    gives_up: type[Command],
) -> AggregateType:
    """The kind of one service: its four commands, and the events that say what became of a notice."""
    return AggregateType(
        "notice",
        Notice,
        commands={
            prepares: prepare,
            begins: begin,
            records: partial(record, endings=endings),
            gives_up: partial(give_up, endings=endings),
        },
        deadlines=Deadlines(next=next_deadline, expire=partial(expire, endings=endings)),
        finished=finished,
    )


def tell(prepares: type[Command], context: Context, body: Mapping[str, object]) -> Message:
    """The command that prepares a notice about what is being decided; the same record prepares the same one.

    ``context`` is of the issue; ``body``: the fields of ``Prepared`` but the issue.
    """
    asked = prepares.model_validate({"issue": context.subject, **body})
    parts = (context.subject, context.cause, str(body["about"]), str(body["to"]))
    id = sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:32]
    return ask(subject_of("notice", id), asked)


def prepare(notice: Notice | None, command: Prepared, context: Context) -> Change[Notice]:
    """There is somebody to be told; asked again, nothing changes."""
    if notice is not None:
        return Change(notice, outcome={"state": notice.state.value, "unchanged": True})
    return _moved(Notice(state=State.PREPARED, until=context.now + KEPT, **dict(command)))


def begin(notice: Notice | None, command: Command, context: Context) -> Change[Notice] | Refusal:
    """Whoever asks has it alone for a while; nobody else is answered the same."""
    known = _asked(notice, command.verb)
    if isinstance(known, Refusal):
        return known
    again_at = context.now + pause(known.tries)
    sending = {"state": State.SENDING, "tries": known.tries + 1, "again_at": again_at}
    return _moved(known.model_copy(update=sending))


def record(
    notice: Notice | None, command: Command, context: Context, *, endings: Endings
) -> Change[Notice] | Refusal:
    """The mail server has it; recorded again, nothing changes."""
    if notice is not None and notice.state is State.SENT:
        return Change(notice, outcome={"state": notice.state.value, "unchanged": True})
    known = _asked(notice, command.verb)
    if isinstance(known, Refusal):
        return known
    sent = known.model_copy(update={"state": State.SENT, "again_at": None})
    return _moved(sent, event(endings.sent.read(_tells(sent))))


def give_up(
    notice: Notice | None, command: GivenUp, context: Context, *, endings: Endings
) -> Change[Notice] | Refusal:
    """It can never be sent."""
    known = _asked(notice, "give_up")
    return known if isinstance(known, Refusal) else _given_up(known, command.why, endings)


def expire(notice: Notice, deadline: Deadline, context: Context, *, endings: Endings) -> Change[Notice]:
    """Nobody recorded anything in time: it is prepared again, as long as it is of use to anybody."""
    if next_deadline(notice) != deadline:
        return Change(notice)
    if context.now >= notice.until:
        return _given_up(notice, Unsent.TOO_LATE, endings)
    return Change(notice.model_copy(update={"state": State.PREPARED, "again_at": None}))


def next_deadline(notice: Notice) -> Deadline | None:
    """The end of what whoever sends it has, or of what anybody tries; both rest on this service's own commands."""
    if notice.state is State.PREPARED:
        return Deadline(UNSENT, notice.until, notice.until)
    if notice.state is State.SENDING and notice.again_at is not None:
        return Deadline(f"again/{notice.tries}", notice.again_at, notice.again_at)
    return None


def pause(tries: int) -> timedelta:
    """How long the next try has, after so many."""
    return min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)


def finished(notice: Notice) -> bool:
    """Whether nothing is expected of this notice any more."""
    return TIMERS[notice.state] == TERMINAL


def is_to_be_sent(state: Mapping[str, object]) -> bool:
    """Whether a notice, as its document holds it, waits for somebody who sends it."""
    return state.get("state") == State.PREPARED


def _asked(notice: Notice | None, verb: str) -> Notice | Refusal:
    state = NOTHING if notice is None else notice.state
    return notice if notice is not None and (state, verb) in MOVES else illegal(MOVES, state, verb)


def _tells(notice: Notice) -> dict[str, object]:
    return {name: getattr(notice, name) for name in ("issue", "about", "to", "tries")}


def _given_up(notice: Notice, why: Unsent, endings: Endings) -> Change[Notice]:
    given_up = notice.model_copy(update={"state": State.GIVEN_UP, "again_at": None})
    return _moved(given_up, event(endings.given_up.read({**_tells(given_up), "why": why})))


def _moved(notice: Notice, *messages: Message) -> Change[Notice]:
    return Change(notice, messages, {"state": notice.state.value, "tries": notice.tries})
