"""What takes a town's notices, a mail server and a robot, and whoever of a worker hands them in there; in some towns
nobody is told anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from services.dispatch import mails as dispatch_mails
from services.intake.mails import CALLING, Mails
from shared.bus.gateway import Gateway, Request
from shared.contract.commands import notices as asked
from shared.contract.words import MAIL, Unsent
from shared.domain.aggregates import AggregateType, Consumer
from shared.domain.decisions import Change
from shared.domain.notices import Notice
from shared.mail import Mail
from shared.notifying import Asks, Handing, Notifier
from shared.sending import Away, Later, Refused
from shared.waiting_notices import WaitingNotices
from tests.simulation.checker import Mailed
from tests.simulation.world import Ask

if TYPE_CHECKING:
    from tests.simulation.scheduler import Scheduler
    from tests.simulation.worker import Worker

ONE_TOWN_IN, WHICH = 7, 2
"""In these towns people are told by mail; chosen apart, so that the others go their way as before."""
ROBOT = "robot"
WAYS = (MAIL, ROBOT)
"""Officials choose among them."""
ASKS = {
    "intake": Asks(asked.BeginNotice, asked.RecordNotice, asked.GiveUpNotice),
    "dispatch": Asks(asked.BeginStaffNotice, asked.RecordStaffNotice, asked.GiveUpStaffNotice),
}
QUIET = {
    "intake": ("issue",),
    "dispatch": ("issue", "talk", "alert"),
    "supervision": ("issue",),
    "feedback": ("issue",),
}
"""The kinds by which nobody is told anything in the other towns."""
FROZE_MS = 60_000
LOOKS_MS = (50, 500, 5_000, 30_000)


def in_town(seed: int, consumers: Mapping[str, Consumer]) -> Mapping[str, Consumer]:
    """The consumers as they are in the town of this seed."""
    if seed % ONE_TOWN_IN == WHICH:
        return consumers
    return {service: _telling_nobody(consumer) for service, consumer in consumers.items()}


def _telling_nobody(consumer: Consumer) -> Consumer:
    quiet = QUIET[consumer.service]
    kinds = tuple(_quiet(kind) if kind.name in quiet else kind for kind in consumer.aggregates)
    return replace(consumer, aggregates=kinds)


def _quiet(kind: AggregateType) -> AggregateType:
    return replace(
        kind,
        commands={shape: partial(_without_notices, decide) for shape, decide in kind.commands.items()},
        events={shape: partial(_without_notices, react) for shape, react in kind.events.items()},
    )


def _without_notices(decide: Any, state: Any, what: Any, context: Any) -> Any:
    change = decide(state, what, context)
    if not isinstance(change, Change):
        return change
    kept = tuple(message for message in change.messages if not message.to.startswith("notice:"))
    return replace(change, messages=kept)


@dataclass
class Taken:
    """A mail that the server has or refused, and who handed it in."""

    worker: "Worker"
    at_ms: int
    answered: bool = False
    recorded: bool = False

    def excuses(self) -> bool:
        """Whether it may come again: nobody was left, or able, to record it in time."""
        worker = self.worker
        frozen = worker.frozen_until > self.at_ms or worker.kicked
        return not (self.answered and self.recorded) and (not worker.alive or frozen or not self.answered)


class Answer(NamedTuple):
    """How the server answers, by how often of a hundred times, while there is trouble."""

    away: float = 0.1
    later: float = 0.1
    refused: float = 0.04
    lost: float = 0.15


class MailServer:
    """Whatever takes notices in a town, in each way."""

    def __init__(self, scheduler: "Scheduler", seed: int) -> None:
        self.scheduler, self.rng, self.answer = scheduler, Random(f"mail/{seed}"), Answer()
        # Of its own, so that all else goes its way as before.
        self._slow, self.of_talks = Random(f"slow/{seed}"), set[str]()
        self.refuses = (MAIL,) if Random(f"refusing/{seed}").random() < 0.2 else ()
        """The ways in which nothing is ever taken."""
        self.mailed: list[Mailed] = []
        self.refused: list[Mailed] = []
        self.says: dict[str, tuple[tuple[str, str], ...]] = {}
        """Notice -> of what its mail tells, as it was written last."""
        self._taken: dict[str, Taken] = {}
        self._refused: dict[str, Taken] = {}

    def has(self, likely: float) -> bool:
        """Whether something that is so likely in times of trouble happens now."""
        return self.scheduler.rates.fault > 0 and self.rng.random() < likely

    def puts_off(self, notice: str) -> bool:
        """Half of what calls somebody to a talk is taken at a later try: by then that may be called off."""
        return notice in self.of_talks and self.scheduler.rates.fault > 0 and self._slow.random() < 0.5

    def take(self, notice: str, worker: "Worker", asked_ms: int, way: str) -> Taken:
        """It has the mail, or the post."""
        self.scheduler.counts[f"{way} sent"] += 1
        self.scheduler.counts[f"{way} sent again"] += notice in self._taken
        self.mailed.append(self._handed_in(notice, asked_ms, way, self._taken))
        self._taken[notice] = taken = Taken(worker, self.scheduler.clock.ms)
        return taken

    def refuse(self, notice: str, worker: "Worker", asked_ms: int, way: str) -> None:
        """It never takes this."""
        self.scheduler.counts[f"{way} refused"] += 1
        self.refused.append(self._handed_in(notice, asked_ms, way, self._refused))
        self._refused[notice] = Taken(worker, self.scheduler.clock.ms, answered=True)

    def _handed_in(self, notice: str, asked_ms: int, way: str, known: Mapping[str, Taken]) -> Mailed:
        before, now = known.get(notice), self.scheduler.clock.ms
        late = now - asked_ms >= FROZE_MS  # it froze when it had looked for the last time
        again = before is not None and not before.excuses() and not late
        return Mailed(notice, now, again, asked_ms, way, self.says.get(notice, ()))

    def recorded(self, notice: str) -> None:
        """Kafka has it that this was sent, or given up."""
        for known in (self._taken, self._refused):
            if notice in known:
                known[notice].recorded = True


class Connection:
    """One worker's connection to what takes notices in one way."""

    def __init__(self, server: MailServer, worker: "Worker", way: str) -> None:
        self._server, self._worker, self._way = server, worker, way

    async def connect(self) -> None:
        """Sometimes the server is away."""
        await Ask("mail")
        if self._server.has(self._server.answer.away):
            self._server.scheduler.counts[f"{self._way} server away"] += 1
            raise Away("away")

    async def send(self, mail: Mail) -> None:
        """Between what is asked here and the answer a worker may crash, like everywhere."""
        server, answer = self._server, self._server.answer
        asked_ms = server.scheduler.clock.ms
        await Ask("mail")
        if server.puts_off(mail.id) or server.has(answer.later):
            raise Later("451")
        if self._way in server.refuses or server.has(answer.refused):
            server.refuse(mail.id, self._worker, asked_ms, self._way)
            raise Refused("550")
        taken = server.take(mail.id, self._worker, asked_ms, self._way)
        await Ask("mail")
        if server.has(answer.lost):
            raise Later("no answer")
        taken.answered = True

    async def close(self) -> None:
        """Nothing is kept open here."""


