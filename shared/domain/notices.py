"""The life of a notice, alike in intake and dispatch: prepared, being sent, sent or given up.

Somebody outside takes what was prepared, begins, hands it to whoever takes it there and records that. Who begins has it
alone until ``again_at``; what is not recorded by then is prepared again, whatever became of whoever had it. So a notice
is sent at least once, and twice only where it was taken already and nobody was left to record that.

Officials are told in office hours: what one of them is to be told in one way outside these becomes one notice, a
digest, which waits until offices open. What somebody has to see to at once does not wait.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from pydantic import AwareDatetime

from shared.contract.command import Command
from shared.contract.commands.notices import GivenUp, Prepared, Taken
from shared.contract.event import Event
from shared.contract.subjects import subject_of
from shared.contract.words import MAIL, Occurrence, Unsent
from shared.domain.aggregates import AggregateState, AggregateType, Deadlines
from shared.domain.clocks import Limit, due_at
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
from shared.domain.office_hours import opening

NOTHING = "nothing"
"""The state of what was never prepared."""
KEPT = timedelta(days=3)
"""How long it is tried: who has not heard by then has seen it on the pages, or never reads mail."""
KEPT_IN_OFFICE_HOURS = Limit("3wd")
"""The same of what goes out in office hours alone, from when it first may."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=1)
"""For how long who begins to send has it alone; doubled with each try."""
MOST_IN_A_DIGEST = 200
"""So many things one digest tells of; the next goes into another."""
UNSENT = "unsent"
"""The name of the deadline of what is prepared: by it one finds in the index what is to be sent."""


