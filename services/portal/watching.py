"""Prometheus, asked for the value of queries as they are now; where it is away the pages go on without it."""

import asyncio
import math
from collections.abc import Sequence
from typing import NamedTuple

import httpx

PATIENCE_SECONDS = 3.0
"""Who has not answered then is away."""


class Sample(NamedTuple):
    """One series of an answer: its labels, and its value now."""

    labels: dict[str, str]
    value: float


class Watching:
    """One Prometheus."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """``transport``: by what requests go where that is not the network."""
        self.url = url
        self._client = httpx.AsyncClient(
            base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def now(self, queries: Sequence[str]) -> list[list[Sample]] | None:
        """What each query gives now, what is no number left out; None where Prometheus does not answer."""
        try:
            return list(await asyncio.gather(*map(self._ask, queries)))
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None

    async def _ask(self, query: str) -> list[Sample]:
        answer = await self._client.get("/api/v1/query", params={"query": query})
        found = [Sample(one["metric"], float(one["value"][1])) for one in answer.json()["data"]["result"]]
        return [sample for sample in found if math.isfinite(sample.value)]
