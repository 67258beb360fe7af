"""Done plus dead letters is the input; every acknowledged command has one outcome, and everybody was told that one."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from shared.commands import CONTROL
from shared.moves import Reason
from tests.simulation.checker.history import Facts, Opened

STUB_DAYS = 7


def check_delivery(facts: Facts) -> Iterator[str]:
    """Each record of each topic a service reads: applied, held for a predecessor, or a dead letter."""
    for service, topics in facts.history.reads.items():
        documents = (facts.history.documents or {}).get(service, {})
        letters = facts.letters.get(service, {})
        for opened in facts.opened:
            if opened.record.topic not in topics or opened.place in letters:
                continue
            event = opened.event
            if event is None:
                yield f"{service}: {opened.place} cannot be used, and is not among the dead letters"
            elif opened.record.topic == f"{service}.commands":
                if event["type"] not in CONTROL:
                    yield from _command(facts, service, opened, documents.get(event["subject"]))
            elif not _applied(opened, documents.get(event["subject"])):
                yield f"{event['subject']}: {service} neither applied nor set aside {opened.place} ({event['id']})"


def _command(facts: Facts, service: str, opened: Opened, document: Mapping[str, Any] | None) -> Iterator[str]:
    event = opened.event
    assert event is not None
    if any(cause[0] == event["id"] for cause in (document or {}).get("causes", ())):
        return
    # Outcomes of commands about what was never created are forgotten after some days.
    first = facts.by_id[event["id"]]
    sent = facts.history.now.timestamp() * 1000 - first.record.timestamp
    stub = document is None or document.get("state") is None
    if stub and sent >= timedelta(days=STUB_DAYS).total_seconds() * 1000:
        return
    yield f"{event['subject']}: {service} has no outcome for the command {event['id']} at {opened.place}"


def _applied(opened: Opened, document: Mapping[str, Any] | None) -> bool:
    event = opened.event
    assert event is not None
    topic, seq = opened.record.topic, event["seq"]
    seen = dict((document or {}).get("seen", ()))
    held = {(entry["topic"], entry["seq"]) for entry in (document or {}).get("held", ())}
    return seq <= seen.get(topic, 0) or (topic, seq) in held


def check_outcomes(facts: Facts) -> Iterator[str]:
    """What Kafka acknowledged has an outcome; what clients were told is what the document remembers."""
    passing = (Reason.FAILED.value, Reason.ID_REUSED.value)
    for service, subject, id, told in facts.history.acknowledged:
        document = (facts.history.documents or {}).get(service, {}).get(subject)
        kept = next((cause[2] for cause in (document or {}).get("causes", ()) if cause[0] == id), None)
        answers = [dict(answer) for answer in told if answer.get("reason") not in passing]
        if kept is None and not told and id not in facts.by_id:
            yield f"{subject}: the acknowledged command {id} is on no topic and has no outcome"
        different = {json.dumps(answer, sort_keys=True, ensure_ascii=False) for answer in answers}
        if kept is not None and kept.get("reason") not in passing:
            different.add(json.dumps(kept, sort_keys=True, ensure_ascii=False))
        if len(different) > 1:
            yield f"{subject}: the command {id} had more than one outcome: {'; '.join(sorted(different))}"
