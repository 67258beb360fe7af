"""An issue with the registers that number its documents, and who signs them."""

from datetime import datetime
from typing import Any

from services.supervision.consumer import consumer
from services.supervision.issue.life import DocumentState
from shared.contract.command import Command
from shared.contract.commands.supervision import (
    EnterDocument,
    IssueDocument,
    RecordNumber,
    SignDocument,
)
from shared.contract.event import Event
from shared.contract.events.dispatch import StaffPublished
from shared.contract.events.supervision import (
    DocumentAnswered,
    DocumentDrafted,
    DocumentIssued,
    DocumentLiftDrafted,
    DocumentLifted,
    DocumentVoided,
)
from shared.contract.words import (
    DocumentKind,
    Level,
    Role,
)
from shared.domain.clocks import Policy
from shared.domain.reference import BEGINNING, Reference
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import JURISDICTION, make_reference
from tests.unit.supervision.given import (
    DUE,
    GRACE,
    LONG_AFTER,
    fire_until,
)
from tests.unit.supervision.test_ladder_of_an_issue import TABLE, held

SUPERVISOR, NAME, HANDLER = "supervisor:gu", "顾严", "handler:traffic/zhou"
DOCUMENTS = (
    DocumentDrafted,
    DocumentIssued,
    DocumentAnswered,
    DocumentVoided,
    DocumentLiftDrafted,
    DocumentLifted,
)


def staffed(level: Level = Level.CITY, department: str = "office", policy: Policy | None = None) -> Reference:
    """The reference data, with a supervisor who can sign, and the department that holds the issue."""
    reference = make_reference(policy)
    reference.learn("dept:traffic", reference.departments["housing"].at(DUE))
    appointed(reference, level, department)
    return reference


def appointed(reference: Reference, level: Level, department: str = "office", account: str = "gu") -> None:
    """A supervisor more, who can sign."""
    official = {"name": NAME, "roles": (Role.SUPERVISOR,), "department": department, "level": level}
    since = {"version": "1", "in_force_from": BEGINNING, "by": "wu"}
    reference.learn(f"staff:{account}", StaffPublished.model_validate({**official, **since}))


class Town:
    """One issue, and the registers that number its documents."""

    def __init__(self, reference: Reference | None = None) -> None:
        self.reference = reference or staffed()
        self.issue = held(self.reference)
        self.registers: dict[str, OneAggregate] = {}
        self._answered: set[str] = set()

    def fire_until(self, at: datetime) -> list[Event]:
        """Let time pass; every document gets its number at once."""
        known = len(self.issue.events)
        fire_until(self.issue, at)
        self.number(at)
        return self.issue.events[known:]

    def number(self, at: datetime) -> None:
        """Let the registers answer what they were asked, each request twice."""
        for id, asked in list(self.issue.commands.items()):
            if asked.type != EnterDocument.type or id in self._answered:
                continue
            self._answered.add(id)
            register = self.registers.setdefault(
                asked.subject, OneAggregate(consumer(JURISDICTION), asked.subject)
            )
            entering = register.command(EnterDocument.model_validate(asked.data), at, "system:fan-out", id)
            assert register.answer(entering) == register.answer(entering)
            told = register.commands[f"{id}>1"]
            number = self.issue.command(RecordNumber.model_validate(told.data), at, "system:fan-out", told.id)
            assert self.issue.answer(number)["status"] == "done"
            self.issue.deliver(number)

    def ask(self, command: Command, actor: str = SUPERVISOR, at: datetime = LONG_AFTER) -> dict[str, Any]:
        """Ask, twice; what is made by it gets its number."""
        record = self.issue.command(command, at, actor)
        outcome = self.issue.answer(record)
        assert self.issue.answer(record) == outcome
        self.number(at)
        return outcome

    def state(self, kind: DocumentKind) -> DocumentState | None:
        """Where the newest document of a kind stands."""
        found = [document for document in self.issue.state.documents if document.kind is kind]
        return found[-1].state if found else None

    def told(self, shape: type[Event]) -> list[Any]:
        """What was told of this."""
        return [event for event in self.issue.events if isinstance(event, shape)]


def at_step(step: int, reference: Reference | None = None) -> Town:
    """An issue that nobody answered until this step."""
    town = Town(reference)
    town.fire_until(TABLE[step] + GRACE)
    assert town.issue.state.lamp == step
    return town


def signs(document: str = "d3", **values: Any) -> SignDocument:
    return SignDocument(**{"document": document, "signature": NAME, **values})


def orders(**values: Any) -> IssueDocument:
    given = {"kind": DocumentKind.SUPERVISION_ORDER, "words": "请于三日内到现场核查", "signature": NAME}
    return IssueDocument(**{**given, **values})
