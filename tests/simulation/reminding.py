"""The office of a town starts rating rounds, and makes replies public and takes them back.

Drawn apart, so that other towns go their way as before.
"""

from collections.abc import Sequence
from random import Random

from services.feedback.rating_round.decisions import round_id
from shared.bus.gateway import Request
from shared.contract.command import Command
from shared.contract.commands.feedback import StartRatingRound
from shared.contract.commands.intake import DiscloseReply, RestoreReply
from shared.contract.subjects import subject_of
from shared.contract.words import Level
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, MINUTE, Clients
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import Sight

OFFICE, FEDERATION = "office:chen", "federation:ma"
SHOWN = "没有车位"
ROUNDS = 40


class Reminding:
    """Who looks at what was answered, again and again."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random, subjects: Sequence[str]) -> None:
        self._scheduler, self._clients, self._rng, self._subjects = scheduler, clients, rng, subjects
        self._asked = 0

    async def live(self) -> None:
        """As long as the town has something to do."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        for _ in range(ROUNDS):
            await clients.sleep(rng.choice((MINUTE, HOUR // 3, HOUR, 6 * HOUR, DAY)))
            await self._start()
            if rng.random() < 0.7:
                await self._publish()
        clients.busy -= 1

    def _stands(self, subject: str) -> Sight:
        return Sight(self._scheduler.log.by_subject.get(subject, ()))

    async def _start(self) -> None:
        """A month's round, with what waits for a rating and now and then something that does not; once too often."""
        rng, now = self._rng, self._scheduler.clock.now()
        waiting = [one for one in self._subjects if self._stands(one).feedback == "invited"]
        others = rng.sample(self._subjects, min(len(self._subjects), rng.choice((0, 0, 1))))
        if (
            not waiting and rng.random() < 0.8
        ):  # a month has one round: rather when there is something to rate
            return
        issues = [*dict.fromkeys((*waiting, *others))] + (["NOSUCHISSUE00"] if rng.random() < 0.1 else [])
        if not issues:
            return
        month, level = rng.choice((f"{now:%Y-%m}", f"{now:%Y}-01", "2018-02")), rng.choice(list(Level)[:2])
        subject = subject_of("rating_round", round_id(JURISDICTION, month, level))
        start = StartRatingRound(month=month, level=level, issues=tuple(issues))
        await self._ask(subject, start, rng.choice((OFFICE, FEDERATION)))

    async def _publish(self) -> None:
        """Mostly what is answered, sometimes what is not yet; and taken back again, or what was never public."""
        rng = self._rng
        answered = [one for one in self._subjects if self._stands(one).feedback]
        subject = rng.choice(answered if answered and rng.random() < 0.85 else self._subjects)
        if rng.random() < 0.6:
            sight = self._stands(subject)
            command: Command = DiscloseReply(title=SHOWN, text=SHOWN, reply="已划线", round=sight.round)
        else:
            command = RestoreReply(reason="不宜公开")
        await self._ask(subject, command, OFFICE)

    async def _ask(self, subject: str, command: Command, actor: str) -> None:
        self._asked += 1
        request = Request(subject, command, "http", actor, f"reminding/{self._asked}")
        await self._clients.request(request)
        if self._rng.random() < 0.1:
            await self._clients.request(request)
