"""Figures counted from the projection: value, denominator, unit and period, and the issues behind each.

Issues belong to the month (Asia/Shanghai) in which they were registered. Below five, counts only.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple

from services.portal.addresses import Place
from services.portal.figures.definitions import FIGURES, NOBODY, Figure
from services.portal.queries.selecting import ENDLESS
from shared.domain.clocks import SHANGHAI

FEWEST = 5
"""Below this many, a rate or a mean says more about persons than about work."""
Part = Literal["numerator", "denominator", "others"]
"""Of a rate: what hits, all that counts, or what counts and does not hit."""
Table = dict[str, dict[str, Any]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Scope(NamedTuple):
    """Which issues: of a month (2026-11), or from it through another one, a department (``unassigned``: of none), a
    source; empty for all.

    Or of talks that were held: of a level, from one day through another (2022-06-08, Asia/Shanghai), one of them, or
    those of a place, led by an account, or by somebody of a leading body.
    """

    month: str = ""
    department: str = ""
    source: str = ""
    level: str = ""
    held_from: str = ""
    held_through: str = ""
    through: str = ""
    talk: str = ""
    place: str = ""
    leader: str = ""
    body: str = ""

    @property
    def of_talks(self) -> bool:
        """Whether it is of talks alone."""
        names = ("level", "held_from", "held_through", *_OF_TALK)
        return any(getattr(self, name) for name in names)

    @property
    def period(self) -> str:
        """What figures of it name as their period."""
        days = dict.fromkeys(day for day in (self.held_from, self.held_through) if day)
        months = dict.fromkeys(month for month in (self.month, self.through) if month)
        return "/".join(months or days) or "all"

    def where(self) -> tuple[str, dict[str, object]]:
        """The condition on an issue ``i``, and its parameters."""
        conditions: list[str] = ["i.number IS NOT NULL"]
        if self.month:
            conditions.append("i.month BETWEEN :month AND :through" if self.through else "i.month = :month")
        if self.department:
            conditions.append("i.department = :department")
        if self.source:
            conditions.append("i.origin = :source")
        department = "" if self.department == NOBODY else self.department
        values: dict[str, object] = {"month": self.month, "department": department, "source": self.source}
        values["through"] = self.through
        if self.of_talks:
            of_talk, more = self.where_talk()
            conditions.append(f"i.talk IN (SELECT t.id FROM talk t WHERE {of_talk})")
            values |= more
        return " AND ".join(conditions), values

    def where_talk(self) -> tuple[str, dict[str, object]]:
        """The condition on a talk ``t`` that was held, and its parameters."""
        chosen = [part for name, part in _OF_TALK.items() if getattr(self, name)]
        values = held(self.level, self.held_from, self.held_through)
        return " AND ".join((HELD, *chosen)), values | {name: getattr(self, name) for name in _OF_TALK}


HELD = """t.state = 'held' AND t.starts_at >= :held_from AND t.starts_at < :held_before
    AND (:level = '' OR t.level = :level)"""
"""The condition on a talk ``t`` that was held at a level and in a time; its parameters: ``held``."""


_OF_TALK = {
    "talk": "t.id = :talk",
    "place": "t.jurisdiction = :place",
    "leader": "t.id IN (SELECT l.talk FROM talk_leader l WHERE l.account = :leader AND l.led = t.led)",
    "body": "EXISTS (SELECT 1 FROM json_each(t.leaders) b WHERE b.value ->> 'body' = :body)",
}
"""What else narrows talks: the conditions on a talk ``t``."""


def held(level: str, first: str, last: str) -> dict[str, object]:
    """The level, and the instants (ms) from the first day through the last one; empty for all."""
    begins = _midnight(date.fromisoformat(first)) if first else 0
    ends = _midnight(date.fromisoformat(last) + timedelta(days=1)) if last else ENDLESS
    return {"level": level, "held_from": begins, "held_before": ends}


def value(reads: sqlite3.Connection, name: str, as_of: datetime, scope: Scope = Scope()) -> dict[str, Any]:  # noqa: B008
    """One figure; a count as its own numerator. Raises KeyError for a name that is none."""
    figure = FIGURES[name]
    where, values = scope.where()
    hits = figure.hits or figure.counts
    query = (
        f"SELECT count(*), coalesce(sum({hits}), 0) FROM {source(figure)} WHERE {where} AND ({figure.counts})"
    )
    bottom, top = reads.execute(query, {**values, "as_of": milliseconds(as_of)}).fetchone()
    return rate(figure, top, bottom, scope.period, 0)


_LED = "JOIN talk_leader l ON l.talk = t.id AND l.led = t.led"
_BODIES = """JOIN json_each(t.leaders) b ON b.key = (
    SELECT min(first.key) FROM json_each(t.leaders) first WHERE first.value ->> 'body' = b.value ->> 'body'
)"""
"""Each leading body of a talk once."""
BY: Mapping[str, tuple[str, str]] = {
    "day": ("date(t.starts_at / 1000 + 28800, 'unixepoch') || ' ' || t.level", ""),
    "level": ("t.level", ""),
    "talk": ("t.id", ""),
    "leader": ("l.account", _LED),
    "body": ("b.value ->> 'body'", _BODIES),
    "department": ("i.department", ""),
    "place": ("t.jurisdiction", ""),
}
"""By what figures of talks are told apart: the group of a talk ``t`` or its issue ``i``, and what says it. Of several
leaders or bodies a talk counts for each."""


def by_group(
    reads: sqlite3.Connection, names: Sequence[str], as_of: datetime, scope: Scope, by: str
) -> Table:
    """Some figures of the issues of talks, by group: each kind of unit in one query.

    What is grouped by is no bare column: else SQLite goes through a whole index in its order.
    """
    group, join = BY[by]
    where, values = scope.where()
    values["as_of"] = milliseconds(as_of)
    found: Table = defaultdict(dict)
    for unit in ("issue", "assignment"):
        figures = [figure for name in names if (figure := FIGURES[name]).unit == unit]
        if not figures:
            continue
        query = (
            f"SELECT {group} || '', {pairs_of(figures)} FROM {source(figures[0])} JOIN talk t ON t.id = i.talk {join} "
            f"WHERE {where} GROUP BY 1"
        )
        for name, *counted in reads.execute(query, values):
            pairs = zip(figures, counted[::2], counted[1::2], strict=True)
            found[str(name or "")] |= {
                figure.name: rate(figure, top, bottom, scope.period, 0) for figure, bottom, top in pairs
            }
    return found


def pairs_of(figures: Sequence[Figure]) -> str:
    """What a query sums up: for each figure how many count, and how many of these hit."""
    return ", ".join(
        f"sum(coalesce({one.counts}, 0)), "
        f"sum(coalesce({one.counts}, 0) AND coalesce({one.hits or one.counts}, 0))"
        for one in figures
    )


def talks_by_group(reads: sqlite3.Connection, scope: Scope, by: str) -> dict[str, tuple[int, int]]:
    """How many talks were held, and how many different people came, by group; by department how many had its issues."""
    group, join = BY[by]
    issues = "JOIN issue i ON i.talk = t.id" if by == "department" else ""
    query = f"""
        SELECT {group} || '', count(DISTINCT t.id), count(DISTINCT p.person) FROM talk t {join} {issues}
        LEFT JOIN talk_participant p ON p.talk = t.id AND p.attended WHERE {HELD} GROUP BY 1
    """
    values = held(scope.level, scope.held_from, scope.held_through)
    return {str(name or ""): (talks, people) for name, talks, people in reads.execute(query, values)}


def nothing(names: Sequence[str], period: str) -> dict[str, dict[str, Any]]:
    """These figures of no issue at all."""
    return {name: rate(FIGURES[name], 0, 0, period, 0) for name in names}


def issues_behind(
    reads: sqlite3.Connection,
    name: str,
    part: Part,
    as_of: datetime,
    scope: Scope = Scope(),  # noqa: B008
    limit: int = 50,
    after: Place | None = None,
) -> list[tuple[str, int]]:
    """The issues behind one figure as (id, registered_at), newest first; ``after``: the last one of the page before."""
    figure = FIGURES[name]
    where, values = scope.where()
    chosen = f"({figure.counts}) AND i.registered_at IS NOT NULL"
    if part != "denominator" and figure.hits:
        sign = "" if part == "numerator" else "NOT "
        chosen += f" AND {sign}coalesce({figure.hits}, 0)"
    if after is not None:
        chosen += " AND (i.registered_at, i.id) < (:after_at, :after_id)"
        values |= {"after_at": after.at, "after_id": after.id}
    query = (
        f"SELECT DISTINCT i.id, i.registered_at FROM {source(figure)} WHERE {where} AND {chosen} "
        "ORDER BY i.registered_at DESC, i.id DESC LIMIT :limit"
    )
    rows = reads.execute(query, {**values, "as_of": milliseconds(as_of), "limit": limit})
    return [(id, at) for id, at in rows]


def source(figure: Figure) -> str:
    """Where an issue ``i`` comes from, and of a figure of assignments one ``a`` of these that dispatch has named."""
    if figure.unit == "issue":
        return "issue i"
    return "issue i JOIN assignment a ON a.issue = i.id AND a.department IS NOT NULL"


def rate(figure: Figure, top: int, bottom: int, period: str, withdrawn: int) -> dict[str, Any]:
    """A figure as it is shown: below FEWEST the counts alone; ``withdrawn`` issues stand beside it."""
    return {
        "numerator": top,
        "denominator": bottom,
        "unit": figure.unit,
        "period": period,
        "rate": round(top / bottom, 4) if bottom >= FEWEST else None,
        "withdrawn": withdrawn,
    }


def milliseconds(at: datetime) -> int:
    """Of an instant, since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _midnight(day: date) -> int:
    return milliseconds(datetime.combine(day, time(), SHANGHAI))
