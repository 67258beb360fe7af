"""The embedded system begins with an entrepreneur who is registered as anybody is; a restart adds nothing."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.parts import free_base_port
from services.cli.embedded import Child, Embedded
from services.intake.builtin import invented
from shared.bus.reader import read_all
from shared.identity.keys import REFERENCE, secret
from shared.identity.references import References
from tests.integration.broker import PATIENCE_SECONDS

pytestmark = [pytest.mark.integration, pytest.mark.prove]

NEEDED = ("intake", "dispatch", "supervision")
"""Intake, and the owners of the reference data that it decides by."""
(WU,) = invented()


def _qinqing(data: Path, *words: str) -> dict[str, object]:
    command = [sys.executable, "-m", "services.cli.main", *words, "--data", str(data), "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


async def _start_again(intake: Child) -> None:
    """Kill intake and wait until its supervisor has it ready again."""
    intake.kill()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (intake.restarts, intake.state) != (1, "ready"):
            await asyncio.sleep(0.05)  # a foreign process


async def test_from_the_first_start_the_invented_entrepreneur_is_a_registered_person(tmp_path: Path) -> None:
    async with Embedded(tmp_path, free_base_port(), services=NEEDED, stores=NEEDED) as system:
        person = References(secret(system.parts.keys_dir, REFERENCE)).person(WU.account)
        known = await asyncio.to_thread(_qinqing, tmp_path, "people", "find", WU.contact.phone)
        assert known == {"person": person}
        found = []
        for again in (False, True):
            if again:
                await _start_again(next(child for child in system.children if child.name == "intake"))
            shown = await asyncio.to_thread(_qinqing, tmp_path, "people", "show", person)
            assert (shown["state"], shown["enterprise"]) == ("registered", WU.described.enterprise)
            records = read_all(system.parts.kafka_bootstrap, ("intake.commands", "intake.events"))
            found.append(sorted([record.value or b"" async for record in records]))
    assert found[0] == found[1]
    assert len(found[0]) == 4  # a person and an enterprise: asked for and registered
    for value in found[0]:
        assert not [part for part in dict(WU.contact).values() if part.encode() in value]
