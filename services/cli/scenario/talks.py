"""The talks of the town: held, called off, postponed, still open, and to come; with what is raised for each of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from services.cli.scenario.people import WU, Firm
from services.cli.scenario.script import Planned
from services.cli.scenario.talk import TalkScript, rotation, turn
from services.supervision.builtin import builtin_calendar
from shared.contract.words import LeadingBody, Level, Phase, Series
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import rules_of
from shared.identity.references import References


def _leader(account: str, name: str, post: str, body: LeadingBody) -> dict[str, str]:
    return {"account": account, "name": name, "post": post, "body": body.value}


MAYOR = _leader("qian", "钱江", "副市长", LeadingBody.GOVERNMENT)
CHAIR = _leader("leader-shenhua", "沈华", "市政协主席", LeadingBody.CPPCC)
SECRETARY = _leader("leader-moqiang", "莫强", "市委副书记", LeadingBody.PARTY)
DIRECTOR = _leader("leader-fanmin", "范敏", "市人大常委会副主任", LeadingBody.CONGRESS)
CITY = (MAYOR, CHAIR, SECRETARY, DIRECTOR)
COUNTY = {
    "wuxing": _leader("leader-wuxing", "施岚", "区长", LeadingBody.GOVERNMENT),
    "nanxun": _leader("leader-nanxun", "谈峰", "区政协主席", LeadingBody.CPPCC),
    "deqing": _leader("leader-deqing", "沈知远", "县委副书记", LeadingBody.PARTY),
    "changxing": _leader("leader-changxing", "顾一鸣", "县人大主任", LeadingBody.CONGRESS),
    "anji": _leader("leader-anji", "叶舟", "县长", LeadingBody.GOVERNMENT),
}
BEGINS, ENDS = time(14), time(16, 30)
PLACES = 12
LAST_DAY = -9
"""Where a week stands: the last working day before today, whichever that is."""


class Becomes(StrEnum):
    """What has become of a talk by today."""

    HELD = "held"
    CANCELLED = "cancelled"
    OPEN = "open"
    """It was begun, and nobody has closed it yet."""
    COMING = "coming"
    POSTPONED = "postponed"
    """It comes a week later."""


class Sketch(NamedTuple):
    """One talk: on which working Wednesday (the next one is 0), what became of it, who leads it, about what, which
    departments are there, and what is raised for it (``TALK_SHAPES``).
    """

    when: int
    becomes: Becomes
    leader: Mapping[str, str] | None
    theme: str
    questions: str
    departments: tuple[str, ...]
    issues: tuple[str, ...] = ()
    series: Series = Series.WEEKLY
    number: int = 1
    place: str = ""
    """The county whose talk it is; empty: the city's."""


TALKS = (
    Sketch(
        *(-2, Becomes.HELD, MAYOR, "用地与用能保障", "扩产用地指标何时下达\n峰谷电价如何执行"),
        departments=("planning", "development", "power"),
        issues=("brought", "said", "claimed", "answered_there", "said", "added_after"),
    ),
    Sketch(
        *(-1, Becomes.HELD, CHAIR, "招工与人才公寓", "技工从哪里来\n人才公寓怎么申请"),
        departments=("human_resources", "housing", "medical_insurance"),
        issues=("brought", "said", "claimed", "answered_there", "said"),
    ),
    Sketch(
        *(-1, Becomes.CANCELLED, None, "惠企政策兑现服务日", "补贴怎么申请\n材料怎么报"),
        departments=("fiscal", "tax"),
        issues=("brought",),
        series=Series.SERVICE_DAY,
    ),
    Sketch(
        *(LAST_DAY, Becomes.OPEN, SECRETARY, "数字化改造圆桌会", "改造资金从哪里来\n数据怎么共享"),
        departments=("industry", "data_services", "science"),
        issues=("brought", "said", "claimed"),
        series=Series.ROUND_TABLE,
    ),
    Sketch(
        *(0, Becomes.COMING, MAYOR, "园区道路与物流", "北门外路灯\n货车限行时段"),
        departments=("transport", "urban_management", "housing"),
        issues=("wu_brought", "brought"),
    ),
    Sketch(
        *(0, Becomes.POSTPONED, DIRECTOR, "涉企检查怎样更少打扰", "多头检查\n整改期限"),
        departments=("market", "emergency", "environment"),
        number=2,
    ),
    Sketch(
        *(1, Becomes.COMING, COUNTY["deqing"], "外贸企业出海", "通关时效\n汇率避险"),
        departments=("commerce", "customs"),
        place="deqing",
    ),
)


