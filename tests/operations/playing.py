"""What a play needs: a watched system whose alerts come soon, something that breaks, and a terminal for its runbook."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from services.cli.embedded import Parts
from services.cli.embedded.state import living_state
from services.portal.settings import PortalSettings
from tests.embedded.test_scenario import complaints, records, settled
from tests.operations.objectives import HOW, sloth
from tests.operations.runbooks import PLAYED, Play
from tests.operations.scaling import ALL_SPECS, write_rules
from tests.operations.watching import Watched, ask, watched
from tests.simulation.checker import Clause

TIMES = 60
"""A minute of a rule is a second here: five minutes are five seconds, three days little more than an hour."""
SCRAPE, PROCESSES = "1s", 5
"""Prometheus looks so often at the four services and the portal."""
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 0.5
BLANK = re.compile(r"…|\b[A-Z]{2,}\b")
"""What is to be filled into a command."""
needs_sloth = pytest.mark.skipif(not sloth(), reason=f"no sloth here: {HOW}")


class Town(NamedTuple):
    """A running system, its Prometheus and the folder of the quick rules that this reads."""

    watched: Watched
    rules: Path

    @property
    def data(self) -> Path:
        """Its folder."""
        return self.watched.data

    @property
    def parts(self) -> Parts:
        """Where broker and stores are."""
        state = self.watched.state
        return Parts(state.kafka_bootstrap, state.store_urls, self.data)

    def url(self, service: str) -> str:
        """Where a service answers."""
        return self.watched.state.service_urls[service]

    def pid(self, part: str) -> int:
        """The process of one part as it runs now; whoever reads it looks at `qinqing status`."""
        state = living_state(self.data)
        assert state is not None
        found = next(one.pid for one in state.parts if one.name == part)
        assert found is not None, f"{part} does not run"
        return found

    def firing(self, alert: str) -> list[Mapping[str, str]]:
        """The labels of each alert of this name that fires."""
        found = ask(self.watched.prometheus, "/api/v1/alerts")["alerts"]
        return [
            one["labels"] for one in found if one["state"] == "firing" and one["labels"]["alertname"] == alert
        ]

    def number(self, query: str) -> float | None:
        """What Prometheus makes of a query, the largest of several; None where it has nothing."""
        found = ask(self.watched.prometheus, "/api/v1/query", query=query)["result"]
        return max((float(one["value"][1]) for one in found), default=None)

    async def fires(self, alert: str, severity: str = "", **labels: str) -> None:
        """Return when it fires, of this severity and with these labels where some are named."""
        wanted = {**labels, **({"severity": severity} if severity else {})}

        def does() -> bool:
            return any(wanted.items() <= its.items() for its in self.firing(alert))

        await until(does, f"{alert} does not fire")

    async def resolves(self, alert: str, *severities: str) -> None:
        """Return when none of this name fires, of these severities or of any."""

        def is_over() -> bool:
            return not any(not severities or its["severity"] in severities for its in self.firing(alert))

        await until(is_over, f"{alert} does not resolve")

    async def nothing_is_lost(self) -> None:
        """The history checker has nothing against what stands on the topics and in the stores."""
        await settled(self.parts)
        found = await records(self.parts)
        wrong = await complaints(self.parts, found, self.watched.state.jurisdiction)
        # Nobody reads here what the mail server has: that is the only thing that the checker misses.
        assert [one for one in wrong if one.clause is not Clause.NOTICE_SENT] == []

    def read_rules_again(self) -> None:
        """Let Prometheus read its rules again, as they are in the folder by now."""
        for child in psutil.Process(self.watched.watching).children():
            if child.name().startswith("prometheus") and "alertmanager" not in child.name():
                child.send_signal(signal.SIGHUP)


class Terminal:
    """Where a runbook is followed: its commands as they stand, in the order of the play, each once."""

    def __init__(self, data: Path, play: Play) -> None:
        self._data, self._left = data, [*play.commands]

    async def next(self, code: int = 0, **filled: object) -> str:
        """Run the next command, with what is filled in, and wait for its exit code; what it says."""
        filled = {"DATA": self._data, **filled}
        spoken = BLANK.sub(lambda blank: str(filled[blank[0]]), self._left.pop(0))
        program = f"{sys.executable} -m services.cli.main"
        ran = await asyncio.to_thread(
            subprocess.run,
            re.sub(r"^qinqing\b", program, spoken),
            shell=True,
            capture_output=True,
            text=True,
            env={**os.environ, "QINQING_DATA_DIR": str(self._data), "COLUMNS": "200"},
        )
        assert ran.returncode == code, f"{spoken}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def is_done(self) -> None:
        """Raise where a command of the play was not followed."""
        assert not self._left, f"not followed: {self._left}"


Terminals = Mapping[str, Terminal]
"""By alert."""


@contextmanager
def following(town: Town, test: str) -> Iterator[Terminals]:
    """A terminal for each alert that the test of this name plays; all their commands are followed when this ends."""
    terminals = {play.alert: Terminal(town.data, play) for play in PLAYED[test]}
    yield terminals
    for terminal in terminals.values():
        terminal.is_done()


@contextmanager
def quick_town(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None, data: Path | None = None
) -> Iterator[Town]:
    """A system that `qinqing up` starts with these options, beside a Prometheus that looks each second, by rules whose
    times are so much shorter.
    """
    rules = folder / "rules"
    # The dashboards ask for the windows as they are.
    windows = f"{write_rules(rules, TIMES, ALL_SPECS)},{','.join(PortalSettings().windows())}"
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {"QINQING_OBJECTIVE_WINDOWS": windows, **(environment or {})}.items():
            patched.setenv(name, value)
        with watched(data or folder / "data", *options, rules=rules) as found:
            town = Town(found, rules)
            _look_each_second(town)
            while town.number("count(up == 1)") != PROCESSES:
                time.sleep(PAUSE_SECONDS)  # nothing says when Prometheus has read all for the first time
            yield town


def _look_each_second(town: Town) -> None:
    """Prometheus reads its configuration again, of which only how often it looks is another."""
    file = town.data / "watch" / "prometheus.json"
    said = json.loads(file.read_text())
    said["global"] = dict.fromkeys(("scrape_interval", "evaluation_interval"), SCRAPE)
    file.write_text(json.dumps(said))
    town.read_rules_again()


async def until(is_so: Callable[[], bool], why: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Return when it is so: Prometheus and other processes are asked again and again, for they say nothing."""
    try:
        async with asyncio.timeout(seconds):
            while not is_so():
                await asyncio.sleep(PAUSE_SECONDS)
    except TimeoutError:
        raise AssertionError(f"{why} within {seconds:.0f} s") from None


@contextmanager
def standing_still(*pids: int) -> Iterator[None]:
    """These processes stand still, as on a machine that hangs, until this ends or somebody kills them."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def at_work(work: Callable[[], Awaitable[object]], seconds: float) -> AsyncIterator[None]:
    """Somebody does this again and again, with a pause, until this ends; and waits for it each time."""
    enough = asyncio.Event()

    async def working() -> None:
        while not enough.is_set():
            await work()
            await asyncio.sleep(seconds)  # a steady load, and no storm

    async with asyncio.TaskGroup() as group:
        group.create_task(working())
        try:
            yield
        finally:
            enough.set()
