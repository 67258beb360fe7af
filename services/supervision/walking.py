"""Which versions reach issues that exist already, and which issues each of them moves (shared/walking.py)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from services.supervision.issue.life import Issue
from services.supervision.issue.renewing import is_moved_by, request_of
from shared.domain.reference import Reference, Renewal
from shared.walking import Walk


def walks(reference: Reference) -> Sequence[Walk]:
    """One walk for each calendar and each policy that reaches running clocks, as far as they are known here."""
    return [
        Walk(
            f"{renewal.because}@{renewal.version}",
            renewal.at,
            request_of(renewal),
            partial(_moves, renewal, reference),
        )
        for renewal in reference.renewals
    ]


def _moves(renewal: Renewal, reference: Reference, state: Mapping[str, Any]) -> bool:
    return is_moved_by(Issue.model_validate(state), renewal, reference)
