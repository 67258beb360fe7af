"""Grafana's files of the dashboards, which the operator's page has as data: built with Grafana's own builders.

No Grafana could be had where this was written: the files are its format 11 by its makers' library, and every query was
asked of a real Prometheus; how a panel looks was not seen.
"""

import json

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueGraphMode, VizOrientation
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableOption,
)

from services.portal.desks.operator.dashboards import Dashboard, Panel, dashboards

Builder = bargauge.Panel | stat.Panel | timeseries.Panel
SOURCE = DataSourceRef("prometheus", "${datasource}")
LAST = common.ReduceDataOptions().calcs(["lastNotNull"])
WIDTH, SHORT, TALL = 24, 5, 8
"""Columns of a row, and lines of a panel."""
GREEN, RED = "green", "red"
RUNBOOKS = "docs/operations.md"


def text(name: str) -> str:
    """The file of one dashboard."""
    return json.dumps(_built(name, dashboards()[name]), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _built(name: str, one: Dashboard) -> object:
    made = (
        dashboard.Dashboard(f"亲清直通 · {one.zh}")
        .uid(f"qinqing-{name}")
        .description(one.en)
        .tags(["qinqing"])
        .timezone("Asia/Shanghai")
        .time("now-24h", "now")
        .refresh("30s")
        .with_variable(dashboard.DatasourceVariable("datasource").label("数据源").type("prometheus"))
    )
    if one.variable:
        asked = f"label_values(qinqing_due_issues, {one.variable})"
        made = made.with_variable(
            dashboard.QueryVariable(one.variable)
            .label(one.zh)
            .datasource(SOURCE)
            .query(asked)
            .multi(True)
            .include_all(True)
            .current(VariableOption(text="All", value="$__all", selected=True))
        )
    for row in one.rows:
        made = made.with_row(dashboard.Row(row.zh))
        for panel in row.panels:
            made = made.with_panel(_panel(panel, min(len(row.panels), 4)))
    return json.loads(json.dumps(made.build(), cls=JSONEncoder))


def _panel(panel: Panel, beside: int) -> Builder:
    """Four of a row stand side by side at most."""
    if panel.kind == "stat":
        made: Builder = stat.Panel().graph_mode(BigValueGraphMode.AREA).reduce_options(LAST)
    elif panel.kind == "bars":
        made = bargauge.Panel().orientation(VizOrientation.HORIZONTAL).reduce_options(LAST)
    else:
        made = timeseries.Panel()
    made = (
        made.title(panel.zh)
        .description(f"{panel.said_zh}\n\n{panel.en}: {panel.said_en}\n\n{RUNBOOKS}#{panel.runbook}")
        .datasource(SOURCE)
        .unit(panel.unit)
        .height(SHORT if panel.kind == "stat" else TALL)
        .span(WIDTH // beside)
    )
    for place, query in enumerate(panel.queries):
        asked = (
            prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(ord("A") + place))
        )
        made = made.with_target(asked if panel.kind == "series" else asked.instant())
    return made if panel.red is None else made.thresholds(_thresholds(panel.red, panel.is_low_bad))


def _thresholds(red: float, is_low_bad: bool) -> dashboard.ThresholdsConfig:
    colours = (RED, GREEN) if is_low_bad else (GREEN, RED)
    steps = [Threshold(None, colours[0]), Threshold(red, colours[1])]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
