"""Per topic, subject and source: 1, 2, 3 ... without a gap, each with the hash of the one before, nothing twice."""

from collections.abc import Iterator

from shared.contract.envelope import sha256_of
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Evidence, Opened, instant


def check_sequences(evidence: Evidence) -> Iterator[Violation]:
    """Order on the topic is not promised (re-sending), the numbers and the chain are."""
    yield from evidence.check_epochs()
    yield from _once(evidence)
    yield from _on_both_topics(evidence)
    for (topic, subject, source), found in evidence.events.items():
        missing = [
            seq
            for seq in range(1, max(found) + 1)
            if seq not in found and (topic, subject, seq) not in evidence.unpublished
        ]
        if missing:
            yield Clause.GAP(f"{subject}: {topic} from {source} lacks {missing}, but has {max(found)}")
        before = ""
        for seq in sorted(found):
            opened = found[seq]
            event, raw = opened.event, opened.record.value or b""
            assert event is not None
            if seq - 1 in found or seq == 1:
                previous = event.get("previous", "")
                before = "" if event.get("follows") else before
                if previous != before:
                    yield Clause.CHAIN(
                        f"{subject}: {opened.place} (seq {seq}) follows {previous[:8]!r}, not {before[:8]!r}"
                    )
            if (
                event.get("time")
                and instant(event["time"]).timestamp() * 1000
                > opened.record.timestamp + evidence.history.skew_ms
            ):
                yield Clause.TIME(
                    f"{subject}: {opened.place} tells of {event['time']}, which had not come when it was written"
                )
            before = sha256_of(raw)


def _once(evidence: Evidence) -> Iterator[Violation]:
    """The same id always has the same bytes, and so has the same place in a sequence; commands may be repeated."""
    for opened in evidence.opened:
        event = opened.event
        if event is None or opened.record.topic.endswith(".commands"):
            continue
        first = evidence.by_id[event["id"]]
        if first.record.value != opened.record.value:
            yield Clause.SAME_ID(
                f"{event['subject']}: {opened.place} has the id of {first.place} ({event['id']}) and other bytes"
            )
        if (seq := event.get("seq", 0)) > 0:
            first = evidence.events[opened.record.topic, event["subject"], event["source"]][seq]
            if first.record.value != opened.record.value:
                yield Clause.SAME_SEQ(
                    f"{event['subject']}: {opened.place} and {first.place} both claim seq {seq}"
                )


def _on_both_topics(evidence: Evidence) -> Iterator[Violation]:
    """A version of reference data stands on its owner's events and, for whoever starts, on its compacted topic."""
    by_topic: dict[bool, dict[bytes, Opened]] = {False: {}, True: {}}
    for opened in evidence.opened:
        type = str(opened.event["type"]) if opened.event is not None else ""
        if type.endswith(".published.v1") and type != "paper.published.v1":
            by_topic[opened.record.topic.endswith(".reference")][opened.record.value or b""] = opened
    for value, opened in by_topic[False].items():
        if value not in by_topic[True]:
            yield Clause.ON_REFERENCE(
                f"{(opened.event or {})['subject']}: {opened.place} is on no topic of reference data"
            )
    for value, opened in by_topic[True].items():
        if value not in by_topic[False]:
            yield Clause.ON_EVENTS(
                f"{(opened.event or {})['subject']}: {opened.place} was told on no topic of events"
            )
