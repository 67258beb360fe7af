"""Operators of a simulation: dead letters handed in again or given up, new versions published, departments merged."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

from services.dispatch.api import ask_for_all
from services.dispatch.issue.life import HELD
from services.supervision.builtin import builtin_policy
from shared.bus.deadletters import (
    DISCARDED,
    REPLAYED,
    DeadLetter,
    again,
    discard_request,
    replay_request,
    resolution,
    why_not_again,
    with_status,
)
from shared.bus.gateway import Request, sealed
from shared.contract.commands.dispatch import MergeDepartment, PublishDepartment
from shared.contract.commands.supervision import PublishPolicy
from shared.contract.subjects import subject_of
from shared.contract.words import Addressee
from shared.domain.clocks import Policy
from shared.domain.steps import Step
from shared.store import Aggregates, Unavailable
from shared.timers import GATEWAY as TIMER
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, Clients
from tests.simulation.scheduler import Scheduler
from tests.simulation.versions import LACKED

REPAIRABLE = ("handler failed", "the store refuses")
"""How the reasons of what may work once a bug is mended begin."""
FULL = "this aggregate holds"
"""How the reason of an event begins that could not wait with so many others: once its predecessors came it can."""
OPERATOR, SUPERVISOR, OFFICE = "operator:sun", "supervisor:he", "office:chen"


def _signed(step: Step) -> Step:
    """This step as a policy has it that wants its document signed: the offices hear of the draft first."""
    told = {"addressees": (Addressee.OFFICE, Addressee.SUPERVISION_OFFICE)}
    return step.model_copy(update={"signed": True, "addressees_once_signed": step.addressees, **told})


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
        self._hesitates = rng.random() < 0.15
        """Never decides about what a handler failed on: what comes behind an event is held to the end. Only a deadline
        is handed in again at last, for nothing is held behind it that would excuse what it does not do."""

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
        for group in self._scheduler.consumers:
            for dead_letter in self.dead_letters(group):
                if dead_letter.status == "open":
                    await self._tend(group, dead_letter, finally_)

    async def _tend(self, group: str, dead_letter: DeadLetter, finally_: bool) -> None:
        rng, clients, counts = self._rng, self._clients, self._scheduler.counts
        if dead_letter.unpublished:
            if finally_ or rng.random() < 0.5:
                await self._publish_now(dead_letter)
            return
        deadline = dead_letter.command.startswith(f"{TIMER}/")
        if self._hesitates and dead_letter.reason.startswith(REPAIRABLE) and not (deadline and finally_):
            counts["dead letter left open"] += finally_
            return
        bug = clients.repairs.get((group, dead_letter.event, dead_letter.subject))
        repaired = finally_ or bug is None or bug <= self._scheduler.clock.ms
        usable = not why_not_again(dead_letter) and dead_letter.reason.startswith((*REPAIRABLE, FULL))
        if not repaired and rng.random() < 0.9:
            return
        if deadline and not usable:
            return  # it does not go away: shared/bus/resolving.py refuses to give it up
        replay = (
            deadline
            or (usable and rng.random() < 0.7)
            or (not usable and not why_not_again(dead_letter) and not finally_ and rng.random() < 0.05)
        )
        request = (
            replay_request(dead_letter, OPERATOR)
            if replay
            else discard_request(dead_letter, OPERATOR, "无用")
        )
        counts["dead letter replayed" if replay else "dead letter discarded"] += 1
        if request is not None and dead_letter.subject:
            await clients.send(sealed(request, f"/operator/{group}"))
        await clients.send(resolution(dead_letter, REPLAYED if replay else DISCARDED, OPERATOR))

    async def _publish_now(self, dead_letter: DeadLetter) -> None:
        """What its own service could not publish; where it is refused still, it stays open."""
        record, at_ms = again(dead_letter)
        if self._scheduler.log.refuses(record) is not None:
            return
        self._scheduler.counts["published later"] += 1
        await self._clients.send(record, at_ms=at_ms if record.topic.endswith(".commands") else None)
        await self._clients.send(resolution(dead_letter, REPLAYED, OPERATOR))

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
        if rng.random() < 0.4:
            order = policy.ladder[1].model_copy(update={"after_days": rng.randint(1, 3), "answer_days": 0})
            values["ladder"] = (policy.ladder[0], order, *policy.ladder[2:])
        elif rng.random() < 0.3:
            reminder, order = (_signed(step) for step in policy.ladder[:2])
            values["ladder"] = (reminder, order, *policy.ladder[2:])
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
            others = [other for other in self._departments if not self._is_merged(other, code)]
            if not others:
                break
            into = rng.choice(others)
            self.mergers.append(Merger(code, into))
            self._keep_from_some()
            await self._ask(self.mergers[-1])
        clients.busy -= 1

    async def merge_one(self, code: str) -> None:
        """This very department is merged, unless it was already."""
        into = [each for each in self._departments if not self._is_merged(each, code)]
        if into and not self._is_merged(code, ""):
            self.mergers.append(Merger(code, self._rng.choice(into)))
            await self._ask(self.mergers[-1])

    async def merge_crosswise(self) -> None:
        """Two people merge two departments, each into the other, at the same time."""
        self._clients.busy += 1
        await self._clients.ready()
        await self._clients.sleep(self._clients.pause() + HOUR)
        code = await self._somebody_busy()
        other = self._rng.choice([each for each in self._departments if not self._is_merged(each, code)])
        self.mergers += [Merger(code, other), Merger(other, code)]
        self._keep_from_some()
        self._scheduler.counts["mergers cross"] += 1
        for merger in self.mergers[-2:]:
            self._scheduler.spawn("operator", self._ask(merger))
        self._clients.busy -= 1

    # -------------------------------------------------------------- upgrades

    async def upgrade(self) -> None:
        """The workers of one service are older than the others; then new ones stand beside them, then none is left."""
        clients, scheduler, rng = self._clients, self._scheduler, self._rng
        clients.busy += 1
        service = rng.choice(list(LACKED))
        scheduler.lacks[service] = rng.sample(LACKED[service], rng.choice((1, 1, 2)))
        scheduler.counts["an older version runs"] += 1
        self._restart(service, all_of_them=True)
        await clients.sleep(HOUR + clients.pause())
        del scheduler.lacks[service]
        scheduler.start_worker(service)
        scheduler.rebalanced(service)
        scheduler.counts["two versions side by side"] += any(
            worker.lacks for worker in scheduler.workers if worker.service == service
        )
        await clients.sleep(rng.choice((HOUR, DAY)))
        self._restart(service, all_of_them=False)
        clients.busy -= 1

    def _restart(self, service: str, *, all_of_them: bool) -> None:
        """All workers of a service, or those of an older version, end and begin again with the version of now."""
        scheduler = self._scheduler
        ending = [one for one in scheduler.workers if one.service == service and (all_of_them or one.lacks)]
        for worker in ending:
            scheduler.kill(worker)
        for _ in ending[:3]:
            scheduler.start_worker(service)
        scheduler.rebalanced(service)

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

    def successor(self, code: str) -> str:
        """Who has the work of a department by now, as people say: itself, or where its mergers lead."""
        passed: list[str] = []
        while code not in passed:
            passed.append(code)
            code = next((merger.into for merger in self.mergers if merger.code == code), code)
        return code

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
