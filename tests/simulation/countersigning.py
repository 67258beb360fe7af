"""Office and co-handlers: opinions are asked for, given and released, in time and late, also by who should not."""

from collections.abc import Sequence
from random import Random

from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AddCoHandler,
    AssignIssue,
    GiveOpinion,
    ReleaseCoHandler,
    SignOffReply,
)
from tests.simulation.clients import DAY, HOUR, SECOND, Clients
from tests.simulation.operators import Operators
from tests.simulation.renewing import rest_soon
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import OFFICE, Sight, Wish


class Countersigning:
    """Who is asked for an opinion on one issue; drawn apart, so that other towns go their way as before."""

    def __init__(self, scheduler: Scheduler, clients: Clients, operators: Operators, rng: Random) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng
        self._operators, self._departments = operators, clients.departments
        self._merges = rng.random() < 0.3
        """Whether a department is merged that is waited for."""
        self._silent = rng.random() < 0.65
        """Whether opinions are mostly late."""
        self._rests = rng.random() < 0.5
        """Whether a day of rest is published while somebody is waited for."""

    async def live(self, number: int, subject: str) -> None:
        """As long as somebody is asked or waited for."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        asked: list[tuple[str, Command, str]] = []
        for move in range(rng.randint(8, 24)):
            events: Sequence[tuple[str, dict[str, object]]] = self._scheduler.log.by_subject.get(subject, ())
            sight = Sight(events)
            if sight.over:
                break
            if sight.waited_for and self._merges and rng.random() < 0.3:
                self._merges = False
                await self._operators.merge_one(rng.choice(sorted(sight.waited_for.values())))
            if sight.waited_for and self._rests and rng.random() < 0.5:
                self._rests = False
                await rest_soon(clients, self._scheduler, rng, f"rest/{number}")
            if wish := next_wish(sight, rng, self._departments, self._silent):
                asked.append((*wish, f"opinion/{number}/{move}"))
                await self._ask(subject, asked[-1])
            if asked and rng.random() < 0.15:
                await self._ask(subject, rng.choice(asked))
            await clients.sleep(rng.choice((20 * SECOND, 20 * SECOND, HOUR, 6 * HOUR, DAY)))
        clients.busy -= 1

    async def _ask(self, subject: str, what: tuple[str, Command, str]) -> None:
        actor, command, key = what
        await self._clients.ask(subject, actor, command, key)


def next_wish(sight: Sight, rng: Random, departments: Sequence[str], silent: bool) -> Wish | None:
    """What somebody might want of co-handlers now; None where it is nobody's turn."""
    drawn = rng.random()
    if sight.intake == "accepted" and not sight.dispatch:
        others = tuple(rng.sample(list(departments), min(2, len(departments))))
        wanted = "是否符合规划" if rng.random() < 0.95 else " "
        named = AssignIssue(department=rng.choice(list(departments)), co_handlers=others, wanted=wanted)
        return Wish(OFFICE, named) if drawn < 0.3 else None
    if sight.waited_for and drawn < (0.1 if silent else 0.45):
        part, department = rng.choice(sorted(sight.waited_for.items()))
        if rng.random() < 0.15:
            reason = "已另行征求意见" if rng.random() < 0.9 else " "
            return Wish(OFFICE, ReleaseCoHandler(assignment=part, reason=reason))
        if rng.random() < 0.1:
            department = rng.choice(list(departments))
        actor = rng.choice((f"handler:{department}/xu", f"department_leader:{department}/fang"))
        agrees = rng.random() < 0.5
        words = "同意" if agrees else rng.choice(("占用规划红线", "占用规划红线", " "))
        return Wish(actor, GiveOpinion(assignment=part, agrees=agrees, words=words))
    if sight.dispatch == "drafted" and drawn > 0.65:  # who does not look whether somebody is to be heard
        leader = f"department_leader:{sight.department}/leader"
        return Wish(leader, SignOffReply(**sight.page(rng)))
    if not sight.department or (sight.dispatch not in ("assigned", "in_progress", "drafted") and drawn < 0.9):
        return None
    if drawn > 0.75 and sight.parts_over:
        late = GiveOpinion(assignment=rng.choice(sight.parts_over), agrees=True)
        return Wish(f"handler:{rng.choice(list(departments))}/xu", late)
    if drawn > (0.5 if silent else 0.7):
        return None
    wanted = "是否符合规划" if rng.random() < 0.95 else " "
    department = rng.choice(
        (*departments, *departments[-1:] * 3)
    )  # one that has much to do, and may be merged
    asks = AddCoHandler(assignment=sight.of(rng), department=department, wanted=wanted)
    return Wish(OFFICE if rng.random() < 0.95 else f"handler:{sight.department}/qin", asks)
