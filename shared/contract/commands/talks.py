"""What may be asked of intake about talks: announced and moved by the agenda of a jurisdiction, which knows when its
leaders are engaged; all else is asked of the talk itself.
"""

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, model_validator

from shared.contract.command import Command
from shared.contract.event import (
    MAX_REASON_CHARS,
    MAX_TITLE_CHARS,
    NOT_BLANK,
    PRINCIPAL,
    FreeText,
    Number,
    Round,
)
from shared.contract.words import LeadingBody, Level, Series, TalkNews

MOST_PLACES = 500
"""So many may take part in one talk."""
TALK_ID = r"^[\w-]{1,90}$"
TalkId = Annotated[str, Field(pattern=TALK_ID)]
"""``<jurisdiction>-<series>-<day>-<number>``, such as ``huzhou-weekly-20220608-1``."""
Person = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""An entrepreneur by reference: no name and no phone stands here."""
Issue = Annotated[str, Field(max_length=13, pattern=r"^[0-9A-Z]*$")]
"""The issue in which a question stands that was collected beforehand, by its id; empty for none."""
Account = Annotated[str, Field(min_length=1, max_length=80, pattern=PRINCIPAL)]
Code = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_-]*$")]
Reasoned = Annotated[FreeText, Field(min_length=1, max_length=MAX_REASON_CHARS, pattern=NOT_BLANK)]
Line = Annotated[FreeText, Field(min_length=1, max_length=MAX_TITLE_CHARS, pattern=NOT_BLANK)]


class Leader(BaseModel):
    """A leader of one of the four bodies: an official acting in office, so the name stands here."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    account: Account
    name: str = Field(min_length=1, max_length=40, pattern=NOT_BLANK)
    post: str = Field(min_length=1, max_length=80, pattern=NOT_BLANK)
    body: LeadingBody


Leaders = Annotated[tuple[Leader, ...], Field(max_length=20)]
Departments = Annotated[tuple[Code, ...], Field(max_length=60)]


class Described(BaseModel):
    """What a talk is about, where, and who sits there for departments; how many entrepreneurs have a place."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    theme: Line
    questions: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    """What is to be talked about, one question a line."""
    place: Line
    capacity: int = Field(ge=1, le=MOST_PLACES)
    departments: Departments = ()
    """The codes of the departments that will be there: these alone can claim or answer on the spot."""


class Between(BaseModel):
    """From when until when a talk is planned."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at: a talk ends after it has begun")
        return self


class AnnounceTalk(
    Command, Described, Between, type="intake.agenda.announce.v1", service="intake", kind="agenda"
):
    """Announce a talk (发布恳谈会): its id follows from jurisdiction, series, day and number."""

    series: Series = Series.WEEKLY
    number: Round = Field(default=1, le=999)
    """Which of this day's talks of the series, where there are several."""
    level: Level = Level.CITY
    jurisdiction: Annotated[str, Field(max_length=40, pattern=r"^([a-z][a-z0-9]*)?$")] = ""
    """The county whose talk it is; empty for the deployment's own jurisdiction."""
    organiser: Line
    leaders: Leaders = ()


class PostponeTalk(Command, Between, type="intake.agenda.postpone.v1", service="intake", kind="agenda"):
    """Move a talk to another time (改期), with a reason: everybody who signed up is told."""

    talk: TalkId
    reason: Reasoned


class AppointLeaders(Command, type="intake.agenda.appoint.v1", service="intake", kind="agenda"):
    """Let other leaders hold a talk (更换领导), with a reason."""

    talk: TalkId
    leaders: Leaders
    reason: Reasoned


class LeaveAgenda(Command, type="intake.agenda.leave.v1", service="intake", kind="agenda"):
    """A talk was held or called off: its leaders are free again."""

    talk: TalkId


class EnterTalk(Command, Described, Between, type="intake.talk.enter.v1", service="intake", kind="talk"):
    """The agenda has a talk announced, with its leaders engaged."""

    series: Series
    number: Round
    level: Level
    jurisdiction: Code
    organiser: Line
    leaders: Leaders
    by: Account


class MoveTalk(Command, Between, type="intake.talk.move.v1", service="intake", kind="talk"):
    """The agenda has moved a talk."""

    reason: Reasoned
    by: Account


