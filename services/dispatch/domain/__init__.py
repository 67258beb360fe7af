"""An issue in dispatch: one department leads, signs, drafts; the office rules, checks, releases. Pure functions.

Each returns a Change or a Refusal and is guarded by the table MOVES; an actor of a department is
``dept:<code>/<person>``, or ``dept:<code>`` for its own system (asking.py).
"""

from services.dispatch.domain.asking import department_of, person_of
from services.dispatch.domain.assigning import Lead, Rules, assign, give_back, needs_routing, rule, sign
from services.dispatch.domain.facts import learn, promised, register, tracked
from services.dispatch.domain.life import (
    LEARNED,
    MOVES,
    OUTCOME_CLASS,
    TERMINAL,
    TIMERS,
    Draft,
    Issue,
    State,
)
from services.dispatch.domain.replying import check, draft, release, send_back, sign_off

__all__ = [
    "LEARNED", "MOVES", "OUTCOME_CLASS", "TERMINAL", "TIMERS", "Draft", "Issue", "Lead", "Rules", "State",
    "assign", "check", "department_of", "draft", "give_back", "learn", "needs_routing", "person_of", "promised",
    "register", "release", "rule", "send_back", "sign", "sign_off", "tracked",
]  # fmt: skip
