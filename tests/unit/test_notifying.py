"""A notice is sent at least once, and twice only if nobody was left to record it: killed at each step."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.intake.consumer import consumer
from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.contract.command import FireDeadline
from shared.contract.commands.notices import BeginNotice, GiveUpNotice, PrepareNotice, RecordNotice
from shared.contract.envelope import open_envelope
from shared.contract.words import MAIL, Occurrence, Unsent
from shared.deadlines import DueDeadline, due_of
from shared.domain.notices import FIRST_PAUSE, KEPT, Item, Notice
from shared.domain.reference import Reference
from shared.mail import Mail
from shared.metrics import Metrics
from shared.notifying import ENOUGH_SECONDS, Asks, Handing, Notifier
from shared.sending import Away, Later, Refused
from shared.waiting_notices import WaitingNotices
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION, builtin_reference

ID, SUBJECT = "0123456789abcdef", "notice:0123456789abcdef"
PREPARE = PrepareNotice(issue="7K3M9QXT2B4N6", number="7K3M", about=Occurrence.RATING_INVITED, to="li")
ASKS = Asks(BeginNotice, RecordNotice, GiveUpNotice)


class Killed(BaseException):
    """The process ended here."""


class Bus:
    """Intake's topic and store, which outlive every process; ``events`` is what it told, ``now`` its clock."""

    def __init__(self) -> None:
        self.now: datetime = after()
        self.reference: Reference = builtin_reference()
        self.documents: dict[str, Stored] = {}
        self.events: dict[str, Mapping[str, Any]] = {}
        self.written: list[WaitingNotices] = []
        self.is_away = False
        self._offset = 0
        self._processor = Processor(consumer(JURISDICTION), self, self._publish, self)  # type: ignore[arg-type]

    async def catch_up(self) -> None:
        """Nothing is published here."""

    async def load(self, subjects: Iterable[str]) -> dict[str, Stored]:
        return {subject: self.documents[subject] for subject in subjects if subject in self.documents}

    async def write(self, documents: Iterable[Stored]) -> set[str]:
        self.documents |= {document["_id"]: document for document in documents}
        return set()

    async def get(self, subject: str) -> Stored | None:
        return self.documents.get(subject)

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        with_deadline = [document for document in self.documents.values() if "deadline" in document]
        return [due_of(document) for document in with_deadline if low <= document["deadline"] < high]

    async def _publish(self, outgoing: Iterable[Outgoing]) -> None:
        for out in outgoing:
            envelope = open_envelope(out.value)
            self.events[envelope.id] = {"type": envelope.type, **envelope.data}

    async def ask(self, request: Request) -> Mapping[str, Any]:
        """One command, decided at once."""
        if self.is_away:
            raise TimeoutError
        self._offset += 1
        out = sealed(request, f"/{JURISDICTION}/intake")
        record = Record(
            out.topic, 0, self._offset, int(self.now.timestamp() * 1000), out.key.encode(), out.value
        )
        batch = await self._processor.run([record])
        for waiting in self.written:
            waiting.written(batch.written)
        return batch.answers[0].outcome

    async def post(self, requests: list[Request]) -> None:
        for request in requests:
            await self.ask(request)

    async def prepare(self) -> None:
        await self.ask(Request(SUBJECT, PREPARE, "test", "system:fan-out", "prepare"))

    async def go_to(self, at: datetime) -> None:
        """Time passes, and every deadline fires when it is due."""
        while due := next(iter(sorted(await self.read_due("", "~"), key=lambda due: due.at)), None):
            if due.at > at or due.name.startswith("sweep/"):
                break
            self.now = max(self.now, due.at)
            fire = FireDeadline(name=due.name, due_at=due.at)
            await self.ask(Request(SUBJECT, fire, "timer", "timer:due", due.key))
        self.now = max(self.now, at)

    @property
    def state(self) -> str:
        return str(self.documents[SUBJECT]["state"]["state"])

    @property
    def ended(self) -> list[str]:
        """The types of what was told of it."""
        return [str(event["type"]) for event in self.events.values()]


class Server:
    """A mail server that takes everything, or answers as the test says."""

    def __init__(self) -> None:
        self.taken: list[Mail] = []
        self.answers: list[Exception] = []
        self.asked = asyncio.Event()

    async def connect(self) -> None:
        self.asked.set()
        if self.answers and isinstance(self.answers[0], Away):
            raise self.answers.pop(0)

    async def send(self, mail: Mail) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.taken.append(mail)

    async def close(self) -> None:
        """There is nothing to close."""


