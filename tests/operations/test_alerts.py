"""Each alert fires where it should and is silent where it should be: both are asked of Prometheus' own rule tester."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.house.repository import ROOT

RULES = sorted((ROOT / "deploy" / "prometheus").glob("rules/*.yml"))
PROMTOOL = shutil.which("promtool") or ""
MINUTES = 90
"""Of each case: beyond the long window of a page, an hour."""


class Case(NamedTuple):
    """An alert, what Prometheus reads each minute when it fires and when it does not, and the labels it fires with.

    Series stand in the tester's own words: ``0+3x90`` is 0, 3, 6, … for ninety minutes.
    """

    alert: str
    severity: str
    firing: Sequence[str]
    silent: Sequence[str]
    labels: dict[str, str]


def _job(
    metric: str, bad: str, good: str, job: str = "supervision", **more: str
) -> tuple[list[str], list[str]]:
    labels = "".join(f',{name}="{value}"' for name, value in more.items())
    return ([f'{metric}{{job="{job}"{labels}}} {bad}'], [f'{metric}{{job="{job}"{labels}}} {good}'])


def _of_objective(objective: str, missed: int, due: int) -> list[str]:
    """So many missed of so many due, in every window."""
    found = []
    for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"):
        labels = (
            f'{{job="portal",objective="{objective}",jurisdiction="deqing",level="county",window="{window}"}}'
        )
        found.append(f"qinqing_objective_due_issues{labels} {due}x{MINUTES}")
        found.append(f"qinqing_objective_missed_issues{labels} {missed}x{MINUTES}")
    return found


def _answered(metric: str, job: str, quick: int, all: int) -> list[str]:
    """So many a minute within a second, of so many."""
    return [
        f'{metric}_bucket{{job="{job}",le="1.0"}} 0+{quick}x{MINUTES}',
        f'{metric}_bucket{{job="{job}",le="+Inf"}} 0+{all}x{MINUTES}',
        f'{metric}_count{{job="{job}"}} 0+{all}x{MINUTES}',
    ]


def _objective(alert: str, firing: list[str], silent: list[str], **labels: str) -> list[Case]:
    """Of an objective both a page and a ticket: what burns so fast is both."""
    return [Case(alert, severity, firing, silent, labels) for severity in ("page", "ticket")]


SUPERVISION, PORTAL = {"job": "supervision"}, {"job": "portal"}
CASES = [
    *(
        case
        for alert, objective in (
            ("QinqingAssignmentsAreLate", "assigned"),
            ("QinqingSigningIsLate", "signed"),
            ("QinqingRepliesAreLate", "replied"),
        )
        for case in _objective(
            alert,
            _of_objective(objective, 9, 10),
            [*_of_objective(objective, 0, 0), *_of_objective("another", 9, 10)],
            jurisdiction="deqing",
        )
    ),
    *_objective(
        "QinqingCommandsAreSlow",
        _answered("qinqing_outcome_seconds", "intake", 6, 10),
        _answered("qinqing_outcome_seconds", "intake", 1000, 1000),
        job="intake",
    ),
    *_objective(
        "QinqingPagesAreBehind",
        _answered("qinqing_projection_delay_seconds", "portal", 6, 10),
        _answered("qinqing_projection_delay_seconds", "portal", 1000, 1000),
        job="portal",
    ),
    *_objective(
        "QinqingDeadlinesAreLate",
        *_job("qinqing_timer_overdue_deadlines", f"3x{MINUTES}", f"0x{MINUTES}"),
        job="supervision",
    ),
    *_objective(
        "QinqingEventsAreHeld",
        *_job("qinqing_held_age_seconds", f"61x{MINUTES}", f"59x{MINUTES}"),
        job="supervision",
    ),
    Case(
        "QinqingWatermarkStandsStill",
        "page",
        *_job("qinqing_watermark_age_seconds", f"121x{MINUTES}", f"119x{MINUTES}"),
        SUPERVISION,
    ),
    Case(
        "QinqingDueDatesAreProvisional",
        "ticket",
        *_job("qinqing_provisional_total", f"0+1x{MINUTES}", f"4x{MINUTES}"),
        SUPERVISION,
    ),
    Case("QinqingProcessIsAway", "page", *_job("up", f"0x{MINUTES}", f"1x{MINUTES}"), SUPERVISION),
    Case(
        "QinqingRecordsAreSetAside",
        "ticket",
        *_job("qinqing_dead_letters_total", f"0x{MINUTES - 5} 1x10", f"2x{MINUTES}"),
        SUPERVISION,
    ),
    Case(
        "QinqingServiceIsBehind",
        "page",
        *_job(
            "qinqing_consumer_lag_records", f"0+100x{MINUTES}", f"90000-900x{MINUTES}", topic="intake.events"
        ),
        SUPERVISION,
    ),
    Case(
        "QinqingPollStandsStill",
        "page",
        *_job("qinqing_poll_age_seconds", f"61x{MINUTES}", f"59x{MINUTES}"),
        SUPERVISION,
    ),
    Case(
        "QinqingTimersStandStill",
        "page",
        *_job("qinqing_timer_heartbeat_seconds", f"61x{MINUTES}", f"59x{MINUTES}"),
        SUPERVISION,
    ),
    Case(
        "QinqingPagesStandStill",
        "page",
        *_job("qinqing_projection_age_seconds", f"61x{MINUTES}", f"59x{MINUTES}", "portal"),
        PORTAL,
    ),
    Case(
        "QinqingPagesStandStill",
        "page",
        *_job("qinqing_projection_age_seconds", f"-1x{MINUTES}", f"0x{MINUTES}", "portal"),
        PORTAL,
    ),
    Case(
        "QinqingNoticesWait",
        "ticket",
        [
            f'qinqing_waiting_notices_records{{job="dispatch"}} 3x{MINUTES}',
            f'qinqing_notices_total{{job="dispatch",result="sent"}} 5x{MINUTES}',
        ],
        [
            f'qinqing_waiting_notices_records{{job="dispatch"}} 3x{MINUTES}',
            f'qinqing_notices_total{{job="dispatch",result="sent"}} 0+1x{MINUTES}',
        ],
        {"job": "dispatch"},
    ),
    Case(
        "QinqingDiskIsFull",
        "page",
        [
            f'qinqing_disk_free_bytes{{job="portal"}} 9x{MINUTES}',
            f'qinqing_disk_size_bytes{{job="portal"}} 100x{MINUTES}',
        ],
        [
            f'qinqing_disk_free_bytes{{job="portal"}} 11x{MINUTES}',
            f'qinqing_disk_size_bytes{{job="portal"}} 100x{MINUTES}',
        ],
        PORTAL,
    ),
]


def rules_in(path: Path) -> list[dict[str, Any]]:
    """Every alerting rule of a file."""
    groups = yaml.safe_load(path.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def rules() -> list[dict[str, Any]]:
    """Every alerting rule that is committed."""
    return [rule for path in RULES for rule in rules_in(path)]


def test_each_alert_has_a_case() -> None:
    """An objective's alerts are of one name and two severities."""
    written = {(rule["alert"], rule["labels"]["severity"]) for rule in rules()}
    assert written == {(case.alert, case.severity) for case in CASES}


