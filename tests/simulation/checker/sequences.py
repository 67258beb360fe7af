"""Per topic, subject and source: 1, 2, 3 ... without a gap, each with the hash of the one before, nothing twice."""

from collections.abc import Iterator

from shared.envelope import sha256_of
from tests.simulation.checker.history import Facts, instant

SKEW_MS = 1000
"""How far two machines' clocks may be apart."""


def check_sequences(facts: Facts) -> Iterator[str]:
    """Order on the topic is not promised (re-sending), the numbers and the chain are."""
    yield from _once(facts)
    for (topic, subject, source), found in facts.events.items():
        missing = [seq for seq in range(1, max(found) + 1) if seq not in found]
        if missing:
            yield f"{subject}: {topic} from {source} lacks {missing}, but has {max(found)}"
        before = ""
        for seq in sorted(found):
            opened = found[seq]
            event, raw = opened.event, opened.record.value or b""
            assert event is not None
            if seq - 1 in found or seq == 1:
                previous = event.get("previous", "")
                if previous != before:
                    yield f"{subject}: {opened.place} (seq {seq}) follows {previous[:8]!r}, not {before[:8]!r}"
            if (
                event.get("time")
                and instant(event["time"]).timestamp() * 1000 > opened.record.timestamp + SKEW_MS
            ):
                yield f"{subject}: {opened.place} tells of {event['time']}, which had not come when it was written"
            before = sha256_of(raw)


def _once(facts: Facts) -> Iterator[str]:
    """The same id always has the same bytes, and so has the same place in a sequence; commands may be repeated."""
    for opened in facts.opened:
        event = opened.event
        if event is None or opened.record.topic.endswith(".commands"):
            continue
        first = facts.by_id[event["id"]]
        if first.record.value != opened.record.value:
            yield f"{event['subject']}: {opened.place} has the id of {first.place} ({event['id']}) and other bytes"
        if (seq := event.get("seq", 0)) > 0:
            first = facts.events[opened.record.topic, event["subject"], event["source"]][seq]
            if first.record.value != opened.record.value:
                yield f"{event['subject']}: {opened.place} and {first.place} both claim seq {seq}"
