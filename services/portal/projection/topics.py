"""Which topics the projection reads: what the owners tell, and their reference data, of one namespace."""

import re
from collections.abc import Iterable

from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION, reference_topic

EXPECTED = (
    INTAKE,
    DISPATCH,
    SUPERVISION,
    FEEDBACK,
    reference_topic("intake"),
    reference_topic("dispatch"),
    reference_topic("supervision"),
)
"""What every deployment has: without these nothing is complete."""
_PROJECTED = re.compile(r"([a-z][a-z0-9-]*\.)?[a-z]+\.(events|reference)")


def projected(names: Iterable[str], prefix: str = "") -> list[str]:
    """Of all topics those of this namespace, without its prefix; a county's come with its name before them.

    What begins with the name of another namespace is that one's: only a namespace has commands of its own.
    """
    everything = set(names)
    found = []
    for name in everything:
        if not name.startswith(prefix):
            continue
        topic = name.removeprefix(prefix)
        county, dot, _ = topic.rpartition(".")[0].rpartition(".")
        if _PROJECTED.fullmatch(topic) and not (dot and f"{prefix}{county}.intake.commands" in everything):
            found.append(topic)
    return sorted(found)


def namespaces(names: Iterable[str]) -> list[str]:
    """Every namespace that has events, the live one ("") first."""
    return sorted({name.removesuffix("intake.commands").removesuffix(".") for name in names if _ends(name)})


def _ends(name: str) -> bool:
    return name == "intake.commands" or name.endswith(".intake.commands")
