"""Figures for pages: counted at most once a minute for all who look, beside everything else.

Where counting takes long, whoever looks is given those of the minute before: each says of when it is.
"""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from services.portal.figures.counting import Scope, Table, by_group, talks_by_group, value
from services.portal.figures.reporting import report
from services.portal.pages import Page
from services.portal.queries import handovers
from services.portal.queries.handovers import Month
from services.portal.times import MINUTE_MS
from shared.domain.clocks import SHANGHAI

T = TypeVar("T")
MOST_MONTHS = 120


async def counted(page: Page, scope: Scope) -> dict[str, Any]:
    """All figures of these issues as of now, in all and by department, month and source."""
    portal, now = page.portal, page.now

    def count() -> dict[str, Any]:
        return report(portal.projection.reader(), now, scope)

    return await once_a_minute(page, ("figures", scope), count)


async def some(page: Page, names: Sequence[str], scope: Scope) -> dict[str, Any]:
    """Some figures alone, by name."""
    portal, now = page.portal, page.now

    def count() -> dict[str, Any]:
        return {name: value(portal.projection.reader(), name, now, scope) for name in names}

    return await once_a_minute(page, ("figures", scope, *names), count)


async def grouped(
    page: Page, names: Sequence[str], scope: Scope, by: str
) -> tuple[dict[str, tuple[int, int]], Table]:
    """Talks that were held and who came, and some figures of their issues, both by group."""
    portal, now = page.portal, page.now

    def count() -> tuple[dict[str, tuple[int, int]], Table]:
        reads = portal.projection.reader()
        return talks_by_group(reads, scope, by), by_group(reads, names, now, scope, by)

    return await once_a_minute(page, ("figures", scope, by, *names), count)


async def handed_on(page: Page, month: str) -> Month:
    """What departments handed on of the issues of a month."""
    portal, at = page.portal, page.at

    def count() -> Month:
        return handovers.of_month(portal.projection.reader(), month, at)

    return await once_a_minute(page, ("handed on", month), count)


async def once_a_minute(page: Page, key: Hashable, count: Callable[[], T]) -> T:
    """What is counted beside everything else, for all who look in this minute."""
    minute = page.at // MINUTE_MS
    return await page.portal.once.get(key, minute, lambda: run_in_threadpool(count), before=minute - 1)


def month_of(now: datetime) -> str:
    """The month to which what is registered now belongs."""
    return f"{now.astimezone(SHANGHAI):%Y-%m}"


def months(page: Page) -> list[str]:
    """The months of which there are issues, up to this one, the newest first."""
    (first,) = page.reads.execute("SELECT min(month) FROM issue WHERE month IS NOT NULL").fetchone()
    now = page.now.astimezone(SHANGHAI)
    year, month, found = now.year, now.month, list[str]()
    while first and len(found) < MOST_MONTHS and (name := f"{year}-{month:02}") >= first:
        found.append(name)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found
