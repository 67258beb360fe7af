"""A department's own lists, the least time left first, and its people by the directory."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.portal.addresses import Place
from services.portal.queries.instructions import OPEN as OPEN_INSTRUCTION
from services.portal.queries.selecting import ENDLESS, Row, select

PAGE = 50
BEGINNING = Place()

OPEN = ("assigned", "in_progress", "rework")
"""The states of an issue in which its department has to do something."""
ELSEWHERE = ("returned", "reviewing", "suspended")
"""Those in which somebody else has: the office rules or checks, the leader signs off, the enterprise is waited for."""


class Listed(NamedTuple):
    """Which issues of a department one list has: in which states, and whose."""

    states: tuple[str, ...]
    whose: str = "1"


MINE = Listed(OPEN, "(handler = :account OR substitute = :account)")
FREE = Listed(OPEN, "handler = ''")
OTHERS = Listed(OPEN, "handler NOT IN ('', :account) AND substitute <> :account")
WAITING = Listed(ELSEWHERE)
MINE_WAITING = Listed(ELSEWHERE, "(handler IN ('', :account) OR substitute = :account)")
CO_HANDLED = Listed(OPEN, "0")
"""What others lead, and the department was asked for its opinion on (queries/co_handlers.py)."""
LATER = Listed(("tracked",))
ANSWERED = ("replied", "rework_asked", "closed", "withdrawn", "referred", "rejected", "appealed")
"""Those in which nothing is to be done, but perhaps a report on a leader's instruction."""
OWED = Listed(ANSWERED, f"id IN (SELECT issue FROM instruction WHERE {OPEN_INSTRUCTION})")
UNSIGNED = Listed(("reviewing",), "dispatch_state = 'drafted'")

LEADS = "next_clock, coalesce(next_due_at, :never) AS next_due_at, NULL AS wanted"
"""The clock of a row, of which the department is the lead."""
COLUMNS = """
    issue.id, issue.number AS number, coalesce(corrected_title, title) AS title, kind, origin, urgent, state,
    dispatch_state, handler, substitute, issue.assignment, {clock},
    issue.due_at, issue.promised_on, moved_at, issue.registered_at, feedback_round,
    extension, pause, paused, question, answer_until,
    CASE WHEN anonymous = 1 THEN '' ELSE coalesce(enterprise.name, enterprise, '') END AS enterprise,
    draft.number AS draft, draft.outcome AS draft_outcome, drafted_at, drafted_by,
    CASE WHEN draft.assignment = issue.assignment AND draft.released_at IS NULL THEN sent_back_reason END AS sent_back
"""
JOINED = """
    LEFT JOIN draft ON draft.issue = issue.id AND draft.number = issue.draft
    LEFT JOIN enterprise ON enterprise.code = issue.enterprise
"""
OF_LIST = """
    FROM issue INDEXED BY issue_by_handler
    WHERE holder IN (SELECT value FROM json_each(:departments))
        AND state IN (SELECT value FROM json_each(:states)) AND {whose} AND registered_at IS NOT NULL
"""
"""Which issues a list has, whether they are shown or counted."""
CHOSEN = f"""
    SELECT id {OF_LIST} AND (coalesce(next_due_at, :never), id) > (:at, :id)
    ORDER BY coalesce(next_due_at, :never), id LIMIT :most
"""
"""Which issues a page has, before anything is joined to them: what a department holds may be thousands."""
LISTED = f"""
    SELECT {COLUMNS.format(clock=LEADS)} FROM issue {JOINED}
    WHERE issue.id IN ({{chosen}})
    ORDER BY coalesce(next_due_at, :never), issue.id
"""


def listed(
    reads: sqlite3.Connection,
    departments: Sequence[str],
    account: str,
    which: Listed,
    after: Place = BEGINNING,
    most: int = PAGE,
) -> list[Row]:
    """So many issues of a list, and one row more where it goes on."""
    sql = LISTED.format(chosen=CHOSEN.format(whose=which.whose))
    return _rows(reads, sql, departments, account, which, **after._asdict(), most=most + 1, never=ENDLESS)


def count(reads: sqlite3.Connection, departments: Sequence[str], account: str, which: Listed) -> int:
    """How many issues a list has."""
    sql = f"SELECT count(*) {OF_LIST}".format(whose=which.whose)
    return int(_rows(reads, sql, departments, account, which)[0][0])


def load(reads: sqlite3.Connection, department: str) -> dict[str, int]:
    """account -> how many issues of this department somebody has to do something about now."""
    sql = f"SELECT handler, count(*) {OF_LIST} GROUP BY handler".format(whose="1")
    return {row[0]: row[1] for row in _rows(reads, sql, [department], "", Listed(OPEN))}


def drafts(reads: sqlite3.Connection, id: str) -> dict[int, Row]:
    """number -> what became of each draft of an issue."""
    return {row["number"]: row for row in select(reads, "SELECT * FROM draft WHERE issue = ?", (id,))}


class Entry(NamedTuple):
    """Who is who in one department by the directory: accounts; ``substitutes``: of whom -> who acts for them."""

    leaders: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    substitutes: tuple[tuple[str, str], ...] = ()

    def with_substitutes(self, named: Iterable[str]) -> set[str]:
        """These people, and who stands in for one of them."""
        people = {*named} - {""}
        return people | {by for of, by in self.substitutes if of in people}

    @property
    def may_sign_off(self) -> set[str]:
        """Who signs for the department; nobody: the directory does not say, and any of its leaders does."""
        return self.with_substitutes(self.leaders)

    @property
    def people(self) -> list[str]:
        """Who may be named for a piece of its work, handlers first."""
        return list(dict.fromkeys((*self.handlers, *self.leaders, *(by for _, by in self.substitutes))))


def entry(reads: sqlite3.Connection, department: str, at: int) -> Entry:
    """The version of a department's entry that is in force."""
    sql = """
        SELECT leaders, handlers, data FROM department WHERE code = ? AND in_force_from <= ?
        ORDER BY in_force_from DESC, seq DESC LIMIT 1
    """
    row = reads.execute(sql, (department, at)).fetchone()
    if row is None:
        return Entry()
    leaders, handlers = (tuple(json.loads(column or "[]")) for column in row[:2])
    away = json.loads(row[2] or "{}").get("substitutes", ())
    return Entry(leaders, handlers, tuple((str(one["of"]), str(one["by"])) for one in away))


def _rows(
    reads: sqlite3.Connection,
    sql: str,
    departments: Sequence[str],
    account: str,
    which: Listed,
    **more: int | str,
) -> list[Row]:
    chosen = {"departments": json.dumps(departments), "states": json.dumps(which.states)}
    values = {"account": account, **chosen, **more}
    return select(reads, sql, values).fetchall()
