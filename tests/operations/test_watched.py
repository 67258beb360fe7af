"""Beside a town at work Prometheus reads everything that the dashboards ask for, and knows every rule."""

import asyncio
import json
import subprocess
import urllib.error
import urllib.request
from itertools import count
from pathlib import Path

import pytest

from services.portal.desks.operator.dashboards import dashboards
from tests.operations.test_alerts import rules
from tests.operations.watching import ask, needs_prometheus, qinqing, watched

pytestmark = [pytest.mark.prove, pytest.mark.integration, needs_prometheus]
INTERVAL = "1m"
"""In place of Grafana's own: at least four times as long as between two scrapes."""
SCRAPED_SECONDS, MOST_ROUNDS = 6.0, 30


def queries() -> dict[str, str]:
    """Every query of every panel, by where it stands, as Grafana would ask it."""
    return {
        f"{name}: {panel.en} {place}": query.expr.replace("$__rate_interval", INTERVAL).replace(
            "$department", ".*"
        )
        for name, one in dashboards().items()
        for row in one.rows
        for panel in row.panels
        for place, query in enumerate(panel.queries)
    }


def busy(data: Path, number: int) -> None:
    """Something that every panel tells of: an issue is raised and accepted, and refused to be accepted again."""
    system, title = ["--data", str(data)], f"路灯不亮，第 {number} 处"
    raised = subprocess.check_output(qinqing("submit", "--title", title, "--text", title, "--json", *system))
    intake = json.loads((data / "system.json").read_text("utf-8"))["service_urls"]["intake"]
    token = subprocess.check_output(qinqing("token", "--as", "office:chen", *system), text=True).strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    accept = urllib.request.Request(f"{intake}/issues/{json.loads(raised)['id']}/accept", b"{}", headers)
    urllib.request.urlopen(accept, timeout=30).close()
    with pytest.raises(urllib.error.HTTPError, match="409"):
        urllib.request.urlopen(accept, timeout=30)


async def test_every_query_of_every_panel_returns_data_beside_a_town_at_work(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with watched(data, "--scenario", "town") as found:
        prometheus, without = found.prometheus, queries()
        for number in count():
            busy(data, number)
            await asyncio.sleep(SCRAPED_SECONDS)  # nothing says when Prometheus has read
            answers = {where: ask(prometheus, "/api/v1/query", query=expr) for where, expr in without.items()}
            without = {where: without[where] for where, answer in answers.items() if not answer["result"]}
            if not without:
                break
            assert number < MOST_ROUNDS, f"no data: {without}"
        groups = ask(prometheus, "/api/v1/rules", type="alert")["groups"]
        loaded = {(rule["name"], rule["labels"]["severity"]) for group in groups for rule in group["rules"]}
        assert loaded == {(rule["alert"], rule["labels"]["severity"]) for rule in rules()}
        assert {target["health"] for target in ask(prometheus, "/api/v1/targets")["activeTargets"]} == {"up"}
