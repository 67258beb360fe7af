"""The rules of the objectives are what sloth makes of their specs, and ask for windows that the portal counts."""

import re
from pathlib import Path

import pytest
import yaml

from services.portal.settings import PortalSettings
from tests.operations.objectives import HOW, PERIOD, RULES, SPECS, WINDOWS, rules_of, sloth, written

ALL = sorted(SPECS.glob("*.yml"))


def test_each_objective_has_its_rules_and_no_rules_are_left_over() -> None:
    assert {path.name for path in RULES.glob("slo-*.yml")} == {rules_of(spec).name for spec in ALL}
    assert len(ALL) == 7


def test_the_portal_counts_every_window_that_a_rule_asks_for() -> None:
    """Of its own label there is one more window: sloth writes what it was asked for there too."""
    rules = "".join(path.read_text("utf-8") for path in RULES.glob("slo-*.yml"))
    asked = set(re.findall(r'issues\{[^}]*window="(\w+)"', rules))
    assert asked == {*PortalSettings().windows()}
    spec = yaml.safe_load((WINDOWS / f"{PERIOD}.yml").read_text("utf-8"))["spec"]
    speeds = [spec[severity][speed] for severity in ("page", "ticket") for speed in ("quick", "slow")]
    assert asked == {one[name] for one in speeds for name in ("shortWindow", "longWindow")} | {
        spec["sloPeriod"]
    }


@pytest.mark.prove
@pytest.mark.skipif(not sloth(), reason=f"no sloth here: {HOW}")
@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.stem)
def test_what_is_committed_is_what_sloth_writes(spec: Path) -> None:
    assert rules_of(spec).read_text("utf-8") == written(spec)
