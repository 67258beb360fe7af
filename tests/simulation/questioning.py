"""A department asks who raised an issue, and they answer, answer too late, answer something else, or never."""

from datetime import datetime
from random import Random

from shared.contract.command import Command
from shared.contract.commands.dispatch import AskEnterprise, EndPause, GrantPause, RefusePause
from shared.contract.commands.intake import SupplyMaterial
from tests.simulation.clients import DAY, HOUR, SECOND, Clients
from tests.simulation.raising import FILES, STRANGER, Raised
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import OFFICE, Sight, Wish


class Questioning:
    """Who asks and who answers on one issue; drawn apart, so that other towns go their way as before."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng
        self._silent = rng.random() < 0.3
        """Whether questions run out here."""

    async def live(self, number: int, raised: Raised) -> None:
        """As long as there is somebody to ask, and to answer."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        for move in range(rng.randint(15, 50)):
            sight = self._sight(raised.subject)
            if sight.over:
                break
            if wish := next_wish(sight, raised, rng, self._silent):
                await clients.ask(raised.subject, *wish, f"question/{number}/{move}")
            if sight.open and rng.random() < 0.15:  # about the moment at which it ends by itself
                ends_ms = int(datetime.fromisoformat(sight.ends).timestamp() * 1000)
                await clients.sleep(
                    max(0, ends_ms - self._scheduler.clock.ms - rng.choice((-SECOND, 5, SECOND)))
                )
                answer = _answer(sight.open, rng)
                await clients.ask(raised.subject, raised.person, answer, f"question/{number}/{move}/late")
            await clients.sleep(rng.choice((20 * SECOND, 20 * SECOND, HOUR, 5 * HOUR, DAY, 2 * DAY)))
        if paused := self._sight(raised.subject).paused:
            ends = EndPause(assignment=self._sight(raised.subject).assignment, request=paused)
            await clients.ask(raised.subject, OFFICE, ends, f"question/{number}/goes on")
        clients.busy -= 1

    def _sight(self, subject: str) -> Sight:
        return Sight(self._scheduler.log.by_subject.get(subject, ()))


def next_wish(sight: Sight, raised: Raised, rng: Random, silent: bool) -> tuple[str, Command] | None:
    """What somebody might want of a question now; None where it is nobody's turn."""
    this = {"assignment": sight.of(rng)}
    handler = f"handler:{sight.department or 'housing'}/{rng.choice(('qin', 'xu'))}"
    if sight.asked and rng.random() < 0.1:  # an old page, or somebody else's
        actor = rng.choice((STRANGER, raised.person, raised.person, raised.actor, OFFICE))
        return Wish(actor, _answer(rng.randint(1, sight.asked), rng))
    if sight.open and not silent and rng.random() < 0.35:
        return Wish(raised.person, _answer(sight.open, rng))
    if sight.open and rng.random() < 0.06:
        return Wish(rng.choice((handler, OFFICE)), EndPause(**this, request=sight.open, reason="已来电说明"))
    if sight.pause and rng.random() < 0.4:
        request = {**this, "request": sight.pause}
        granted = rng.random() < 0.7
        decides = GrantPause(**request) if granted else RefusePause(**request, reason="可先行办理")
        return Wish(rng.choice((OFFICE, "office:wang")), decides)
    if sight.dispatch == "in_progress" and sight.department and rng.random() < 0.7:
        words = "请补充图纸" if rng.random() < 0.95 else " "
        return Wish(handler, AskEnterprise(**this, words=words))
    return None


def _answer(request: int, rng: Random) -> SupplyMaterial:
    files = rng.choice(((), (), FILES[:1], FILES))
    return SupplyMaterial(
        request=request, text="图纸见附件" if rng.random() < 0.95 else " ", attachments=files
    )