@dataclass
class Talk:
    """One talk of a town, while its issues are written."""

    sketch: Sketch
    script: TalkScript
    day: date
    announced_at: datetime
    begins_at: datetime
    ends_at: datetime
    later: date
    """The day to which it is moved, where it is."""
    raised: dict[str, tuple[Firm, str, Phase, datetime]] = field(default_factory=dict)
    """By account: who has raised the first question of theirs, as which issue, when."""

    @property
    def over_at(self) -> datetime | None:
        """When the promises of its issues began; None where they wait."""
        match self.sketch.becomes:
            case Becomes.HELD:
                return self.ends_at
            case Becomes.CANCELLED:
                return datetime.combine(_office_day(self.day - timedelta(days=1)), time(10), SHANGHAI)
        return None

    def spoken_at(self, phase: Phase, place: int) -> datetime:
        """When the issue at this place on its list is written down: beforehand, or at the talk."""
        if phase is Phase.BEFORE:
            return self.announced_at + timedelta(hours=3, minutes=11 * place)
        return self.begins_at + timedelta(minutes=12 + 11 * place)

    def course(self, people: Sequence[Firm], references: References) -> Planned:
        """What is asked about it; ``people``: who takes part without a question."""
        script, at = self.script, self.announced_at
        self._announce()
        asked = [firm for firm, _, phase, _ in self.raised.values() if phase is not Phase.AFTER]
        coming = {firm.account: firm for firm in [*asked, *people]}
        brought = {
            account: (issue, raised_at)
            for account, (_, issue, phase, raised_at) in self.raised.items()
            if phase is Phase.BEFORE
        }
        others = [firm for account, firm in coming.items() if account not in brought]
        for place, firm in enumerate(others[:-1]):
            self._takes_part(
                at + timedelta(hours=2, minutes=7 * place), references.person(firm.account), firm.code
            )
        for account, (issue, raised_at) in brought.items():
            person, code = references.person(account), coming[account].code
            self._takes_part(raised_at + timedelta(minutes=5), person, code, issue)
        listed = [{"person": references.person(who), "enterprise": one.code} for who, one in coming.items()]
        named = {"person": references.person(others[-1].account), "enterprise": others[-1].code}
        script.name_them(at + timedelta(hours=6), [named])
        self._become(listed)
        return script.course()

    def _takes_part(self, at: datetime, person: str, enterprise: str, issue: str = "") -> None:
        """They sign up, or are named where one comes by invitation."""
        if rules_of(self.sketch.series).by_invitation:
            said = {"person": person, "enterprise": enterprise}
            self.script.name_them(at, [said | ({"issue": issue} if issue else {})])
        else:
            self.script.sign_up(at, person, enterprise, issue)

    def _announce(self) -> None:
        sketch = self.sketch
        self.script.announce(
            self.announced_at,
            self.begins_at,
            self.ends_at,
            level=(Level.COUNTY if sketch.place else Level.CITY).value,
            organiser="德清县工商联" if sketch.place else "湖州市工商联",
            theme=sketch.theme,
            questions=sketch.questions,
            place="德清县政务服务中心三楼" if sketch.place else "市民中心政企恳谈室",
            capacity=PLACES,
            leaders=[dict(sketch.leader)] if sketch.leader else [],
            departments=list(sketch.departments),
        )

    def _become(self, came: Sequence[Mapping[str, Any]]) -> None:
        script, becomes = self.script, self.sketch.becomes
        if becomes is Becomes.POSTPONED:
            begins, ends = (datetime.combine(self.later, hour, SHANGHAI) for hour in (BEGINS, ENDS))
            at = self.announced_at + timedelta(hours=7)
            script.postpone(at, begins, ends, "防汛值守，原定时间不能召开")
        if becomes in (Becomes.HELD, Becomes.OPEN):
            script.open(self.begins_at, came)
        if becomes is Becomes.HELD:
            script.hold(self.ends_at)
        if becomes is Becomes.CANCELLED and self.over_at is not None:
            script.cancel(self.over_at, "场地临时征用，改到窗口逐一受理")


