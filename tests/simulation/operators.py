"""Operators of a simulation: dead letters handed in again or given up, new versions published, departments merged."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

from services.dispatch.api import ask_for_all
from services.dispatch.issue.life import HELD
from services.supervision.builtin import builtin_policy
from shared.bus.deadletters import DeadLetter, discard_request, replay_request, resolution, with_status
from shared.bus.gateway import Request, sealed
from shared.contract.commands.dispatch import MergeDepartment, PublishDepartment
from shared.contract.commands.supervision import PublishPolicy
from shared.contract.subjects import subject_of
from shared.domain.clocks import Policy
from shared.store import Aggregates, Unavailable
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, Clients
from tests.simulation.scheduler import Scheduler

OPERATOR, SUPERVISOR, OFFICE = "operator:sun", "supervisor:he", "office:chen"


class Merger(NamedTuple):
    """One department that was merged into another."""

    code: str
    into: str


class Asking:
    """What a merger needs of a gateway (shared/bus/gateway.py), as a client outside has it."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """Post the command; its outcome, or None when nobody heard of it."""
        return await self._clients.request(request)


class Operators:
    """Those who see to the town while and after it is disturbed."""

    def __init__(
        self, scheduler: Scheduler, clients: Clients, departments: Sequence[str], rng: Random
    ) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng
        self._departments = list(departments)
        self.mergers: list[Merger] = []
        self._asked = 0

    # --------------------------------------------------------- dead letters

    def dead_letters(self, group: str) -> list[DeadLetter]:
        """The dead letters of one group with their status, as the command line reads them."""
        raws = self._scheduler.log.ends(f"{group}.dlq")[0]
        return with_status(
            group, [(raw.key, raw.value, {name: text.decode() for name, text in raw.headers}) for raw in raws]
        )

    async def watch(self) -> None:
        """An operator looks in from time to time while there are clients."""
        while self._clients.busy:
            await self._clients.sleep(self._rng.choice((HOUR, DAY, 3 * DAY)))
            await self.tend(finally_=False)

    async def tend(self, *, finally_: bool) -> None:
        """Open letters are handed in again once their bug is repaired, or given up."""
        for group in self._scheduler.groups:
            for dead_letter in self.dead_letters(group):
                if dead_letter.status == "open":
                    await self._tend(group, dead_letter, finally_)

    async def _tend(self, group: str, dead_letter: DeadLetter, finally_: bool) -> None:
        rng = self._rng
        bug = self._clients.repairs.get((group, dead_letter.event, dead_letter.subject))
        repaired = finally_ or bug is None or bug <= self._scheduler.clock.ms
        usable = dead_letter.reason.startswith("handler failed")
        if not repaired and rng.random() < 0.9:
            return
        replay = (usable and rng.random() < 0.7) or (not usable and not finally_ and rng.random() < 0.05)
        request = (
            replay_request(dead_letter, OPERATOR)
            if replay
            else discard_request(dead_letter, OPERATOR, "无用")
        )
        self._scheduler.counts["dead letter replayed" if replay else "dead letter discarded"] += 1
        if request is not None and dead_letter.subject:
            await self._clients.send(sealed(request, f"/operator/{group}"))
        await self._clients.send(resolution(dead_letter, "replayed" if replay else "discarded", OPERATOR))

    # ------------------------------------------------------- reference data

    async def publish(self) -> None:
        """Another promise limit, another grace, or a department with another name, while issues are under way."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        for number in range(rng.randint(1, 3)):
            await clients.ready()
            await clients.sleep(clients.pause())
            if rng.random() < 0.6:
                await self._publish_policy(number)
            else:
                await self._rename(number)
        clients.busy -= 1

    async def _publish_policy(self, number: int) -> None:
        rng = self._rng
        policy = builtin_policy().with_reply_limit(rng.choice(("3wd", "5wd", "20wd", "14d")))
        values: dict[str, Any] = {"version": f"{policy.version}/{number}"}
        if rng.random() < 0.4:
            values["grace_seconds"] = rng.choice((0, 30, 900))
        in_force_from = None
        if rng.random() < 0.3:
            later = timedelta(hours=rng.choice((1, 30, 100)))
            in_force_from = self._scheduler.clock.now().replace(microsecond=0) + later
        command = PublishPolicy(
            policy=Policy.model_validate({**policy.model_dump(), **values}), in_force_from=in_force_from
        )
        actor = OFFICE if rng.random() < 0.1 else SUPERVISOR  # who may not
        self._scheduler.counts["policy published"] += 1
        await self._clients.ask(subject_of("policy", JURISDICTION), actor, command, f"policy/{number}")

    async def _rename(self, number: int) -> None:
        code = self._rng.choice(self._departments)
        command = PublishDepartment(
            name_zh=f"新局{number}", name_en=f"New Bureau {number}", head=f"新局长{number}"
        )
        actor = "dept:" + code if self._rng.random() < 0.2 else OFFICE  # who may not
        self._scheduler.counts["department renamed"] += 1
        await self._clients.ask(subject_of("department", code), actor, command, f"rename/{number}")

    # --------------------------------------------------------------- mergers

    async def merge(self) -> None:
        """A department is merged into another while it holds issues; sometimes that one into a third."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        into = ""
        for _ in range(rng.choice((1, 1, 2))):
            await clients.ready()
            await clients.sleep(clients.pause() + HOUR)
            code = into or await self._somebody_busy()
            if rng.random() < 0.2:
                await self._slip(code)
            into = rng.choice([other for other in self._departments if not self._is_merged(other, code)])
            self.mergers.append(Merger(code, into))
            self._keep_from_some()
            await self._ask(self.mergers[-1])
        clients.busy -= 1

    def _keep_from_some(self) -> None:
        """Some workers of dispatch do not hear of it for some days: they give it work as before."""
        for worker in self._scheduler.workers:
            if worker.service == "dispatch" and self._scheduler.rates.chaos and self._rng.random() < 0.7:
                worker.view.deaf_until = self._scheduler.clock.ms + self._rng.randint(1, 6 * DAY)

    async def _somebody_busy(self) -> str:
        """A department that holds issues now; after some days of waiting any."""
        for _ in range(40):
            everything = self._scheduler.collections["dispatch"].everything().values()
            states = [document.get("state") or {} for document in everything if document["kind"] == "issue"]
            holders = sorted({state["department"] for state in states if state.get("state") in HELD})
            if holders:
                return self._rng.choice(holders)
            await self._clients.sleep(3 * HOUR)
        return self._rng.choice(self._departments)

    def _is_merged(self, code: str, other: str) -> bool:
        return code == other or any(merger.code == code for merger in self.mergers)

    async def merge_again(self) -> None:
        """What was given to a merged department by those who did not know yet goes over as well."""
        for merger in self.mergers:
            await self._ask(merger)

    async def _ask(self, merger: Merger) -> None:
        """As the HTTP route does it, until the store has answered."""
        scheduler = self._scheduler
        store = Aggregates(scheduler.collections["dispatch"], JURISDICTION)
        while True:
            self._asked += 1
            key = f"merge/{merger.code}/{self._asked}"
            try:
                outcome, request = await ask_for_all(
                    Asking(self._clients),  # type: ignore[arg-type]
                    store,
                    merger.code,
                    merger.into,
                    OFFICE,
                    key,
                )
            except Unavailable:
                await self._clients.sleep(1000)
                continue
            assert isinstance(request.command, MergeDepartment)
            scheduler.counts["merger asked"] += 1
            scheduler.counts["merger of held issues"] += bool((outcome or {}).get("merging"))
            return

    async def _slip(self, code: str) -> None:
        command = MergeDepartment(into=self._rng.choice(("no-such", code)))
        self._asked += 1
        await self._clients.ask(
            subject_of("department", code), OFFICE, command, f"merge/{code}/{self._asked}"
        )
