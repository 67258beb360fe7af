"""How the services stand, asked all at once; one that is away or silent keeps nobody from seeing the others."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from services.portal.asking import NO_ANSWER, Answer
from services.portal.desks.operator import measured
from services.portal.desks.operator.measured import Measures
from services.portal.pages import NotHere, Page
from shared.domain.rights import NOBODYS, may

PATIENCE_SECONDS = 4.0
"""Who has not answered then is shown as away."""
SHOWN = 50
"""Dead letters and missing events on one page."""
KIND, VERB = "record", "read"

Given = TypeVar("Given")


class Standing(NamedTuple):
    """One service now. ``missing``: what keeps it from being ready, None where it does not answer."""

    name: str
    missing: list[str] | None
    measures: Measures | None
    dead_letters: int | None
    """How many are open; more than SHOWN are not counted. None where that is not known."""

    @property
    def is_away(self) -> bool:
        """Whether nobody answers there."""
        return self.missing is None

    @property
    def is_ready(self) -> bool:
        """Whether it does its work."""
        return self.missing == []


def operator(page: Page, kind: str = KIND, verb: str = VERB) -> str:
    """Who asks, where they may; raises NotHere for everybody else."""
    asker = page.person().asker
    if not may(asker, kind, verb, NOBODYS):
        raise NotHere
    return asker.actor


async def standing(page: Page) -> list[Standing]:
    """Every service, in the order in which an issue meets them."""
    return list(await asyncio.gather(*(_standing(page, name) for name in page.portal.services.names)))


async def _standing(page: Page, name: str) -> Standing:
    ready, metrics, dead_letters = await asyncio.gather(
        look(page, name, "/health/ready"),
        _in_time(page.portal.services.text(name, "/metrics"), None),
        look(page, name, f"/dead-letters?status=open&limit={SHOWN}"),
    )
    missing = ready.body.get("missing")
    return Standing(
        name,
        [str(one) for one in missing] if isinstance(missing, list) else None,
        measured.read(name, metrics) if metrics else None,
        len(dead_letters.body.get("dead_letters", ())) if dead_letters.kind == "done" else None,
    )


async def look(page: Page, service: str, path: str) -> Answer:
    """What a service says as long as somebody waits; an answer of its own for one that says nothing."""
    return await _in_time(page.look(service, path), NO_ANSWER)


async def look_at_all(page: Page, paths: Mapping[str, str]) -> dict[str, Answer]:
    """The same of several services at once, by service."""
    answers = await asyncio.gather(*(look(page, service, path) for service, path in paths.items()))
    return dict(zip(paths, answers, strict=True))


def away(answers: Mapping[str, Answer]) -> list[str]:
    """Which of them did not answer."""
    return [service for service, answer in answers.items() if answer.kind != "done"]


def rows(answers: Iterable[Answer], name: str) -> list[dict[str, Any]]:
    """What stands in the list of this name in the answers of all."""
    return [dict(row) for answer in answers if answer.kind == "done" for row in answer.body.get(name, ())]


async def _in_time(asked: Awaitable[Given], otherwise: Given) -> Given:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asked
    except TimeoutError:
        return otherwise
