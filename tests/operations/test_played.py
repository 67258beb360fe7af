"""A runbook that was never played fails; and what is scaled down is times alone."""

from typing import Any

import pytest
import yaml

from tests.operations import (
    test_a_full_disk,
    test_runbooks,
    test_runbooks_of_breakdowns,
    test_two_in_the_morning,
)
from tests.operations.runbooks import PLAYED, Play, commands_in, named, runbooks, unplayed
from tests.operations.scaling import ALERTS, quicker

MODULES = (test_a_full_disk, test_runbooks, test_runbooks_of_breakdowns, test_two_in_the_morning)
"""Where plays stand: a play in a module that is not one of these would be run and not counted."""
ELSEWHERE = {
    'qinqing deadletters skip ID --service READER --topic TOPIC --seq N --reason "…"',
    'qinqing deadletters discard ORIGIN --reason "…" --seq N',
}
"""Commands that give up what can be had here; tests/integration/test_deadletters.py runs them."""


def test_each_alert_was_played_and_every_command_of_its_runbook_followed_as_it_stands() -> None:
    everything = [play for plays in PLAYED.values() for play in plays]
    assert unplayed(named(), runbooks(), everything, ELSEWHERE) == []
    stands = {name for module in MODULES for name in vars(module)}
    assert PLAYED.keys() <= stands


SAYS = "**For people.** **Confirm.** `qinqing status` **Do.** `kill -9 PID` **It worked** when"


@pytest.mark.parametrize(
    ("plays", "text", "wrong"),
    [
        ([], SAYS, ["A is played by no test"]),
        ([Play("A", ("qinqing status", "kill -9 PID"))], SAYS, []),
        ([Play("A", ("qinqing status",))], SAYS, ["a: kill -9 PID was never followed"]),
        (
            [Play("A", ("qinqing status", "kill -9 PID", "qinqing stop"))],
            SAYS,
            ["a: qinqing stop does not stand there"],
        ),
        (
            [Play("A", ("qinqing status", "kill -9 PID"))],
            SAYS.replace("**Confirm.**", ""),
            ["a does not say **Confirm.**"],
        ),
    ],
)
def test_what_was_never_played_or_stands_there_no_more_is_named(
    plays: list[Play], text: str, wrong: list[str]
) -> None:
    found = unplayed({"A": "a"}, {"a": text}, plays, ())
    assert [one for one in found if "was never followed" not in one or plays] == wrong


def test_an_alert_without_a_runbook_is_named() -> None:
    found = unplayed({"A": "b"}, {"a": SAYS}, [Play("A", ())], ())
    assert found == ["A names b, which is no runbook"]


def test_a_command_is_read_over_the_end_of_a_line() -> None:
    assert commands_in("Say `qinqing deadletters\n   list`, and `POST /x`.") == {"qinqing deadletters list"}


def test_only_times_are_scaled_down() -> None:
    before: dict[str, Any] = yaml.safe_load(ALERTS.read_text("utf-8"))
    rules = {rule["alert"]: rule for group in before["groups"] for rule in group["rules"] if "alert" in rule}
    after = {
        rule["alert"]: rule
        for group in quicker(before, 60)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert after.keys() == rules.keys()
    assert (after["QinqingDiskIsFull"]["for"], after["QinqingProcessIsAway"]["for"]) == ("5s", "1s")
    assert after["QinqingServiceIsBehind"]["expr"] == rules["QinqingServiceIsBehind"]["expr"].replace(
        "[10m]", "[10s]"
    )
    assert after["QinqingPollStandsStill"]["expr"] == rules["QinqingPollStandsStill"]["expr"]
    at_least = quicker(before, 86_400)["groups"][-1]["rules"]
    assert "[5s]" in next(one["expr"] for one in at_least if one["alert"] == "QinqingRecordsAreSetAside")
    assert "[1440s]" in after["QinqingDueDatesAreProvisional"]["expr"]
