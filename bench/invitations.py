"""Documents of feedback as it stores them itself: a reply that waits for its rating, and the same one lapsed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aiokafka.partitioner import murmur2

from bench.parts import PERSON
from bench.pipeline.consumer import BuiltinReference
from services.cli.embedded.services import jurisdiction
from services.feedback.consumer import ISSUE, consumer
from services.feedback.issue.life import Issue, ReplyRound, State
from services.feedback.issue.reactions import next_deadline
from shared.bus.document import Document, Published, Stored, write_document
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.contract.command import FireDeadline
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE
from shared.contract.words import Kind, Outcome
from shared.deadlines import deadline_string, due_of
from shared.settings import Settings
from shared.timers import ACTOR, GATEWAY

PARTITIONS: int = Settings.model_fields["partitions_count"].default


def invitation(subject: str, open_until: datetime) -> Stored:
    """An issue whose reply is out and may be rated up to then, in the partition that Kafka gives its subject."""
    reply = ReplyRound(round=1, outcome=Outcome.SOLVED, open_until=open_until)
    issue = Issue(state=State.INVITED, kind=Kind.PROBLEM, person=PERSON, reply=reply)
    source = f"/{jurisdiction()}"
    document = Document(
        subject,
        ISSUE,
        murmur2(subject.encode()) % 2**31 % PARTITIONS,
        state=issue,
        due=next_deadline(issue),
        read={(INTAKE, f"{source}/intake"): 3, (DISPATCH, f"{source}/dispatch"): 5},
        published={FEEDBACK: Published(1, "0" * 64)},
    )
    return write_document(document, "0" * 16)


class _One:
    """A store of one document, which keeps what is written."""

    def __init__(self, document: Stored) -> None:
        self.document = document

    async def load(self, subjects: Sequence[str]) -> dict[str, Stored]:
        return {self.document["_id"]: self.document}

    async def write(self, documents: Sequence[Stored]) -> set[str]:
        (self.document,) = documents
        return set()

    async def released(self, documents: Sequence[Stored]) -> None:
        """Nothing is marked here."""
        raise AssertionError("nothing waits here")

    async def remember(self, outcomes: Sequence[Stored]) -> None:
        raise AssertionError("nothing is old here")


async def lapsed(document: Stored) -> Stored:
    """What our processor makes of it when its deadline fires."""
    due, store = due_of(document), _One(document)
    owned = consumer(jurisdiction())
    request = Request(due.subject, FireDeadline(name=due.name, due_at=due.at), GATEWAY, ACTOR, due.key)
    command = sealed(request, owned.source)
    now = int(datetime.now(UTC).timestamp() * 1000)
    record = Record(command.topic, document["partition"], 10_000, now, due.subject.encode(), command.value)
    await Processor(owned, store, _nowhere, BuiltinReference()).run([record])
    return store.document


async def _nowhere(outgoing: Sequence[Outgoing]) -> None:
    assert len(outgoing) == 2, f"a lapse tells two events: {outgoing}"


def like(document: Stored, subject: str, partition: int) -> Stored:
    """The same document, of another issue."""
    sweep = datetime.now(UTC) + timedelta(days=1)
    return {
        **document,
        "_id": subject,
        "partition": partition,
        "deadline": deadline_string(partition, sweep, subject),
    }