def talks(name: str, jurisdiction: str, on: date) -> list[Talk]:
    """Every talk of the town of one day, with nothing raised yet."""
    days, found = _wednesdays(on), []
    for number, sketch in enumerate(TALKS):
        day = _office_day(on - timedelta(days=1)) if sketch.when == LAST_DAY else days[sketch.when]
        before = min(day - timedelta(days=9), on - timedelta(days=3))
        begins, ends = (datetime.combine(day, hour, SHANGHAI) for hour in (BEGINS, ENDS))
        announced = datetime.combine(_office_day(before), time(9, 30), SHANGHAI) + timedelta(minutes=number)
        script = TalkScript(
            name, jurisdiction, sketch.place or jurisdiction, day, sketch.series, sketch.number
        )
        later = days.get(sketch.when + 1, day)
        found.append(Talk(sketch, script, day, announced, begins, ends, later))
    return found


def courses(talks: Sequence[Talk], people: Sequence[Firm], references: References) -> Iterator[Planned]:
    """What is asked about each talk; three come to each who bring no question."""
    others = [firm for firm in people if firm.account != WU]
    for place, talk in enumerate(talks):
        guests = [others[(place * 5 + number) % len(others)] for number in range(3)]
        yield talk.course(guests, references)


def held_before(talks: Sequence[Talk], at: datetime) -> Talk | None:
    """The talk that had been held last at an instant."""
    ended = [talk for talk in talks if talk.sketch.becomes is Becomes.HELD and talk.ends_at < at]
    return max(ended, key=lambda talk: talk.ends_at, default=None)


@cache
def _wednesdays(on: date) -> dict[int, date]:
    """The working Wednesdays around a day: the two before it, and the two from it on."""
    calendar, first = builtin_calendar(), on + timedelta(days=(2 - on.weekday()) % 7)
    around = (first + timedelta(weeks=week) for week in range(-6, 7))
    every = [day for day in around if calendar.is_working_day(day)]
    place = next(place for place, day in enumerate(every) if day >= on)
    return {number: every[place + number] for number in (-2, -1, 0, 1)}


def _office_day(day: date) -> date:
    """The last working day up to this one."""
    calendar = builtin_calendar()
    return next(one for back in range(20) if calendar.is_working_day(one := day - timedelta(days=back)))


def rotated(name: str, jurisdiction: str, on: date) -> Planned:
    """Whose turn it is, from eight weeks back to twelve weeks on: one turn to come has nobody."""
    year, this, _ = on.isocalendar()
    last = date(year, 12, 28).isocalendar().week
    turns: list[dict[str, Any]] = []
    for week in range(max(1, this - 8), min(last, this + 12) + 1):
        leads = CITY[(week - this + 2) % len(CITY)]
        turns.append(turn(week, jurisdiction, Level.CITY.value, leads))
        for place, one in COUNTY.items():
            if (week, place) != (this + 1, [*COUNTY][-1]):
                turns.append(turn(week, place, Level.COUNTY.value, one))
    at = datetime.combine(_office_day(on - timedelta(weeks=4)), time(9), SHANGHAI)
    return rotation(name, jurisdiction, year, at, turns)
