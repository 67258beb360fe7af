"""The portal's own small database: who is signed in, what somebody is writing, what they may expect to see.

Nothing in it can be built again from events, and nothing in it is an event. A session stands there by the hash of its
id alone. One connection, used by the event loop's thread alone; every call is one short write.
"""

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from services.portal.inside import SCHEMA as INSIDE
from services.portal.inside import Inside

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    hash TEXT PRIMARY KEY, account TEXT NOT NULL, role TEXT NOT NULL, department TEXT NOT NULL,
    name TEXT NOT NULL, person TEXT NOT NULL, used_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS linked (
    hash TEXT PRIMARY KEY, issue TEXT NOT NULL, sealed TEXT NOT NULL, admitted_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draft (
    owner TEXT, form TEXT, content TEXT NOT NULL, saved_at TEXT NOT NULL, PRIMARY KEY (owner, form)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS after (
    owner TEXT, subject TEXT, seen TEXT NOT NULL, saved_at TEXT NOT NULL, PRIMARY KEY (owner, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen_issue (
    owner TEXT, issue TEXT, moved_at INTEGER NOT NULL, PRIMARY KEY (owner, issue)
) STRICT, WITHOUT ROWID;
"""
SESSION_LIFE = timedelta(hours=12)
"""Without a click. A day's work; a phone that was put away overnight asks again."""
DRAFT_LIFE = timedelta(days=30)
AFTER_LIFE = timedelta(hours=1)
OPENED_LIFE = timedelta(days=90)
"""What has not moved for so long is marked as unread for nobody."""
USED_STEP = timedelta(minutes=5)
"""A session's last use is written at most so often."""


class Kept(NamedTuple):
    """A signed-in session as it is kept. ``issue``: the only one that is shown to who came by a link."""

    account: str
    role: str
    department: str
    name: str
    person: str
    issue: str = ""


class Linked(NamedTuple):
    """The link of a session that began with one: ``sealed`` is opened by the session's id alone (links.py)."""

    issue: str
    sealed: str
    admitted_at: datetime
    """When intake last said that it is good."""


class Own:
    """The database in one file, which only its owner reads."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.chmod(0o600)
        mask = os.umask(0o077)  # its journal too is the owner's alone
        try:
            self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute("PRAGMA secure_delete=ON")  # what somebody wrote and sent is gone
            self._connection.executescript(SCHEMA + INSIDE)
        finally:
            os.umask(mask)
        self.inside = Inside(self._connection)
        self._forget_old(datetime.now(UTC))

    @property
    def database(self) -> sqlite3.Connection:
        """For tables that have a module of their own."""
        return self._connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # ------------------------------------------------------------- sessions

    def sign_in(self, hash: str, kept: Kept, now: datetime) -> None:
        """Keep a session under the hash of its id."""
        self._do("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?)", hash, *kept[:5], _text(now))

    def session(self, hash: str, now: datetime) -> Kept | None:
        """Who is signed in there; None where nobody is, or nobody clicked for too long."""
        sql = """
            SELECT account, role, department, name, person, coalesce(issue, ''), used_at
            FROM session LEFT JOIN linked USING (hash) WHERE hash = ?
        """
        row = self._one(sql, hash)
        if row is None or datetime.fromisoformat(row[6]) < now - SESSION_LIFE:
            return None
        if datetime.fromisoformat(row[6]) < now - USED_STEP:
            self._do("UPDATE session SET used_at = ? WHERE hash = ?", _text(now), hash)
        return Kept(*row[:6])

    def end(self, hash: str) -> None:
        """End a session."""
        self._do("DELETE FROM session WHERE hash = ?", hash)
        self._do("DELETE FROM linked WHERE hash = ?", hash)

    def keep_link(self, hash: str, linked: Linked) -> None:
        """Keep the link that this session began with, and when it was good."""
        issue, sealed, admitted_at = linked
        self._do("INSERT OR REPLACE INTO linked VALUES (?, ?, ?, ?)", hash, issue, sealed, _text(admitted_at))

    def linked(self, hash: str) -> Linked | None:
        """The link that this session began with; None where it began with a sign-in."""
        row = self._one("SELECT issue, sealed, admitted_at FROM linked WHERE hash = ?", hash)
        return None if row is None else Linked(row[0], row[1], datetime.fromisoformat(row[2]))

    # --------------------------------------------------------------- drafts

    def draft(self, owner: str, form: str) -> dict[str, Any]:
        """What this person has written into this form so far; {} for nothing."""
        row = self._one("SELECT content FROM draft WHERE owner = ? AND form = ?", owner, form)
        return {} if row is None else dict(json.loads(row[0]))

    def keep_draft(self, owner: str, form: str, content: Mapping[str, Any], now: datetime) -> None:
        """Keep what somebody is writing."""
        text = json.dumps(content, ensure_ascii=False)
        self._do("INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?)", owner, form, text, _text(now))

    def drop_draft(self, owner: str, form: str) -> None:
        """Forget it: it was sent, or thrown away."""
        self._do("DELETE FROM draft WHERE owner = ? AND form = ?", owner, form)

    def hand_over(self, owner: str, new_owner: str) -> list[str]:
        """What was written before somebody signed in becomes theirs; the names of the forms."""
        forms = [row[0] for row in self._all("SELECT form FROM draft WHERE owner = ?", owner)]
        self._do("UPDATE OR REPLACE draft SET owner = ? WHERE owner = ?", new_owner, owner)
        return forms

    # ------------------------------------------------ what one just caused

    def remember_after(self, owner: str, subject: str, seen: str, now: datetime) -> None:
        """How far the services had published when this person's last request about this subject was done."""
        self._do("INSERT OR REPLACE INTO after VALUES (?, ?, ?, ?)", owner, subject, seen, _text(now))

    def after(self, owner: str, subject: str) -> str:
        """The same, for the next request; "" for nothing."""
        row = self._one("SELECT seen FROM after WHERE owner = ? AND subject = ?", owner, subject)
        return "" if row is None else str(row[0])

    # ------------------------------------------- what one has had a look at

    def opened(self, owner: str, issue: str, moved_at: int) -> None:
        """This person has looked at this issue as it was when it had moved last (milliseconds).

        The issue "" stands for all: what moved before this person first came is not new to them.
        """
        sql = """
            INSERT INTO seen_issue VALUES (?, ?, ?)
            ON CONFLICT (owner, issue) DO UPDATE SET moved_at = excluded.moved_at WHERE moved_at < excluded.moved_at
        """
        self._connection.execute(sql, (owner, issue, moved_at))

    def first_came(self, owner: str, now: datetime) -> None:
        """From here on what moves is new to this person; nothing changes for who was here before."""
        at = int(now.timestamp() * 1000)
        self._connection.execute("INSERT OR IGNORE INTO seen_issue VALUES (?, '', ?)", (owner, at))

    def opened_at(self, owner: str, issues: Sequence[str]) -> dict[str, int]:
        """Of these issues, and "", those that this person has looked at, each as it was then."""
        sql = "SELECT issue, moved_at FROM seen_issue WHERE owner = ? AND issue IN (SELECT value FROM json_each(?))"
        return dict(self._all(sql, owner, json.dumps(["", *issues])))

    # ------------------------------------------------------------------------

    def _forget_old(self, now: datetime) -> None:
        self._do("DELETE FROM session WHERE used_at < ?", _text(now - SESSION_LIFE))
        self._do("DELETE FROM linked WHERE hash NOT IN (SELECT hash FROM session)")
        self._do("DELETE FROM draft WHERE saved_at < ?", _text(now - DRAFT_LIFE))
        self._do("DELETE FROM after WHERE saved_at < ?", _text(now - AFTER_LIFE))
        before = int((now - OPENED_LIFE).timestamp() * 1000)
        self._connection.execute("DELETE FROM seen_issue WHERE moved_at < ? AND issue <> ''", (before,))

    def _do(self, sql: str, *values: str | int) -> None:
        self._connection.execute(sql, values)

    def _one(self, sql: str, *values: str) -> tuple[Any, ...] | None:
        with closing(self._connection.execute(sql, values)) as found:
            row: tuple[Any, ...] | None = found.fetchone()
            return row

    def _all(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(self._connection.execute(sql, values)) as found:
            return found.fetchall()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
