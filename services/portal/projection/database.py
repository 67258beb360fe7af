"""The files of the projection: made, opened for the one writer, opened for readers."""

import sqlite3
from functools import cache
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent


class NoFullText(RuntimeError):
    """This Python's SQLite has no FTS5."""


@cache
def version() -> int:
    """Of schema and code together, 31 bits: a file that other code made is built anew."""
    parts = [
        HERE / "schema.sql",
        *sorted(HERE.glob("rows/*.py")),
        *(HERE / f"{n}.py" for n in ("terms", "batch", "decoding")),
    ]
    return int.from_bytes(sha256(b"\0".join(part.read_bytes() for part in parts)).digest()[:4]) >> 1


def create(path: Path) -> sqlite3.Connection:
    """A new, empty file with the schema, open for the writer. Raises NoFullText, FileExistsError."""
    need_full_text()
    path.touch(mode=0o600, exist_ok=False)
    database = open_writer(path)
    database.executescript(
        f"BEGIN; {(HERE / 'schema.sql').read_text()} PRAGMA user_version={version()}; COMMIT;"
    )
    return database


def open_writer(path: Path) -> sqlite3.Connection:
    """A file for its one writer; used from one thread at a time."""
    database = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=1024, timeout=30
    )
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is read from the topics again
    database.execute("PRAGMA cache_size=-65536")
    database.execute("PRAGMA temp_store=MEMORY")
    return database


def open_reader(path: Path) -> sqlite3.Connection:
    """A file for reading alone."""
    database = sqlite3.connect(
        f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, timeout=30
    )
    database.execute("PRAGMA query_only=1")
    database.execute("PRAGMA mmap_size=268435456")
    return database


def version_of(path: Path) -> int | None:
    """The version that a file was made by; None for what is no database of ours, or was left half made."""
    try:
        database = open_reader(path)
        try:
            return int(database.execute("PRAGMA user_version").fetchone()[0]) or None
        finally:
            database.close()
    except sqlite3.Error:
        return None


def remove(path: Path) -> None:
    """A file and what SQLite keeps beside it; readers that have it open keep what they see."""
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink(missing_ok=True)


def need_full_text() -> None:
    """Raise NoFullText where this Python was built without it, with a word on what to do."""
    with sqlite3.connect(":memory:") as database:
        try:
            database.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        except sqlite3.OperationalError:
            raise NoFullText(
                "this Python's SQLite has no full text (FTS5), on which the portal rests; use Debian's or "
                "python.org's Python"
            ) from None
