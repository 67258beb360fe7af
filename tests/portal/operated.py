"""What tests of an operator's pages begin with: services that are well, dead letters and missing events of theirs."""

from collections.abc import Callable
from typing import Any

from prometheus_client import generate_latest
from pydantic import BaseModel

from shared.metrics import Metrics
from shared.operators import DeadLetters, WholeDeadLetter
from shared.waiting import Missing, Waiting
from tests.portal.given import NAMES, Browser, Given

OPERATOR = "operator:yan"
ISSUE = "7K3M9QXT2B4N6"
ORIGIN = "intake.events/0/12"
PLACE = f"/operator/dead-letters/dispatch/{ORIGIN}"
GAP = {
    "subject": ISSUE,
    "topic": "intake.events",
    "source": "/huzhou/intake",
    "seq": 3,
    "waiting": 2,
    "since": "2026-03-02T01:00:00Z",
}
DEAD_LETTER: dict[str, Any] = {
    "group": "dispatch",
    "origin": ORIGIN,
    "number": 0,
    "status": "open",
    "resolved_by": "",
    "subject": ISSUE,
    "topic": "intake.events",
    "source": "/huzhou/intake",
    "seq": 3,
    "event": "issue.accepted.v1",
    "command": "",
    "reason": "title: Input should be a valid string",
    "at": "2026-03-02T01:00:00Z",
    "bytes": 7,
    "unpublished": False,
    "value": '{"a":1}',
}


def answered(model: type[BaseModel], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """An answer that a service gives: by its own model nothing lacks in it, and nothing stands beside it."""
    assert set(body) <= set(model.model_fields), body
    model.model_validate(body)
    return 200, body


def measured(change: Callable[[Metrics], Any] = lambda metrics: None) -> bytes:
    """What a service serves at /metrics, as a test changed it."""
    metrics = Metrics()
    change(metrics)
    return generate_latest(metrics.registry)


def well(given: Given) -> None:
    """All services are ready, and nothing waits for anybody."""
    ready, metrics = (200, {"missing": []}), (200, measured())
    nothing, nobody = (200, {"dead_letters": [], "next": None}), (200, {"events": 0, "missing": []})
    for name in NAMES:
        given.asked.of(name).update(
            {
                "GET /health/ready": ready,
                "GET /metrics": metrics,
                "GET /dead-letters": nothing,
                "GET /held": nobody,
            }
        )


def dead_letters(given: Given, *rows: dict[str, Any], next: int | None = None) -> None:
    """Dispatch has these."""
    found = [answered(WholeDeadLetter, {**DEAD_LETTER, **row}) for row in rows]
    answers = given.asked.of("dispatch")
    answers["GET /dead-letters"] = answered(
        DeadLetters, {"dead_letters": [one for _, one in found], "next": next}
    )
    answers.update({f"GET /dead-letters/{one['origin']}": (status, one) for status, one in found})


def missing(given: Given, *rows: dict[str, Any]) -> None:
    """Dispatch holds what waits for these."""
    found = [answered(Missing, {**GAP, **row})[1] for row in rows]
    held = sum(row["waiting"] for row in found)
    given.asked.of("dispatch")["GET /held"] = answered(Waiting, {"events": held, "missing": found})


async def operator(given: Given) -> Browser:
    """The browser of an operator."""
    given.officials()
    browser = given.browser()
    await browser.sign_in(OPERATOR)
    return browser
