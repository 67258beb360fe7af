"""One talk of a scenario, written step by step: announced, signed up for, held or not; and the plan of its leaders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.cli.replaying.lives import Step
from services.cli.scenario.script import Planned, entry
from shared.contract.commands.talks import (
    AnnounceTalk,
    CancelTalk,
    HoldTalk,
    NameParticipants,
    OpenTalk,
    PostponeTalk,
    PublishRotation,
    RecordAttendance,
    SignUp,
)
from shared.contract.subjects import subject_of
from shared.contract.words import Role, Series
from shared.domain.talks import talk_id

FEDERATION, CLERK = f"{Role.FEDERATION}:feng", f"{Role.CLERK}:qinyue"


@dataclass
class TalkScript:
    """The steps of one talk; its issues wait for its announcement and its end, which wait for theirs."""

    name: str
    jurisdiction: str
    """Whose agenda engages its leaders."""
    place: str
    on: date
    series: Series = Series.WEEKLY
    number: int = 1
    steps: list[Step] = field(default_factory=list)

    @property
    def id(self) -> str:
        """As the agenda names it."""
        return talk_id(self.place, self.series, self.on, self.number)

    def course(self) -> Planned:
        """The whole of it, to be played."""
        return Planned(subject=self._subject, circle=self.id, steps=tuple(self.steps))

    def announce(self, at: datetime, begins: datetime, ends: datetime, **said: Any) -> None:
        """``said``: level, organiser, theme, questions, place, capacity, leaders, departments."""
        data = {"series": self.series.value, "number": self.number, "jurisdiction": self.place}
        self._ask(self._agenda, AnnounceTalk.type, FEDERATION, at, {**data, **_times(begins, ends), **said})

    def postpone(self, at: datetime, begins: datetime, ends: datetime, reason: str) -> None:
        """To another time."""
        moved = {"talk": self.id, **_times(begins, ends), "reason": reason}
        self._ask(self._agenda, PostponeTalk.type, FEDERATION, at, moved)

    def sign_up(self, at: datetime, person: str, enterprise: str, issue: str = "") -> None:
        """Of somebody by reference, perhaps with a question."""
        said = {"enterprise": enterprise} | ({"issue": issue} if issue else {})
        self._ask(self._subject, SignUp.type, f"{Role.ENTREPRENEUR}:{person}", at, said)

    def name_them(self, at: datetime, people: Sequence[Mapping[str, Any]]) -> None:
        """Whom the federation wants there, or who has written."""
        self._ask(self._subject, NameParticipants.type, FEDERATION, at, {"participants": list(people)})

    def open(self, at: datetime, came: Sequence[Mapping[str, Any]]) -> None:
        """It begins, and who has come is written down."""
        self._ask(self._subject, OpenTalk.type, CLERK, at, {})
        self._ask(self._subject, RecordAttendance.type, CLERK, at, {"attendees": list(came)})

    def hold(self, at: datetime) -> None:
        """It ends: the promises of its issues run from here."""
        self._ask(self._subject, HoldTalk.type, CLERK, at, {})

    def cancel(self, at: datetime, reason: str) -> None:
        """It is called off: what was collected starts now."""
        self._ask(self._subject, CancelTalk.type, FEDERATION, at, {"reason": reason})

    @property
    def _subject(self) -> str:
        return subject_of("talk", self.id)

    @property
    def _agenda(self) -> str:
        return subject_of("agenda", self.jurisdiction)

    def _ask(self, subject: str, kind: str, actor: str, at: datetime, data: Mapping[str, Any]) -> None:
        """What is asked at the instant of the last step goes with it; what the issues hear of is shared."""
        key = f"{self.name}/{self.id}/{len(self.steps)}/{kind}/{actor}"
        asked = entry(subject, kind, actor, key, at, data)
        together = self.steps.pop().entries if self.steps and self.steps[-1].at == at else ()
        shared = any(one["type"] in _HEARD for one in (*together, asked))
        self.steps.append(Step("intake", at, (*together, asked), shared=shared))


_HEARD = (AnnounceTalk.type, PostponeTalk.type, HoldTalk.type, CancelTalk.type)
"""What the issues of a talk hear of."""


def rotation(
    name: str, jurisdiction: str, year: int, at: datetime, weeks: Sequence[Mapping[str, Any]]
) -> Planned:
    """The yearly plan of leaders by week, published."""
    subject, kind = subject_of("rotation", f"{jurisdiction}-{year}"), PublishRotation.type
    published = entry(subject, kind, FEDERATION, f"{name}/{subject}/{kind}", at, {"weeks": list(weeks)})
    return Planned(subject=subject, steps=(Step("intake", at, (published,)),))


def turn(week: int, place: str, level: str, leader: Mapping[str, str]) -> dict[str, Any]:
    """Whose turn it is in one week at one place."""
    return {"week": week, "jurisdiction": place, "level": level, "leaders": [dict(leader)]}


def _times(begins: datetime, ends: datetime) -> dict[str, str]:
    return {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
