"""What deploy/ says to an operator is what the services read."""

import re
from pathlib import Path

import yaml

from shared.settings import Settings
from tests.house.tables.metrics import all_metrics, full_name, promise_families

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "deploy" / "service.env.example"
RULES = ROOT / "deploy" / "prometheus" / "rules"


def test_the_example_is_read_as_the_defaults() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings()  # type: ignore[call-arg]


def test_every_alert_names_a_metric_that_exists_and_a_runbook_that_can_be_read() -> None:
    known = {full_name(metric) for metric in all_metrics()} | {family.name for family in promise_families()}
    known |= {name + suffix for name in known for suffix in ("_bucket", "_count")}
    files = [yaml.safe_load(path.read_text("utf-8"))["groups"] for path in RULES.glob("*.yml")]
    rules = [rule for groups in files for group in groups for rule in group["rules"]]
    assert rules
    for rule in rules:
        assert set(re.findall(r"\bqinqing_\w+", rule["expr"])) <= known, rule
        if "alert" not in rule:
            continue
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        titles = re.findall(r"^#+ (.+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
