"""One record of a topic of events, read whole: what is none is told apart from what is."""

from services.cli.asking import SHANGHAI
from shared.bus.records import Record
from shared.contract.envelope import Envelope, open_envelope, read_seen


def read_event(record: Record) -> Envelope:
    """The envelope of an event; its data is not looked at. Raises ValueError or OverflowError where it is none."""
    envelope = open_envelope(record.value, record.sha256)
    if envelope.time is None or envelope.seq < 1 or record.key != envelope.subject.encode():
        raise ValueError("an event has a time, its place in a sequence, and its subject as the record's key")
    envelope.time.astimezone(SHANGHAI)
    read_seen(envelope.seen)
    return envelope