class State(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    PREPARED = "prepared"
    SENDING = "sending"
    SENT = "sent"
    GIVEN_UP = "given_up"
    JOINED = "joined"


MOVES: dict[tuple[str, str], str] = {
    (NOTHING, "prepare"): State.PREPARED,
    (State.PREPARED, "begin"): State.SENDING,
    (State.SENDING, "record"): State.SENT,
    # It took longer than anybody waits: it was taken all the same.
    (State.PREPARED, "record"): State.SENT,
    (State.WAITING, "record"): State.SENT,
    (State.SENDING, "give_up"): State.GIVEN_UP,
}
"""What may be asked, by the system alone."""

FOLLOWING: dict[tuple[str, str], str] = {
    (NOTHING, "wait"): State.WAITING,
    (NOTHING, "join"): State.JOINED,
    (State.WAITING, "open"): State.PREPARED,
    (State.WAITING, "give_up"): State.GIVEN_UP,
    (State.PREPARED, "wait"): State.WAITING,
    (State.PREPARED, "join"): State.JOINED,
    (State.SENDING, "try_again"): State.PREPARED,
    (State.SENDING, "give_up"): State.GIVEN_UP,
    (State.PREPARED, "give_up"): State.GIVEN_UP,
}
"""What follows: offices are closed, or open; who had it did not record anything; three days are over."""

TIMERS: dict[str, str] = {
    State.WAITING: "prepared when offices open",
    State.PREPARED: "given up after three days",
    State.SENDING: "tried again after a pause",
    State.SENT: TERMINAL,
    State.GIVEN_UP: TERMINAL,
    State.JOINED: TERMINAL,
}


class Item(AggregateState):
    """One thing that somebody is told of."""

    issue: str
    number: str
    about: Occurrence


class Notice(AggregateState):
    """What one person is told in one way: of one thing that happened to an issue, or a digest of many."""

    state: State
    to: str
    way: str
    items: tuple[Item, ...]
    until: AwareDatetime
    """Nobody tries after this."""
    tries: int = 0
    again_at: AwareDatetime | None = None
    """While it is being sent: until then nobody else begins. While it waits: then offices open."""
    at_once: bool = False
    """Whether it goes while offices are closed too."""


class Manner(NamedTuple):
    """How one service tells people: what it prepares, what it says of the end, and whether in office hours alone."""

    prepares: type[Command]
    sent: type[Event]
    given_up: type[Event]
    in_office_hours: bool = False


def notice_kind(
    manner: Manner, begins: type[Command], records: type[Command], gives_up: type[Command]
) -> AggregateType:
    """The kind of one service: its four commands, and the events that say what became of a notice."""
    return AggregateType(
        "notice",
        Notice,
        commands={
            manner.prepares: partial(prepare, manner=manner),
            begins: partial(begin, manner=manner),
            records: partial(record, manner=manner),
            gives_up: partial(give_up, manner=manner),
        },
        deadlines=Deadlines(next=next_deadline, expire=partial(expire, manner=manner)),
        finished=finished,
    )


def tell(
    prepares: type[Command],
    context: Context,
    body: Mapping[str, object],
    *,
    in_office_hours: bool = False,
    opens_at: datetime | None = None,
) -> Message:
    """The command that prepares a notice about what is being decided; the same record prepares the same one.

    ``context`` is of the issue; ``body``: the fields of ``Prepared`` but the issue. ``in_office_hours``: what is
    decided outside these goes into the digest of the next opening. ``opens_at``: what is told of at this instant
    goes into one.
    """
    asked = prepares.model_validate({"issue": context.subject, **body, "opens_at": opens_at})
    to, way = str(body["to"]), str(body.get("way", MAIL))
    if opens_at is not None:
        return ask(digest_of(to, way, opens_at), asked)
    opens_at = _opens_at(context) if in_office_hours else context.now
    if opens_at > context.now:
        return ask(digest_of(to, way, opens_at), asked)
    by = () if way == MAIL else (way,)
    return ask(_subject(context.subject, context.cause, str(body["about"]), to, *by), asked)


def digest_of(to: str, way: str, opens_at: datetime) -> str:
    """The subject of what one person is told in one way when offices open."""
    return _subject("digest", to, way, opens_at.isoformat())


def prepare(notice: Notice | None, command: Prepared, context: Context, *, manner: Manner) -> Change[Notice]:
    """There is somebody to be told; asked again, nothing changes."""
    item = Item(issue=command.issue, number=command.number, about=command.about)
    if notice is None:
        waits = manner.in_office_hours and not command.at_once
        opens_at = command.opens_at or (_opens_at(context) if waits else context.now)
        until = command.until or _until(opens_at, context, waits)
        whom = {"to": command.to, "way": command.way, "at_once": command.at_once}
        new = Notice.model_validate({"state": State.PREPARED, "items": (item,), "until": until, **whom})
        if opens_at > context.now:
            return _put_off(new, opens_at, context, manner, keeps=command.passed_on)
        return _moved(new)
    if item in notice.items:
        return Change(notice, outcome={"state": notice.state.value, "unchanged": True})
    # What was tried may have been taken under its id: with more in it nobody would read that.
    is_open = notice.state in (State.WAITING, State.PREPARED) and not notice.tries
    if not is_open or len(notice.items) >= MOST_IN_A_DIGEST:
        asked = manner.prepares.model_validate({**dict(command), "passed_on": True})
        passed_on = ask(_subject("after", context.subject), asked)
        return Change(notice, (passed_on,), {"state": notice.state.value, "passed_on": True})
    opens_at, waits = notice.again_at or context.now, _waits(notice, manner)
    until = max(notice.until, command.until or _until(opens_at, context, waits))
    return _moved(notice.model_copy(update={"items": (*notice.items, item), "until": until}))


def begin(
    notice: Notice | None, command: Command, context: Context, *, manner: Manner
) -> Change[Notice] | Refusal:
    """Whoever asks has it alone for a while, in office hours; nobody else is answered the same."""
    known = _asked(notice, command.verb)
    if isinstance(known, Refusal):
        return known
    if _waits(known, manner) and (opens_at := _opens_at(context)) > context.now:
        return _put_off(known, opens_at, context, manner)
    again_at = context.now + pause(known.tries)
    sending = {"state": State.SENDING, "tries": known.tries + 1, "again_at": again_at}
    return _moved(known.model_copy(update=sending))


def record(
    notice: Notice | None, command: Taken, context: Context, *, manner: Manner
) -> Change[Notice] | Refusal:
    """It was taken; recorded again, nothing changes. What was not in it any more is given up."""
    if notice is not None and notice.state is State.SENT:
        return Change(notice, outcome={"state": notice.state.value, "unchanged": True})
    known = _asked(notice, "record")
    if isinstance(known, Refusal):
        return known
    sent = known.model_copy(update={"state": State.SENT, "again_at": None})
    ends = (
        manner.given_up.read({**one, "why": Unsent.OVERTAKEN})
        if place in command.left_out
        else manner.sent.read(one)
        for place, one in enumerate(_tells(sent))
    )
    return _moved(sent, *map(event, ends))


def give_up(
    notice: Notice | None, command: GivenUp, context: Context, *, manner: Manner
) -> Change[Notice] | Refusal:
    """It can never be sent."""
    known = _asked(notice, "give_up")
    return known if isinstance(known, Refusal) else _given_up(known, command.why, manner, command.said)


def expire(notice: Notice, deadline: Deadline, context: Context, *, manner: Manner) -> Change[Notice]:
    """Offices are open, or nobody recorded anything in time: it is prepared, as long as it is of use to anybody."""
    if next_deadline(notice) != deadline:
        return Change(notice)
    if context.now >= notice.until:
        return _given_up(notice, Unsent.TOO_LATE, manner)
    return Change(notice.model_copy(update={"state": State.PREPARED, "again_at": None}))


def next_deadline(notice: Notice) -> Deadline | None:
    """The end of what whoever sends it has, of what anybody tries, or of the wait; all rest on this service's own
    commands.
    """
    if notice.state is State.PREPARED:
        return Deadline(_unsent(notice.way), notice.until, notice.until)
    if notice.again_at is not None:
        name = "opens" if notice.state is State.WAITING else "again"
        return Deadline(f"{name}/{notice.tries}", notice.again_at, notice.again_at)
    return None


def pause(tries: int) -> timedelta:
    """How long the next try has, after so many."""
    return min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)


