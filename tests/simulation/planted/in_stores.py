"""Faults planted into what is stored of an aggregate beside its state."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from shared.bus import document as documents
from shared.bus.document import Document
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, fault, stored


@fault(Clause.KIND_KEPT)
def a_policy_is_stored_as_a_calendar() -> Patches:
    def wrong(document: Document, made: dict[str, Any]) -> None:
        if document.kind.name == "policy":
            made["kind"] = "calendar"

    return stored(wrong)


@fault(Clause.PUBLISHED_SAME)
def a_finished_issue_keeps_another_hash_than_was_published() -> Patches:
    def wrong(document: Document, made: dict[str, Any]) -> None:
        if document.finished_at is not None:
            made["published"] = [[topic, seq, sha[::-1]] for topic, seq, sha in made.get("published", ())]

    return stored(wrong)


@fault(Clause.STORED)
def a_finished_issue_forgets_that_something_was_published() -> Patches:
    def wrong(document: Document, made: dict[str, Any]) -> None:
        if document.finished_at is not None and "published" in made:
            made["published"] = []

    return stored(wrong)


@fault(Clause.SWEEP_DUE)
def what_is_finished_waits_for_no_sweep() -> Patches:
    def wrong(document: Document, made: dict[str, Any]) -> None:
        if made.get("due", {}).get("name", "").startswith("sweep/"):
            del made["due"], made["deadline"]

    return stored(wrong)


@fault(Clause.SWEPT)
def what_is_finished_is_swept_days_late() -> Patches:
    return [patch.object(documents, "SWEEP_AFTER", timedelta(days=6))]
