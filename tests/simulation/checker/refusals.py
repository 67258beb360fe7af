"""What a department's own system asked of supervision, and was refused, comes back on the department's own topic."""

from collections.abc import Iterator

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Evidence, kind_of
from tests.simulation.checker.outcomes import DISCARDED, PASSING

OWN_SYSTEM = "dept/dept:"


def check_refusals(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Supervision tells of each refusal once; what dispatch has heard of that, the department was told once."""
    told: dict[str, int] = {}
    passed: dict[tuple[str, str], int] = {}
    for (topic, subject, source), found in evidence.events.items():
        for seq, opened in found.items():
            event = opened.event
            if event is None:
                continue
            if kind_of(event) == "message.refused":
                told[event["cause"]] = told.get(event["cause"], 0) + 1
                if hearing.of("dispatch", subject).has((topic, source, seq)):
                    passed.setdefault((event["data"]["department"], event["data"]["message"]), 0)
            elif kind_of(event) == "order.refused":
                name = topic.split(".")[1], event["data"]["message"]
                passed[name] = passed.get(name, 0) + 1
    for opened in evidence.opened:
        event = opened.event
        if opened.record.topic != "supervision.commands" or event is None:
            continue
        if not str(event["id"]).startswith(OWN_SYSTEM):
            continue
        outcome = evidence.outcome("supervision", event["subject"], event["id"]) or {}
        settled = outcome.get("reason") not in (*PASSING, DISCARDED)
        refused = outcome.get("status") == "refused" and settled
        if settled and told.get(event["id"], 0) != refused:
            yield Clause.REFUSAL_TOLD(
                f"{event['subject']}: {event['id']} was {outcome}, told {told.get(event['id'], 0)} times"
            )
    for (department, message), count in passed.items():
        if count != 1:
            yield Clause.REFUSAL_TOLD(f"{department} was told {count} times that {message} is refused")
