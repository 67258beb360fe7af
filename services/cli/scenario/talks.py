"""The talks of the town: two that were held, one to come for which some have signed up, one that was postponed.

All of them are one course, in the order of their instants: the agenda hears of them as it would have.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple

from services.cli.replaying.lives import Step
from services.cli.scenario.people import Firm
from services.cli.scenario.script import Planned
from services.supervision.builtin import builtin_calendar
from shared.contract.commands.talks import (
    AnnounceTalk,
    HoldTalk,
    NameParticipants,
    OpenTalk,
    PostponeTalk,
    PublishRotation,
    RecordAttendance,
    SignUp,
)
from shared.contract.words import LeadingBody, Level, Role, Series
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import talk_id
from shared.identity.references import References

FEDERATION, CLERK = f"{Role.FEDERATION}:feng", f"{Role.CLERK}:qinyue"
COUNTIES = ("wuxing", "nanxun", "deqing", "changxing", "anji")
MAYOR = {"account": "qian", "name": "钱江", "post": "副市长", "body": LeadingBody.GOVERNMENT.value}
CHAIR = {"account": "leader-shenhua", "name": "沈华", "post": "市政协主席", "body": LeadingBody.CPPCC.value}
SECRETARY = {
    "account": "leader-moqiang",
    "name": "莫强",
    "post": "市委副书记",
    "body": LeadingBody.PARTY.value,
}
DIRECTOR = {
    "account": "leader-fanmin",
    "name": "范敏",
    "post": "市人大常委会副主任",
    "body": LeadingBody.CONGRESS.value,
}
CITY = (MAYOR, CHAIR, SECRETARY, DIRECTOR)
PLACE = "市民中心政企恳谈室"
BEGINS, ENDS = time(14), time(16, 30)


class Sketch(NamedTuple):
    """One talk of the town: on which working Wednesday (the next one is 0), which of that day, who leads, about what,
    which departments are there.
    """

    when: int
    number: int
    leader: dict[str, str]
    theme: str
    questions: str
    departments: tuple[str, ...]


TALKS = (
    Sketch(
        *(-2, 1, MAYOR, "用地与用能保障", "扩产用地指标何时下达\n峰谷电价如何执行"),
        ("planning", "development", "power"),
    ),
    Sketch(
        *(-1, 1, CHAIR, "招工与人才公寓", "技工从哪里来\n人才公寓怎么申请"),
        ("human_resources", "housing"),
    ),
    Sketch(
        *(0, 1, MAYOR, "园区道路与物流", "北门外路灯\n货车限行时段"),
        ("transport", "urban_management", "housing"),
    ),
    Sketch(
        *(0, 2, DIRECTOR, "涉企检查怎样更少打扰", "多头检查\n整改期限"),
        ("market", "emergency", "environment"),
    ),
)
POSTPONED = 2
"""Which of its day: to the Wednesday after."""


def talks(name: str, jurisdiction: str, references: References, people: Sequence[Firm], on: date) -> Planned:
    """Everything about talks that happened before the day, in order."""
    days, steps = _wednesdays(on), [*_rotation(name, jurisdiction, on)]
    for place, sketch in enumerate(TALKS):
        firms = [people[(place * 7 + number) % len(people)] for number in range(1, 6)]
        expected = [(references.person(firm.account), firm.code) for firm in firms]
        steps += _talk(name, jurisdiction, sketch, days, expected)
    before = datetime.combine(on, time(0), SHANGHAI)
    ordered = sorted((step for step in steps if step.at < before), key=lambda step: step.at)
    return Planned(subject=f"agenda:{jurisdiction}", steps=tuple(ordered))


def held(jurisdiction: str, on: date, at: datetime) -> tuple[str, str] | None:
    """The talk that had been held last at an instant: its id and its day; None where none had been."""
    days, found = _wednesdays(on), None
    for sketch in TALKS:
        day = days[sketch.when]
        if sketch.when < 0 and datetime.combine(day, ENDS, SHANGHAI) < at:
            found = talk_id(jurisdiction, Series.WEEKLY, day, sketch.number), day.isoformat()
    return found


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


def _rotation(name: str, jurisdiction: str, on: date) -> Iterator[Step]:
    """Whose turn it is, from eight weeks back to twelve weeks on: one turn to come has nobody."""
    year, this, _ = on.isocalendar()
    last = date(year, 12, 28).isocalendar().week
    weeks: list[dict[str, Any]] = []
    for week in range(max(1, this - 8), min(last, this + 12) + 1):
        city = {"week": week, "jurisdiction": jurisdiction, "level": Level.CITY.value}
        weeks.append({**city, "leaders": [CITY[(week - this + 2) % len(CITY)]]})
        for place, one in zip(COUNTIES, _county_leaders(), strict=True):
            if (week, place) != (this + 1, COUNTIES[-1]):
                county = {"week": week, "jurisdiction": place, "level": Level.COUNTY.value}
                weeks.append({**county, "leaders": [one]})
    at = datetime.combine(_office_day(on - timedelta(weeks=4)), time(9), SHANGHAI)
    subject = f"rotation:{jurisdiction}-{year}"
    yield _step(name, subject, PublishRotation.type, FEDERATION, at, {"weeks": weeks})


def _county_leaders() -> Iterator[dict[str, str]]:
    posts = (
        ("县长", "government"),
        ("县政协主席", "cppcc"),
        ("县委副书记", "party"),
        ("县人大主任", "congress"),
    )
    for number, (place, person) in enumerate(
        zip(COUNTIES, ("施岚", "谈峰", "沈知远", "顾一鸣", "叶舟"), strict=True)
    ):
        post, body = posts[number % len(posts)]
        post = post.replace("县", "区") if place in ("wuxing", "nanxun") else post
        yield {"account": f"leader-{place}", "name": person, "post": post, "body": body}


def _talk(
    name: str,
    jurisdiction: str,
    sketch: Sketch,
    days: Mapping[int, date],
    expected: Sequence[tuple[str, str]],
) -> Iterator[Step]:
    """Announced nine days before, signed up for, and what came of it. ``expected``: (person, enterprise)."""
    day = days[sketch.when]
    id, agenda = talk_id(jurisdiction, Series.WEEKLY, day, sketch.number), f"agenda:{jurisdiction}"
    subject = f"talk:{id}"
    announced = datetime.combine(_office_day(day - timedelta(days=9)), time(9, 30), SHANGHAI)
    announced += timedelta(minutes=TALKS.index(sketch))  # no two steps at one instant

    def step(subject: str, type: str, actor: str, at: datetime, **data: Any) -> Step:
        return _step(name, subject, type, actor, at, data)

    said: dict[str, Any] = {
        "theme": sketch.theme,
        "questions": sketch.questions,
        "place": PLACE,
        "capacity": 8,
    }
    said |= {"departments": list(sketch.departments), "leaders": [sketch.leader], "organiser": "湖州市工商联"}
    yield step(agenda, AnnounceTalk.type, FEDERATION, announced, **said, **_times(day), number=sketch.number)
    for place, (person, code) in enumerate(expected[:4]):
        at = announced + timedelta(hours=2 + place, minutes=7 * place)
        yield step(subject, SignUp.type, f"{Role.ENTREPRENEUR}:{person}", at, enterprise=code)
    people = [{"person": person, "enterprise": code} for person, code in expected]
    at = announced + timedelta(hours=6)
    yield step(subject, NameParticipants.type, FEDERATION, at, participants=people[4:])
    if sketch.number == POSTPONED:
        moved = {"talk": id, **_times(days[sketch.when + 1]), "reason": "防汛值守，原定时间不能召开"}
        yield step(agenda, PostponeTalk.type, FEDERATION, announced + timedelta(hours=7), **moved)
    elif sketch.when < 0:
        begins, ends = (datetime.combine(day, at, SHANGHAI) for at in (BEGINS, ENDS))
        yield step(subject, OpenTalk.type, CLERK, begins)
        written = begins + timedelta(minutes=10)
        yield step(subject, RecordAttendance.type, CLERK, written, attendees=people[:4])
        yield step(subject, HoldTalk.type, CLERK, ends)


def _times(day: date) -> dict[str, str]:
    begins, ends = (datetime.combine(day, at, SHANGHAI) for at in (BEGINS, ENDS))
    return {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}


def _step(name: str, subject: str, type: str, actor: str, at: datetime, data: dict[str, Any]) -> Step:
    key = f"{name}/talks/{subject}/{type}/{at:%m%d%H%M}"
    asked = {"subject": subject, "type": type, "data": data, "actor": actor, "key": key}
    return Step("intake", at, ({**asked, "at": at.isoformat()},))
