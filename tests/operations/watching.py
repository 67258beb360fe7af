"""A running system with Prometheus and Alertmanager beside it, as `qinqing watch` starts them, and what these say."""

import json
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.parts import running
from services.cli.embedded import SystemState
from services.cli.watch import RULES

needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("prometheus-alertmanager")),
    reason="no Prometheus here: apt-get install prometheus prometheus-alertmanager",
)


class Watched(NamedTuple):
    """A system that is watched, and where Prometheus answers, and as which process it runs."""

    data: Path
    state: SystemState
    prometheus: str
    watching: int


def qinqing(*arguments: str) -> list[str]:
    """The command line as a process of its own."""
    return [sys.executable, "-m", "services.cli.main", *arguments]


@contextmanager
def watched(data: Path, *options: str, rules: Path = RULES) -> Iterator[Watched]:
    """`qinqing up` with these options, and `qinqing watch` beside it; both end with this."""
    with running(data, *options) as state:
        command = qinqing("watch", "--json", "--data", str(data), "--rules", str(rules))
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            found = json.loads(process.stdout.readline())
            yield Watched(data, state, found["prometheus"], process.pid)
        finally:
            process.terminate()
            process.wait(60)


def ask(url: str, path: str, **query: str) -> Any:
    """What Prometheus answers."""
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
        return json.load(answer)["data"]
