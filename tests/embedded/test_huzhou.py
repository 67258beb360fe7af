"""The six Wednesdays through the real broker and stores, with five kills of services in them: the same numbers."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.parts import free_base_port
from services.cli.embedded import Embedded
from tests.embedded.test_replay import command, services_of
from tests.embedded.test_scenario import complaints, records, settled
from tests.house.repository import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.prove]

NUMBERS = {
    "talks": {"city": 6, "county": 36},
    "entrepreneurs": {"city": 59, "county": 302},
    "issues": {"city": 123, "county": 433},
    "on_time": {"rounds_1_3": [261, 261]},
    "satisfied": {"city": [65, 66], "county": [191, 195]},
}
KILLED = ("intake", "dispatch", "intake", "supervision", "feedback")
AT_WORK_SECONDS = 2.0
"""Of processor time: a service has started and done some of its work by then."""


def victim(running: int, service: str) -> psutil.Process | None:
    """The service, once it is at work."""
    try:
        found = services_of(psutil.Process(running)).get(service)
        if found is not None and sum(found.cpu_times()[:2]) > AT_WORK_SECONDS:
            return found
    except psutil.Error:
        pass
    return None


async def test_five_kills_change_no_number_of_the_six_wednesdays(tmp_path: Path) -> None:
    out, data = tmp_path / "out.json", tmp_path / "data"
    running = await asyncio.create_subprocess_exec(
        *command("scenario", "huzhou", "--json", str(out), "--data", str(data)),
        *("--base-port", str(free_base_port())),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    finished, killed = asyncio.create_task(running.communicate()), list[str]()
    for service in KILLED:
        while not finished.done():
            if (process := victim(running.pid, service)) is not None:
                process.kill()
                killed.append(service)
                break
            await asyncio.sleep(0.05)  # a foreign process: nothing to await
    output, _ = await finished
    assert running.returncode == 0, output.decode()
    assert killed == [*KILLED]
    assert json.loads(out.read_text()) == NUMBERS
    async with Embedded(data, free_base_port()) as system:
        await settled(system.parts)
        assert await complaints(system.parts, await records(system.parts)) == []
        assert await asyncio.to_thread(rebuilt, data) == 0


def rebuilt(data: Path) -> int:
    """How the projection that is built anew and compared ends."""
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        command("rebuild", "--check", "--data", str(data)), cwd=ROOT, capture_output=True, check=False
    )
    return done.returncode
