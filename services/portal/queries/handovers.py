"""Who held an issue from its registration to its end, and who handed it on: the hand-over picture (踢皮球图).

Every instant of a life belongs to one holder: the office, a department by an assignment, or whoever raised the issue,
for whom it then waits. A department holds it until it is transferred, recalled or answered, also while the office rules
on its return (docs/clocks.md): so what is handed on is nobody's gap.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from services.portal.addresses import MOST_INSTANT, Place
from services.portal.queries.issues import Entry
from services.portal.queries.selecting import Row, select
from shared.contract.words import Ended

OFFICE, DEPARTMENT, RAISER = "office", "department", "raiser"
REGISTERED, TRANSFERRED, RECALLED = (
    "issue.registered.v1",
    "assignment.transferred.v1",
    "assignment.recalled.v1",
)
TO_A_DEPARTMENT = ("issue.assigned.v1", TRANSFERRED)
TO_THE_LAST_DEPARTMENT = ("rework.decided.v1", "issue.tracked.v1")
ASKED, ANSWERED = "assignment.enterprise_asked.v1", "pause.ended.v1"
"""A question waits for the raiser until its pause ends; of what ends with an assignment another event says where it is.
"""
TO_OFFICE = (RECALLED, "rework.asked.v1", "issue.appealed.v1", "appeal.upheld.v1")
TO_RAISER = (ASKED, "reply.released.v1", "rework.refused.v1", "issue.rejected.v1", "appeal.dismissed.v1")
HANDED_ON = (TRANSFERRED, RECALLED)
"""By these a department no longer has what it had not answered."""
_TYPES = (*TO_A_DEPARTMENT, *TO_THE_LAST_DEPARTMENT, *TO_OFFICE, *TO_RAISER, ANSWERED)
PAGE = 50
TENTH_MS = 360_000
"""A tenth of an hour, in which pictures count."""
_SIGNED = """
    t.source = '/' || i.jurisdiction || '/{owner}'
    OR t.source > '/' || i.jurisdiction || '/{owner};' AND t.source < '/' || i.jurisdiction || '/{owner}<'
"""
"""By this owner of the issue's own jurisdiction, in whichever epoch (``<`` comes right behind ``;``)."""
_HISTORIES = f"""
    SELECT t.subject, t.at, t.type, t.who, t.data
    FROM json_each(?) one CROSS JOIN issue i ON i.id = one.value CROSS JOIN timeline t ON t.subject = i.id
    WHERE ({" OR ".join(_SIGNED.format(owner=owner) for owner in ("intake", "dispatch", "feedback"))})
    AND t.type IN ({", ".join("?" * len(_TYPES))})
    ORDER BY t.at, t.source NOT LIKE '%/intake%', t.source, t.seq
"""
_MOVED = """
    SELECT DISTINCT i.id, i.jurisdiction, i.registered_at, i.ended_at FROM issue i JOIN assignment a ON a.issue = i.id
    WHERE i.month = ? AND i.registered_at IS NOT NULL AND a.department IS NOT NULL
    AND (a.passed_on_at IS NOT NULL OR a.recalled_at IS NOT NULL)
"""
_GIVEN = """
    SELECT a.department, count(*) FROM issue i JOIN assignment a ON a.issue = i.id
    WHERE i.month = ? AND i.registered_at IS NOT NULL AND a.department IS NOT NULL GROUP BY 1
"""

_GIVEN_TO = f"""
    SELECT i.*, a.id AS given, a.assigned_at AS given_at FROM issue i JOIN assignment a ON a.issue = i.id
    WHERE i.month = :month AND i.registered_at IS NOT NULL AND a.department = :department
    AND (a.assigned_at, a.id) < (:at, :id) ORDER BY a.assigned_at DESC, a.id DESC LIMIT {PAGE + 1}
"""


class Holder(NamedTuple):
    """Who has it: the office, the raiser, or a department by one assignment."""

    kind: str = OFFICE
    department: str = ""
    assignment: str = ""


class Held(NamedTuple):
    """One holder's stretch of a life (ms since 1970), and the type of event that handed it over to this holder."""

    holder: Holder
    began_at: int
    ended_at: int
    because: str


def held(history: Iterable[Entry], began_at: int, ended_at: int) -> list[Held]:
    """The stretches of a life in order, without a gap: what is told out of it counts from its edge.

    ``history`` begins with what happened first. No stretch is empty, and none follows one of the same holder.
    """
    found: list[Held] = []
    holder, last, since, because = Holder(), Holder(), began_at, REGISTERED
    for entry in history:
        following = _to(entry, last)
        if following is None or following == holder:
            continue
        at = min(max(entry.at, since), ended_at)
        _add(found, Held(holder, since, at, because))
        holder, since, because = following, at, entry.type
        last = following if following.kind == DEPARTMENT else last
    _add(found, Held(holder, since, ended_at, because))
    return found


