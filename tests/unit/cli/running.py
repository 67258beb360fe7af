"""A running system for the command line: intake over parts in memory, behind real HTTP; the other services are away."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from services.cli import operating
from services.cli.reference import owner
from tests.fuzz.in_memory import in_memory
from tests.keys import DATA
from tests.serving import served_aside
from tests.unit.reference import JURISDICTION


@contextmanager
def running_intake(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address; every command of the command line finds it."""
    with served_aside(in_memory("intake", monkeypatch)) as url:
        system = SimpleNamespace(service_urls={"intake": url}, data_dir=DATA, jurisdiction=JURISDICTION)
        for module in (owner, operating):
            monkeypatch.setattr(module, "need_system", lambda data, as_json: system)
        yield url
