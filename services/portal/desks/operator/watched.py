"""The first row of each dashboard, drawn from what Prometheus says now: whether all is well at one glance."""

import re
from collections.abc import Iterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.operator.asking import operator
from services.portal.desks.operator.dashboards import Dashboard, Panel, dashboards
from services.portal.desks.operator.troubles import lasting
from services.portal.pages import Page, page_of
from services.portal.watching import Sample

PATH = "/operator/dashboards"
INTERVAL = "5m"
"""In place of Grafana's: long enough for whatever somebody scrapes with."""
MOST_SERIES = 12
"""So many of one panel are shown: a city and its counties."""
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
    legend = panel.queries[0].legend
    values = [
        Value(_name(page, legend, sample), _text(page, panel, sample.value), _is_bad(panel, sample.value))
        for sample in samples
    ]
    return sorted(values, key=lambda value: not value.is_bad)[:MOST_SERIES]


def _name(page: Page, legend: str, sample: Sample) -> str:
    """As Grafana makes it of the labels; places and departments as people call them."""

    def word(found: re.Match[str]) -> str:
        label = found[1]
        value = sample.labels.get(label, "")
        return page.departments.get(value, value) if label == "department" else value

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
