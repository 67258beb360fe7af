"""Department and office about time: extensions and pauses are asked for, decided and ended, also by who should not."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AskExtension,
    AskPause,
    AssignIssue,
    EndPause,
    GrantExtension,
    GrantPause,
    RefuseExtension,
    RefusePause,
    SignAssignment,
)
from shared.contract.commands.intake import WithdrawIssue
from shared.contract.words import PauseGround
from shared.domain.clocks import SHANGHAI
from tests.simulation.clients import DAY, HOUR, SECOND, Clients
from tests.simulation.raising import Raised
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import OFFICE, Sight, Wish

LATER = (1, 2, 3, 5, 7, 9, 14, 20, -1)
"""How many days after the promised date somebody asks for, some of them rest days or too many."""


class Bargaining:
    """Who asks for time on one issue, and who decides; drawn apart, so that other towns go their way as before."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng
        self._patient = rng.random() < 0.4
        """Whether pauses run out, and what is refused is asked for again."""

    async def live(self, number: int, subject: str) -> None:
        """As long as there is something to ask for; what is paused in the end goes on."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        asked: list[tuple[str, Command, str]] = []
        for move in range(rng.randint(12, 40)):
            sight = self._sight(subject)
            if sight.over:
                break
            if wish := next_wish(sight, rng, self._patient):
                asked.append((*wish, f"time/{number}/{move}"))
                await self._ask(subject, asked[-1])
            if asked and rng.random() < 0.1:
                await self._ask(subject, rng.choice(asked))
            soon = (20 * SECOND, 20 * SECOND, 20 * SECOND, HOUR, 2 * DAY)
            await clients.sleep(
                rng.choice(soon if self._patient else (20 * SECOND, HOUR, 6 * HOUR, DAY, 3 * DAY))
            )
        if paused := self._sight(subject).paused:
            ends = EndPause(assignment=self._sight(subject).assignment, request=paused)
            await self._ask(subject, (OFFICE, ends, f"time/{number}/goes on"))
        clients.busy -= 1

    def _sight(self, subject: str) -> Sight:
        events: Sequence[tuple[str, dict[str, object]]] = self._scheduler.log.by_subject.get(subject, ())
        return Sight(events)

    async def _ask(self, subject: str, what: tuple[str, Command, str]) -> None:
        actor, command, key = what
        await self._clients.ask(subject, actor, command, key)


async def outlive(scheduler: Scheduler, clients: Clients, rng: Random, raised: Raised) -> None:
    """One issue is paused, goes on, falls due and is withdrawn; supervision reads the end of the pause last of all."""
    clients.busy += 1
    await clients.ready()
    clients.raised[raised.subject] = raised

    def sight() -> Sight:
        return Sight(scheduler.log.by_subject.get(raised.subject, ()))

    async def ask(actor: str, command: Command) -> None:
        await clients.ask(raised.subject, actor, command, f"outlive/{command.type}")

    await ask(raised.actor, raised.register)
    await ask(OFFICE, raised.accept)
    await ask(OFFICE, AssignIssue())
    this, handler = {"assignment": sight().assignment}, f"handler:{sight().department}/qin"
    await ask(handler, SignAssignment(**this))
    await ask(handler, AskPause(**this, ground=PauseGround.FORCE_MAJEURE, reason="台风"))
    await ask(OFFICE, GrantPause(**this, request=1))
    await clients.sleep(rng.randint(1, 3) * DAY)
    unheard = rng.randint(30, 50) * DAY
    scheduler.block(scheduler.groups["supervision"], "dispatch.events", unheard)
    await ask(OFFICE, EndPause(**this, request=1, reason="台风已过"))
    await clients.sleep(unheard - rng.randint(HOUR, 20 * DAY))
    await ask(raised.person, WithdrawIssue(reason="已自行解决"))
    clients.busy -= 1


def next_wish(sight: Sight, rng: Random, patient: bool) -> Wish | None:
    """What somebody might want about the time of this issue now; None where it is nobody's turn."""
    if not sight.department:
        return None
    handler = f"handler:{sight.department}/{rng.choice(('qin', 'chen'))}"
    if rng.random() < 0.05:
        handler = f"handler:{rng.choice(('water', 'planning'))}/qin"
    this = {"assignment": sight.of(rng)}
    if sight.paused and rng.random() < (0.02 if patient else 0.4):
        return Wish(
            rng.choice((handler, OFFICE)), EndPause(**this, **_read(sight.paused, rng), reason="已补充")
        )
    if sight.extension and rng.random() < 0.6:
        request = {**this, **_read(sight.extension, rng)}
        granted = rng.random() < (0.1 if patient else 0.6)
        return _by_office(
            rng, GrantExtension(**request) if granted else RefuseExtension(**request, **_reason(rng))
        )
    if sight.pause and rng.random() < 0.7:
        request = {**this, **_read(sight.pause, rng)}
        granted = rng.random() < 0.8
        return _by_office(rng, GrantPause(**request) if granted else RefusePause(**request, **_reason(rng)))
    if sight.dispatch not in ("in_progress", "drafted") and rng.random() < 0.8:
        return None
    if rng.random() < (0.75 if patient else 0.55):
        return Wish(handler, AskExtension(**this, until=_until(sight, rng), **_reason(rng)))
    ground = rng.choice(list(PauseGround))
    basis = "《行政许可法》第四十五条" if rng.random() < 0.8 else ""
    return Wish(handler, AskPause(**this, ground=ground, basis=basis, **_reason(rng)))


def _by_office(rng: Random, command: Command) -> Wish:
    """Mostly by the office; sometimes by a department, which may not."""
    return Wish(rng.choice((OFFICE, "office:wang", "office:wang", "handler:water/qin")), command)


def _read(request: int, rng: Random) -> dict[str, int]:
    """The request that somebody has read, sometimes an earlier one."""
    return {"request": request if rng.random() < 0.9 or request == 1 else request - 1}


def _reason(rng: Random) -> dict[str, str]:
    return {"reason": "须等配件" if rng.random() < 0.93 else " "}


def _until(sight: Sight, rng: Random) -> date:
    """Some days after the promised date; the weekend is noticed mostly."""
    due = datetime.fromisoformat(sight.due).astimezone(SHANGHAI).date() if sight.due else date(2026, 3, 2)
    until = due + timedelta(days=rng.choice(LATER))
    while until.weekday() >= 5 and rng.random() < 0.9:
        until += timedelta(days=1)
    return until