class LeadTalk(Command, type="intake.talk.lead.v1", service="intake", kind="talk"):
    """The agenda has engaged other leaders for a talk."""

    leaders: Leaders
    reason: Reasoned
    by: Account


class ChangeTalk(Command, Described, type="intake.talk.change.v1", service="intake", kind="talk"):
    """Say anew what a talk is about, where, with how many places and which departments."""


class SignUp(Command, type="intake.talk.sign_up.v1", service="intake", kind="talk"):
    """Sign up for a talk (报名), for oneself, with the question that one brings."""

    enterprise: str = Field(default="", max_length=18)
    issue: Issue = ""


class StayAway(Command, type="intake.talk.stay_away.v1", service="intake", kind="talk"):
    """Take back that one would come."""


class NamedParticipant(BaseModel):
    """Somebody whom the organiser wants there, or whose question is read out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    person: Person
    enterprise: str = Field(default="", max_length=18)
    written: StrictBool = False
    """They cannot come, and have sent their question in writing: no place is taken."""
    issue: Issue = ""


class NameParticipants(Command, type="intake.talk.name.v1", service="intake", kind="talk"):
    """Name who shall take part (点名), or has sent a question in writing (书面)."""

    participants: tuple[NamedParticipant, ...] = Field(min_length=1, max_length=MOST_PLACES)


class OpenTalk(Command, type="intake.talk.open.v1", service="intake", kind="talk"):
    """Begin a talk: from now on issues are recorded in the talk's room."""


class Attendee(BaseModel):
    """Somebody who has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    person: Person
    enterprise: str = Field(default="", max_length=18)


class RecordAttendance(Command, type="intake.talk.attend.v1", service="intake", kind="talk"):
    """Write down who has come (签到); who came without being asked joins the participants."""

    attendees: tuple[Attendee, ...] = Field(min_length=1, max_length=MOST_PLACES)


class HoldTalk(Command, type="intake.talk.hold.v1", service="intake", kind="talk"):
    """Close a talk (结束): at this instant the promise of each of its issues begins."""


class CancelTalk(Command, type="intake.talk.cancel.v1", service="intake", kind="talk"):
    """Call a talk off (取消): the issues collected for it start at this moment."""

    reason: Reasoned


class JoinTalk(Command, type="intake.talk.join.v1", service="intake", kind="talk"):
    """An issue of this talk was registered: it joins the list of members, and is told where the talk stands."""

    issue: str = Field(max_length=90)
    registered_at: AwareDatetime
    person: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    """Who raised it, by reference, to be told where the talk changes; empty for one without a name."""


class ConfirmNews(Command, type="intake.talk.confirm.v1", service="intake", kind="talk"):
    """An issue answers its talk: what it was told is done, or was refused because its promise runs or it has ended."""

    issue: str = Field(max_length=90)
    news: Number
    done: bool


class HearTalk(Command, type="intake.hear_talk.v1", service="intake"):
    """A talk tells one of its issues that it is to come, or that the promise begins at an instant."""

    talk: str = Field(max_length=90)
    news: Number = 0
    """Which of its news, where the talk waits for an answer; 0: the issue has asked itself."""
    what: TalkNews
    at: AwareDatetime
    """When the talk is planned to end; else the instant from which the promise runs."""
    departments: Departments = ()


class WeekOfRotation(BaseModel):
    """Whose turn it is in one week (ISO 8601) at one place."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    week: int = Field(ge=1, le=53)
    jurisdiction: Annotated[str, Field(max_length=40, pattern=r"^([a-z][a-z0-9]*)?$")] = ""
    """The county; empty for the deployment's own jurisdiction."""
    level: Level = Level.CITY
    leaders: Annotated[tuple[Leader, ...], Field(min_length=1, max_length=20)]


class PublishRotation(Command, type="intake.rotation.publish.v1", service="intake", kind="rotation"):
    """Publish the yearly plan of leaders by week (轮值表); the same one again changes nothing."""

    weeks: tuple[WeekOfRotation, ...] = Field(max_length=2_000)


class SwapTurns(Command, type="intake.rotation.swap.v1", service="intake", kind="rotation"):
    """Let the leaders of two weeks at one place change their turns (调换), with a reason."""

    week: int = Field(ge=1, le=53)
    other_week: int = Field(ge=1, le=53)
    jurisdiction: Annotated[str, Field(max_length=40, pattern=r"^([a-z][a-z0-9]*)?$")] = ""
    reason: Reasoned
