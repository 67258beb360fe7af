"""Who may ask from the network: a browser that brought the code on the screen, which is good for one browser alone.

Codes that were used, and the browsers that joined, stand in the portal's own database by their hashes. They belong to
one start of the system: the next one has a first code of its own, and begins with nobody.
"""

import secrets
import sqlite3
from hashlib import sha256
from urllib.parse import quote

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: nothing in it looks like something else."""
CODE_CHARS = 10
"""50 random bits, and gone once they were used."""
MISREAD = str.maketrans("OIL", "011", "- ")
ID_BYTES = 32
SCHEMA = """
CREATE TABLE IF NOT EXISTS joining (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('code', 'browser')), start TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


class WrongCode(Exception):
    """Nobody joins with this code; ``used`` says whether it was a right one once."""

    def __init__(self, used: bool) -> None:
        super().__init__("used" if used else "wrong")
        self.used = used


def new_code() -> str:
    """A code that nobody guesses before it is used."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))


def address_of(host: str, port: int) -> str:
    """Where a browser on the network finds the portal."""
    return f"http://{host}:{port}"


def link_with(address: str, code: str) -> str:
    """What the QR code says."""
    return f"{address}/join?code={quote(code)}"


class Joining:
    """The code that is good now, and the browsers that joined since the system was started."""

    def __init__(self, database: sqlite3.Connection, address: str, first: str) -> None:
        """``first``: the code that this start of the system began with."""
        self._database, self._start = database, _hash(first)
        database.executescript(SCHEMA)
        database.execute("DELETE FROM joining WHERE start <> ?", (self._start,))
        self.address = address
        self.code = new_code() if self._is_kept("code", first) else first

    @property
    def link(self) -> str:
        """What the next browser opens."""
        return link_with(self.address, self.code)

    @property
    def step(self) -> str:
        """Names the code that is good now, for who only wants to know whether it is another one."""
        return _hash(self.code)[:12]

    def join(self, typed: str) -> str:
        """Use the code up and return what this browser brings from now on; raises WrongCode."""
        code = typed[:100].upper().translate(MISREAD)
        if not secrets.compare_digest(code.encode(), self.code.encode()):
            raise WrongCode(self._is_kept("code", code))
        id = secrets.token_urlsafe(ID_BYTES)
        rows = [(_hash(code), "code", self._start), (_hash(id), "browser", self._start)]
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany("INSERT INTO joining VALUES (?, ?, ?)", rows)
        except sqlite3.Error:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        self.code = new_code()
        return id

    def has_joined(self, id: str) -> bool:
        """Whether a browser that brings this may ask."""
        return 0 < len(id) <= 100 and self._is_kept("browser", id)

    def _is_kept(self, kind: str, value: str) -> bool:
        sql = "SELECT 1 FROM joining WHERE hash = ? AND kind = ?"
        return self._database.execute(sql, (_hash(value), kind)).fetchone() is not None


def _hash(value: str) -> str:
    return sha256(value.encode()).hexdigest()
