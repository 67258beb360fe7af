"""What intake tells of talks and of who leads them when. Entrepreneurs stand here by reference alone."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contract.event import INTAKE, INTAKE_TALKS, Event, Number, Round
from shared.contract.words import (
    OpenLeadingBody,
    OpenLevel,
    OpenOccurrence,
    OpenProvisional,
    OpenSeries,
    OpenTakesPart,
)


class TalkLeader(BaseModel):
    """A leader of one of the four bodies."""

    model_config = ConfigDict(frozen=True, extra="allow")
    account: str
    name: str
    post: str
    body: OpenLeadingBody


class Participant(BaseModel):
    """Who takes part, and how; a reference, and the code of the enterprise that the person speaks for."""

    model_config = ConfigDict(frozen=True, extra="allow")
    person: str
    enterprise: str = ""
    how: OpenTakesPart
    issue: str = ""
    """The issue in which the question stands that this person brings; empty for none."""


class TalkAnnounced(Event, type="talk.announced.v1", topic=INTAKE):
    """Happens when a talk is announced: the theme, who leads, which departments will be there."""

    series: OpenSeries
    number: Round
    """Which of this day's talks of the series."""
    level: OpenLevel
    jurisdiction: str
    on: date
    """The day for which it was announced first: part of its id."""
    theme: str
    questions: str = ""
    """One a line."""
    place: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    wait_until: AwareDatetime
    """Not held by then, the issues that were collected for it start."""
    capacity: Number
    organiser: str
    leaders: tuple[TalkLeader, ...] = ()
    departments: tuple[str, ...] = ()
    by: str


class TalkChanged(Event, type="talk.changed.v1", topic=INTAKE):
    """Happens when a talk has another theme, place, number of places, other leaders or departments: all as they are."""

    theme: str
    questions: str = ""
    """One a line."""
    place: str
    capacity: Number
    leaders: tuple[TalkLeader, ...] = ()
    departments: tuple[str, ...] = ()
    reason: str = ""
    """Why others lead."""
    by: str


class TalkSignedUp(Event, type="talk.signed_up.v1", topic=INTAKE):
    """Happens when an entrepreneur signs up for a talk, or takes that back."""

    person: str
    enterprise: str = ""
    issue: str = ""
    withdrawn: bool = False
    taken: Number
    """How many places are taken after it."""


class TalkNamed(Event, type="talk.named.v1", topic=INTAKE):
    """Happens when the organiser names who shall take part, or has sent a question in writing."""

    participants: tuple[Participant, ...]
    taken: Number
    by: str


class TalkPostponed(Event, type="talk.postponed.v1", topic=INTAKE):
    """Happens when a talk moves to another time; what was collected for it waits five working days behind that."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    old_starts_at: AwareDatetime
    wait_until: AwareDatetime
    reason: str
    by: str


class TalkOpened(Event, type="talk.opened.v1", topic=INTAKE):
    """Happens when a talk begins and issues are recorded in the talk's room."""

    by: str


class TalkAttended(Event, type="talk.attended.v1", topic=INTAKE):
    """Happens when it is written down who has come."""

    attendees: tuple[Participant, ...]
    by: str


class TalkHeld(Event, type="talk.held.v1", topic=INTAKE):
    """Happens when a talk ends: the promise of every issue raised at or for it starts here."""

    attended: tuple[str, ...] = ()
    """Who took part, by reference."""
    issues: tuple[str, ...] = ()
    """The issues that were its members by then; later ones join."""
    by: str


class TalkLapsed(Event, type="talk.lapsed.v1", topic=INTAKE):
    """Happens when a talk was not held in time: what was collected for it starts here; it may still be held."""

    issues: tuple[str, ...] = ()


class TalkCancelled(Event, type="talk.cancelled.v1", topic=INTAKE):
    """Happens when a talk is called off: the issues collected for it start at this moment."""

    reason: str
    issues: tuple[str, ...] = ()
    by: str


class DepartmentsInformed(Event, type="talk.departments_informed.v1", topic=INTAKE_TALKS):
    """Happens when a talk moves, changes or is called off: who leads it and who is to be there for a department."""

    about: OpenOccurrence
    starts_at: AwareDatetime
    departments: tuple[str, ...]
    """Whose people hear of it: those that are to be there; of who is to come, or not to come any more, these alone."""
    leaders: tuple[str, ...] = ()
    """The accounts of the leaders who hear of it: those who lead it, and who led it until others were appointed."""
    by: str


class PromiseExpected(Event, type="promise.expected.v1", topic=INTAKE):
    """Happens when an issue of a talk to come joins it, and when that moves: no clock runs yet, the date may move."""

    talk: str
    talk_ends_at: AwareDatetime
    """From when the promise is counted if the talk is held as planned."""
    due_at: AwareDatetime
    limit: str
    provisional_because: OpenProvisional
    policy: str
    calendar: str
    departments: tuple[str, ...] = ()
    """Those that will be at the talk: they can claim it, or answer on the spot."""


class WeekPlanned(BaseModel):
    """Whose turn it is in one week (ISO 8601) at one place."""

    model_config = ConfigDict(frozen=True, extra="allow")
    week: Number
    jurisdiction: str
    level: OpenLevel
    leaders: tuple[TalkLeader, ...]


class RotationPublished(Event, type="rotation.published.v1", topic=INTAKE, reference=True):
    """Happens when the yearly plan of leaders by week is published, or two of them change their turns."""

    version: str
    in_force_from: AwareDatetime
    weeks: tuple[WeekPlanned, ...]
    reason: str = ""
    """Why two changed their turns; empty of a plan that was published whole."""
    by: str
