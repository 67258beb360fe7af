"""A running system for the command line: intake over parts in memory, behind real HTTP; the other services are away."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.fuzz.in_memory import in_memory
from tests.keys import DATA
from tests.serving import served_aside
from tests.unit.reference import JURISDICTION


@contextmanager
def running_intake(monkeypatch: pytest.MonkeyPatch, **settings: object) -> Iterator[str]:
    """Its address; every command of the command line finds it."""
    with served_aside(in_memory("intake", monkeypatch, **settings)) as url:
        system = SimpleNamespace(service_urls={"intake": url}, data_dir=DATA, jurisdiction=JURISDICTION)
        for module in ("reference.owner", "operating", "submit"):
            monkeypatch.setattr(f"services.cli.{module}.need_system", lambda data, as_json: system)
        yield url
