"""The load: intake's own consumer, registering one issue an event, with the reference data that is built in."""

from services.intake.consumer import consumer
from services.intake.issue.numbers import issue_id
from services.intake.vault import Key
from services.supervision.builtin import (
    BEGINNING,
    PUBLISHED_THROUGH,
    builtin_calendar,
    builtin_days,
    builtin_policy,
)
from shared.bus.gateway import Request
from shared.contract.commands.intake import RegisterIssue, Sealed
from shared.contract.events.supervision import CalendarPublished, PolicyPublished
from shared.contract.subjects import subject_of
from shared.contract.words import Role
from shared.domain.reference import Reference
from shared.identity.references import References

TEXT_BYTES = 600
"""Makes a record of about 1.1 kB, for sealed it is a third longer."""

REFERENCES, KEY = References(bytes(32)), Key("issue:bench", bytes(32))

INTAKE = consumer("huzhou")
"""One aggregate and two events for each registration."""


class BuiltinReference:
    """The built-in policy and calendar, whole from the start: nothing is published while a contender runs."""

    def __init__(self) -> None:
        policy = builtin_policy()
        self.reference = Reference()
        self.reference.learn(
            subject_of("policy", INTAKE.jurisdiction),
            PolicyPublished(version=policy.version, in_force_from=BEGINNING, policy=policy, by="bench"),
        )
        self.reference.learn(
            subject_of("calendar", INTAKE.jurisdiction),
            CalendarPublished(
                version=builtin_calendar().version,
                in_force_from=BEGINNING,
                published_through=PUBLISHED_THROUGH,
                days=builtin_days(),
                by="bench",
            ),
        )

    async def catch_up(self) -> None:
        """Everything is here already."""


def registration(number: int) -> Request:
    """The registration of this number: always the same one."""
    person = REFERENCES.person(f"e{number % 1000}")
    subject = issue_id(REFERENCES.digest, INTAKE.jurisdiction, person, f"{number:020d}")
    command = RegisterIssue(words=Sealed(words=KEY.seal(_text(number))))
    return Request(subject, command, "http", f"{Role.ENTREPRENEUR}:{person}", f"register/{subject}")


def _text(number: int) -> str:
    sentence = f"第{number}号：企业反映用地审批进度缓慢，请有关部门协调办理。"
    return (sentence * (TEXT_BYTES // len(sentence.encode()) + 1))[: TEXT_BYTES // 3]
