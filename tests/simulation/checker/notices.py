"""Notices by mail: sent once unless nobody was left to record it, said to be sent when they are, never forgotten."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Evidence, aggregate_of, instant, kind_of

TRIED = timedelta(days=3)
ENDED = ("sent", "given_up")


def check_notices(evidence: Evidence) -> Iterator[Violation]:
    """What the mail server has against what the owners of notices tell and keep."""
    mailed = {mail.notice for mail in evidence.history.mailed}
    for mail in evidence.history.mailed:
        if mail.again:
            yield Clause.MAILED_ONCE(
                f"notice:{mail.notice}: it was sent again at {mail.at_ms} ms, without need"
            )
    for service in ("intake", "dispatch"):
        for subject, events in evidence.events_by(service).items():
            if aggregate_of(subject) != "notice":
                continue
            for event in events:
                kind = kind_of(event)
                if kind.endswith("sent") and subject.partition(":")[2] not in mailed:
                    yield Clause.NOTICE_SENT(
                        f"{subject}: {event['id']} says it was sent, and no server has it"
                    )
                if kind.endswith("given_up") and event["data"]["why"] == "too_late":
                    yield from _early(evidence, subject, event["id"], instant(event["time"]))
        for subject, document in evidence.documents(service).items():
            state = (document.get("state") or {}).get("state")
            ends = state in (None, *ENDED) or "deadline" in document or document.get("held")
            if aggregate_of(subject) == "notice" and not ends:
                yield Clause.NOTICE_ENDS(f"{subject}: {service} has it {state}, and nothing will end that")


def _early(evidence: Evidence, subject: str, id: str, given_up: datetime) -> Iterator[Violation]:
    """It was tried for three days since the first that prepared it."""
    prepared = [
        instant(opened.event["time"])
        for opened in evidence.opened
        if opened.event is not None
        and opened.event["subject"] == subject
        and opened.event["type"].endswith(".notice.prepare.v1")
    ]
    if prepared and given_up < min(prepared) + TRIED - timedelta(milliseconds=evidence.history.skew_ms):
        yield Clause.NOTICE_LATE(f"{subject}: {id} gives it up before three days were over")
