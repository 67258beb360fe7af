"""A disk of its own gets full under a system at work: nothing that was answered is lost, and it goes on."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import disk_usage

import httpx
import pytest

from tests.operations import acting
from tests.operations.acting import asked, raised
from tests.operations.playing import Terminals, Town, needs_sloth, quick_town, until
from tests.operations.runbooks import plays
from tests.operations.watching import needs_prometheus

pytestmark = [pytest.mark.prove, pytest.mark.integration, needs_prometheus, needs_sloth]

SIZE_MB = 1500


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A small disk, mounted here; skips where nobody may mount one."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)]
    mounted = subprocess.run(mounting, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no disk of its own can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A system whose data has a small disk of its own."""
    folder = tmp_path_factory.mktemp("full")
    with disk(folder / "disk") as place, quick_town(folder, data=place / "data") as town:
        yield town


def fill(file: Path, most: int) -> None:
    """Write until so many bytes are there, or the disk takes no more."""
    with file.open("ab", buffering=0) as filled, suppress(OSError):
        while filled.tell() < most:
            filled.write(bytes(min(1 << 20, most - filled.tell())))


@plays(
    "QinqingDiskIsFull",
    "df -h DATA",
    "du -sh DATA/*",
    "qinqing namespaces list",
    "qinqing namespaces remove NAME --yes",
    "qinqing status",
    "qinqing rebuild --check",
)
async def test_a_disk_gets_full_and_what_was_answered_is_kept(town: Town, at: Terminals) -> None:
    terminal, ballast = at["QinqingDiskIsFull"], town.data.parent / "logs-of-another-program"
    before = await raised(town)
    scenario = await acting.qinqing_says(town, "scenario", "town", "--issues", 12, "--json")
    played = json.loads(scenario)["namespace"]
    fill(ballast, disk_usage(town.data).free - SIZE_MB * (1 << 20) // 20)
    await town.fires("QinqingDiskIsFull")
    assert re.search(r"9\d%", await terminal.next())
    fill(ballast, SIZE_MB << 20)
    await _refuses(town)
    assert "logs" in await terminal.next()
    ballast.unlink()
    await until(lambda: _is_ready(town), "it does not go on")
    assert played in await terminal.next()
    await terminal.next(NAME=played)
    assert " no " not in await terminal.next()
    await town.resolves("QinqingDiskIsFull")
    after = await raised(town)
    assert before["number"] and after["number"]
    await terminal.next()


async def _refuses(town: Town) -> None:
    """People are told that nothing can be done now."""
    said = {"title": "路灯不亮", "text": "夜班职工骑车摔过两次。" * 50}
    for _ in range(200):
        try:
            answer = await asked(town, "intake", "/issues", acting.RAISER, said)
        except httpx.TransportError:
            return
        if answer.status_code == 503:
            return
    raise AssertionError("a full disk refuses nothing")


def _is_ready(town: Town) -> bool:
    try:
        return all(
            httpx.get(f"{town.url(one)}/health/ready", timeout=5.0, trust_env=False).status_code == 200
            for one in town.watched.state.service_urls
        )
    except httpx.TransportError:
        return False
