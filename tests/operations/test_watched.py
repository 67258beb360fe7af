"""Beside a town at work Prometheus reads everything that the dashboards ask for, and knows every rule."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.cli.embedded.ports import free_ports
from services.portal.desks.operator.dashboards import dashboards
from tests.operations.test_alerts import rules

pytestmark = [
    pytest.mark.prove,
    pytest.mark.integration,
    pytest.mark.skipif(
        not shutil.which("prometheus"), reason="no Prometheus here: apt-get install prometheus"
    ),
]
INTERVAL = "1m"
"""In place of Grafana's own: at least four times as long as between two scrapes."""
PATIENCE_SECONDS = 180.0


def qinqing(*arguments: str) -> list[str]:
    """The command line as a process of its own."""
    return [sys.executable, "-m", "services.cli.main", *arguments]


@contextmanager
def watched(data: Path, base: int) -> Iterator[dict[str, str]]:
    """A running town, and Prometheus and Alertmanager beside it: their addresses by name."""
    system = ["--data", str(data)]
    subprocess.run(
        qinqing("up", "--detach", "--scenario", "town", "--base-port", str(base), *system),
        check=True,
        timeout=400,
    )
    process = subprocess.Popen(qinqing("watch", "--json", *system), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        text = ""
        for line in lines:
            text += line
            if line.rstrip() == "}":
                break
        yield json.loads(text)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(60)
        subprocess.run(qinqing("stop", *system), check=True, timeout=120)


def ask(url: str, path: str, **query: str) -> Any:
    """What Prometheus answers."""
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
        return json.load(answer)["data"]


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


async def test_every_query_of_every_panel_returns_data_beside_a_town_at_work(tmp_path: Path) -> None:
    base = free_ports(1)[0]
    with watched(tmp_path / "data", base) as found:
        prometheus = found["prometheus"]
        without = queries()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while without:
                await asyncio.sleep(5)  # scraped every five seconds; nothing says so
                without = {
                    where: expr
                    for where, expr in without.items()
                    if not ask(prometheus, "/api/v1/query", query=expr)["result"]
                }
                print(sorted(without))
        groups = ask(prometheus, "/api/v1/rules", type="alert")["groups"]
        loaded = {(rule["name"], rule["labels"]["severity"]) for group in groups for rule in group["rules"]}
        assert loaded == {(rule["alert"], rule["labels"]["severity"]) for rule in rules()}
        assert {target["health"] for target in ask(prometheus, "/api/v1/targets")["activeTargets"]} == {"up"}
