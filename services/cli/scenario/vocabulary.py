"""What is said in the town: topics by trade and department, and the words that vary, all written for this project."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.dispatch.builtin import first_commands
from services.dispatch.routing import route
from shared.contract.commands.dispatch import PublishDepartment, PublishRules
from shared.contract.events.dispatch import RulesPublished
from shared.contract.subjects import id_of
from shared.contract.words import Kind
from shared.domain.reference import BEGINNING


@dataclass(frozen=True, slots=True)
class Topic:
    """What an enterprise may raise, and how its department answers; ``{...}`` are the details that vary."""

    department: str
    title: str
    text: str
    reply: str
    kind: Kind = Kind.PROBLEM
    trades: tuple[str, ...] = ()
    """Whose matter it is; empty: anybody's."""
    plan: str = ""
    """How it is answered where it can only be done later."""


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """Every topic there is."""
    return tuple(
        Topic(
            **{**entry, "kind": Kind(entry.get("kind", "problem")), "trades": tuple(entry.get("trades", ()))}
        )
        for entry in _read("topics.json")
    )


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Lists of words by what they are for."""
    found: dict[str, Any] = _read("words.json")
    return found


@lru_cache(maxsize=1)
def departments() -> dict[str, PublishDepartment]:
    """The built-in directory with its invented people."""
    commands = first_commands("any", with_people=True)
    return {id_of(subject): entry for subject, entry in commands if isinstance(entry, PublishDepartment)}


@lru_cache(maxsize=1)
def _rules() -> RulesPublished:
    [rules] = [entry for _, entry in first_commands("any") if isinstance(entry, PublishRules)]
    return RulesPublished(
        version="1", in_force_from=BEGINNING, by="", fallback=rules.fallback, keywords=rules.keywords
    )


def routed(title: str, text: str) -> str:
    """The department that the built-in rules choose."""
    return route(title, text, _rules())[0]


def _read(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_bytes())
