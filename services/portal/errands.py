"""What somebody asked and the portal keeps for ten seconds before it sends it: until then it can be taken back.

An errand is one thing that somebody did, in one command or in several that follow each other. Each command has its row
in the portal's own database, and its idempotency key with it: whatever is sent again after a crash is the same command.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from services.portal.own import Kept, Own
from services.portal.session import Visitor

UNDO = timedelta(seconds=10)
SCHEMA = """
CREATE TABLE IF NOT EXISTS errand (
    id TEXT, place INTEGER, owner TEXT NOT NULL, who TEXT NOT NULL, subject TEXT NOT NULL, said TEXT NOT NULL,
    service TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL, key TEXT NOT NULL,
    due_at TEXT NOT NULL, state TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS errand_by_owner ON errand (owner);
CREATE INDEX IF NOT EXISTS errand_open ON errand (subject) WHERE state IN ('kept', 'sent');
"""
KEPT, SENT, DONE, REFUSED, UNDONE, DROPPED = "kept", "sent", "done", "refused", "undone", "dropped"
"""The states of a command; the last: not asked, because one before it was refused."""
OPEN = (KEPT, SENT)
SHOWN = timedelta(minutes=1)
"""So long somebody is shown that it was done; a refusal stays until they have read it."""
REFUSED_LIFE = timedelta(days=30)


_KEEP = """
    INSERT OR IGNORE INTO errand VALUES
    (:id, :place, :owner, :who, :subject, :said, :service, :path, :body, :key, :due_at, 'kept', '{}')
"""
_READ = """
    SELECT id, who, subject, said, due_at, service, path, body, key, state, answer FROM errand
    WHERE {} ORDER BY due_at, id, place
"""
_OVER = "DELETE FROM errand WHERE state IN ('done', 'undone', 'dropped') AND due_at < ?"
_DISMISS = """
    DELETE FROM errand WHERE id = ? AND owner = ?
    AND NOT EXISTS (SELECT 1 FROM errand one WHERE one.id = errand.id AND one.state IN ('kept', 'sent'))
"""


class Step(NamedTuple):
    """One command of an errand: which service is asked what, under which key, and what became of it."""

    service: str
    path: str
    body: Mapping[str, Any]
    key: str
    state: str = KEPT
    answer: Mapping[str, Any] = {}


class Said(NamedTuple):
    """How an errand is told to who asked it; where it comes to nothing, ``typed`` stands in ``form`` again."""

    verb: str
    title: str
    department: str = ""
    form: str = ""
    typed: Mapping[str, Any] = {}


class Errand(NamedTuple):
    """One thing that somebody asked."""

    id: str
    visitor: Visitor
    language: str
    subject: str
    said: Said
    due_at: datetime
    steps: tuple[Step, ...]

    @property
    def owner(self) -> str:
        """Under which name it is kept."""
        return self.visitor.owner

    @property
    def state(self) -> str:
        """Of the errand as a whole."""
        states = [step.state for step in self.steps]
        for one in (REFUSED, UNDONE):
            if one in states:
                return one
        return KEPT if set(states) == {KEPT} else DONE if set(states) == {DONE} else SENT

    @property
    def members(self) -> list[str]:
        """The issues that it is about beside its subject: those of a batch."""
        return [str(one["issue"]) for step in self.steps for one in step.body.get("members", ())]

    @property
    def why_not(self) -> str:
        """Of a refused one the service's words."""
        found = (step.answer for step in self.steps if step.state == REFUSED)
        return next((str(answer.get("title", "")) for answer in found), "")

    @property
    def is_half_done(self) -> bool:
        """Whether its first command was done before another was refused."""
        return self.state == REFUSED and self.steps[0].state == DONE


class Errands:
    """The table of errands in the portal's own database."""

    def __init__(self, own: Own) -> None:
        self._database = own.database
        self._database.executescript(SCHEMA)
        now = datetime.now(UTC)
        self._do("DELETE FROM errand WHERE state = 'refused' AND due_at < ?", _text(now - REFUSED_LIFE))

    def keep(self, errand: Errand) -> None:
        """Keep it, whole or not at all, and through a power cut too; the same one again changes nothing."""
        self._do(_OVER, _text(errand.due_at - SHOWN))
        who = json.dumps([*errand.visitor.kept, errand.visitor.session, errand.language], ensure_ascii=False)
        said = json.dumps(errand.said, ensure_ascii=False)
        rows = [
            {
                "id": errand.id,
                "place": place,
                "owner": errand.owner,
                "who": who,
                "subject": errand.subject,
                "said": said,
                "service": step.service,
                "path": step.path,
                "body": json.dumps(step.body, ensure_ascii=False),
                "key": step.key,
                "due_at": _text(errand.due_at),
            }
            for place, step in enumerate(errand.steps)
        ]
        self._do("PRAGMA synchronous=FULL")
        try:
            self._do("BEGIN IMMEDIATE")
            self._database.executemany(_KEEP, rows)
            self._do("COMMIT")
        finally:
            self._do("PRAGMA synchronous=NORMAL")

    def take_back(self, id: str, owner: str) -> Errand | None:
        """Take it back, if it is this person's and nothing of it was sent; returns it, None where it was too late."""
        # In one transaction: whoever begins to send it either comes before all of it or finds all of it taken back.
        self._do("BEGIN IMMEDIATE")
        try:
            found = next(self._read("id = ? AND owner = ?", id, owner), None)
            if found is None or found.state != KEPT:
                return None
            self._do("UPDATE errand SET state = 'undone' WHERE id = ?", id)
            return found
        finally:
            self._do("COMMIT")

    def begin(self, id: str, place: int) -> bool:
        """Say that this command is being sent from now on; false where it was taken back."""
        sql = "UPDATE errand SET state = 'sent' WHERE id = ? AND place = ? AND state IN ('kept', 'sent')"
        return self._do(sql, id, place) > 0

    def answered(self, id: str, place: int, answer: Mapping[str, Any], *, is_done: bool) -> None:
        """What became of a command; where it was refused, what would have followed it is dropped."""
        sql = "UPDATE errand SET state = ?, answer = ? WHERE id = ? AND place = ?"
        self._do(sql, DONE if is_done else REFUSED, json.dumps(answer, ensure_ascii=False), id, place)
        if not is_done:
            self._do("UPDATE errand SET state = 'dropped' WHERE id = ? AND state = 'kept'", id)

    def dismiss(self, id: str, owner: str) -> None:
        """Its owner has read that it was refused."""
        self._do(_DISMISS, id, owner)

    def open(self) -> Iterator[Errand]:
        """Everything that is not answered yet, of everybody, in the order in which it was asked."""
        yield from self._read(
            "subject IN (SELECT subject FROM errand WHERE state IN ('kept', 'sent'))", open=True
        )

    def open_about(self, subject: str) -> list[Errand]:
        """What is not answered yet about one subject, in the order in which it was asked."""
        return list(self._read("subject = ?", subject, open=True))

    def open_on(self, subjects: Collection[str]) -> dict[str, Errand]:
        """What is under way about these subjects, whoever asked it: about one alone, or about many at once."""
        chosen = json.dumps(list(subjects))
        rows = self._read("subject IN (SELECT value FROM json_each(?))", chosen, open=True)
        found = {errand.subject: errand for errand in rows}
        for errand in self._read("subject GLOB 'batch:*' AND state IN ('kept', 'sent')"):
            found |= {issue: errand for issue in errand.members if issue in subjects}
        return found

    def of(self, owner: str, now: datetime) -> list[Errand]:
        """What this person is to be shown: what is under way, was just done, or was refused."""
        since = now - SHOWN
        shown = (KEPT, SENT, REFUSED)
        return [
            errand
            for errand in self._read("owner = ?", owner)
            if errand.state in shown
            or (errand.state == DONE and errand.due_at > since)
            or (errand.state == UNDONE and errand.due_at > now)
        ]

    def _read(self, where: str, *values: str, open: bool = False) -> Iterator[Errand]:
        sql = _READ.format(where)
        rows = self._database.execute(sql, values).fetchall()
        found: dict[str, list[Any]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(row)
        for errand in map(_errand, found.values()):
            if not open or any(step.state in OPEN for step in errand.steps):
                yield errand

    def _do(self, sql: str, *values: object) -> int:
        return self._database.execute(sql, values).rowcount


def _errand(rows: Iterable[sqlite3.Row | tuple[Any, ...]]) -> Errand:
    rows = list(rows)
    id, who, subject, said, due_at = rows[0][:5]
    *kept, session, language = json.loads(who)
    steps = tuple(
        Step(service, path, json.loads(body), key, state, json.loads(answer))
        for *_, service, path, body, key, state, answer in rows
    )
    visitor = Visitor(Kept(*kept), session)
    return Errand(
        id, visitor, language, subject, Said(*json.loads(said)), datetime.fromisoformat(due_at), steps
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