class Process:
    """One process that sends intake's notices; ``dies``: (what it asks, before or after it) ends it."""

    def __init__(self, bus: Bus, server: Server, dies: tuple[str, str] | None = None) -> None:
        self.bus, self._server, self._dies = bus, server, dies
        self.seconds, self.address = 0.0, "li@example.com"
        self.waiting = WaitingNotices(bus, now=lambda: bus.now)
        bus.written = [self.waiting]
        self.waiting.assigned([0])
        self.metrics = Metrics()
        self.passed: set[str] = set()
        way = Handing(MAIL, self, self.write, self.is_still_so)
        self.notifier = Notifier(self.waiting, self, bus, way, ASKS, self.metrics, clock=lambda: self.seconds)

    async def write(self, id: str, notice: Notice) -> Mail | Unsent:
        said = ", ".join(item.issue for item in notice.items)
        return Mail(id, self.address, "", said, "zh-CN") if self.address else Unsent.NO_ADDRESS

    async def is_still_so(self, item: Item) -> bool:
        """Of those that passed there is nothing to be told any more."""
        return item.issue not in self.passed

    async def attempt(self) -> None:
        """Try the one that waits."""
        async with asyncio.timeout(5):
            await self.notifier.attempt(await self.waiting.next())

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        return await self._mortal(request.command.type.split(".")[2], lambda: self.bus.ask(request))

    async def post(self, requests: list[Request]) -> None:
        await self._mortal(requests[0].command.type.split(".")[2], lambda: self.bus.post(requests))

    async def connect(self) -> None:
        await self._server.connect()

    async def send(self, mail: Mail) -> None:
        await self._mortal("send", lambda: self._server.send(mail))

    async def close(self) -> None:
        await self._server.close()

    async def _mortal(self, step: str, do: Callable[[], Awaitable[Any]]) -> Any:
        if self._dies == (step, "before"):
            raise Killed
        done = await do()
        if self._dies == (step, "after"):
            raise Killed
        return done


@pytest.fixture
async def bus() -> Bus:
    made = Bus()
    await made.prepare()
    return made


@pytest.fixture
async def server() -> Server:
    return Server()


async def test_it_is_sent_once_and_recorded(bus: Bus, server: Server) -> None:
    await Process(bus, server).attempt()
    assert ([mail.id for mail in server.taken], bus.state) == ([ID], "sent")
    assert bus.ended == ["notice.sent.v1"]
    assert Process(bus, server).waiting.count() == 0


@pytest.mark.parametrize(
    ("step", "when", "mails"),
    [
        ("begin", "before", 1),
        ("begin", "after", 1),
        ("send", "before", 1),
        ("send", "after", 2),
        ("record", "before", 2),
        ("record", "after", 1),
    ],
)
async def test_killed_at_any_step_it_is_sent_and_twice_only_between_the_answer_and_its_record(
    bus: Bus, server: Server, step: str, when: str, mails: int
) -> None:
    with pytest.raises(Killed):
        await Process(bus, server, dies=(step, when)).attempt()
    await bus.go_to(bus.now + FIRST_PAUSE)
    again = Process(bus, server)
    if bus.state != "sent":
        await again.attempt()
    assert [mail.id for mail in server.taken] == [ID] * mails
    assert (bus.state, bus.ended) == ("sent", ["notice.sent.v1"])


async def test_before_its_pause_is_over_nobody_else_sends_it(bus: Bus, server: Server) -> None:
    with pytest.raises(Killed):
        await Process(bus, server, dies=("send", "after")).attempt()
    await bus.go_to(bus.now + FIRST_PAUSE - timedelta(seconds=1))
    again = Process(bus, server)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await again.waiting.next()
    assert len(server.taken) == 1


async def test_of_two_who_see_it_waiting_one_sends_it(bus: Bus, server: Server) -> None:
    first, second = Process(bus, server), Process(bus, server)
    subjects = [await first.waiting.next(), await second.waiting.next()]
    await first.notifier.attempt(subjects[0])
    await second.notifier.attempt(subjects[1])
    assert len(server.taken) == 1 and second.waiting.count() == 0


