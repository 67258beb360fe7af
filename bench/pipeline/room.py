"""The load: intake's own room, registering one issue an event, as the running service does."""

from services.intake import bus
from services.intake.domain import issue_id
from shared.bus.door import Request
from shared.bus.room import Room
from shared.calendar import base_calendar
from shared.clocks import default_policy
from shared.commands import RegisterIssue

TEXT_BYTES = 820
"""Makes a record of about 1.1 kB."""


def room() -> Room:
    """Intake with the packaged policy and calendar: one aggregate and two events for each registration."""
    return bus.room(jurisdiction="huzhou", history=False, policy=default_policy(), calendar=base_calendar())


def registration(number: int) -> Request:
    """The registration of this number: always the same one."""
    actor, key = f"entrepreneur:e{number % 1000}", f"{number:020d}"
    command = RegisterIssue(title=f"第{number}号：用地审批", text=_text(number))
    return Request(issue_id(actor, key), command, "http", actor, f"register/{key}")


def _text(number: int) -> str:
    sentence = f"第{number}号：企业反映用地审批进度缓慢，请有关部门协调办理。"
    return (sentence * (TEXT_BYTES // len(sentence.encode()) + 1))[: TEXT_BYTES // 3]
