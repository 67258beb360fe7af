"""What dispatch starts with: the built-in directory, its routing rules, and invented people where they are wanted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.contract.command import Command
from shared.contract.commands.dispatch import PublishDepartment, PublishRules, PublishStaff
from shared.contract.subjects import subject_of
from shared.contract.words import Role
from shared.domain.reference import BEGINNING

INVENTED_PHONE = "0572-00001{:02d}"
"""Nobody has one of these: behind an area code no number in China begins with 0."""


def first_commands(jurisdiction: str, *, with_people: bool = False) -> list[tuple[str, Command]]:
    """(subject, command) of what a first start publishes: all departments, the rules that name them, and officials.

    ``with_people``: an invented official for every role; who works in a department stands in its entry too, with an
    invented number by which everybody calls it.
    """
    found = _read("directory.json")
    people = dict(invented_staff()) if with_people else {}
    commands: list[tuple[str, Command]] = []
    for place, entry in enumerate(found["departments"], 1):
        code = entry.pop("code")
        named = {
            "phones": (INVENTED_PHONE.format(place),) if with_people else (),
            "handlers": _in(code, Role.HANDLER, people),
            "leaders": _in(code, Role.DEPARTMENT_LEADER, people),
        }
        department = PublishDepartment(in_force_from=BEGINNING, **named, **entry)
        commands.append((subject_of("department", code), department))
    commands += [(subject_of("staff", account), official) for account, official in people.items()]
    rules = PublishRules(in_force_from=BEGINNING, **found["rules"])
    return [*commands, (subject_of("rules", jurisdiction), rules)]


def invented_staff() -> Iterator[tuple[str, PublishStaff]]:
    """(account, entry) of each invented official: every role has one, and so has each department, with its leader."""
    for entry in _read("people.json"):
        yield entry.pop("id"), PublishStaff(in_force_from=BEGINNING, **entry)


def _in(department: str, role: Role, people: dict[str, PublishStaff]) -> tuple[str, ...]:
    return tuple(
        account for account, one in people.items() if one.department == department and role in one.roles
    )


def _read(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_bytes())
