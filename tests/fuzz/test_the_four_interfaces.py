"""A standard API fuzzer asks each service all that its OpenAPI document allows, and what it does not allow."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.faults.services import MODULES
from tests.fuzz.in_memory import in_memory
from tests.house.repository import ROOT
from tests.keys import everybody
from tests.serving import served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = Path(__file__).with_name("schemathesis.toml")
FEW = 3
"""As the settings say."""


def application(name: str, folder: Path) -> FastAPI:
    """One service over parts in memory; its attachments go into this folder."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return in_memory(name, monkeypatch, attachments_dir=str(folder), after_seconds=0)


async def fuzzed(url: str, folder: Path, examples: int = FEW) -> tuple[int | None, str]:
    """How the fuzzer ended, 0 when it found nothing, and what it said; ``examples`` of each operation are drawn."""
    settings = folder / SETTINGS.name
    few = SETTINGS.read_text(encoding="utf-8")
    assert few.count(f"max-examples = {FEW}\n") == 2
    settings.write_text(
        few.replace(f"max-examples = {FEW}\n", f"max-examples = {examples}\n"), encoding="utf-8"
    )
    command = ["--config-file", str(settings), "run", f"{url}/openapi.json", "--warnings", "off"]
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *command,
        cwd=folder,  # what it keeps for its own next run
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "110", "TOKEN": everybody()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int | None, str]]:
    """All four at once: a fuzzer waits most of its time."""
    async with AsyncExitStack() as stack:
        urls = {
            name: await stack.enter_async_context(
                served(application(name, tmp_path_factory.mktemp("files")), log_level="critical")
            )
            for name in MODULES
        }
        found = await asyncio.gather(
            *[fuzzed(url, tmp_path_factory.mktemp(name)) for name, url in urls.items()]
        )
        return dict(zip(urls, found, strict=True))


@pytest.mark.parametrize("name", MODULES)
async def test_whatever_is_asked_is_answered_as_the_openapi_document_says(
    name: str, runs: Mapping[str, tuple[int | None, str]]
) -> None:
    code, output = runs[name]
    assert code == 0, output
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in output, output
