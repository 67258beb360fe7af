"""A system is backed up while people work on it; what comes back has all that was acknowledged before, and goes on."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.parts import free_base_port
from services.cli.embedded import Embedded
from services.cli.embedded.freezing import is_still
from shared.bus.records import Record
from tests.embedded.test_killed_in_the_middle import AT_ONCE, PATIENCE_SECONDS, People, checked, happened_once
from tests.embedded.test_scenario import complaints, documents, records, settled
from tests.simulation.checker import Clause

pytestmark = [pytest.mark.integration, pytest.mark.prove]

BEFORE, AFTER = 16, 8
"""So much is done before a backup begins, and once it has ended."""


def qinqing(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "services.cli.main", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def said(process: subprocess.Popen[str], code: int = 0) -> Any:
    """What it says as JSON, once it has ended so."""
    output, errors = await asyncio.to_thread(process.communicate)
    assert process.returncode == code, errors
    return json.loads(output)


@asynccontextmanager
async def people_at_work(system: Embedded, first: int = 1) -> AsyncIterator[People]:
    """Several at once, until this ends; then each takes what is under way to its end."""
    people = People(system.portal_url, first)
    await people.sign_in()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(people.work())
        yield people
        people.enough.set()
    await people.close()


async def more(people: People, count: int) -> None:
    """Return when so much more was acknowledged."""
    most = people.done_so_far + count
    async with asyncio.timeout(PATIENCE_SECONDS), people.done:
        await people.done.wait_for(lambda: people.done_so_far >= most)


def places(found: list[Record]) -> dict[tuple[str, int, int], bytes | None]:
    return {(record.topic, record.partition, record.offset): record.value for record in found}


def numbered_once(gone_on: dict[Any, bytes | None], now: dict[Any, bytes | None], epoch: int) -> None:
    """Whoever had read on meets no number again on another event; what is new is of the new epoch."""

    def numbers(found: dict[Any, bytes | None]) -> dict[tuple[str, str, str, int], bytes | None]:
        events = (
            (topic, json.loads(value or b""), value)
            for (topic, _, _), value in found.items()
            if topic.endswith((".events", ".orders"))
        )
        return {(topic, one["subject"], one["source"], one["seq"]): value for topic, one, value in events}

    known, told = numbers(gone_on), numbers(now)
    assert all(told[place] == value for place, value in known.items() if place in told)
    anew = {source for _, _, source, _ in told.keys() - known.keys()}
    assert anew and all(source.endswith(f";{epoch}") for source in anew)


async def test_a_backup_taken_while_people_work_comes_back_with_all_that_was_acknowledged_and_goes_on(
    tmp_path: Path,
) -> None:
    async with Embedded(tmp_path / "data", free_base_port()) as system:
        async with people_at_work(system) as people:
            await more(people, BEFORE)
            raised, acknowledged = [*people.raised.values()], [*people.acknowledged]
            taken = await said(qinqing("backup", tmp_path / "taken", "--data", tmp_path / "data", "--json"))
            await more(people, AFTER)
        assert taken["still_seconds"] > 0
        assert {child.name: child.restarts for child in system.children} == {
            child.name: 0 for child in system.children
        }
        await settled(system.parts)
        await happened_once(system, people)
        gone_on = places(await records(system.parts))
    back = tmp_path / "back"
    epoch = (await said(qinqing("restore", tmp_path / "taken", "--data", back, "--json")))["epoch"]
    async with Embedded(back, free_base_port(), services=()) as system:
        kept = places(await records(system.parts))
        assert kept.items() <= gone_on.items(), "each record that came back stood there, at its place"
        assert len(kept) < len(gone_on)
    async with Embedded(back, free_base_port()) as system:
        await settled(system.parts)
        await _has_all(system, raised, [(id, type) for id, step in acknowledged for type in step.told])
        async with people_at_work(system, first=1000) as people:
            await more(people, AFTER)
        await settled(system.parts)
        await happened_once(system, people)
        found = await checked(system)
        assert found and all(one["same"] for one in found)
        numbered_once(gone_on, places(await records(system.parts)), epoch)


async def _has_all(system: Embedded, raised: list[str], told: list[tuple[str, str]]) -> None:
    """Every issue, and every event of what was acknowledged, is there; nothing is wrong with the history."""
    found = await records(system.parts)
    events = {
        (event["subject"], event["type"])
        for record in found
        if record.topic.endswith(".events")
        for event in [json.loads(record.value or b"")]
    }
    assert events >= {*told, *((id, "issue.registered.v1") for id in raised)}
    assert (await documents(system.parts))["intake"].keys() >= {*raised}
    wrong = await complaints(system.parts, found)
    # Nobody reads here what the mail server has: that is the only thing that the checker misses.
    assert [one for one in wrong if one.clause is not Clause.NOTICE_SENT] == []


async def test_a_backup_that_is_killed_while_all_stands_still_harms_nobody_and_is_brought_back_by_nobody(
    tmp_path: Path,
) -> None:
    async with Embedded(tmp_path / "data", free_base_port()) as system:
        pids = {child.name: child.pid for child in system.children}
        async with people_at_work(system) as people:
            await more(people, BEFORE)
            taking = qinqing("backup", tmp_path / "taken", "--data", tmp_path / "data")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not all(is_still(pid) for pid in pids.values() if pid):
                    await asyncio.sleep(0.001)  # other processes; nothing tells when the last one stands
            taking.kill()
            await asyncio.to_thread(taking.communicate)
            await more(people, AFTER)
            assert {child.name: child.pid for child in system.children} == pids
        refused = await said(
            qinqing("restore", tmp_path / "taken", "--data", tmp_path / "back", "--json"), code=2
        )
        assert "there is no backup.json" in refused["error"]
        assert not (tmp_path / "back").exists()
        await settled(system.parts)
        await happened_once(system, people)
