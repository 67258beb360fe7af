"""The four real consumers and processors in memory: what is asked goes in, a log of every topic comes out."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from services.dispatch.consumer import consumer as dispatch
from services.dispatch.departments_gateway import translate
from services.feedback.consumer import consumer as feedback
from services.intake.consumer import consumer as intake
from services.intake.issue.numbers import issue_id
from services.supervision.consumer import consumer as supervision
from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.bus.reference import take_in
from shared.contract.command import Command, FireDeadline
from shared.contract.commands.intake import AcceptIssue
from shared.contract.envelope import seal
from shared.contract.event import replies_topic
from shared.contract.replies import DepartmentReply
from shared.deadlines import fire_at_of
from shared.domain.aggregates import Consumer
from shared.domain.reference import Reference
from tests.said import REFERENCES, issue_of, raiser, registration

JURISDICTION = "huzhou"
STEP = timedelta(minutes=5)
"""How long people take for one thing."""


class Said(NamedTuple):
    """What an entrepreneur says, and what is said about it."""

    title: str
    text: str
    about: Mapping[str, Any]


class Memory:
    """A store that always answers."""

    def __init__(self) -> None:
        self.documents: dict[str, Stored] = {}

    async def load(self, subjects: Sequence[str]) -> dict[str, Stored]:
        """The documents that exist."""
        return {subject: self.documents[subject] for subject in subjects if subject in self.documents}

    async def write(self, documents: Sequence[Stored]) -> set[str]:
        """Every document is written by us."""
        for document in documents:
            self.documents[document["_id"]] = document
        return set()

    async def released(self, documents: Sequence[Stored]) -> None:
        """Nothing is marked here."""


class World:
    """One deployment. ``now`` is what its clocks show; nothing happens but what is asked, and what follows from it."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.reference = Reference()
        self.log: dict[str, list[Record]] = defaultdict(list)
        self.stores = {name: Memory() for name in ("intake", "dispatch", "supervision", "feedback")}
        self.consumers = {made.service: made for made in self._consumers()}
        self._read: dict[tuple[str, str], int] = {}
        self.words: dict[str, Said] = {}
        self._asked = 0
        self._paused: tuple[str, ...] = ()
        self._processors = {
            name: Processor(made, self.stores[name], self.publish, self, token=lambda: "token")
            for name, made in self.consumers.items()
        }

    def _consumers(self) -> list[Consumer]:
        return [make(JURISDICTION) for make in (intake, dispatch, supervision, feedback)]

    async def catch_up(self) -> None:
        """Reference data is taken in as it is published."""

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append each record to its topic; reference data is known to all at once."""
        for out in outgoing:
            there = self.log[out.topic]
            sha256 = out.wire_headers().get("sha256")
            record = Record(
                out.topic,
                0,
                len(there),
                int(self.now.timestamp() * 1000),
                out.key.encode(),
                out.value,
                sha256,
                out.seq,
            )
            there.append(record)
            if out.topic.endswith(".reference"):
                take_in(self.reference, record)

    def register(self, said: Said, account: str, key: str) -> str:
        """Raise an issue as intake's gateway does for an entrepreneur; returns its id."""
        issue = issue_of(JURISDICTION, account, key)
        return self._register(issue, said, raiser(account, issue if said.about.get("anonymous") else ""))

    def write_down(self, said: Said, official: str, key: str) -> str:
        """Raise an issue as an official does for the person that is said; returns its id."""
        return self._register(issue_id(REFERENCES.digest, JURISDICTION, official, key), said, official)

    def _register(self, issue: str, said: Said, actor: str) -> str:
        self.words[issue] = said
        command = registration(issue, said.title, said.text, **said.about)
        self.ask(issue, command, actor, f"register/{issue}")
        return issue

    def accept(self, issue: str, actor: str) -> None:
        """Take an issue on, with its words, as intake's gateway does."""
        said = self.words[issue]
        self.ask(issue, AcceptIssue(title=said.title, text=said.text), actor)

    def ask(self, subject: str, command: Command, actor: str, key: str = "") -> None:
        """Post a command over HTTP and let everything happen that follows from it; it must be done."""
        self._asked += 1
        self.now += STEP
        request = Request(subject, command, "http", actor, key or f"{command.verb}/{subject}/{self._asked}")
        answers = self._let_happen(sealed(request, f"/{JURISDICTION}/{command.service}"))
        assert answers[request.id]["status"] == "done", answers[request.id]

    def shown(self, issue: str) -> dict[str, Any]:
        """What a click names: the issue's assignment, and number and hash of the draft that the page showed."""
        state = self.stores["dispatch"].documents[issue]["state"]
        draft = state["drafts"][-1]
        return {"assignment": state["assignment"], "draft": draft["number"], "sha256": draft["sha256"]}

    def say(self, code: str, issue: str, reply: DepartmentReply, message: str) -> None:
        """A message of a department's own system, written as it would write it."""
        self.now += STEP
        raw = seal(
            id=message,
            type=reply.type,
            source=f"/{JURISDICTION}/dept/{code}",
            subject=issue,
            time=self.now,
            data=reply.model_dump(mode="json", exclude_unset=True),
        )
        topic = replies_topic(code)
        asyncio.run(self.publish([Outgoing(topic, issue, raw)]))
        self._let_happen(*translate(self.log[topic][-1], f"/{JURISDICTION}/dispatch"))

    def pause(self, services: tuple[str, ...]) -> None:
        """These services read no events any more, only their own commands; all others read everything."""
        self._paused = services

    def go_to(self, now: datetime) -> None:
        """Let time pass: every deadline up to then fires at its own instant."""
        while due := self._next_due(now):
            at, service, subject, name = due
            self.now = max(self.now, at)
            request = Request(
                subject, FireDeadline(name=name, due_at=at), "timer", "timer:due", f"{subject}/{name}"
            )
            self._let_happen(sealed(request, self.consumers[service].source))
        self.now = now
        self._let_happen()

    def _next_due(self, now: datetime) -> tuple[datetime, str, str, str] | None:
        """The earliest deadline up to now: its fire-at, service, subject and name."""
        found = [
            (
                fire_at_of(document["deadline"]),
                name,
                subject,
                document["due"]["name"],
            )
            for name, store in self.stores.items()
            for subject, document in store.documents.items()
            if "deadline" in document and not document["due"]["name"].startswith("sweep/")
        ]
        return min((due for due in found if due[0] <= now), default=None)

    def _let_happen(self, *outgoing: Outgoing) -> dict[str, Any]:
        return asyncio.run(self._run(outgoing))

    async def _run(self, outgoing: Sequence[Outgoing]) -> dict[str, Any]:
        """Publish, then read until nobody has anything left to read; the outcomes by command id."""
        await self.publish(outgoing)
        answers: dict[str, Any] = {}
        busy = True
        while busy:
            busy = False
            for name, made in self.consumers.items():
                for topic in made.topics[:1] if name in self._paused else made.topics:
                    records = self.log[topic][self._read.get((name, topic), 0) :]
                    if records:
                        busy = True
                        self._read[name, topic] = len(self.log[topic])
                        batch = await self._processors[name].run(records)
                        answers |= {answer.command: answer.outcome for answer in batch.answers}
        assert not any(topic.endswith(".dlq") and records for topic, records in self.log.items())
        return answers
