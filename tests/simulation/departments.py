"""Departments with a system of their own: what it reads and says, and the gateway that hears it."""

import json
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any

from services.dispatch.departments_gateway import translate_all
from shared.bus.consumer import Subscribed
from shared.bus.forwarder import TURN_RECORDS, Forwarder
from shared.bus.records import Outgoing
from shared.contract.envelope import seal
from shared.contract.event import orders_topic, replies_topic
from shared.contract.words import OUTCOMES, Kind, Outcome
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, MINUTE, Clients
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import PEOPLE
from tests.simulation.worker import Process

GATEWAY = "dispatch-gateway"
MESSAGES = ("not json", "unknown type", "unknown field", "no issue", "too long an id")
SUPERVISIONS = ("department.answer_order.v1", "department.explain.v1")
"""What supervision decides on."""


class DepartmentsGateway(Process):
    """The process that hears the departments, wired as shared/service.py wires it in dispatch."""

    def __init__(self, *process: Any) -> None:
        number, *others = process
        super().__init__(number, "dispatch", *others)
        self.service, self.name = GATEWAY, f"{GATEWAY}#{number}"
        translate = partial(translate_all, source=f"/{JURISDICTION}/dispatch")
        self._forwarder = Forwarder(self._publish, "", translate)
        self._forwarder.subscription = Subscribed(self.client)
        self.client.getmany = partial(self._forwarder._poll, self.client.getmany)  # type: ignore[method-assign]

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What it does side by side."""
        return {"hear": self.hear(), **super().tasks()}

    async def hear(self) -> None:
        """One batch after the other."""
        while True:
            if await self.client.getmany():
                self.batch = self.client.fetched[:TURN_RECORDS]
                await self._forwarder.handle(self.batch)


class OwnSystem:
    """One department's program: it takes its orders and answers them, often twice and sometimes with nonsense."""

    def __init__(self, code: str, scheduler: Scheduler, clients: Clients, rng: Random) -> None:
        self._code, self._scheduler, self._clients, self._rng = code, scheduler, clients, rng
        self._read = self._said = 0

    async def work(self) -> None:
        """Look for orders from time to time as long as there are people."""
        while self._clients.busy:
            await self._clients.sleep(self._rng.choice((MINUTE, HOUR, DAY)))
            for order in self._orders():
                await self._take(order)
            if self._rng.random() < 0.05:
                await self._nonsense()

    def _orders(self) -> list[dict[str, Any]]:
        """What is new; what was deleted meanwhile is gone."""
        part = self._scheduler.log.ends(orders_topic(self._code))[0]
        found = [json.loads(raw.value or b"") for raw in part[part.since(self._read) :]]
        self._read = part.end
        return found

    async def _take(self, order: dict[str, Any]) -> None:
        """Sign for it and answer it, or give it back."""
        rng, data = self._rng, order["data"]
        about = {"assignment": data.get("assignment", ""), "round": data.get("round", 1)}
        if order["type"] == "order.assigned.v1":
            if rng.random() < 0.1:
                await self._say("department.return.v1", order["subject"], {**about, "reason": "不属本部门"})
                return
            await self._say("department.sign.v1", order["subject"], about)
            if rng.random() < 0.15:
                named = {"handler": rng.choice(PEOPLE), "reason": "分工"}
                await self._say("department.name_handler.v1", order["subject"], {**about, **named})
            if rng.random() < 0.05:
                reason = {"reason": "签收后发现不属本部门"}
                await self._say("department.return.v1", order["subject"], {**about, **reason})
                return
        if order["type"] == "order.co_handle.v1" and rng.random() < 0.7:
            opinion = {"agrees": rng.random() < 0.5, "words": "请打13857212345"}
            await self._say("department.give_opinion.v1", order["subject"], {**about, **opinion})
        if order["type"] == "order.ordered.v1" and rng.random() < 0.6:
            document = "d99" if rng.random() < 0.2 else data["document"]
            answers = {**about, "document": document, "words": "已增派人员，请打13857212345"}
            await self._say("department.answer_order.v1", order["subject"], answers)
        if order["type"] == "order.reminded.v1" and data["saying"] == "issued" and rng.random() < 0.5:
            await self._say("department.explain.v1", order["subject"], {**about, "words": "图纸在复核"})
        if order["type"] in ("order.assigned.v1", "order.rework.v1", "order.sent_back.v1"):
            await self._clients.sleep(rng.randint(MINUTE, rng.choice((HOUR, DAY))))
            await self._draft(order["subject"], about, Kind(data.get("kind", "problem")))

    async def _draft(self, subject: str, about: dict[str, Any], kind: Kind) -> None:
        outcome = self._rng.choice([one for one in OUTCOMES[kind] if one is not Outcome.PLANNED])
        draft = {**about, "outcome": outcome.value, "text": "已办理，请打13857212345"}
        if self._rng.random() < 0.7:
            draft["signed_off_by"] = "leader"
            self._scheduler.counts["department drafts with a signature"] += 1
        await self._say("department.draft.v1", subject, draft)

    async def _say(self, type: str, subject: str, data: dict[str, Any]) -> None:
        """Once or twice; sometimes the second time with other words under the same id."""
        self._said += 1
        id, rng, counts = f"{self._code}-{self._said}", self._rng, self._scheduler.counts
        await self._write(subject, self._sealed(id, type, subject, data))
        decides = "supervision" if type in SUPERVISIONS else "dispatch"
        self._clients.acknowledged[f"dept/dept:{self._code}/{id}"] = (decides, subject)
        counts[f"department says {type.split('.')[1]}"] += 1
        if rng.random() < 0.15:
            counts["department says it twice"] += 1
            if {"text", "words"} & data.keys() and rng.random() < 0.5:
                data = {name: "另一个答复" if name in ("text", "words") else data[name] for name in data}
            await self._write(subject, self._sealed(id, type, subject, data))

    async def _nonsense(self) -> None:
        """What nobody can use."""
        kind = self._rng.choice(MESSAGES)
        self._said += 1
        self._scheduler.counts[f"department sends {kind}"] += 1
        id, subject = f"{self._code}-{self._said}", "AAAAAAAAAAAAA"
        data: dict[str, Any] = {"assignment": f"{subject}.1", "round": 1}
        type = "department.dance.v1" if kind == "unknown type" else "department.sign.v1"
        if kind == "unknown field":
            data["mood"] = "好"
        elif kind == "no issue":
            subject = f"dept:{self._code}"
        elif kind == "too long an id":
            id *= 50
        value = b"\xff{" if kind == "not json" else self._sealed(id, type, subject, data)
        await self._write(subject, value)

    def _sealed(self, id: str, type: str, subject: str, data: dict[str, Any]) -> bytes:
        source = f"/{JURISDICTION}/dept/{self._code}"
        return seal(id=id, type=type, source=source, subject=subject, data=data, time=None)

    async def _write(self, subject: str, value: bytes) -> None:
        await self._clients.send(Outgoing(replies_topic(self._code), subject, value))


def open_gateway(scheduler: Scheduler, codes: list[str], group_of: Callable[[str, list[str]], Any]) -> None:
    """Some departments have systems of their own: there is a group that hears them."""
    scheduler.groups[GATEWAY] = group_of(GATEWAY, [replies_topic(code) for code in codes])
    scheduler.others[GATEWAY] = DepartmentsGateway
    scheduler.counts["departments with systems of their own"] += 1
