"""A backup of one data folder: taken while its system works, as of one instant, and brought back into an empty folder.

At that instant all programs of the system stand still. The copy is then what is on the disk where all of them are
killed at once: the next start goes on from there as it does after that (docs/decisions/0071).
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import psutil

from services.cli.embedded.copying import Copies
from services.cli.embedded.freezing import standing_still
from services.cli.embedded.ports import SERVICES
from services.cli.embedded.state import (
    DATA_FOLDERS,
    EPOCH_FILE,
    LAYOUT,
    AlreadyRunning,
    SystemState,
    check_layout,
    living_state,
    lock,
    process_of,
    read_epoch,
    read_state,
    was_started,
)

MANIFEST, DATA = "backup.json", "data"
"""In the folder of a backup: what says that it is whole, and the files."""
LAYOUT_FILE, LOCK_FILE = "layout", "system.lock"
OTHER_FOLDERS = ("logs", "watch")
LEFT_OUT = (
    "/system.*",
    "/scenario.*.tmp",
    "/store/settings.toml",
    "/kafka/*.properties",
    "/kafka/classpath.json",
    "/kafka/log/*/*.index",
    "/kafka/log/*/*.timeindex",
    "/portal/projection*",
    "/portal/*-shm",
    "/attachments/arriving/*",
)
"""What says which system runs, is of this machine, or is made anew at the next start. Whatever else there is belongs to
a backup. Kafka writes its indexes through memory, so their times tell nothing; it makes missing ones from its log."""
PIECE = 1 << 20

Progress = Callable[[str, int, int], None]
"""Told what is done, and how many bytes of how many."""


class Refused(Exception):
    """Nothing was begun; the message says why."""


class Broken(Exception):
    """The folder holds no whole backup; the message names what is wrong with it."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: the layout of its data, whose and of when it is, and each file's size and SHA-256."""

    layout: str
    jurisdiction: str
    taken_at: str
    files: Mapping[str, tuple[int, str]]

    @property
    def size(self) -> int:
        """Of all files in bytes; one that has several names counts under each."""
        return sum(size for size, _ in self.files.values())


@dataclass(frozen=True)
class Taken:
    """A backup that is whole, and how long the system stood still for it; 0 where none ran."""

    manifest: Manifest
    still_seconds: float


def belongs(name: str) -> bool:
    """Whether a file of a data folder belongs to a backup; ``name`` is its path in there."""
    path = PurePosixPath("/", name)
    return path.parts[1] not in OTHER_FOLDERS and not any(path.match(pattern) for pattern in LEFT_OUT)


def take(data_dir: Path, folder: Path, progress: Progress) -> Taken:
    """Back ``data_dir`` up into ``folder``, which is made. Raises Refused, NotStill, WrongLayout, OSError.

    Whatever ends it, the system goes on; what is there then has no manifest, and is brought back by nobody.
    """
    data_dir, folder = data_dir.resolve(), folder.resolve()
    with ExitStack() as held:
        processes, jurisdiction = _programs(data_dir, held)
        _make_empty(folder, data_dir)
        copies = Copies(data_dir, folder / DATA, belongs)
        need = copies.due()
        _need_space(folder, need)
        copies.bring_up_to_date(moving=True, copied=_adding(progress, "copying", need))
        with standing_still(processes):
            began, taken_at = time.monotonic(), datetime.now(UTC)
            copies.bring_up_to_date(moving=False, copied=_adding(progress, "standing still", copies.due()))
        still = time.monotonic() - began if processes else 0.0
    names = copies.names()
    sizes = sum((folder / DATA / name).stat().st_size for name in names)
    said = _adding(progress, "checking", sizes)
    files = {name: _size_and_hash(folder / DATA / name, said, sync=True) for name in names}
    manifest = Manifest(LAYOUT, jurisdiction, taken_at.isoformat(timespec="milliseconds"), files)
    _write_whole(folder / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=0))
    return Taken(manifest, round(still, 3))


def restore(folder: Path, data_dir: Path, progress: Progress) -> tuple[Manifest, int]:
    """Bring a backup back into ``data_dir``, which is empty or not there. Raises Refused, Broken or OSError.

    Every file is checked before the first is copied. The layout is written last: a start refuses a folder without it.
    What the system publishes from then on is of a new epoch, which is returned: the instant of the restore in seconds
    since 1970, so that no two restores of one backup have the same (docs/decisions/0075).
    """
    folder, data_dir = folder.resolve(), data_dir.resolve()
    manifest = read_manifest(folder)
    _refuse_where_not_empty(data_dir)
    check_files(folder, manifest, progress)
    try:
        held = lock(data_dir)
    except AlreadyRunning as error:
        raise Refused(str(error)) from None
    with held:
        _refuse_where_not_empty(data_dir)
        _need_space(data_dir, manifest.size)
        for name in DATA_FOLDERS:  # they alone make a start ask for the layout
            (data_dir / name).mkdir(exist_ok=True)
        said = _adding(progress, "copying", manifest.size)
        copied = manifest.files.keys() - {LAYOUT_FILE, EPOCH_FILE}
        Copies(folder / DATA, data_dir, copied.__contains__).bring_up_to_date(moving=False, copied=said)
        epoch = max(int(time.time()), read_epoch(folder / DATA) + 1)
        _write_whole(data_dir / EPOCH_FILE, f"{epoch}\n")
        Copies(folder / DATA, data_dir, {LAYOUT_FILE}.__contains__).bring_up_to_date(
            moving=False, copied=said
        )
    return manifest, epoch


