"""Who is proposed for the lists of a paper, and which issues as typical cases: each rule in words and in SQL.

Neither article says by what 奔跑者, 奋斗者 and 贡献者 are chosen, so the rules stand here, in one table, and beside the
names on every paper; a person chooses. ``:first`` and ``:last`` are the months of the period, as issues have them; ties
are broken as each rule says, and in the end by account or code. docs/figures.md is printed from here.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from services.portal.queries.names import enterprises
from services.portal.queries.selecting import Row, select
from shared.contract.words import Honoured, HonourList

MOST_PROPOSED = 10
_OF_THE_PERIOD = "i.number IS NOT NULL AND i.month BETWEEN :first AND :last"
_IN_TIME = "coalesce(i.first_replied_at <= i.due_at, 0)"
_SATISFIED = "coalesce(i.satisfaction = 'satisfied', 0)"
_TURNED = f"""({_SATISFIED} AND EXISTS (
    SELECT 1 FROM rating g WHERE g.issue = i.id AND g.rework_granted = 1))"""
"""It was handled once more, and satisfied who raised it in the end."""
_TOGETHER = """EXISTS (SELECT 1 FROM co_handler c WHERE c.issue = i.id AND c.heard_at IS NOT NULL)"""
_ADOPTED = "coalesce(i.kind = 'suggestion' AND i.outcome IN ('adopted', 'partly_adopted'), 0)"
_SOLVED = "coalesce(i.kind = 'problem' AND i.outcome = 'solved', 0)"


class Beside(NamedTuple):
    """A number beside a name, and what it counts."""

    name: str
    zh: str
    en: str
    counts: str
    """SQL over the issues of the group."""


class Rule(NamedTuple):
    """One list: whom it honours, by which rule; the numbers stand in the order in which they rank."""

    list: HonourList
    zh: str
    en: str
    numbers: tuple[Beside, ...]
    group: str
    """SQL: kind, who, department."""
    source: str
    least: str
    """Which group is proposed at all."""
    order: str
    also: str = ""
    """What else is true of the issues that count."""


_RAISED = "coalesce(nullif(i.enterprise, ''), i.person)"
RULES: tuple[Rule, ...] = (
    Rule(
        HonourList.RUNNERS,
        "承办人。首轮答复在期限（含延期）内发出的件数，多者在前；相同的，评价满意的件数多者在前；再相同的，答复件数少者在前",
        "Handlers: most first replies in time, extensions included; of equals who has more satisfied ratings, then "
        "who answered fewer",
        (
            Beside("on_time", "按时答复", "answered in time", f"sum({_IN_TIME})"),
            Beside("satisfied", "评价满意", "satisfied", f"sum({_SATISFIED})"),
            Beside("answered", "答复", "answered", "count(*)"),
        ),
        "'official' AS kind, a.handler AS who, a.department AS department",
        """issue i JOIN reply r ON r.issue = i.id AND r.round = 1 AND r.version = 1
            JOIN assignment a ON a.issue = i.id AND a.id = r.assignment AND a.handler <> ''""",
        "on_time > 0",
        "on_time DESC, satisfied DESC, answered, department, who",
    ),
    Rule(
        HonourList.STRIVERS,
        "部门。重新办理后转为满意的件数，多者在前；相同的，会同其他部门办理的件数多者在前；再相同的，评价满意的件数多者在前",
        "Departments: most issues that satisfied after another round; of equals who answered more with co-handlers, "
        "then who has more satisfied ratings",
        (
            Beside("turned", "重办后满意", "satisfied after rework", f"sum({_TURNED})"),
            Beside("together", "会同办理", "with co-handlers", f"sum({_TOGETHER})"),
            Beside("satisfied", "评价满意", "satisfied", f"sum({_SATISFIED})"),
            Beside("answered", "答复", "answered", "count(*)"),
        ),
        "'department' AS kind, i.replied_by AS who, '' AS department",
        "issue i",
        "who IS NOT NULL AND turned + together > 0",
        "turned DESC, together DESC, satisfied DESC, who",
    ),
    Rule(
        HonourList.CONTRIBUTORS,
        "企业（没有企业的，为本人）。所提建议被采纳（含部分采纳）的件数，多者在前；相同的，所提问题得到解决的件数多者在前；隐名的不计",
        "Enterprises, or who speaks for none: most suggestions adopted, partly too; of equals whose problems were "
        "solved more often; anonymous issues count nowhere",
        (
            Beside("adopted", "建议被采纳", "suggestions adopted", f"sum({_ADOPTED})"),
            Beside("solved", "问题得到解决", "problems solved", f"sum({_SOLVED})"),
            Beside("raised", "提出", "raised", "count(*)"),
        ),
        f"iif(i.enterprise <> '', 'enterprise', 'entrepreneur') AS kind, {_RAISED} AS who, '' AS department",
        """issue i LEFT JOIN person p ON p.reference = i.person""",
        "who <> '' AND adopted + solved > 0",
        "adopted DESC, solved DESC, raised, who",
        "AND i.anonymous = 0 AND (i.enterprise <> '' OR p.erased_at IS NULL)",
    ),
)
BESIDE = {number.name: number for rule in RULES for number in rule.numbers}

CASES_ZH = "评价满意且已解决或被采纳的，依次为重新办理后转为满意的、会同其他部门办理的、首次答复最快的"
CASES_EN = (
    "Satisfied, and solved or adopted: first those that took another round, then those with co-handlers, then the "
    "fastest first replies"
)


def proposed(reads: sqlite3.Connection, rule: Rule, months: tuple[str, ...]) -> list[dict[str, Any]]:
    """Whom a list proposes of issues of these months, the first one on top: kind, who, department, numbers, and the
    name of an enterprise as it is now."""
    numbers = ", ".join(f"{one.counts} AS {one.name}" for one in rule.numbers)
    query = f"""
        SELECT * FROM (
            SELECT {rule.group}, {numbers} FROM {rule.source} WHERE {_OF_THE_PERIOD} {rule.also}
            GROUP BY 1, 2, 3
        ) WHERE {rule.least} ORDER BY {rule.order} LIMIT {MOST_PROPOSED}
    """
    rows = select(reads, query, _months(months)).fetchall()
    called = enterprises(reads, [row["who"] for row in rows if row["kind"] == Honoured.ENTERPRISE])
    return [
        {
            **{name: row[name] for name in ("kind", "who", "department")},
            **({"called": called[row["who"]]} if row["who"] in called else {}),
            "numbers": [{"number": one.name, "value": row[one.name]} for one in rule.numbers],
        }
        for row in rows
    ]


def cases(reads: sqlite3.Connection, months: tuple[str, ...]) -> Iterator[Row]:
    """The issues proposed as typical cases: id, number, title, rounds, co_handlers, hours to the first reply."""
    query = f"""
        SELECT i.id, i.number, coalesce(i.corrected_title, i.title) AS title, i.replied_round AS rounds,
            {_TURNED} AS turned, (
                SELECT count(DISTINCT c.department) FROM co_handler c WHERE c.issue = i.id AND c.heard_at IS NOT NULL
            ) AS co_handlers,
            (i.first_replied_at - i.registered_at) / 3600000 AS hours
        FROM issue i WHERE {_OF_THE_PERIOD} AND {_SATISFIED} AND i.state NOT IN ('withdrawn', 'referred')
            AND ({_ADOPTED} OR (i.kind = 'problem' AND i.solved = 'yes'))
        ORDER BY turned DESC, co_handlers DESC, i.first_replied_at - i.registered_at, i.id LIMIT {MOST_PROPOSED}
    """
    yield from select(reads, query, _months(months))


def _months(months: tuple[str, ...]) -> dict[str, str]:
    return {"first": months[0], "last": months[-1]}
