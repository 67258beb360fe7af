"""One talk of the scenario: announced, signed up for, held; and the steps of the agenda and of the talk itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from services.cli.replaying.lives import Entry, Step
from services.cli.scenario.huzhou import article
from services.cli.scenario.huzhou.people import Place, words
from services.cli.scenario.people import Firm
from services.cli.scenario.script import Planned
from shared.contract.commands.talks import (
    AnnounceTalk,
    HoldTalk,
    NameParticipants,
    OpenTalk,
    PublishRotation,
    RecordAttendance,
    SignUp,
)
from shared.contract.subjects import subject_of
from shared.contract.words import Level, Role, Series
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import talk_id

FEDERATION, CLERK = f"{Role.FEDERATION}:feng", f"{Role.CLERK}:qinyue"
ANNOUNCED, SIGNED_UP, NAMED = timedelta(days=7), timedelta(days=4), timedelta(days=2)
"""How long before a talk."""
TEN, BEGINS, ENDS = time(10), time(14, 30), time(17)
MOST_PRESENT = 8
"""So many departments sit there."""


@dataclass
class Talk:
    """One talk: where and when, who leads it, who comes and who has written."""

    place: Place
    on: date
    theme: Mapping[str, Any]
    leader: Mapping[str, str]
    comers: Sequence[Firm]
    writers: Sequence[Firm]
    total: int
    """How many issues come from it."""
    brought: dict[str, str] = field(default_factory=dict)
    """By account: the issue in which the question stands that this person brings."""
    departments: list[str] = field(default_factory=list)

    @property
    def of_city(self) -> bool:
        """Whether it is the city's own."""
        return self.place.level is Level.CITY

    @property
    def is_reported(self) -> bool:
        """Whether the article tells what came of it."""
        return self.on in article.WEDNESDAYS[: article.ROUNDS_REPORTED]

    @property
    def id(self) -> str:
        """As the agenda names it."""
        return talk_id(self.place.code, Series.WEEKLY, self.on, 1)

    def at(self, hour: time, before: timedelta = timedelta()) -> datetime:
        """An hour of its day, or of a day before."""
        return datetime.combine(self.on - before, hour, SHANGHAI)

    @property
    def ends_at(self) -> datetime:
        """When it is over: the promises of its issues run from here."""
        return self.at(ENDS)

    def announced(self) -> Entry:
        """What the agenda is asked."""
        level = Level.CITY if self.of_city else Level.COUNTY
        data = {
            "number": 1,
            "level": level.value,
            "jurisdiction": self.place.code,
            "organiser": words()["organiser"].format(name=self.place.name),
            "theme": self.theme["theme"],
            "questions": self.theme["questions"],
            "place": words()["place"].format(name=self.place.name),
            "starts_at": self.at(BEGINS).isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "capacity": len(self.comers) + 3,
            "leaders": [dict(self.leader)],
            "departments": self.departments[:MOST_PRESENT],
        }
        return _entry(f"agenda:{self.id}", AnnounceTalk.type, FEDERATION, self.at(TEN, ANNOUNCED), data)

    def course(self, known: Mapping[str, str]) -> Planned:
        """What is asked of it; ``known``: the reference of each account."""
        half = -(-len(self.comers) // 2)
        signing, asked = self.comers[:half], [*self.comers[half:], *self.writers]
        signs_at, names_at, opens_at = self.at(TEN, SIGNED_UP), self.at(TEN, NAMED), self.at(BEGINS)
        signed = [
            self._asked(
                f"{Role.ENTREPRENEUR}:{known[firm.account]}", SignUp.type, signs_at, self._who(firm, known)
            )
            for firm in signing
        ]
        for entry in signed:
            del entry["data"]["person"]
        named = [
            self._who(firm, known) | ({"written": True} if firm in self.writers else {}) for firm in asked
        ]
        came = [{"person": known[firm.account], "enterprise": firm.code} for firm in self.comers]
        names = self._asked(FEDERATION, NameParticipants.type, names_at, {"participants": named})
        opens = self._asked(CLERK, OpenTalk.type, opens_at, {})
        attends = self._asked(CLERK, RecordAttendance.type, opens_at, {"attendees": came})
        holds = self._asked(CLERK, HoldTalk.type, self.ends_at, {})
        return Planned(
            subject=subject_of("talk", self.id),
            steps=(
                Step("intake", signs_at, tuple(signed)),
                Step("intake", names_at, (names,)),
                Step("intake", opens_at, (opens, attends)),
                Step("intake", self.ends_at, (holds,), shared=True),
            ),
        )

    def _who(self, firm: Firm, known: Mapping[str, str]) -> dict[str, Any]:
        brought = {"issue": self.brought[firm.account]} if firm.account in self.brought else {}
        return {"person": known[firm.account], "enterprise": firm.code, **brought}

    def _asked(self, actor: str, kind: str, at: datetime, data: dict[str, Any]) -> Entry:
        return _entry(f"talk:{self.id}", kind, actor, at, data)


def agenda(jurisdiction: str, talks: Iterable[Talk]) -> Planned:
    """The talks of each day are announced in one step, a week before."""
    subject, by_day = subject_of("agenda", jurisdiction), dict[datetime, list[Entry]]()
    for talk in talks:
        entry = {**talk.announced(), "subject": subject}
        by_day.setdefault(datetime.fromisoformat(entry["at"]), []).append(entry)
    steps = (Step("intake", at, tuple(entries), shared=True) for at, entries in sorted(by_day.items()))
    return Planned(subject=subject, steps=tuple(steps))


def rotation(jurisdiction: str, talks: Sequence[Talk]) -> Planned:
    """The plan of these weeks, published the day before the first talk is announced."""
    year, at = talks[0].on.year, talks[0].at(TEN, ANNOUNCED + timedelta(days=1))
    weeks = [
        {
            "week": talk.on.isocalendar().week,
            "jurisdiction": talk.place.code,
            "level": talk.place.level.value,
            "leaders": [dict(talk.leader)],
        }
        for talk in talks
    ]
    subject = subject_of("rotation", f"{jurisdiction}-{year}")
    entry = _entry(subject, PublishRotation.type, FEDERATION, at, {"weeks": weeks})
    return Planned(subject=subject, steps=(Step("intake", at, (entry,), shared=True),))


def _entry(subject: str, kind: str, actor: str, at: datetime, data: Mapping[str, Any]) -> Entry:
    key = f"{subject}/{kind}/{actor}"
    return {
        "subject": subject,
        "type": kind,
        "data": dict(data),
        "actor": actor,
        "key": key,
        "at": at.isoformat(),
    }