async def test_as_long_as_the_process_lives_it_records_however_long_the_bus_is_away(
    bus: Bus, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.notifying.RETRY_SECONDS", 0)
    process, answers = Process(bus, server), server.send

    async def takes_it_as_the_bus_goes(mail: Mail) -> None:
        await answers(mail)
        bus.is_away = True

    monkeypatch.setattr(server, "send", takes_it_as_the_bus_goes)
    attempt = asyncio.create_task(process.attempt())
    while not bus.is_away:
        await asyncio.sleep(0)
    bus.is_away = False
    await attempt
    assert (len(server.taken), bus.state) == (1, "sent")


async def test_a_service_that_stops_brings_what_is_under_way_to_its_end(
    bus: Bus, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, answers, goes_on = Process(bus, server), server.send, asyncio.Event()
    under_way = asyncio.Event()

    async def slow(mail: Mail) -> None:
        under_way.set()
        await goes_on.wait()
        await answers(mail)

    monkeypatch.setattr(server, "send", slow)
    running = asyncio.create_task(process.notifier.run())
    await under_way.wait()
    running.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.wait([running])
    assert (len(server.taken), bus.state) == (1, "sent")


async def test_a_server_that_is_away_costs_no_try_and_holds_nobody_up(
    bus: Bus, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.notifying.FIRST_WAIT", 0)
    server.answers = [Away("refused")] * 3
    process = Process(bus, server)
    process.notifier._wait = 0
    running = asyncio.create_task(process.notifier.run())
    async with asyncio.timeout(5):
        while bus.state != "sent":
            await asyncio.sleep(0)
    running.cancel()
    assert bus.events and next(iter(bus.events.values()))["tries"] == 1


async def test_what_the_server_does_not_take_now_is_tried_again_after_growing_pauses(
    bus: Bus, server: Server
) -> None:
    process = Process(bus, server)
    server.answers = [Later("451"), Later("451")]
    for tries in (1, 2):
        await process.attempt()
        assert bus.state == "sending"
        await bus.go_to(bus.now + FIRST_PAUSE * tries)
        assert bus.state == "prepared"
    await process.attempt()
    assert next(iter(bus.events.values())) == {
        "type": "notice.sent.v1",
        "issue": PREPARE.issue,
        "about": "rating_invited",
        "to": "li",
        "tries": 3,
    }


async def test_what_the_server_refuses_for_good_is_given_up_with_what_it_said(
    bus: Bus, server: Server
) -> None:
    server.answers = [Refused("550")]
    await Process(bus, server).attempt()
    assert (bus.state, bus.ended, server.taken) == ("given_up", ["notice.given_up.v1"], [])
    (told,) = bus.events.values()
    assert (told["why"], told["said"]) == ("refused", "550")


async def test_where_there_is_no_address_it_is_given_up(bus: Bus, server: Server) -> None:
    process = Process(bus, server)
    process.address = ""
    await process.attempt()
    (told,) = bus.events.values()
    assert (told["why"], server.taken) == ("no_address", [])


async def test_without_a_server_it_waits_and_is_given_up_after_three_days(bus: Bus) -> None:
    await bus.go_to(bus.now + KEPT)
    (told,) = bus.events.values()
    assert (told["why"], told["tries"], bus.state) == ("too_late", 0, "given_up")


async def test_who_was_too_slow_to_begin_does_not_send_what_somebody_else_may_have_by_now(
    bus: Bus, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(bus, server)

    async def slow(id: str, notice: Notice) -> Mail | Unsent:
        process.seconds += ENOUGH_SECONDS + 1
        return Mail(id, process.address, "", "", "zh-CN")

    monkeypatch.setattr(process.notifier, "_write", slow)
    await process.attempt()
    assert (server.taken, bus.state) == ([], "sending")


async def test_a_service_that_is_far_behind_is_asked_once_and_what_is_begun_late_is_tried_again(
    bus: Bus, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, asked = Process(bus, server), list[Request]()

    async def nobody_answers(request: Request) -> None:
        asked.append(request)

    with monkeypatch.context() as patch:
        patch.setattr(process, "ask", nobody_answers)
        await process.attempt()
    assert (len(asked), process.waiting.count(), server.taken) == (1, 0, [])
    await bus.ask(asked[0])
    await bus.go_to(bus.now + FIRST_PAUSE)
    await process.attempt()
    assert (len(server.taken), bus.state) == (1, "sent")


async def test_what_was_not_in_the_mail_is_not_said_to_be_sent(bus: Bus, server: Server) -> None:
    for issue in ("b", "c"):
        another = PREPARE.model_copy(update={"issue": issue})
        await bus.ask(Request(SUBJECT, another, "test", "system:fan-out", issue))
    process = Process(bus, server)
    process.passed = {"b"}
    await process.attempt()
    assert [mail.text for mail in server.taken] == [f"{PREPARE.issue}, c"]
    told = [(event["type"], event["issue"], event.get("why")) for event in bus.events.values()]
    assert told == [
        ("notice.sent.v1", PREPARE.issue, None),
        ("notice.given_up.v1", "b", Unsent.OVERTAKEN),
        ("notice.sent.v1", "c", None),
    ]


async def test_where_nothing_is_to_be_told_any_more_there_is_no_mail(bus: Bus, server: Server) -> None:
    process = Process(bus, server)
    process.passed = {PREPARE.issue}
    await process.attempt()
    assert (server.taken, bus.ended, bus.state) == ([], ["notice.given_up.v1"], "given_up")
