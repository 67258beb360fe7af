"""Intake dies again and again while a talk tells 500 issues that it is over: each starts once, at the same instant."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random

import pytest

from services.intake.consumer import consumer
from services.intake.issue.numbers import issue_id
from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.contract.command import Command
from shared.contract.commands.intake import GivenOccasion, RegisterIssue
from shared.contract.commands.talks import HoldTalk, OpenTalk
from shared.contract.envelope import open_envelope
from shared.contract.events.intake import PromiseStarted
from shared.contract.words import Phase, Source
from tests.contract.world import Memory
from tests.said import REFERENCES, WORDS
from tests.unit.intake.given_talks import AGENDA, ANNOUNCE, CLERK, FEDERATION, LI, TALK, WEDNESDAY, person_of
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION, builtin_reference

MEMBERS = 500
HELD_AT = after(days=2, hours=6)


class Died(BaseException):
    """The process ended here."""


class Store(Memory):
    """With older outcomes in documents of their own."""

    async def remember(self, outcomes: Sequence[Stored]) -> None:
        for outcome in outcomes:
            self.documents.setdefault(outcome["_id"], outcome)


class Dying:
    """Intake over one partition; where ``often`` says so it dies: before it publishes, or halfway through."""

    def __init__(self, rng: Random, often: float) -> None:
        self.reference = builtin_reference()
        self.store, self.rng, self.often = Store(), rng, often
        self.commands: list[Record] = []
        self.events: list[Outgoing] = []
        self.now, self.deaths = after(), 0
        self._read = 0
        self._start()

    def _start(self) -> None:
        self.processor = Processor(
            consumer(JURISDICTION), self.store, self.publish, self, token=lambda: "token"
        )

    async def catch_up(self) -> None:
        """Everything was published long ago."""

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append each record to its topic, or some of them and die."""
        dies = bool(outgoing) and self.rng.random() < self.often
        for out in outgoing[: self.rng.randrange(len(outgoing))] if dies else outgoing:
            if out.topic.endswith(".commands"):
                place, at = len(self.commands), int(self.now.timestamp() * 1000)
                self.commands.append(Record(out.topic, 0, place, at, out.key.encode(), out.value))
            else:
                self.events.append(out)
        if dies:
            raise Died

    def ask(self, subject: str, command: Command, at: datetime, actor: str) -> None:
        """Post a command, and go on until there is nothing left to read, however often it has to start anew."""
        self.now = at
        request = Request(subject, command, "http", actor, f"{command.verb}/{subject}")
        out = sealed(request, f"/{JURISDICTION}/intake")
        place, at_ms = len(self.commands), int(at.timestamp() * 1000)
        self.commands.append(Record(out.topic, 0, place, at_ms, out.key.encode(), out.value))

    def settle(self) -> None:
        """Read in batches; what was read when it died is read again."""
        while self._read < len(self.commands):
            batch = self.commands[self._read : self._read + self.rng.randint(1, 60)]
            try:
                asyncio.run(self.processor.run(batch))
            except Died:
                self.deaths += 1
                self._start()
                continue
            self._read += len(batch)


@pytest.mark.parametrize("seed", range(2))
def test_every_one_of_500_starts_once_though_intake_dies_again_and_again(seed: int) -> None:
    intake = Dying(Random(seed), 0.0)
    intake.ask(AGENDA, ANNOUNCE, after(), FEDERATION)
    intake.settle()
    intake.ask(TALK, OpenTalk(), WEDNESDAY, CLERK)
    issues = [issue_id(REFERENCES.digest, JURISDICTION, CLERK, f"dying-{n}") for n in range(MEMBERS)]
    occasion = GivenOccasion(id=TALK.removeprefix("talk:"))
    said = {"origin": Source.TALK, "phase": Phase.AT, "occasion": occasion, "person": person_of(LI)}
    for issue in issues:
        intake.ask(issue, RegisterIssue(words=WORDS, **said), WEDNESDAY, CLERK)
    intake.settle()
    intake.often = 0.5
    intake.ask(TALK, HoldTalk(), HELD_AT, CLERK)
    intake.settle()
    assert intake.deaths > 5
    started = {
        envelope.id: envelope
        for out in intake.events
        if (envelope := open_envelope(out.value)).type == PromiseStarted.type
    }
    assert Counter(one.subject for one in started.values()) == Counter(issues)
    assert {datetime.fromisoformat(str(one.data["started_at"])) for one in started.values()} == {HELD_AT}
    assert len({out.value for out in intake.events if open_envelope(out.value).id in started}) == MEMBERS
    assert "telling" not in intake.store.documents[TALK]["state"]
