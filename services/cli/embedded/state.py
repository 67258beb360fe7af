"""The file by which commands find a running system, the lock that keeps it alone, and what a dead one left."""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import psutil

Phase = Literal["starting", "ready", "stopping", "stopped", "failed"]


LAYOUT = "5"
"""The layout of the data in a folder: its documents, topics and records; another one is not read."""
DATA_FOLDERS = ("kafka", "store")
EPOCH_FILE = "epoch"
"""Written by a restore."""


class AlreadyRunning(Exception):
    """Another process runs a system on this data folder."""


class WrongLayout(Exception):
    """The data folder was made by a version whose data this one does not read."""


@dataclass
class PartState:
    """One child process as the supervisor last saw it."""

    name: str
    kind: str
    port: int
    state: str
    progress: str = ""
    pid: int | None = None
    created: float | None = None  # the process's own start, so that a reused pid is not taken for it
    restarts: int = 0
    ready_seconds: float | None = None


@dataclass
class SystemState:
    """What `system.json` in the data folder holds."""

    phase: Phase
    pid: int
    created: float
    data_dir: str
    base_port: int
    kafka_bootstrap: str
    store_urls: dict[str, str]
    service_urls: dict[str, str]
    started_at: str
    jurisdiction: str = "huzhou"
    portal_url: str = ""
    lan_url: str = ""
    lan_code: str = ""
    """The first one-time code of this start: good for nothing once somebody joined with it."""
    message: str = ""
    ready_seconds: float = 0.0
    """How long the whole start took, what was played before the services ran included."""
    played: str = ""
    """What a first start begins with; "" where nothing is played."""
    played_progress: str = ""
    played_seconds: float | None = None
    """How long that took; None while it is played."""
    parts: list[PartState] = field(default_factory=list)

    def write(self) -> None:
        """Replace the file at once, so that a reader never sees half of it."""
        file = state_file(Path(self.data_dir))
        beside = file.with_suffix(f".{os.getpid()}.tmp")
        beside.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1))
        beside.replace(file)


def state_file(data_dir: Path) -> Path:
    return data_dir / "system.json"


def read_state(data_dir: Path) -> SystemState | None:
    """What the last supervisor wrote, alive or not; None when there is nothing to read."""
    try:
        stored: dict[str, Any] = json.loads(state_file(data_dir).read_text())
        parts = [PartState(**part) for part in stored.pop("parts")]
        return SystemState(**stored, parts=parts)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def living_state(data_dir: Path) -> SystemState | None:
    """What the supervisor of this folder wrote, while it lives and has not ended its work; else None."""
    state = read_state(data_dir.resolve())
    if state is None or state.phase in ("stopped", "failed") or process_of(state.pid, state.created) is None:
        return None
    return state


def process_of(pid: int | None, created: float | None) -> psutil.Process | None:
    """The living process with this pid and start, else None."""
    if pid is None or created is None:
        return None
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - created) < 1.0 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def created_at(pid: int | None) -> float | None:
    """When this process started, in seconds since the epoch, as `process_of` compares it."""
    with suppress(psutil.Error):
        return psutil.Process(pid).create_time() if pid is not None else None
    return None


def lock(data_dir: Path) -> IO[str]:
    """Hold the data folder for this process until the returned file is closed; AlreadyRunning when it is held."""
    data_dir.mkdir(parents=True, exist_ok=True)
    held = (data_dir / "system.lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        state = read_state(data_dir)
        raise AlreadyRunning(
            f"a system already runs on {data_dir}" + (f" (pid {state.pid})" if state else "")
        ) from None
    return held


def check_layout(data_dir: Path) -> None:
    """Raise WrongLayout for a folder whose data has another layout than ours; an empty one has none yet."""
    if not any((data_dir / name).exists() for name in DATA_FOLDERS) and not _layout_file(data_dir).exists():
        return
    found = _layout_file(data_dir).read_text().strip() if _layout_file(data_dir).exists() else "1"
    if found != LAYOUT:
        raise WrongLayout(
            f"{data_dir} holds data of layout {found[:20]}, this version reads layout {LAYOUT} and nothing is "
            "migrated yet: name another folder with --data, or remove this one."
        )


def was_started(data_dir: Path) -> bool:
    """Whether a system of this layout, or of another one, was started on this folder before."""
    return _layout_file(data_dir).exists()


def claim_layout(data_dir: Path) -> None:
    """Check the folder's layout, and name it in a new folder; hold the lock when calling."""
    check_layout(data_dir)
    _layout_file(data_dir).write_text(f"{LAYOUT}\n")


def _layout_file(data_dir: Path) -> Path:
    return data_dir / "layout"


def read_epoch(data_dir: Path) -> int:
    """In which epoch a system on this folder signs its events; 0 where nothing was ever restored into it."""
    file = data_dir / EPOCH_FILE
    return int(file.read_text()) if file.exists() else 0


def end_leftovers(data_dir: Path, grace_seconds: float = 15.0) -> list[str]:
    """End, by id, the children a supervisor named before it died; their names. Hold the lock when calling."""
    state = read_state(data_dir)
    if state is None:
        return []
    left = {part.name: process for part in state.parts if (process := process_of(part.pid, part.created))}
    for process in left.values():
        with suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(list(left.values()), timeout=grace_seconds)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    return list(left)
