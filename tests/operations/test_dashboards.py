"""Each panel says what it shows, in which unit and what to do, and asks for metrics that there are."""

import re

import pytest

from services.portal.desks.operator.dashboards import NAMES, Panel, dashboards
from tests.house.repository import ROOT
from tests.house.tables.metrics import all_metrics, full_name, promise_families

PANELS = [
    pytest.param(panel, id=f"{name}-{panel.en}")
    for name, one in dashboards().items()
    for row in one.rows
    for panel in row.panels
]
OF_OTHERS = {
    "up",
    "slo:sli_error:ratio_rate3d",
    "slo:error_budget:ratio",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
}
"""What Prometheus, our rules and its client make."""
SUFFIXES = ("_bucket", "_sum", "_count")


def known() -> set[str]:
    """The names of all series that our processes tell."""
    found = {full_name(metric) for metric in all_metrics()} | {family.name for family in promise_families()}
    return found | {name + suffix for name in found for suffix in SUFFIXES} | OF_OTHERS


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_asks_for_metrics_that_there_are_and_names_its_runbook(panel: Panel) -> None:
    for query in panel.queries:
        asked = re.sub(r"\{[^{}]*\}", "", query.expr)
        named = set(re.findall(r"\b(?:qinqing_\w+|slo:[\w:]+|process_\w+|up)\b", asked))
        assert named and named <= known(), named - known()
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)
    assert panel.runbook in {heading.lower().replace(":", "").replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_begins_with_whether_all_is_well_and_no_two_panels_are_called_alike(name: str) -> None:
    one = dashboards()[name]
    assert all(panel.kind == "stat" for panel in one.rows[0].panels)
    titles = [(row.en, panel.en) for row in one.rows for panel in row.panels]
    assert (
        len(titles) == len({*titles}) == len({(row.zh, panel.zh) for row in one.rows for panel in row.panels})
    )