def read_manifest(folder: Path) -> Manifest:
    """What the backup in this folder says of itself; raises Broken where it is none, Refused where it is not for us."""
    try:
        found = json.loads((folder / MANIFEST).read_text())
        if found["layout"] != LAYOUT:
            raise Refused(
                f"{folder} holds data of layout {str(found['layout'])[:20]}, this version reads layout {LAYOUT}: "
                "bring it back with the version that took it"
            )
        files = {name: (int(size), str(sha256)) for name, (size, sha256) in found.pop("files").items()}
        return Manifest(files=files, **found)
    except FileNotFoundError:
        raise Broken(
            f"{folder} holds no whole backup: there is no {MANIFEST}, which is written last"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Broken(f"{folder / MANIFEST} cannot be read: {error!r}") from None


def check_files(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Raise Broken, naming the first file that is missing or not as it was written."""
    said = _adding(progress, "checking", manifest.size)
    for name, wanted in manifest.files.items():
        try:
            found = _size_and_hash(folder / DATA / name, said)
        except FileNotFoundError:
            raise Broken(f"{folder} is not whole: {DATA}/{name} is missing") from None
        if found != wanted:
            raise Broken(f"{folder} is not whole: {DATA}/{name} is not what was backed up")
    if LAYOUT_FILE not in manifest.files:
        raise Broken(f"{folder} is not whole: its {MANIFEST} names no {LAYOUT_FILE}")


def _programs(data_dir: Path, held: ExitStack) -> tuple[list[psutil.Process], str]:
    """What has to stand still, and whose system it is. Where nothing runs, nothing starts before ``held`` ends."""
    if not was_started(data_dir):
        raise Refused(f"there is no data in {data_dir}; name another folder with --data")
    check_layout(data_dir)
    if (state := living_state(data_dir)) is not None:
        return _running(state), state.jurisdiction
    try:
        held.enter_context(lock(data_dir))
    except AlreadyRunning as error:
        raise Refused(f"{error}, which is not ready; try again when it is") from None
    last = read_state(data_dir)
    if last is not None and any(process_of(part.pid, part.created) for part in last.parts):
        raise Refused("parts of a system whose supervisor is gone still run; end them with: qinqing stop")
    return [], "" if last is None else last.jurisdiction


def _running(state: SystemState) -> list[psutil.Process]:
    if state.phase != "ready":
        raise Refused(f"the system is {state.phase}; try again when it is ready")
    kinds = [part.kind for part in state.parts]
    if kinds.count("kafka") != 1 or kinds.count("store") != len(SERVICES):
        raise Refused("Kafka or the stores are your own: back them up by their own tools, stores first")
    found = {part.name: process_of(part.pid, part.created) for part in state.parts if part.state == "ready"}
    if away := [part.name for part in state.parts if found.get(part.name) is None]:
        raise Refused(
            f"{', '.join(away)} is being started anew; try again when all is ready (qinqing status)"
        )
    return [process for process in found.values() if process is not None]


def _make_empty(folder: Path, data_dir: Path) -> None:
    if folder == data_dir or folder.is_relative_to(data_dir):
        raise Refused(f"{folder} is in the data folder itself; name another one")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is there and not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # it holds keys and people's words


def _refuse_where_not_empty(data_dir: Path) -> None:
    if data_dir.exists() and any(path.name != LOCK_FILE for path in data_dir.iterdir()):
        raise Refused(
            f"{data_dir} is there and not empty; nothing is written over: name a new folder with --data"
        )


def _need_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(f"{folder} has {free / 1e6:,.0f} MB free, and needs {size / 1e6:,.0f} MB")


def _adding(progress: Progress, what: str, total: int) -> Callable[[int], None]:
    """Tells of bytes one after the other, as their sum."""
    done = 0

    def add(size: int) -> None:
        nonlocal done
        done += size
        progress(what, done, max(total, done))

    return add


def _size_and_hash(path: Path, said: Callable[[int], None], *, sync: bool = False) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
            said(len(piece))
        if sync:
            os.fsync(file.fileno())
    return size, digest.hexdigest()


def _write_whole(path: Path, text: str) -> None:
    """There at once and on the disk, or not at all."""
    beside = path.with_suffix(".tmp")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
