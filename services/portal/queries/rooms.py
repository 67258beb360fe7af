"""What a talk's room shows beside its people: what departments claimed or answered there, and who may do so."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from typing import NamedTuple

from services.portal.queries import handling, names
from services.portal.queries.names import Official
from shared.contract.words import Role

CLAIMED, ANSWERED = "issue.claimed.v1", "issue.answered_on_the_spot.v1"


class Mark(NamedTuple):
    """What a department did about an issue there; ``recorded_by``: the account of who wrote it down for it, or ""."""

    is_answer: bool
    department: str
    recorded_by: str


def marks(reads: sqlite3.Connection, issues: Collection[str]) -> dict[str, Mark]:
    """issue -> what was done about it last."""
    sql = """
        SELECT subject, type, data FROM timeline
        WHERE subject IN (SELECT value FROM json_each(?)) AND type IN (?, ?) ORDER BY source, seq
    """
    found = dict[str, Mark]()
    for issue, type, data in reads.execute(sql, (json.dumps(list(issues)), CLAIMED, ANSWERED)):
        said = json.loads(data)
        found[issue] = Mark(type == ANSWERED, said["department"], said.get("recorded_by", ""))
    return found


def people(reads: sqlite3.Connection, at: int, departments: Collection[str]) -> Iterator[Official]:
    """The people of these departments who may claim, in the order of the departments, their leaders first."""
    there = names.officials(reads, at)
    for code in departments:
        of_it = [one for one in there if one.department == code and Role.HANDLER in one.roles]
        yield from leaders(reads, at, [code])
        yield from (one for one in of_it if Role.DEPARTMENT_LEADER not in one.roles)


def leaders(reads: sqlite3.Connection, at: int, departments: Collection[str]) -> Iterator[Official]:
    """Those of them who may answer: whom the entry names, and who stands in; everybody where it names none."""
    there = names.officials(reads, at)
    for code in departments:
        may = handling.entry(reads, code, at).may_sign_off
        for one in there:
            is_leader = one.department == code and Role.DEPARTMENT_LEADER in one.roles
            if is_leader and (not may or one.account in may):
                yield one
