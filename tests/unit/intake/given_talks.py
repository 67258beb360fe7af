"""Intake with many aggregates and no Kafka: what one asks of another is delivered, to one aggregate at a time."""

from datetime import datetime
from typing import Any

from services.intake.consumer import consumer
from services.intake.issue.numbers import issue_id
from shared.contract.command import Command
from shared.contract.commands.intake import GivenOccasion, RegisterIssue
from shared.contract.commands.talks import AnnounceTalk, Leader, OpenTalk
from shared.contract.event import Event
from shared.contract.registry import COMMANDS
from shared.contract.words import LeadingBody, Phase, Source
from shared.domain.aggregates import Consumer
from shared.domain.decisions import FAN_OUT
from tests.said import REFERENCES, WORDS
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION

FEDERATION, CLERK, OFFICE = "federation:lu", "clerk:zhao", "office:chen"
LI, WANG, QIAN = (f"entrepreneur:{REFERENCES.person(name)}" for name in ("li", "wang", "qian"))
AGENDA = f"agenda:{JURISDICTION}"
MAYOR = Leader(account="zhou", name="周明", post="市长", body=LeadingBody.GOVERNMENT)
CHAIR = Leader(account="shen", name="沈华", post="市政协主席", body=LeadingBody.CPPCC)
WEDNESDAY = after(days=2, hours=5)  # 14:00 in Shanghai
ENDS = after(days=2, hours=7)
ANNOUNCE = AnnounceTalk(
    theme="用地与能耗",
    place="政企恳谈室",
    capacity=3,
    organiser="湖州市工商联",
    leaders=(MAYOR,),
    departments=("housing", "transport"),
    starts_at=WEDNESDAY,
    ends_at=ENDS,
)
TALK = "talk:huzhou-weekly-20260304-1"


def person_of(actor: str) -> str:
    """The reference of an entrepreneur."""
    return actor.partition(":")[2]


class Intake:
    """All aggregates of one intake. ``lost``: subjects whose commands from others do not arrive, until they do.
    ``notices``: whether anybody is told by mail.
    """

    def __init__(self, *, notices: bool = True) -> None:
        self.notices = notices
        self.all: dict[str, OneAggregate] = {}
        self.lost: set[str] = set()
        self.delivered: list[tuple[str, Command]] = []
        self._known: set[str] = set()
        self._issues = self._asked = 0

    def one(self, subject: str) -> OneAggregate:
        """One aggregate, played from its beginning."""
        return self.all.setdefault(subject, OneAggregate(self._consumer(), subject))

    def _consumer(self) -> Consumer:
        return consumer(JURISDICTION, notices=self.notices)

    def ask(self, subject: str, command: Command, at: datetime, actor: str) -> dict[str, Any]:
        """Ask, and let everything happen that follows; the outcome."""
        self._asked += 1
        outcome = self.one(subject).ask(command, at, actor, f"{subject}/{self._asked}")
        self.settle(at)
        return outcome

    def fire(self, subject: str, at: datetime) -> None:
        """The next deadline of one aggregate fires."""
        self.one(subject).fire(at)
        self.settle(at)

    def settle(self, at: datetime) -> None:
        """Deliver what aggregates ask of each other until nothing is left; what is lost is kept for later."""
        while asked := self._next():
            id, subject, body = asked
            self._known.add(id)
            self.delivered.append((subject, body))
            self.one(subject).ask(body, at, FAN_OUT, id)

    def _next(self) -> tuple[str, str, Command] | None:
        for one in list(self.all.values()):
            for id, envelope in one.commands.items():
                if id not in self._known and envelope.subject not in self.lost:
                    return id, envelope.subject, COMMANDS[envelope.type].model_validate(envelope.data)
        return None

    def announced(self, **changed: Any) -> None:
        """The talk of Wednesday."""
        outcome = self.ask(AGENDA, ANNOUNCE.model_copy(update=changed), after(), FEDERATION)
        assert outcome["status"] == "done", outcome

    def opened(self) -> None:
        """The same, opened on its day."""
        self.announced()
        assert self.ask(TALK, OpenTalk(), WEDNESDAY, CLERK)["status"] == "done"

    def announced_issue(self, person: str, **more: Any) -> str:
        """A question that somebody collected for the talk."""
        return self.raised(after(), person=person, **more)

    def raised(
        self, at: datetime, phase: Phase = Phase.BEFORE, talk: str = TALK, person: str = "", **more: Any
    ) -> str:
        """An issue of the talk, written down for Li unless for another; its id."""
        self._issues += 1
        issue = issue_id(REFERENCES.digest, JURISDICTION, CLERK, f"talk-{self._issues}")
        occasion = GivenOccasion(id=talk.removeprefix("talk:"))
        registers = RegisterIssue(
            words=WORDS,
            origin=Source.TALK,
            phase=phase,
            occasion=occasion,
            person=person or person_of(LI),
            **more,
        )
        outcome = self.ask(issue, registers, at, CLERK)
        assert outcome["status"] == "done", outcome
        return issue

    def events(self, subject: str, kind: type[Event]) -> list[Any]:
        """What one aggregate published of one type."""
        return [event for event in self.one(subject).events if isinstance(event, kind)]
