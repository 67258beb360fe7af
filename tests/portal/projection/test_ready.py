"""A portal that no longer reads on says so: its pages would stand still and nobody would know."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from services.portal.projection import projection as projections
from services.portal.projection.projection import Projection
from tests.portal.projection.given import JURISDICTION


class Source(NamedTuple):
    """The settings of a portal whose broker is nowhere."""

    path: Path
    kafka_bootstrap: str = "127.0.0.1:1"
    namespace: str = ""
    jurisdiction: str = JURISDICTION

    def places_of_talks(self) -> tuple[str, ...]:
        """None."""
        return ()

    def folder(self) -> Path:
        """Where its files are."""
        return self.path


async def test_it_is_not_ready_once_nothing_is_read_on_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, read = asyncio.Event(), asyncio.Event()

    async def read_on(self: Projection) -> None:
        self._come_up_to_date()
        read.set()
        await ended.wait()
        raise asyncio.CancelledError

    monkeypatch.setattr(projections.Projection, "_read_on", read_on)
    projection = Projection(Source(tmp_path))
    async with projection.running():
        assert projection.not_ready() == ["projection"]
        await read.wait()
        assert projection.not_ready() == []
        ended.set()
        following = projection._following
        assert following is not None
        await asyncio.wait([following])
        assert projection.not_ready() == ["projection"]
