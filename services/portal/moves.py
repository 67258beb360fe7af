"""What may be asked of an issue where it stands now: the services' own tables, and the rights.

``moves.json`` is written from the services' tables (`make docs`). It spares people buttons that would be refused; the
service still decides.
"""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from shared.contract.words import Role
from shared.domain.rights import Asker, Belongs, may

ANY_STATE = "any"
_WRITTEN: Mapping[str, Mapping[str, list[str]]] = json.loads(
    Path(__file__).with_name("moves.json").read_bytes()
)
OWNERS = {verb: service for service, verbs in _WRITTEN.items() for verb in verbs}
"""Which service is asked for each verb."""
ENDED = ("rejected", "referred", "withdrawn", "closed")
_TO_OTHERS = {"awaiting_material": "registered", "appealed": "rejected"}
"""States in intake -> where the other owners have the issue meanwhile."""


def standing(issue: sqlite3.Row) -> dict[str, str]:
    """In which state each owner has the issue, as far as the projection says."""
    intake, feedback = issue["intake_state"], issue["feedback_state"] or "known"
    elsewhere = _TO_OTHERS.get(intake, intake)
    dispatch = issue["dispatch_state"] or ("waiting" if intake == "accepted" else elsewhere)
    if issue["feedback_state"] == "closed":
        return {"intake": "closed", "dispatch": "closed", "feedback": "closed"}
    if intake == "accepted" and issue["feedback_state"]:
        intake = "answered"
    if issue["state"] == "rework" and dispatch == "replied":
        dispatch = "in_progress"  # another round: dispatch is told by feedback, and tells nobody itself
    if elsewhere in ENDED:
        dispatch, feedback = elsewhere, elsewhere
    return {"intake": intake, "dispatch": dispatch, "feedback": feedback}


def is_legal(issue: sqlite3.Row, verb: str) -> bool:
    """Whether the table of moves has this verb where the issue stands."""
    service = OWNERS[verb]
    states = _WRITTEN[service][verb]
    return ANY_STATE in states or standing(issue)[service] in states


def may_ask(asker: Asker, verb: str, belongs: Belongs) -> bool:
    """Whether the rights give this verb; what an entrepreneur asks is theirs to ask of their own issues alone."""
    own = asker.role != Role.ENTREPRENEUR or belongs.person == asker.account
    return own and may(asker, "issue", verb, belongs)
