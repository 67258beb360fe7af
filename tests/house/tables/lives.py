"""The life of every kind of aggregate, from services/<service>/<kind>/life.py: states, timers, moves."""

import json
from collections.abc import Iterator
from types import ModuleType

from shared.contract.subjects import KINDS
from shared.domain.talks import SERIES
from tests.house.tables import kinds
from tests.house.tables.markdown import code, first_line, table


def life(service: str, kind: str) -> str:
    """All tables of one kind, each under a line that says what it is; a kind without states has none."""
    module = kinds.life(service, kind)
    parts = [part for part in (_states(module), _moves(module), _events(module), _following(module)) if part]
    return "\n" + "\n".join(parts) + "\n" if parts else ""


def moves_of_issues() -> str:
    """services/portal/moves.json, whole: of each service in which states of an issue each verb may be asked."""
    found: dict[str, dict[str, list[str]]] = {}
    for service, kind in kinds.kinds():
        module = kinds.life(service, kind.name)
        if kind.name != "issue":
            continue
        verbs = found.setdefault(service, {})
        for state, verb in () if hasattr(module, "VERBS") else module.MOVES:
            verbs.setdefault(verb, []).append(str(state))
        verbs |= {verb: ["any"] for verb in getattr(module, "ANYTIME", ())}
    return json.dumps(found, indent=1) + "\n"


def series() -> str:
    """What is particular about each series of talks."""
    rows = [
        (
            code(one.value),
            f"one a {rules.rhythm}" if rules.rhythm else "as it comes",
            "yes" if rules.asks_leader else "no",
            "invitation" if rules.by_invitation else "signing up, or invitation",
            str(rules.places),
            f"{rules.begins:%H:%M}-{rules.ends:%H:%M}",
        )
        for one, rules in SERIES.items()
    ]
    head = (
        "series",
        "at each place",
        "asks a leader",
        "one comes by",
        "places",
        "time, unless announced otherwise",
    )
    return "\n" + table(head, rows) + "\n"


def registers() -> str:
    """The kinds whose aggregates have no states: each remembers the versions that were published."""
    rows = []
    for service, kind in kinds.kinds():
        if hasattr(kinds.life(service, kind.name), "MOVES"):
            continue
        verbs = sorted(command.verb for command in kind.commands)
        prefix = KINDS[kind.name].prefix
        rows.append((kind.name, service, code(f"{prefix}<id>"), ", ".join(verbs), first_line(kind.state)))
    return table(("kind", "of", "subject", "what may be asked", "what it is"), rows)


def _states(module: ModuleType) -> str:
    if not hasattr(module, "TIMERS"):
        return ""
    rows = [(str(state), timer) for state, timer in module.TIMERS.items()]
    return "What watches each state:\n\n" + table(("state", "timer"), rows)


def _moves(module: ModuleType) -> str:
    asked = {} if hasattr(module, "VERBS") else getattr(module, "MOVES", {})
    rows = [(str(state), verb, str(after)) for (state, verb), after in asked.items()]
    rows += [("any", verb, "the same") for verb in getattr(module, "ANYTIME", ())]
    if not rows:
        return ""
    return "What may be asked:\n\n" + table(("state", "verb", "next state"), rows)


def _events(module: ModuleType) -> str:
    rows = sorted(_event_moves(module))
    if not rows:
        return ""
    told = "What other owners' events change (in any other state they change nothing):\n\n"
    return told + table(("state", "event", "next state"), rows)


def _event_moves(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    for (state, event), after in getattr(module, "EVENT_MOVES", {}).items():
        yield str(state), event.type, str(after)
    for event, verb in getattr(module, "VERBS", {}).items():
        for (state, named), after in module.MOVES.items():
            if named == verb:
                yield str(state), event.type, str(after)


def _following(module: ModuleType) -> str:
    if not hasattr(module, "FOLLOWING"):
        return ""
    rows = [(str(state), step, str(after)) for (state, step), after in module.FOLLOWING.items()]
    follows = (
        "What follows without being asked for (by time, in the same decision, from another aggregate):\n\n"
    )
    return follows + table(("state", "step", "next state"), rows)