class Asking:
    """A worker's gateway, with the waiting done by the scheduler."""

    def __init__(self, server: MailServer, gateway: Gateway) -> None:
        self._server, self._gateway = server, gateway

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """Post it, and look for its outcome a few times."""
        await self._gateway.post([request])
        for pause in LOOKS_MS:
            await Ask("sleep", self._server.scheduler.clock.ms + pause)
            if (outcome := await self._gateway.look(request.subject, request.id)) is not None:
                return outcome
        return None

    async def post(self, requests: list[Request]) -> None:
        """Post them; of what became of a notice the server is told."""
        await self._gateway.post(requests)
        for request in requests:
            if request.command.type.endswith((".record.v1", ".give_up.v1")):
                self._server.recorded(request.subject.partition(":")[2])


class Alone:
    """A lock in virtual time."""

    def __init__(self, free: Any) -> None:
        """``free``: an event in virtual time."""
        self._free = free
        self._free.set()

    async def __aenter__(self) -> None:
        while not self._free.is_set():
            await self._free.wait()
        self._free.clear()

    async def __aexit__(self, *_: object) -> None:
        self._free.set()


def notifier(
    worker: "Worker", server: MailServer, waiting: WaitingNotices, documents: Any, way: str
) -> Notifier[Mail]:
    """What hands in the notices of a worker that go this way."""

    async def write(id: str, notice: Notice) -> Mail | Unsent:
        if server.rng.random() < 0.1:
            return Unsent.NO_ADDRESS
        server.scheduler.counts["digest written"] += len(notice.items) > 1
        for item in notice.items:
            server.scheduler.counts[
                f"{item.about} written {'at once' if notice.at_once else 'in office hours'}"
            ] += 1
        server.of_talks |= {id for item in notice.items if item.about in CALLING}
        server.says[id] = tuple((item.issue, item.about) for item in notice.items)
        return Mail(id, "a@b", "", "", "zh-CN")

    still_so = {
        "intake": Mails(None, documents, "").is_still_so,  # type: ignore[arg-type]
        "dispatch": partial(dispatch_mails.is_still_so, documents),
    }[worker.service]
    return Notifier(
        waiting,
        Asking(server, worker.gateway),
        documents,
        Handing(way, Connection(server, worker, way), write, still_so),
        ASKS[worker.service],
        worker.metrics,
        clock=lambda: worker.now_ms() / 1000,
        token=worker._token,
    )
