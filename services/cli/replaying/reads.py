"""Which group reads which topics: what has to be still before history takes its next step."""

from services.dispatch import bus as dispatch
from services.feedback import bus as feedback
from services.intake import bus as intake
from services.supervision import bus as supervision
from shared.calendar import base_calendar
from shared.clocks import default_policy


def _reads() -> dict[str, tuple[str, ...]]:
    rules = {"jurisdiction": "any", "history": True, "policy": default_policy(), "calendar": base_calendar()}
    rooms = (module.room(**rules) for module in (intake, dispatch, supervision, feedback))
    return {room.service: room.topics for room in rooms}


READS = _reads()