@pytest.mark.skipif(not PROMTOOL, reason="no promtool here: apt-get install prometheus")
def test_each_alert_fires_in_its_case_and_is_silent_in_the_other(tmp_path: Path) -> None:
    """Each file of rules beside its cases and what alerts.yml records, in one run."""
    for path in RULES:
        alerts = {rule["alert"] for rule in rules_in(path)}
        cases = [case for case in CASES if case.alert in alerts]
        tests = [_test(case, case.firing, True) for case in cases]
        tests += [_test(case, case.silent, False) for case in cases]
        loaded = [str(one) for one in RULES if one == path or one.name == "alerts.yml"]
        written = {"rule_files": loaded, "evaluation_interval": "1m", "tests": tests}
        (tmp_path / path.name).write_text(yaml.safe_dump(written))
    files = sorted(map(str, tmp_path.iterdir()))
    ran = subprocess.run([PROMTOOL, "test", "rules", *files], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]


def _test(case: Case, series: Sequence[str], is_firing: bool) -> dict[str, Any]:
    """One case in the tester's words: the firing alerts of this severity, by the labels that tell them apart."""
    alerts = f'ALERTS{{alertname="{case.alert}",severity="{case.severity}",alertstate="firing"}}'
    expr = f"count by ({', '.join(case.labels)}) ({alerts})"
    labels = ",".join(f'{name}="{value}"' for name, value in case.labels.items())
    samples = [{"labels": "{" + labels + "}", "value": 1}] if is_firing else []
    return {
        "interval": "1m",
        "name": f"{case.alert} {case.severity} {'fires' if is_firing else 'is silent'}",
        "input_series": [_series(one) for one in series],
        "promql_expr_test": [{"expr": expr, "eval_time": f"{MINUTES - 1}m", "exp_samples": samples}],
    }


def _series(text: str) -> dict[str, str]:
    name, _, values = text.partition("} ")
    return {"series": f"{name}}}", "values": values}