def finished(notice: Notice) -> bool:
    """Whether nothing is expected of this notice any more."""
    return TIMERS[notice.state] == TERMINAL


def to_be_sent_by(state: Mapping[str, object]) -> str:
    """In which way a notice, as its document holds it, waits to be sent; "" where it does not."""
    return str(state["way"]) if state.get("state") == State.PREPARED else ""


def unsent_by(deadline: str) -> str:
    """The way of what has a deadline of this name; "" of what is not to be sent."""
    name, _, way = deadline.partition("/")
    return (way or MAIL) if name == UNSENT else ""


def _unsent(way: str) -> str:
    return UNSENT if way == MAIL else f"{UNSENT}/{way}"


def _subject(*parts: str) -> str:
    digest = sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
    return subject_of("notice", digest[:32])


def _opens_at(context: Context) -> datetime:
    return opening(context.now, context.policy, context.calendar)


def _waits(notice: Notice, manner: Manner) -> bool:
    """Whether it goes in office hours alone."""
    return manner.in_office_hours and not notice.at_once


def _until(opens_at: datetime, context: Context, in_office_hours: bool) -> datetime:
    if not in_office_hours:
        return opens_at + KEPT
    return due_at(opens_at, KEPT_IN_OFFICE_HOURS, context.policy, context.calendar).at


def _put_off(
    notice: Notice, opens_at: datetime, context: Context, manner: Manner, *, keeps: bool = False
) -> Change[Notice]:
    """Offices are closed: what nobody tried yet goes into the digest, unless it is that, or was passed on by one. What
    was tried may have been taken, so it keeps its id; both wait.
    """
    digest = digest_of(notice.to, notice.way, opens_at)
    if notice.tries or keeps or digest == context.subject:
        return _moved(notice.model_copy(update={"state": State.WAITING, "again_at": opens_at}))
    joined = notice.model_copy(update={"state": State.JOINED})
    shared = {"to": notice.to, "way": notice.way, "until": notice.until}
    names = tuple(Item.model_fields)
    bodies = ({**{name: getattr(item, name) for name in names}, **shared} for item in notice.items)
    return _moved(joined, *(ask(digest, manner.prepares.model_validate(body)) for body in bodies))


def _asked(notice: Notice | None, verb: str) -> Notice | Refusal:
    state = NOTHING if notice is None else notice.state
    return notice if notice is not None and (state, verb) in MOVES else illegal(MOVES, state, verb)


def _tells(notice: Notice) -> list[dict[str, object]]:
    """What is said of each thing that it tells of."""
    shared = {"to": notice.to, "way": notice.way, "tries": notice.tries}
    return [{"issue": item.issue, "about": item.about, **shared} for item in notice.items]


def _given_up(notice: Notice, why: Unsent, manner: Manner, said: str = "") -> Change[Notice]:
    given_up = notice.model_copy(update={"state": State.GIVEN_UP, "again_at": None})
    ends = ({**one, "why": why, "said": said} for one in _tells(given_up))
    return _moved(given_up, *(event(manner.given_up.read(end)) for end in ends))


def _moved(notice: Notice, *messages: Message) -> Change[Notice]:
    return Change(notice, messages, {"state": notice.state.value, "tries": notice.tries})
