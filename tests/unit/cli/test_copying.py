"""A folder is copied while others write there, and what changed since once more: then the copy is the same."""

import os
from pathlib import Path

from services.cli.embedded.backups import belongs
from services.cli.embedded.copying import CLOCK_NS, Copies


def copies(tmp_path: Path) -> tuple[Path, Path, Copies]:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    return source, target, Copies(source, target, lambda name: not name.endswith(".left"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def grow_old(monkeypatch: object, seconds: int = 10) -> None:
    """What is there was written long before it is looked at."""
    import services.cli.embedded.copying as module

    now = module.time.time_ns
    monkeypatch.setattr(module.time, "time_ns", lambda: now() + seconds * 10**9)  # type: ignore[attr-defined]


def test_what_is_new_changed_and_gone_is_brought_up_to_date(tmp_path: Path, monkeypatch: object) -> None:
    source, target, both = copies(tmp_path)
    (source / "log").mkdir()
    for name in ("stays", "grows", "goes", "log/one", "log/other.left"):
        (source / name).write_bytes(name.encode())
    grow_old(monkeypatch)
    both.bring_up_to_date(moving=True)
    assert contents(target).keys() == {"stays", "grows", "goes", "log/one"}
    with (source / "grows").open("ab") as file:
        file.write(b" and grows")
    (source / "goes").unlink()
    (source / "comes").write_bytes(b"new")
    sizes: list[int] = []
    assert both.due() == len("grows and grows") + len("new")
    both.bring_up_to_date(moving=False, copied=sizes.append)
    assert sum(sizes) == len("grows and grows") + len("new"), "nothing else is copied again"
    (source / "log/other.left").unlink()
    assert contents(target) == contents(source)
    assert both.names() == ["comes", "grows", "log/one", "stays"]


def test_a_file_of_the_same_size_and_age_is_found_to_have_changed(
    tmp_path: Path, monkeypatch: object
) -> None:
    source, target, both = copies(tmp_path)
    (source / "page").write_bytes(b"before")
    age = (source / "page").stat()
    grow_old(monkeypatch)
    both.bring_up_to_date(moving=True)
    (source / "page").write_bytes(b"behind")
    os.utime(source / "page", ns=(age.st_atime_ns, age.st_mtime_ns))
    both.bring_up_to_date(moving=False)
    assert contents(target) == {"page": b"behind"}


def test_what_was_written_just_before_it_was_copied_is_copied_again(tmp_path: Path) -> None:
    """A clock that is too coarse may give the next write the same time."""
    source, _, both = copies(tmp_path)
    (source / "page").write_bytes(b"before")
    both.bring_up_to_date(moving=True)
    assert both.due() == len("before")
    assert CLOCK_NS >= 2 * 10**9, "some file systems count in steps of two seconds"


def test_hard_links_stay_links_also_those_that_come_later(tmp_path: Path, monkeypatch: object) -> None:
    source, target, both = copies(tmp_path)
    (source / "content").write_bytes(b"a photo")
    os.link(source / "content", source / "issue-1")
    grow_old(monkeypatch)
    both.bring_up_to_date(moving=True)
    assert (target / "issue-1").stat().st_ino == (target / "content").stat().st_ino
    os.link(source / "content", source / "issue-2")
    both.bring_up_to_date(moving=False)
    assert len({path.stat().st_ino for path in target.iterdir()}) == 1
    assert len([*target.iterdir()]) == 3


def test_of_a_data_folder_everything_belongs_but_what_the_next_start_makes() -> None:
    kept = (
        "layout scenario.json keys/vault.key kafka/cluster-id kafka/log/meta.properties mailbox/1.eml "
        "kafka/log/intake.events-0/00000000000000000000.log kafka/log/replication-offset-checkpoint portal/own.db "
        "portal/own.db-wal store/intake/WiredTiger.wt store/intake/WiredTigerLog.0000000001 attachments/key "
        "attachments/content/ab.png attachments/issues/1/ab something/that/comes/later"
    )
    left_out = (
        "logs/up.log system.json system.lock system.12.tmp kafka/server.properties kafka/classpath.json "
        "kafka/log/intake.events-0/00000000000000000000.index portal/projection-live@1.db portal/own.db-shm "
        "kafka/log/intake.events-0/00000000000000000000.timeindex attachments/arriving/0 portal/projection-live.current"
    )
    assert [name for name in kept.split() if not belongs(name)] == []
    assert [name for name in left_out.split() if belongs(name)] == []
