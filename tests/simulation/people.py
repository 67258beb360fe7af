"""Persons and enterprises of a town: registered, changed by themselves and the office, erased; and clerks who cross."""

from random import Random

from services.intake.issue.numbers import CROCKFORD
from shared.contract.command import Command
from shared.contract.commands.people import ChangePerson, ErasePerson, RecordEnterprise, RegisterPerson
from shared.contract.subjects import subject_of
from shared.contract.words import EnterpriseSize, Language
from tests.simulation.clients import DAY, HOUR, SECOND, Clients
from tests.simulation.scheduler import Scheduler

CODES = ("91110000600037341L", "91330500MA2B4A0Q6C", "91330500MA2B4A0Q6")
"""The last one is no credit code."""
CLERKS = ("office:chen", "office:wang")


class People:
    """Whom intake knows beside issues; ``reference`` is also who raises the issue of that number."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng

    async def live(self, reference: str) -> None:
        """One person, from the first registration to the erasure, with requests that come too early, late and twice."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        asked: list[tuple[str, Command, str]] = []
        for move in range(rng.randint(2, 9)):
            others = "entrepreneur:somebody" if rng.random() < 0.1 else CLERKS[0]
            actor = rng.choice((f"entrepreneur:{reference}", others))
            key = f"person/{reference}/{move}"
            asked.append((actor, self._wish(move), key))
            await self._ask(reference, asked[-1])
            if rng.random() < 0.3:
                await self._ask(reference, rng.choice(asked))
            await clients.sleep(rng.choice((rng.randint(0, 20 * SECOND), rng.randint(HOUR, 3 * DAY))))
        clients.busy -= 1

    async def _ask(self, reference: str, what: tuple[str, Command, str]) -> None:
        actor, command, key = what
        await self._clients.ask(subject_of("person", reference), actor, command, key)

    def _wish(self, move: int) -> Command:
        rng = self._rng
        kind = rng.random() if move or rng.random() < 0.15 else 0.0
        if kind < 0.18:
            sealed = {name: self._sealed() for name in ("name", "phone", "mail")}
            return RegisterPerson(language=rng.choice(list(Language)), **sealed)
        if kind < 0.75:
            return ChangePerson(phone=self._sealed(), enterprise=rng.choice((None, *CODES)))
        return ErasePerson()

    def _sealed(self) -> str:
        """As if something were encrypted."""
        return "".join(self._rng.choices(CROCKFORD, k=48))

    async def clerk(self, number: int) -> None:
        """A clerk who reads what is known of an enterprise, and some time later changes that, whoever did meanwhile."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        for move in range(rng.randint(2, 6)):
            subject = subject_of("enterprise", rng.choice(CODES[: 2 + (rng.random() < 0.1)]))
            state = (self._scheduler.collections["intake"].look(subject) or {}).get("state") or {}
            await clients.sleep(rng.choice((SECOND, 20 * SECOND, HOUR)))
            command = RecordEnterprise(
                name=rng.choice(("湖州丝绸厂", "湖州丝绸有限公司")),
                size=rng.choice(list(EnterpriseSize)),
                revision=state.get("revision", 0),
            )
            await clients.ask(subject, CLERKS[number % 2], command, f"enterprise/{number}/{move}")
        clients.busy -= 1
