"""How long `qinqing up` takes to its banner: a first start, plain and with the town, and a later one; and Huzhou.

Each first start has a data folder of its own. Python packages, Kafka's jars and its archive of classes are the
machine's, and the same for every folder; they are downloaded once more for `make run` in a fresh clone.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.machine import ROOT
from bench.parts import free_base_port, running, started
from bench.results import Measure, Result
from services.cli.system import DEFAULT_DATA

ROUNDS = 3
MOST_FIRST_SECONDS, MOST_LATER_SECONDS, MOST_TOWN_SECONDS, MOST_HUZHOU_SECONDS = 240.0, 15.0, 60.0, 90.0


def measure(say: Callable[[str], None], *, rounds: int = ROUNDS) -> Result:
    """Rounds of a plain first start, one with the town, and a later one of the same folder; then Huzhou once."""
    plain, town, later = list[float](), list[float](), list[float]()
    for turn in range(rounds):
        with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
            plain.append(_start(Path(folder)))
        with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
            town.append(_start(Path(folder), "--scenario", "town"))
            later.append(_start(Path(folder), "--scenario", "town"))
        last = plain[-1], town[-1], later[-1]
        say(f"round {turn + 1} of {rounds}: %.1f s plain, %.1f s with the town, %.1f s later" % last)
    downloaded = _downloaded()
    say(f"`make run` in a fresh clone, with downloads {downloaded:.1f} s")
    huzhou = _huzhou()
    say(f"Huzhou {huzhou:.1f} s")
    measures = [
        Measure(
            "first `make run` of a fresh clone, with downloads and the town",
            downloaded,
            "s",
            MOST_FIRST_SECONDS,
        ),
        Measure("first start with the town", max(town), "s", MOST_FIRST_SECONDS),
        Measure("first start, plain", median(plain), "s"),
        Measure(
            "the town, on top of it",
            median(one - other for one, other in zip(town, plain, strict=True)),
            "s",
            MOST_TOWN_SECONDS,
        ),
        Measure("a later start", max(later), "s", MOST_LATER_SECONDS),
        Measure("`qinqing scenario huzhou`, whole command", huzhou, "s", MOST_HUZHOU_SECONDS),
    ]
    found = {"plain": plain, "town": town, "later": later, "downloaded": downloaded, "huzhou": huzhou}
    return Result("start", measures, found)


def _start(folder: Path, *options: str) -> float:
    """Seconds from the command to its being ready, which the banner waits for."""
    began = time.perf_counter()
    with running(folder, *options):
        return time.perf_counter() - began


def _downloaded() -> float:
    """Seconds of `make run` in a fresh clone to its being ready, with no package and no jar in any cache."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        home, clone = Path(folder, "home"), Path(folder, "clone")
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        python = Path(sys.base_prefix, "bin", "python3")
        command = ["make", "run", f"PYTHON={python}", f"BASE_PORT={free_base_port()}"]
        caches = ("VIRTUAL_ENV", "PYTHONPATH", "PIP_CACHE_DIR", "XDG_CACHE_HOME")
        environment = {name: value for name, value in os.environ.items() if name not in caches}
        began = time.perf_counter()
        with started(command, clone / DEFAULT_DATA, cwd=clone, env={**environment, "HOME": str(home)}):
            return time.perf_counter() - began


def _huzhou() -> float:
    """Seconds of the command in an empty folder, with Kafka and the stores, which it starts and stops."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        command = [sys.executable, "-m", "services.cli.main", "scenario", "huzhou", "--json", "-"]
        began = time.perf_counter()
        subprocess.run(
            [*command, "--data", folder, "--base-port", str(free_base_port())],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - began
