"""Leaders who instruct, departments that report, also too late, twice or not at all; some leaders insist."""

from datetime import UTC, date, datetime, timedelta
from random import Random

from shared.contract.command import Command
from shared.contract.commands.supervision import GiveInstruction, ReportInstruction, TakeBackInstruction
from tests.simulation.clients import DAY, HOUR, SECOND, Clients
from tests.simulation.operators import Operators
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import Sight, Wish

LEADERS = ("leader:li", "leader:wang")
AHEAD = (None, None, 1, 2, 3, 5, 7, 10, 0, 400)
"""In how many days a report is wanted, where the leader says so; some of them rest days, too soon or too far."""


class Instructing:
    """Who instructs and who reports on one issue; drawn apart, so that other towns go their way as before."""

    def __init__(self, scheduler: Scheduler, clients: Clients, operators: Operators, rng: Random) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng
        self._operators = operators
        self._insists = rng.random() < 0.25
        """Whether leaders give one instruction after the other, and nobody reports."""

    async def live(self, number: int, subject: str) -> None:
        """Also once the issue is over: what is open is still owed."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        asked: list[tuple[str, Command, str]] = []
        for move in range(rng.randint(6, 18)):
            sight = Sight(self._scheduler.log.by_subject.get(subject, ()))
            today = datetime.fromtimestamp(self._scheduler.clock.ms / 1000, UTC).date()
            successor = self._operators.successor(sight.department)
            merged = successor != sight.department
            if wish := next_wish(sight, rng, today, self._insists, successor):
                asked.append((*wish, f"instructing/{number}/{move}"))
                done = await self._ask(subject, asked[-1]) == "done"
                if done and merged and wish.actor.startswith("handler"):
                    self._scheduler.counts["reported for a merged department"] += 1
            if asked and rng.random() < 0.1:
                await self._ask(subject, rng.choice(asked))
            # Its work goes over soon: who has it by then reports before that, or never.
            soon = (20 * SECOND,) if merged else (20 * SECOND, 20 * SECOND, 6 * HOUR, 2 * DAY, 5 * DAY)
            await clients.sleep(rng.choice(soon))
        clients.busy -= 1

    async def _ask(self, subject: str, what: tuple[str, Command, str]) -> str | None:
        actor, command, key = what
        return await self._clients.ask(subject, actor, command, key)


def next_wish(sight: Sight, rng: Random, today: date, insists: bool, successor: str) -> Wish | None:
    """What a leader or the department wants now; None where it is nobody's turn."""
    merged = successor != sight.department
    if sight.instructions and (merged or not (insists and rng.random() < 0.9)) and rng.random() < 0.6:
        return _about_one(sight, rng, successor)
    if not sight.department and rng.random() < 0.8:
        return None
    ahead = rng.choice(AHEAD)
    due_on = None if ahead is None else today + timedelta(days=ahead)
    gives = GiveInstruction(
        words="请三日内核实" if rng.random() < 0.95 else " ",
        department=rng.choice(("", sight.department, sight.department, "water")),
        due_on=due_on,
    )
    return Wish(rng.choice(LEADERS), gives)


def _about_one(sight: Sight, rng: Random, successor: str) -> Wish:
    """Mostly whoever has the department's work reports, on one that is open; mostly who gave it takes one back."""
    number, giver = rng.choice(sorted(sight.instructions.items()))
    number = number if rng.random() < 0.9 else rng.choice((1, number + 9))
    if rng.random() < 0.3:
        leader = f"leader:{giver}" if rng.random() < 0.8 else rng.choice(LEADERS)
        return Wish(
            leader, TakeBackInstruction(instruction=number, reason="已面报" if rng.random() < 0.9 else " ")
        )
    words = "已核实" if rng.random() < 0.95 else " "
    department = successor if rng.random() < 0.7 else sight.department
    return Wish(f"handler:{department or 'water'}/qin", ReportInstruction(instruction=number, words=words))
