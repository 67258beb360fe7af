"""Which runbook each alert names, which commands stand there, and by which test each of them was played."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import yaml

from tests.house.repository import ROOT
from tests.house.tables.guarantees import anchor
from tests.operations.objectives import RULES

DOCUMENT = "docs/operations.md"
COMMAND = re.compile(r"`((?:qinqing|kill (?:-9 )?PID|df|du)\b[^`]*)`")
"""A command as it stands in a runbook; what is to be filled in stands in capitals: ORIGIN, ID."""
PARTS = ("**For people.**", "**Confirm.**", "**Do.**", "**It worked** when")
"""What each runbook says, in this order."""
Test = TypeVar("Test", bound=Callable[..., Any])


class Play(NamedTuple):
    """One alert that was made to fire, and resolved by these commands of its runbook, in this order."""

    alert: str
    commands: tuple[str, ...]


PLAYED: dict[str, list[Play]] = {}
"""By the name of the test."""


def plays(alert: str, *commands: str) -> Callable[[Test], Test]:
    """Marks the test in which this alert fires and these commands of its runbook are followed."""

    def marked(test: Test) -> Test:
        PLAYED.setdefault(test.__name__, []).append(Play(alert, commands))
        return test

    return marked


def runbooks() -> dict[str, str]:
    """Every runbook, by its anchor."""
    sections = (ROOT / DOCUMENT).read_text("utf-8").split("\n## ")[1:]
    return {
        anchor(heading): text
        for heading, _, text in (section.partition("\n") for section in sections)
        if heading.startswith("Runbook: ")
    }


def named() -> dict[str, str]:
    """Every alert of the committed rules, and the anchor of the runbook that it names."""
    groups = [group for path in RULES.glob("*.yml") for group in yaml.safe_load(path.read_text())["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return {rule["alert"]: rule["annotations"]["runbook"].removeprefix(f"{DOCUMENT}#") for rule in rules}


def commands_in(runbook: str) -> set[str]:
    """The commands that stand in a runbook."""
    return {" ".join(command.split()) for command in COMMAND.findall(runbook)}


def unplayed(
    named: dict[str, str], runbooks: dict[str, str], plays: Iterable[Play], elsewhere: Iterable[str]
) -> list[str]:
    """What is wrong: an alert that no test plays or whose runbook is none, a command that nobody has followed, or that
    is no longer in the runbook; ``elsewhere``: commands that other tests run.
    """
    plays = list(plays)
    played = {play.alert for play in plays}
    wrong = [f"{alert} is played by no test" for alert in sorted(named.keys() - played)]
    wrong += [f"{alert} is no alert" for alert in sorted(played - named.keys())]
    wrong += [f"{alert} names {at}, which is no runbook" for alert, at in named.items() if at not in runbooks]
    followed: dict[str, set[str]] = {place: set() for place in runbooks}
    for play in plays:
        if (place := named.get(play.alert, "")) in runbooks:
            followed[place] |= {*play.commands}
    for place in sorted({*named.values()} & runbooks.keys()):
        stands = commands_in(runbooks[place])
        wrong += [
            f"{place}: {one} was never followed" for one in sorted(stands - followed[place] - {*elsewhere})
        ]
        wrong += [f"{place}: {one} does not stand there" for one in sorted(followed[place] - stands)]
        wrong += [f"{place} does not say {part}" for part in PARTS if part not in runbooks[place]]
    return wrong
