"""The rules of alerts with all their times shorter by one number, so that a play need not wait for an hour."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.operations.objectives import RULES, SPECS, rules_of, scaled, shorter, written

ALERTS = RULES / "alerts.yml"
RANGE = re.compile(r"\[(\d+[smhd])\]")
"""Over which time an expression looks: ``[15m]``."""
LEAST_SECONDS = 5
"""Of a range, in which a rate finds several looks of Prometheus."""
WINDOW = re.compile(r'issues\{[^}]*window="(\w+)"')
"""A window that the portal counts."""


def quicker(rules: dict[str, Any], times: int) -> dict[str, Any]:
    """Rules whose alerts look over so much shorter times and fire after so much shorter ones.

    Thresholds stay, ages too: an age of a minute is what an alert means, however often one looks.
    """
    return {
        "groups": [
            {**group, "rules": [_quicker(rule, times) for rule in group["rules"]]}
            for group in rules["groups"]
        ]
    }


def _quicker(rule: dict[str, Any], times: int) -> dict[str, Any]:
    looks = RANGE.sub(lambda found: f"[{_long_enough(shorter(found[1], times))}]", rule["expr"])
    waits = {"for": shorter(rule["for"], times)} if "for" in rule else {}
    return {**rule, "expr": looks, **waits}


def _long_enough(range: str) -> str:
    return f"{max(LEAST_SECONDS, int(range[:-1]))}s"


def write_alerts(folder: Path, times: int) -> None:
    """alerts.yml, so many times quicker, into this folder."""
    rules = quicker(yaml.safe_load(ALERTS.read_text("utf-8")), times)
    (folder / ALERTS.name).write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")


def write_rules(folder: Path, times: int, specs: Iterable[Path]) -> str:
    """All rules, so many times quicker, into this folder; the windows that the portal is to count, with commas.

    Those of the objectives are what sloth makes of the same specs.
    """
    windows = folder / "windows"
    windows.mkdir(parents=True)
    place, period = scaled(windows, times)
    for spec in specs:
        (folder / rules_of(spec).name).write_text(written(spec, place, period), "utf-8")
    write_alerts(folder, times)
    text = "".join(path.read_text("utf-8") for path in folder.glob("slo-*.yml"))
    return ",".join(dict.fromkeys(WINDOW.findall(text)))


ALL_SPECS = sorted(SPECS.glob("*.yml"))
