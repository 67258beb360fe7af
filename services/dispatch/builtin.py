"""What dispatch starts with: the built-in directory of departments, and the routing rules for it."""

import json
from pathlib import Path

from shared.contract.command import Command
from shared.contract.commands.dispatch import PublishDepartment, PublishRules
from shared.contract.subjects import subject_of
from shared.domain.reference import BEGINNING


def first_commands(jurisdiction: str) -> list[tuple[str, Command]]:
    """(subject, command) of what a first start publishes: all departments, then the rules that name them."""
    found = json.loads(Path(__file__).with_name("directory.json").read_bytes())
    commands: list[tuple[str, Command]] = []
    for entry in found["departments"]:
        code = entry.pop("code")
        commands.append((subject_of("department", code), PublishDepartment(in_force_from=BEGINNING, **entry)))
    rules = PublishRules(in_force_from=BEGINNING, **found["rules"])
    return [*commands, (subject_of("rules", jurisdiction), rules)]
