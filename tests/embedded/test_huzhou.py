"""The six Wednesdays through the real broker and stores: as what a system begins with, and with five kills in them."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from bench.parts import free_base_port, running
from services.cli.embedded import Embedded
from services.cli.events import read_event
from services.cli.scenario.huzhou import article
from services.cli.scenario.starting import Scenario, first_history
from shared.contract.event import DISPATCH, SUPERVISION
from tests.embedded.test_replay import command, services_of
from tests.embedded.test_scenario import complaints, records, settled
from tests.house.repository import ROOT
from tests.portal.given import Browser
from tests.unit.cli.test_huzhou_played import REPORTED, ladder_of_the_late, the_articles_table

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
        found = await records(system.parts)
        assert await complaints(system.parts, found) == []
        ladder_of_the_late(read_event(record) for record in found if record.topic in (DISPATCH, SUPERVISION))
        assert await asyncio.to_thread(rebuilt, data) == 0


def test_a_system_that_begins_with_the_six_wednesdays_shows_the_articles_numbers(tmp_path: Path) -> None:
    rounds = len(article.WEDNESDAYS), article.ROUNDS_REPORTED
    with running(tmp_path, "--scenario", "huzhou") as system:
        wire = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        text = asyncio.run(the_articles_table(Browser(wire, system.portal_url), *rounds))
        registered = [reported(tmp_path, month)["registered"] for month in ("2022-06", "2022-07")]
    assert [said for said in REPORTED if said not in text] == []
    assert sum(registered) == sum(NUMBERS["issues"].values())
    assert first_history(tmp_path, Scenario.HUZHOU) is None, "another start plays nothing"


def reported(data: Path, month: str) -> dict[str, Any]:
    """What `qinqing report` says of one month in all."""
    asked = command("report", "--month", month, "--data", str(data), "--json")
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout)["total"])


def rebuilt(data: Path) -> int:
    """How the projection that is built anew and compared ends."""
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        command("rebuild", "--check", "--data", str(data)), cwd=ROOT, capture_output=True, check=False
    )
    return done.returncode
