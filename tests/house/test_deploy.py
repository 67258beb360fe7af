"""What deploy/ says to an operator is what the services read."""

import re
from pathlib import Path

import yaml

from shared.settings import Settings
from tests.house.tables.metrics import all_metrics, full_name

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "deploy" / "service.env.example"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"


def test_the_example_is_read_as_the_defaults() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings()  # type: ignore[call-arg]


def test_every_alert_names_a_metric_that_exists_and_a_runbook_that_can_be_read() -> None:
    known = {full_name(metric) for metric in all_metrics()}
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert rules
    for rule in rules:
        named = set(re.findall(r"qinqing_\w+", rule["expr"]))
        assert named and named <= known, rule["alert"]
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        titles = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
