"""Whatever a mail server answers: the mail is not lost, and nothing that is told of it reaches the ladder."""

from collections.abc import Iterable

import pytest

from services.supervision.consumer import consumer
from shared.bus.records import Outgoing, Record, decode
from shared.sending import Away, Later, Refused
from tests.unit.reference import JURISDICTION
from tests.unit.test_notifying import Bus, Process, Server

SLOW, NOT_NOW, NEVER, NOBODY = (
    Later("no answer within 60 s"),
    Later("451"),
    Refused("550"),
    Away("nobody there"),
)


class Told(Bus):
    """With the records of what notices tell, as they stand on their topic."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []

    async def _publish(self, outgoing: Iterable[Outgoing]) -> None:
        for out in outgoing:
            place = (out.topic, 0, len(self.records), int(self.now.timestamp() * 1000))
            self.records.append(Record(*place, out.key.encode(), out.value))
            await super()._publish([out])


async def tried(*answers: Exception) -> Told:
    """A notice about an issue, tried until the server has taken it or it is given up."""
    bus, server = Told(), Server()
    await bus.prepare()
    server.answers = [*answers]
    process = Process(bus, server)
    for _ in range(len(answers) + 1):
        if await process.notifier.connected() and bus.state not in ("sent", "given_up"):
            await process.attempt()
            due = next((each.at for each in await bus.read_due("", "~")), bus.now)
            await bus.go_to(due)
    return bus


@pytest.mark.parametrize(
    ("answers", "ended"),
    [
        ((), "notice.sent.v1"),
        ((SLOW, SLOW), "notice.sent.v1"),
        ((NOT_NOW,), "notice.sent.v1"),
        ((NOBODY,), "notice.sent.v1"),
        ((NEVER,), "notice.given_up.v1"),
    ],
    ids=["taken", "slow", "not now", "away", "refused"],
)
async def test_what_becomes_of_a_mail_is_never_lost_and_supervision_reads_none_of_it(
    answers: tuple[Exception, ...], ended: str
) -> None:
    bus = await tried(*answers)
    assert bus.ended == [ended], "it was taken in the end, or is said to be given up"
    supervision = consumer(JURISDICTION)
    for record in bus.records:
        read = decode(record, supervision) if record.topic in supervision.topics else None
        assert read is None, "supervision has no such aggregate"