def _to(entry: Entry, last: Holder) -> Holder | None:
    """Whose it is from this event on; None where it stays where it is."""
    if entry.type in TO_A_DEPARTMENT:
        return Holder(DEPARTMENT, str(entry.data.get("department")), str(entry.data.get("assignment")))
    if entry.type in TO_THE_LAST_DEPARTMENT:
        return last
    if entry.type == ANSWERED:
        return None if entry.data.get("because") == Ended.ASSIGNMENT_OVER else last
    if entry.type in TO_RAISER:
        return Holder(RAISER)
    return Holder() if entry.type in TO_OFFICE else None


def _add(found: list[Held], stretch: Held) -> None:
    if stretch.began_at == stretch.ended_at:
        return
    if found and found[-1].holder == stretch.holder:
        stretch = found.pop()._replace(ended_at=stretch.ended_at)
    found.append(stretch)


def tenths(life: Sequence[Held]) -> list[int]:
    """How long each stretch is in tenths of an hour; their sum is that of the whole life, which is rounded once."""
    if not life:
        return []
    edges = [life[0].began_at, *(one.ended_at for one in life)]
    marks = [round((edge - edges[0]) / TENTH_MS) for edge in edges]
    return [after - before for before, after in pairwise(marks)]


def of_issues(reads: sqlite3.Connection, issues: Sequence[Row], now: int) -> list[list[Held]]:
    """The life of each as far as it has come at ``now`` (ms); a neighbour's word on it moves nothing."""
    histories: dict[str, list[Entry]] = {issue["id"]: [] for issue in issues}
    for id, at, type, who, data in reads.execute(_HISTORIES, (json.dumps([*histories]), *_TYPES)):
        histories[id].append(Entry(at or 0, type, who or "", json.loads(data) if data else {}))
    return [
        held(
            histories[issue["id"]],
            issue["registered_at"],
            max(issue["registered_at"], issue["ended_at"] or now),
        )
        for issue in issues
    ]


class HandedOn(NamedTuple):
    """One hand-over of what a department had not answered: from it to whom, and how long it had had it."""

    issue: str
    department: str
    assignment: str
    to: Holder
    at: int
    tenths: int
    because: str


class Month(NamedTuple):
    """The hand-overs of the issues that were registered in a month, those held longest on top; and department -> how
    many assignments it had of them."""

    handed_on: list[HandedOn]
    assignments: dict[str, int]


def of_month(reads: sqlite3.Connection, month: str, now: int) -> Month:
    """The month is that of the registration, Asia/Shanghai: 2026-11."""
    moved = select(reads, _MOVED, (month,)).fetchall()
    lives = zip(moved, of_issues(reads, moved, now), strict=True)
    found = [one for issue, life in lives for one in _handed_on(issue["id"], life)]
    given: dict[str, int] = dict(reads.execute(_GIVEN, (month,)))
    return Month(sorted(found, key=lambda one: (-one.tenths, one.assignment)), given)


def _handed_on(issue: str, life: Sequence[Held]) -> Iterator[HandedOn]:
    giver, had = Holder(), 0
    for (one, after), long in zip(pairwise(life), tenths(life), strict=False):
        if one.holder.kind == DEPARTMENT:
            had = long + (had if giver == one.holder else 0)
            giver = one.holder
        elif one.because != ASKED:  # while the raiser was asked, the department had it all the same
            giver = Holder()
        if giver.kind == DEPARTMENT and after.because in HANDED_ON:
            to, at = after.holder, after.began_at
            yield HandedOn(issue, giver.department, giver.assignment, to, at, had, after.because)


class Share(NamedTuple):
    """A department: how many of its assignments it handed on, and how long it had had these, in tenths of an hour."""

    department: str
    handed_on: int
    assignments: int
    tenths: int
    longest: int


def by_department(month: Month) -> list[Share]:
    """The departments that handed something on, those that had it longest on top."""
    shares: dict[str, Share] = {}
    for one in month.handed_on:
        code = one.department
        now = shares.get(code) or Share(code, 0, month.assignments.get(code, 0), 0, 0)
        longest = max(now.longest, one.tenths)
        shares[code] = Share(code, now.handed_on + 1, now.assignments, now.tenths + one.tenths, longest)
    return sorted(shares.values(), key=lambda one: (-one.tenths, -one.handed_on, one.department))


def given(reads: sqlite3.Connection, month: str, department: str, after: Place | None) -> list[Row]:
    """A page of the issues that a department was given, and the first of the next, the newest on top: each with the
    assignment, ``given``, and its instant, ``given_at``. An issue that it was given twice stands there twice."""
    last = after or Place(MOST_INSTANT, "")
    values = {"month": month, "department": department, **last._asdict()}
    return select(reads, _GIVEN_TO, values).fetchall()
