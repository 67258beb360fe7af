"""Every command has one outcome for life: done, refused, failed until it is handed in again, or discarded."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from shared.contract.command import FireDeadline
from shared.contract.registry import COMMANDS, EVENTS
from shared.domain.decisions import Reason
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.failed import Commands
from tests.simulation.checker.heard import UPGRADE, open_again
from tests.simulation.checker.history import Event, Evidence

ONE_BATCH = 12
"""Outcomes that one batch may add, where it is not known: the oldest move out when the document is read next."""
AFTER_SWEEP = {"status", "state", "reason", "number", "id", "due_at", "due_on"}
"""What is still remembered of an outcome a day after its aggregate was finished."""
FAILED, DISCARDED = Reason.FAILED.value, Reason.DISCARDED.value
PASSING = (FAILED, Reason.ID_REUSED.value)
"""Answers that are not the outcome of the command: it failed for now, or its id was another's."""


def check_outcomes(evidence: Evidence) -> Iterator[Violation]:
    """Every command of the log, what operators made of those that failed, and everything anybody was answered."""
    commands = Commands(evidence)
    for service in evidence.history.reads:
        set_aside = evidence.dead_letters.get(service, {})
        for opened in evidence.opened:
            event = opened.event
            if event is None or opened.record.topic != f"{service}.commands":
                continue
            if event["type"] == FireDeadline.type:
                continue  # void by its name once it fired, so nothing has to be remembered
            if (again := open_again(opened)) and _may_be_unknown(event, again.event or {}):
                continue  # a version that knows the type may hand it in again by the same name
            if (
                opened.place not in set_aside
                and evidence.outcome(service, event["subject"], event["id"]) is None
            ):
                yield Clause.OUTCOME(
                    f"{event['subject']}: {service} has no outcome for the command {event['id']} at {opened.place}"
                )
    for name, after in commands.after.items():
        yield from _after_failing(evidence, name, after)
    yield from _acknowledged(evidence)
    yield from _apart(evidence)


def _may_be_unknown(command: Event, again: Event) -> bool:
    """Whether who read this did not know the type: nobody does, or an older worker that stood beside the one that
    handed it in. That the event was applied all the same is said elsewhere."""
    return again.get("type") not in {*EVENTS, *COMMANDS} or str(command["id"]).startswith(f"{UPGRADE}/")


def _after_failing(evidence: Evidence, name: tuple[str, str, str], after: str) -> Iterator[Violation]:
    """A command that failed is ``failed`` until an operator hands it in again or discards it; then it is that."""
    service, subject, id = name
    outcome = evidence.outcome(service, subject, id)
    reason = None if outcome is None else outcome.get("reason")
    sentence = f"{subject}: {service}: {id} {after}, remembered is {outcome}"
    if after == "discarded" or reason == DISCARDED:
        if (after == "discarded") != (reason == DISCARDED):
            yield Clause.OUTCOME_OF_DISCARD(sentence)
    elif (after == "failed") != (reason == FAILED):
        yield Clause.OUTCOME_OF_FAILURE(sentence)


def _acknowledged(evidence: Evidence) -> Iterator[Violation]:
    """What Kafka acknowledged stands on the topic; what anybody was answered is what the service remembers."""
    for service, subject, id, given in evidence.history.acknowledged:
        if id not in evidence.by_id:
            yield Clause.ACKNOWLEDGED(f"{subject}: the acknowledged command {id} is on no topic")
        answers = [dict(answer) for answer in given if answer.get("reason") not in PASSING]
        kept = evidence.outcome(service, subject, id)
        if kept is not None and kept.get("reason") not in PASSING:
            answers.append(dict(kept))
        swept = bool(evidence.documents(service).get(subject, {}).get("sweeps"))
        whole = {_text(answer) for answer in answers if not swept or not answer.keys() <= AFTER_SWEEP}
        brief = {_text({name: answer[name] for name in AFTER_SWEEP & answer.keys()}) for answer in answers}
        if len(whole) > 1 or len(brief) > 1:
            outcomes = "; ".join(sorted(whole | brief))
            yield Clause.ONE_OUTCOME(f"{subject}: the command {id} had more than one outcome: {outcomes}")


def _apart(evidence: Evidence) -> Iterator[Violation]:
    """A document holds the newest outcomes; an older one stands beside it, once, and is of a command of the log."""
    apart: Counter[tuple[str, str]] = Counter()
    for (service, name), old in evidence.outcomes.items():
        subject, _, id = name.partition("|")
        document = evidence.documents(service).get(subject)
        if document is None or id not in evidence.by_id:
            yield Clause.OUTCOME_APART(f"{subject}: {service} keeps an outcome of {id}, which it never took")
            continue
        # In both until the next version is written, and where a failure was settled after it had moved out.
        twice = old["outcome"].get("reason") != FAILED and any(
            id == known for known, *_ in document.get("inbox", ())
        )
        apart[service, subject] += not twice
    beside = Counter((service, name.partition("|")[0]) for service, name in evidence.outcomes)
    for (service, subject), count in apart.items():
        document = evidence.documents(service)[subject]
        if beside[service, subject] > count < document.get("older", 0):
            yield Clause.OUTCOME_APART(f"{subject}: {service} keeps old outcomes in its document as well")
    for service in evidence.history.reads:
        for subject, document in evidence.documents(service).items():
            count = len(document.get("inbox", ()))
            added = evidence.history.at_once.get((service, subject), ONE_BATCH)
            if count > evidence.history.most_outcomes + added:
                yield Clause.INBOX_SIZE(f"{subject}: {service} keeps {count} outcomes in the document")


def _text(outcome: Mapping[str, Any]) -> str:
    return json.dumps(outcome, sort_keys=True, ensure_ascii=False)
