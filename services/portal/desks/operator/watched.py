"""The first row of each dashboard, drawn from what Prometheus says now: whether all is well at one glance."""

import re
from collections.abc import Iterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.operator.asking import operator
from services.portal.desks.operator.dashboards import Dashboard, Panel, dashboards
from services.portal.desks.operator.troubles import lasting, named
from services.portal.languages import N_
from services.portal.pages import Page, page_of
from services.portal.queries.board import NOBODY
from services.portal.watching import Sample
from services.portal.words import phrase

PATH = "/operator/dashboards"
INTERVAL = "5m"
"""In place of Grafana's: long enough for whatever somebody scrapes with."""
MOST_SERIES, MANY = 8, 4
"""So many of one panel are shown: a city and its counties; of so many that are alike, how many."""
router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class Value(NamedTuple):
    """One series of a panel: whose, how much, and whether that is bad."""

    name: str
    text: str
    is_bad: bool


class Shown(NamedTuple):
    """One panel: what it is called, what it says, its runbook, and its values, the bad ones first."""

    title: str
    said: str
    runbook: str
    values: list[Value]


@router.get(PATH)
async def show(page: Asked, part: str = "") -> Response:
    """All of them; with ``part`` what a page that is open looks for again and again."""
    operator(page)
    watching, found = page.portal.watching, None
    if watching is not None:
        asked = [_asked(panel, one) for one in dashboards().values() for panel in one.rows[0].panels]
        answers = await watching.now(asked)
        found = None if answers is None else list(_shown(page, iter(answers)))
    return page.show(
        "operator/watched_rows.html" if part else "operator/watched.html",
        dashboards=found,
        prometheus=watching and watching.url,
    )


def _asked(panel: Panel, of: Dashboard) -> str:
    """A stat has one query; of a dashboard that is of one department's it is asked of all together."""
    expr = panel.queries[0].expr.replace("$__rate_interval", INTERVAL)
    return expr.replace(f"${of.variable}", ".*") if of.variable else expr


def _shown(page: Page, answers: Iterator[list[Sample]]) -> Iterator[tuple[str, list[Shown]]]:
    """Title and panels of each dashboard."""
    chinese = page.view.language.startswith("zh")
    for one in dashboards().values():
        panels = [
            Shown(
                panel.zh if chinese else panel.en,
                panel.said_zh if chinese else panel.said_en,
                panel.runbook,
                _values(page, panel, next(answers)),
            )
            for panel in one.rows[0].panels
        ]
        yield one.zh if chinese else one.en, panels


def _values(page: Page, panel: Panel, samples: list[Sample]) -> list[Value]:
    """The bad ones first, then the largest; where all say the same, that once."""
    samples = sorted(samples, key=lambda one: (not _is_bad(panel, one.value), -one.value))
    legend = panel.queries[0].legend
    values = [
        Value(_name(page, legend, one), _text(page, panel, one.value), _is_bad(panel, one.value))
        for one in samples
    ]
    if len({one[1:] for one in values}) == 1:
        names = [one.name for one in values]
        alike = page.say(N_("all %(num)d alike")) % {"num": len(names)}
        return [values[0]._replace(name="、".join(names) if len(names) < MANY else alike)]
    return values[:MOST_SERIES]


def _name(page: Page, legend: str, sample: Sample) -> str:
    """As Grafana makes it of the labels; places, services and departments as people call them."""

    def word(found: re.Match[str]) -> str:
        value = sample.labels.get(found[1], "")
        match found[1]:
            case "department":
                return (
                    page.say("No department yet") if value == NOBODY else page.departments.get(value, value)
                )
            case "jurisdiction":
                return page.say(phrase("place", value))
            case "job":
                return page.say(N_("Portal")) if value == "portal" else named(page, value)
        return value

    return re.sub(r"\{\{(\w+)\}\}", word, legend)


def _is_bad(panel: Panel, value: float) -> bool:
    if panel.red is None:
        return False
    return value < panel.red if panel.is_low_bad else value >= panel.red


def _text(page: Page, panel: Panel, value: float) -> str:
    if panel.unit == "percentunit":
        return f"{100 * value:.1f} %"
    if panel.unit in ("s", "dtdhms"):
        return f"{1000 * value:.0f} ms" if value < 1 else lasting(page, value)
    if panel.unit == "ops":
        return f"{value:.1f}/s"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
