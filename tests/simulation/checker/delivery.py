"""Done plus dead letters is the input; every acknowledged command has one outcome, and everybody was given that one."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from shared.contract.command import CONTROL
from shared.domain.decisions import Reason
from tests.simulation.checker.history import KEEPS, Evidence, Opened, aggregate_of

STUB_DAYS = 7
AFTER_SWEEP = {"status", "state", "reason", "number", "id", "due_at", "due_on"}
"""What is still remembered of an outcome a day after its aggregate was finished."""


def check_delivery(evidence: Evidence) -> Iterator[str]:
    """Each record of each topic a service reads: applied, held for a predecessor, or a dead letter."""
    for service, topics in evidence.history.reads.items():
        documents = (evidence.history.documents or {}).get(service, {})
        set_aside = evidence.dead_letters.get(service, {})
        for opened in evidence.opened:
            if opened.record.topic not in topics or opened.place in set_aside:
                continue
            event = opened.event
            if event is None:
                yield f"{service}: {opened.place} cannot be used, and is not among the dead letters"
            elif opened.record.topic == f"{service}.commands":
                if event["type"] not in CONTROL:
                    yield from _command(evidence, service, opened, documents.get(event["subject"]))
            elif aggregate_of(event["subject"]) in KEEPS[service] and not _applied(
                opened, documents.get(event["subject"])
            ):
                yield f"{event['subject']}: {service} neither applied nor set aside {opened.place} ({event['id']})"


def _command(
    evidence: Evidence, service: str, opened: Opened, document: Mapping[str, Any] | None
) -> Iterator[str]:
    event = opened.event
    assert event is not None
    if any(known[0] == event["id"] for known in (document or {}).get("inbox", ())):
        return
    # Outcomes of commands about what was never created are forgotten after some days.
    first = evidence.by_id[event["id"]]
    sent = evidence.history.now.timestamp() * 1000 - first.record.timestamp
    stub = document is None or document.get("state") is None
    if stub and sent >= timedelta(days=STUB_DAYS).total_seconds() * 1000:
        return
    yield f"{event['subject']}: {service} has no outcome for the command {event['id']} at {opened.place}"


def _applied(opened: Opened, document: Mapping[str, Any] | None) -> bool:
    event = opened.event
    assert event is not None
    topic, source, seq = opened.record.topic, event["source"], event["seq"]
    read = {(name, by): last for name, by, last in (document or {}).get("read", ())}
    held = {tuple(entry[:3]) for entry in (document or {}).get("held", ())}
    return seq <= read.get((topic, source), 0) or (topic, source, seq) in held


def check_outcomes(evidence: Evidence) -> Iterator[str]:
    """What Kafka acknowledged has an outcome; what clients were given is what the document remembers."""
    passing = (Reason.FAILED.value, Reason.ID_REUSED.value)
    for service, subject, id, given in evidence.history.acknowledged:
        document = (evidence.history.documents or {}).get(service, {}).get(subject)
        kept = next((known[2] for known in (document or {}).get("inbox", ()) if known[0] == id), None)
        answers = [dict(answer) for answer in given if answer.get("reason") not in passing]
        if kept is None and not given and id not in evidence.by_id:
            yield f"{subject}: the acknowledged command {id} is on no topic and has no outcome"
        if kept is not None and kept.get("reason") not in passing:
            answers.append(dict(kept))
        swept = bool((document or {}).get("sweeps"))
        whole = {_text(answer) for answer in answers if not swept or not answer.keys() <= AFTER_SWEEP}
        brief = {_text({name: answer[name] for name in AFTER_SWEEP & answer.keys()}) for answer in answers}
        if len(whole) > 1 or len(brief) > 1:
            outcomes = "; ".join(sorted(whole | brief))
            yield f"{subject}: the command {id} had more than one outcome: {outcomes}"


def _text(outcome: Mapping[str, Any]) -> str:
    return json.dumps(outcome, sort_keys=True, ensure_ascii=False)
