"""Ten thousand talks in a projection that is filled: those of one week as events tell them, multiplied in SQL.

Each has participants, leaders that come again only after a while, and ten of the issues that are there.
"""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from services.portal.projection.batch import Applier
from shared.domain.clocks import SHANGHAI
from tests.portal.projection.given import Topics

TALKS, LEADERS, WEEKS_AT_ONCE = 10_000, 40, 5
"""How many there are; after how many of a place its leader comes again; how many copies of a week share one."""
MEMBERS, PARTICIPANTS = 10, 9
PLACES = ("huzhou", "wuxing", "nanxun", "deqing", "changxing", "anji", "taihu", "moganshan")
WEEK_MS = 7 * 24 * 3_600_000
OWN = {"talk": "id", "talk_leader": "talk", "talk_participant": "talk"}
"""The tables of talks, and the column that names theirs."""
INSTANTS = ("starts_at", "ends_at", "wait_until", "announced_at", "opened_at", "ended_at")


class Talked(NamedTuple):
    """A talk that was held, with its issues; and one of the same leader that is to come."""

    held: str
    coming: str


def fill(database: sqlite3.Connection, applier: Applier, now: datetime) -> Talked:
    """All of them, before and after ``now``."""
    monday = now.astimezone(SHANGHAI).date() - timedelta(days=now.astimezone(SHANGHAI).weekday())
    begins = datetime.combine(monday - timedelta(days=5), time(14), SHANGHAI)
    topics = Topics(first=2_000_000)  # behind all that the log has
    held = [_told(topics, place, begins, is_held=True) for place in PLACES]
    coming = _told(topics, PLACES[0], begins + timedelta(weeks=2), is_held=False)
    turns = [
        {"week": week, "jurisdiction": place, "level": _level(place), "leaders": [_leader(place)]}
        for week in range(1, 53)
        for place in PLACES
    ]
    since = datetime(now.year - 1, 12, 1, tzinfo=UTC).isoformat()
    plan: Mapping[str, Any] = {"version": "1", "in_force_from": since, "weeks": turns, "by": "feng"}
    topics.version("intake", "rotation.published.v1", f"rotation:{PLACES[0]}-{now.year}", plan)
    applier.apply(topics.records)
    database.execute("CREATE TEMP TABLE week AS SELECT id FROM talk WHERE state = 'held'")
    database.execute("BEGIN")
    for number in range(1, TALKS // len(PLACES)):
        for table, key in OWN.items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]
            chosen = ",".join(_column(column, number) for column in columns)
            database.execute(
                f"INSERT INTO {table}({','.join(columns)}) SELECT {chosen} FROM {table}"
                f" WHERE {key} IN (SELECT id FROM week)"
            )
    database.execute(
        f"""
        UPDATE issue SET talk = t.id, phase = 'at' FROM
            (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM issue WHERE number IS NOT NULL) i
            JOIN (SELECT id, row_number() OVER (ORDER BY starts_at DESC, id) - 1 AS n
                FROM talk WHERE state = 'held') t ON t.n = i.n / {MEMBERS}
        WHERE issue.id = i.id
        """
    )
    database.execute("COMMIT")
    return Talked(held[0], coming)


def _told(topics: Topics, place: str, begins: datetime, *, is_held: bool) -> str:
    """One talk as events tell it; its id."""
    id = f"{place}-weekly-{begins:%Y%m%d}-1"
    said = {
        "series": "weekly",
        "number": 1,
        "level": _level(place),
        "jurisdiction": place,
        "on": f"{begins:%Y-%m-%d}",
        "theme": "用地与用能保障",
        "questions": "扩产用地指标何时下达\n峰谷电价如何执行",
        "place": "市民中心政企恳谈室",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=2)).isoformat(),
        "wait_until": (begins + timedelta(days=7)).isoformat(),
        "capacity": 12,
        "organiser": "湖州市工商联",
        "leaders": [_leader(place)],
        "departments": ["housing", "planning", "power"],
        "by": "feng",
    }

    def tell(type: str, data: Mapping[str, Any], at: datetime) -> None:
        topics.tell("intake", type, data, f"talk:{id}", at=at)

    tell("talk.announced.v1", said, begins - timedelta(days=9))
    people = [sha256(f"{id}/{number}".encode()).hexdigest()[:32] for number in range(PARTICIPANTS)]
    for number, person in enumerate(people, 1):
        tell("talk.signed_up.v1", {"person": person, "taken": number}, begins - timedelta(days=8))
    if is_held:
        ends = begins + timedelta(hours=2)
        tell("talk.opened.v1", {"by": "lu"}, begins)
        came = [{"person": person, "how": "signed_up"} for person in people]
        tell("talk.attended.v1", {"attendees": came, "by": "lu"}, begins)
        tell("talk.held.v1", {"attended": people, "by": "lu"}, ends)
    return id


def _level(place: str) -> str:
    return "city" if place == PLACES[0] else "county"


def _leader(place: str) -> dict[str, str]:
    return {"account": f"{place}-leader", "name": "孙某", "post": "副市长", "body": "government"}


def _column(column: str, number: int) -> str:
    """A column of a copy: another talk, earlier, with another leader and other people."""
    if column in ("id", "talk"):
        return f"{column} || '-{number}'"
    if column in ("account", "leaders") and number % LEADERS:
        return f"replace({column}, '-leader', '-leader_{number % LEADERS}')"
    if column == "person":
        return f"printf('%08x', {number}) || substr(person, 9)"
    return f"{column} - {number // WEEKS_AT_ONCE * WEEK_MS}" if column in INSTANTS else column
