"""The files: one is shown, another is built beside it, what a broken-off build leaves behind is removed."""

import sqlite3
from pathlib import Path

import pytest

from services.portal.projection import database as databases
from services.portal.projection.database import NoFullText, create, need_full_text, open_reader, version_of
from services.portal.projection.files import Files, histories


def test_nothing_is_shown_before_a_file_is_named(tmp_path: Path) -> None:
    files = Files(tmp_path)
    create(files.new()).close()
    assert files.shown() is None


def test_readers_read_on_beside_the_writer(tmp_path: Path) -> None:
    create(tmp_path / "projection.db").close()
    reader = open_reader(tmp_path / "projection.db")
    assert reader.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_the_file_that_is_shown_is_the_only_one_that_stays(tmp_path: Path) -> None:
    files = Files(tmp_path)
    first = files.new()
    create(first).close()
    files.show(first)
    second = files.new()
    assert second != first
    create(second).close()
    assert files.shown() == first
    files.sweep()  # as the next start does, when the build was broken off
    assert not second.exists()
    create(second).close()
    files.show(second)
    assert (files.shown(), first.exists()) == (second, False)


def test_who_reads_a_file_that_was_replaced_reads_on(tmp_path: Path) -> None:
    files = Files(tmp_path)
    first, second = files.new(), tmp_path / "projection-live@2.db"
    create(first).close()
    files.show(first)
    reader = open_reader(first)
    assert reader.execute("SELECT count(*) FROM issue").fetchone() == (0,)
    create(second).close()
    files.show(second)
    assert reader.execute("SELECT count(*) FROM issue").fetchone() == (0,)


def test_a_file_of_other_code_is_not_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(tmp_path)
    path = files.new()
    create(path).close()
    assert files.is_current(path)
    monkeypatch.setattr("services.portal.projection.files.version", lambda: 7)
    assert not files.is_current(path)


def test_a_file_that_is_no_database_is_none(tmp_path: Path) -> None:
    files = Files(tmp_path)
    path = files.new()
    path.write_text("not a database")
    files.show(path)
    assert version_of(path) is None
    assert files.shown() is None


def test_each_namespace_has_files_of_its_own(tmp_path: Path) -> None:
    live, replay = Files(tmp_path), Files(tmp_path, "replay-1")
    for files in (live, replay):
        path = files.new()
        create(path).close()
        files.show(path)
    assert histories(tmp_path) == ["replay-1"]
    replay.forget()
    assert histories(tmp_path) == []
    assert live.shown() is not None


def test_nobody_else_on_the_machine_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    create(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    create(path).close()
    with pytest.raises(sqlite3.OperationalError):
        open_reader(path).execute("DELETE FROM issue")


def test_a_python_without_full_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(sqlite3.Connection):
        def execute(self, *_: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("no such module: fts5")

    connect = sqlite3.connect
    monkeypatch.setattr(databases.sqlite3, "connect", lambda *a, **k: connect(":memory:", factory=Bare))
    with pytest.raises(NoFullText, match="FTS5"):
        need_full_text()
