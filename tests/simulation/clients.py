"""Who uses the system in a simulation: people with issues, slips and repeats, and strangers."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from random import Random
from typing import Any

from services.intake.issue.life import Issue
from services.intake.issue.linking import opens
from shared.bus import document
from shared.bus.gateway import Request, sealed
from shared.bus.records import Outgoing
from shared.bus.reference import TOPICS
from shared.contract.command import Command
from shared.contract.commands.dispatch import AssignIssue, PublishDepartment
from shared.contract.commands.feedback import FinishTracking
from shared.contract.commands.intake import (
    AcceptIssue,
    CorrectWords,
    MakeLink,
    RecordReceipt,
    RegisterIssue,
    RejectIssue,
    RevokeLink,
    WithdrawIssue,
)
from shared.contract.subjects import subject_of
from shared.contract.words import RejectionGround
from tests.simulation.beginning import JURISDICTION
from tests.simulation.raising import Raised
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import (
    OFFICE,
    Sight,
    about_material,
    any_wish,
    correction,
    look_back,
    next_wish,
    taken_back,
)
from tests.simulation.world import Ask

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
MOST_MOVES = 45
NOT_BY_A_ROBOT = PublishDepartment(name_zh="机器人局", name_en="Bureau of Robots", head="机器人")
RUBBISH = (
    "unknown type",
    "unknown kind",
    "another source",
    "not json",
    "no seq",
    "wrong key",
    "wrong hash",
    "empty",
    "wrong field",
)
"""What strangers write; ``unknown kind`` is about an aggregate that this version does not know, ``another source``
about an issue that exists, as number 1 of a sequence of its own."""


class Clients:
    """Everybody outside the services. ``acknowledged`` is what Kafka has said yes to: id -> (service, subject)."""

    def __init__(self, scheduler: Scheduler, departments: Sequence[str], rng: Random) -> None:
        self._scheduler, self.departments, self._rng = scheduler, departments, rng
        self.acknowledged: dict[str, tuple[str, str]] = {}
        self.raised: dict[str, Raised] = {}
        """What was raised, by subject."""
        self.material: Random | None = None
        """By what the office asks for material, in a town where it does."""
        self.busy = 0
        self.repairs: dict[tuple[str, str, str], int] = {}
        """(service, type, subject) of a handler's bug -> the instant at which it is repaired, in ms."""

    async def ready(self) -> None:
        """A gateway takes nothing before the reference data is there."""
        while not all(self._scheduler.log.ends(topic)[0] for topic in TOPICS) or any(
            worker.view.reference.missing() for worker in self._scheduler.workers if worker.alive
        ):
            await self.sleep(HOUR)

    # ---------------------------------------------------------------- asking

    async def send(self, *records: Outgoing, at_ms: int | None = None) -> None:
        """Until Kafka says yes to all; each try may have arrived. What breaks a policy waits for that to change."""
        scheduler = self._scheduler
        at = scheduler.clock.ms + self._rng.randint(-scheduler.skew_ms, scheduler.skew_ms)
        sending = [(record, at if at_ms is None else at_ms) for record in records]
        while any(await Ask("publish", (sending, set()))):
            against = any(scheduler.log.refuses(record) for record in records)
            await self.sleep(HOUR if against else self._rng.choice((10, 500, 5000)))

    async def ask(self, subject: str, actor: str, command: Command, key: str) -> str | None:
        """Post a command, wait some seconds for what became of it, sometimes post it again; its status or None."""
        outcome = await self.request(Request(subject, command, "http", actor, key))
        return None if outcome is None else str(outcome["status"])

    async def request(self, request: Request) -> Mapping[str, Any] | None:
        """As ``ask``; the whole outcome."""
        command = request.command
        assert isinstance(command, Command)
        if not any(worker.service == command.service for worker in self._scheduler.workers):
            self._scheduler.counts["command while nobody is there"] += 1
        for _ in range(self._rng.choice((1, 2, 3))):
            await self.send(sealed(request, f"/{JURISDICTION}/{command.service}"))
            self.acknowledged[request.id] = (command.service, request.subject)
            for pause in (30, 200, 1000, 4000):
                await self.sleep(pause)
                document = self._scheduler.collections[command.service].look(request.subject) or {}
                for id, _, outcome in document.get("inbox", ()):
                    if id == request.id:
                        return dict(outcome)
        return None

    async def sleep(self, ms: int) -> None:
        """Let time pass."""
        await Ask("sleep", self._scheduler.clock.ms + ms)

    def pause(self) -> int:
        """Mostly seconds and hours, sometimes weeks: then warnings, breaches and lapses fire."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.45:
            return rng.randint(0, 20 * SECOND)
        if kind < 0.75:
            return rng.randint(MINUTE, 8 * HOUR)
        return rng.randint(HOUR, 4 * DAY) if kind < 0.93 else rng.randint(4 * DAY, 25 * DAY)

    # --------------------------------------------------------------- people

    async def live(self, number: int, raised: Raised) -> None:
        """One issue from registration to its end, or until its people lose patience."""
        self.busy += 1
        rng = self._rng
        await self.ready()
        await self.sleep(rng.randint(0, rng.choice((3 * HOUR, 3 * HOUR, DAY, 5 * DAY))))
        subject, register = raised.subject, raised.register
        self.raised[subject] = raised
        self._scheduler.counts["written down for somebody"] += raised.actor != raised.person
        if rng.random() < 0.1:
            early = RejectIssue(ground=RejectionGround.REVIEW, explanation="太早")
            await self.ask(subject, "office:chen", early, f"{number}/early")
        await self.ask(subject, raised.actor, register, f"register/{subject}")
        asked: list[tuple[str, Command, str]] = [(raised.actor, register, f"register/{subject}")]
        await self._ask_for_material(number, raised)
        for move in range(MOST_MOVES):
            sight = Sight(self._scheduler.log.by_subject.get(subject, ()))
            resigned = sight.intake == "rejected" and rng.random() < 0.3
            if sight.over and sight.feedback == "closed" and rng.random() < 0.2:
                await self.sleep(self.pause())
                wish = look_back(sight, rng)
            elif sight.over or resigned or (move > 1 and rng.random() < 0.02):
                break
            else:
                wish = next_wish(sight, rng, self.departments, raised)
            if rng.random() < 0.12:
                wish = any_wish(sight, rng, self.departments, raised)
                self._scheduler.counts["wish at random"] += 1
            if wish is not None:
                await self.ask(subject, wish.actor, wish.command, f"{number}/{move}")
                asked.append((wish.actor, wish.command, f"{number}/{move}"))
            if rng.random() < 0.1:
                await self._again(subject, asked)
            if rng.random() < 0.25:
                await self._until_the_last_minute(subject)
            else:
                await self.sleep(self.pause())
        await self._look_again(number, subject)
        await self._receipt(number, subject)
        self.busy -= 1

    async def _ask_for_material(self, number: int, raised: Raised) -> None:
        """In some towns the office asks before it decides; drawn apart, so that the others go their way as before."""
        rng = self.material
        for turn in range(rng.choice((0, 2, 3, 5)) if rng is not None else 0):
            assert rng is not None
            sight = Sight(self._scheduler.log.by_subject.get(raised.subject, ()))
            if wish := about_material(sight, rng, raised):
                await self.ask(raised.subject, *wish, f"{number}/material/{turn}")
            await self.sleep(rng.choice((20 * SECOND, HOUR, DAY, 3 * DAY)))

    async def _look_again(self, number: int, subject: str) -> None:
        """Long after, somebody may find a mistake in a reply, or two people at once."""
        sight = Sight(self._scheduler.log.by_subject.get(subject, ()))
        if sight.versions and self._rng.random() < 0.3:
            await self.sleep(self.pause())
            for clerk in range(self._rng.choice((1, 1, 2))):
                await self.ask(subject, OFFICE, correction(sight, self._rng), f"{number}/correct/{clerk}")

    async def _receipt(self, number: int, subject: str) -> None:
        """What was handed to another body comes back with a receipt, perhaps mistyped at first."""
        if Sight(self._scheduler.log.by_subject.get(subject, ())).intake != "referred":
            return
        for paper in range(self._rng.choice((0, 1, 2))):
            await self.sleep(self.pause())
            receipt = RecordReceipt(number=f"信〔2018〕{paper}号", on=date(2018, 2, 1))
            await self.ask(subject, OFFICE, receipt, f"{number}/receipt/{paper}")

    async def hand_out(self, number: int, raised: Raised) -> None:
        """Links to an issue are made, also again, and revoked; whoever holds one tries it, and the others too."""
        self.busy += 1
        await self.ready()
        secrets: list[str] = []
        for turn in range(self._rng.randint(1, 4)):
            await self.sleep(self.pause() + HOUR)
            if secrets and self._rng.random() < 0.3:
                await self.ask(raised.subject, OFFICE, RevokeLink(), f"{number}/revoke/{turn}")
            else:
                secrets.append(f"secret {number}/{turn}")
                made = MakeLink(sha256=sha256(secrets[-1].encode()).hexdigest())
                await self.ask(raised.subject, OFFICE, made, f"{number}/link/{turn}")
            self._try(raised.subject, secrets)
        self.busy -= 1

    def _try(self, subject: str, secrets: Sequence[str]) -> None:
        document = self._scheduler.collections["intake"].look(subject) or {}
        state = document.get("state")
        issue = None if state is None else Issue.model_validate(state)
        serials = range(1, len(secrets) + 1)
        good = [one for one in secrets if any(opens(issue, serial, one) for serial in serials)]
        self._scheduler.counts["a link redeemed" if good else "a link refused"] += 1
        assert len(good) <= 1, f"{subject}: {good} are all good"

    async def _until_the_last_minute(self, subject: str) -> None:
        """People act around a deadline; then the bus is slow as well."""
        rng, scheduler = self._rng, self._scheduler
        due = (scheduler.collections["supervision"].look(subject) or {}).get("due")
        if due is None:
            return
        at = int(datetime.fromisoformat(due["at"]).timestamp() * 1000) + rng.randint(-4 * MINUTE, 2 * MINUTE)
        await self.sleep(max(0, at - scheduler.clock.ms))
        scheduler.counts["last minute"] += 1
        if scheduler.rates.chaos and rng.random() < 0.6:
            group = rng.choice(list(scheduler.groups.values()))
            for topic in rng.sample(group.topics, rng.choice((1, 1, len(group.topics)))):
                scheduler.block(group, topic, rng.randint(MINUTE, 20 * MINUTE))

    async def _again(self, subject: str, asked: Sequence[tuple[str, Command, str]]) -> None:
        """An old request once more, sometimes with another body under the same key."""
        actor, command, key = self._rng.choice(asked)
        if isinstance(
            command, (AcceptIssue, CorrectWords)
        ):  # its words are the gateway's: there is no other body
            self._scheduler.counts["same key again"] += 1
        elif isinstance(command, RegisterIssue):
            command = self.raised[subject].saying("另一个内容")
            self._scheduler.counts["same key, other body"] += 1
        elif self._rng.random() < 0.4:
            fields = [name for name in ("reason", "text", "explanation") if getattr(command, name, "")]
            if not fields:
                return
            command = command.model_copy(update={fields[0]: "另一个内容"})
            self._scheduler.counts["same key, other body"] += 1
        else:
            self._scheduler.counts["same key again"] += 1
        await self.ask(subject, actor, command, key)

    async def withdraw(self, number: int, raised: Raised) -> None:
        """At some moment the issue is taken back, whatever else is under way."""
        self.busy += 1
        await self.ready()
        await self.sleep(self._rng.choice((1, 5)) * self.pause() + HOUR)
        asked = raised.person, WithdrawIssue(reason="已自行解决")
        if self._rng.random() < 0.3:
            asked = OFFICE, taken_back(self._rng, self._scheduler.clock.now())
        await self.ask(raised.subject, *asked, f"{number}/withdraw")
        self.busy -= 1

    async def forget(self, number: int, raised: Raised) -> None:
        """An issue is assigned, which is read a week later and by then is nobody's concern any more."""
        self.busy += 1
        scheduler = self._scheduler
        subject = raised.subject
        self.raised[subject] = raised
        await self.ask(subject, raised.actor, raised.register, f"register/{subject}")
        await self.ask(subject, "office:chen", raised.accept, f"{number}/accept")
        scheduler.block(scheduler.groups["dispatch"], "dispatch.commands", 7 * DAY)
        await self.ask(subject, "office:chen", AssignIssue(), f"{number}/assign")
        scheduler.counts["read a week later"] += 1
        self.busy -= 1

    async def insist(self, number: int, subject: str) -> None:
        """A robot asks one aggregate the same thing more often than its document remembers, and an early one again at
        the end: 600 to 1,200 times, where the caps of the town are the real ones."""
        self.busy += 1
        await self.ready()
        await self.sleep(self.pause() + HOUR)
        if self._rng.random() < 0.5:
            subject, command = subject_of("department", self._rng.choice(self.departments)), NOT_BY_A_ROBOT
        else:
            command = FinishTracking(reason="机器人")
        most = document.MOST_REMEMBERED + document.MOVED_AT_ONCE
        asked = [
            Request(subject, command, "http", "entrepreneur:robot", f"{number}/{each}")
            for each in range(self._rng.randint(most + 20, max(2 * most, 80)))
        ]
        source = f"/{JURISDICTION}/{command.service}"
        for request in asked:
            self.acknowledged[request.id] = (command.service, subject)
        await self.send(*(sealed(request, source) for request in asked))
        self._scheduler.counts["more commands than a document remembers"] += 1
        await self.sleep(self.pause())
        await self.send(*(sealed(request, source) for request in asked[:3]))
        self.busy -= 1

    async def err(self, number: int, raised: Raised) -> None:
        """Commands about an issue that nobody ever registered."""
        self.busy += 1
        await self.ready()
        for move in range(self._rng.randint(1, 4)):
            wish = any_wish(Sight(()), self._rng, self.departments, raised)
            await self.ask(raised.subject, wish.actor, wish.command, f"nobody/{number}/{move}")
            await self.sleep(self.pause())
        self.busy -= 1

    # ------------------------------------------------------------- strangers

    def scribble(self) -> None:
        """A record that nobody can use, on one of our own topics."""
        rng, scheduler = self._rng, self._scheduler
        topic = rng.choice([name for name in scheduler.log.topics if not name.endswith(".dlq")])
        subject = f"STRANGER{rng.randint(10_000, 99_999)}"
        kind = rng.choice(RUBBISH)
        known = sorted(name for name in scheduler.log.by_subject if ":" not in name)
        if kind == "another source":
            if not known or not topic.endswith(".events"):
                return
            subject = rng.choice(known)
        if kind == "unknown kind":
            subject = f"dream:{subject}"
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"stranger/{subject}",
            "type": "issue.dreamt.v1",
            "source": "/sim/stranger",
            "subject": subject,
            "time": "2018-03-02T08:00:00Z",
            "seq": 1,
            "data": {"what": "梦"},
        }
        headers, key = {}, subject
        if kind == "no seq":
            envelope["seq"] = 0
        elif kind == "wrong key":
            key = "somebody else"
        elif kind == "wrong hash":
            headers = {"sha256": "0" * 64}
        elif kind == "wrong field":
            envelope |= {"type": "issue.registered.v1", "data": {"number": 7}}
        value = json.dumps(envelope, ensure_ascii=False).encode()
        value = {"not json": b"\xff{", "empty": b""}.get(kind, value)
        if topic.startswith("dept."):
            return
        scheduler.counts[f"scribble {kind}"] += 1
        scheduler.log.append_raw(topic, key.encode(), value, headers, scheduler.clock.ms)
