"""How `qinqing up` begins with a scenario: it is played by a process of its own, before the services run."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from services.cli.embedded import Embedded, StartFailed
from services.cli.embedded.processes import die_with_parent
from services.cli.scenario.beginning import Beginning

SKIPPED = 3
"""The exit code of the process that plays, where nothing is played."""
FIRST_SEED, SIZE = 1, 200


class Scenario(StrEnum):
    """What there is to begin with."""

    TOWN = "town"
    HUZHOU = "huzhou"


NAMES: Mapping[str, str] = {
    Scenario.TOWN: "虚构小城 / the invented town",
    Scenario.HUZHOU: "湖州六个周三 / six Wednesdays in Huzhou",
}
"""How each is called."""


class FirstHistory:
    """Plays what the live namespace of one folder begins with; ``said`` is why nothing was played."""

    def __init__(self, scenario: str = Scenario.TOWN, *, seed: int = FIRST_SEED, size: int = SIZE) -> None:
        """``seed`` and ``size`` (issues) are of the town alone."""
        self._scenario, self._seed, self._size = scenario, seed, size
        self.said = ""

    async def __call__(self, system: Embedded) -> None:
        """Play it, telling how far it is. Raises StartFailed with the reason where that does not go on."""
        parts = system.parts
        given = (parts.kafka_bootstrap, json.dumps(parts.store_urls), str(parts.data_dir))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli.scenario", *given),
            *(self._scenario, str(self._seed), str(self._size)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        assert process.stdout is not None and process.stderr is not None
        complaint = asyncio.create_task(process.stderr.read())
        try:
            name, began = NAMES[self._scenario], time.monotonic()
            system.plays(name, "0")
            async for line in process.stdout:
                system.plays(name, line.decode().strip())
            code = await process.wait()
            if code:
                system.plays("")
            else:
                system.plays(name, "", round(time.monotonic() - began, 2))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        words = (await complaint).decode(errors="replace").strip()
        if code == SKIPPED:
            self.said = f"没有预置 / nothing was played: {words}"
        elif code:
            raise StartFailed(f"{self._scenario} could not be played: {words[-2000:]}")


def first_history(data: Path, scenario: Scenario | None) -> FirstHistory | None:
    """What has to be played before the services of this folder run: what was asked for, or was cut off; else None."""
    begun = Beginning.read(data.resolve())
    if begun is not None:
        return None if begun.ended else FirstHistory(begun.scenario, seed=begun.seed, size=begun.size)
    return None if scenario is None else FirstHistory(scenario)
