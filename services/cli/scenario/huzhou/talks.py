"""One talk of the six Wednesdays: announced, signed up for, held; and the plan of these weeks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from services.cli.scenario import talk as shared
from services.cli.scenario.huzhou import article
from services.cli.scenario.huzhou.people import Place, words
from services.cli.scenario.people import Firm
from services.cli.scenario.script import Planned
from services.cli.scenario.talk import TalkScript, turn
from shared.contract.words import Level, Series
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import talk_id

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

    def course(self, name: str, jurisdiction: str, known: Mapping[str, str]) -> Planned:
        """What is asked about it; ``known``: the reference of each account."""
        script = TalkScript(name, jurisdiction, self.place.code, self.on)
        script.announce(
            self.at(TEN, ANNOUNCED),
            self.at(BEGINS),
            self.ends_at,
            level=(Level.CITY if self.of_city else Level.COUNTY).value,
            organiser=words()["organiser"].format(name=self.place.name),
            theme=self.theme["theme"],
            questions=self.theme["questions"],
            place=words()["place"].format(name=self.place.name),
            capacity=len(self.comers) + 3,
            leaders=[dict(self.leader)],
            departments=self.departments[:MOST_PRESENT],
        )
        half = -(-len(self.comers) // 2)
        for firm in self.comers[:half]:
            brought = self.brought.get(firm.account, "")
            script.sign_up(self.at(TEN, SIGNED_UP), known[firm.account], firm.code, brought)
        named = [self._who(firm, known) for firm in self.comers[half:]]
        written = [self._who(firm, known) | {"written": True} for firm in self.writers]
        script.name_them(self.at(TEN, NAMED), [*named, *written])
        came = [{"person": known[firm.account], "enterprise": firm.code} for firm in self.comers]
        script.open(self.at(BEGINS), came)
        script.hold(self.ends_at)
        return script.course()

    def _who(self, firm: Firm, known: Mapping[str, str]) -> dict[str, Any]:
        brought = {"issue": self.brought[firm.account]} if firm.account in self.brought else {}
        return {"person": known[firm.account], "enterprise": firm.code, **brought}


def rotation(name: str, jurisdiction: str, talks: Sequence[Talk]) -> Planned:
    """The plan of these weeks, published the day before the first talk is announced."""
    first, at = talks[0].on, talks[0].at(TEN, ANNOUNCED + timedelta(days=1))
    turns = [
        turn(talk.on.isocalendar().week, talk.place.code, talk.place.level.value, talk.leader)
        for talk in talks
    ]
    return shared.rotation(name, jurisdiction, first.year, at, turns)
