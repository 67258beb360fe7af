"""The portal: its projection built anew, its pages at 100,000 issues, and how soon an open board shows an event."""

from collections.abc import Callable

import uvloop

from bench.portal import pages, rebuild
from bench.results import Result


def measure(say: Callable[[str], None]) -> Result:
    """All three."""
    built, detail = rebuild.measure(say)
    shown, shown_detail = uvloop.run(pages.measure(say))
    return Result("portal", [*built, *shown], {"rebuild": detail, "pages": shown_detail})
