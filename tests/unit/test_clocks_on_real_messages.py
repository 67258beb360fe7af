"""The clocks on 1,712 real submissions and replies, against counts that were made without them."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.domain.clocks import SHANGHAI, Limit, Started, Stopped, due_at, read_clock

MESSAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "messages_replied.csv"

pytestmark = pytest.mark.skipif(
    not MESSAGES.exists(), reason=f"the real messages are not part of the project; {MESSAGES} is absent"
)


@pytest.fixture(scope="module")
def messages() -> list[tuple[datetime, datetime]]:
    """(submitted_at, replied_at) of every message."""

    def rows() -> Iterator[tuple[datetime, datetime]]:
        with MESSAGES.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield datetime.fromisoformat(row["submitted_at"]), datetime.fromisoformat(row["replied_at"])

    return list(rows())


def on_time(messages: list[tuple[datetime, datetime]], limit: str) -> int:
    policy, calendar = builtin_policy().with_reply_limit(limit), builtin_calendar()
    return sum(
        replied <= due_at(sent, policy.limits["promise"], policy, calendar).at for sent, replied in messages
    )


@pytest.mark.parametrize(("limit", "kept", "late"), [("10wd", 1058, 654), ("14d", 1039, 673)])
def test_the_promise_was_kept_as_often_as_counted_by_hand(
    messages: list[tuple[datetime, datetime]], limit: str, kept: int, late: int
) -> None:
    assert len(messages) == kept + late
    assert on_time(messages, limit) == kept


@pytest.mark.parametrize(("limit", "kept"), [("10wd", 29), ("14d", 28)])
def test_april_2019_comes_out_right(messages: list[tuple[datetime, datetime]], limit: str, kept: int) -> None:
    april = [pair for pair in messages if f"{pair[0].astimezone(SHANGHAI):%Y-%m}" == "2019-04"]
    assert len(april) == 44
    assert on_time(april, limit) == kept


def test_reading_the_facts_says_the_same_as_the_due_date(messages: list[tuple[datetime, datetime]]) -> None:
    policy, calendar = builtin_policy(), builtin_calendar()
    limit = Limit("10wd")
    readings = [
        read_clock([Started(sent, limit), Stopped(replied)], policy, calendar) for sent, replied in messages
    ]
    assert sum(not reading.breached for reading in readings) == 1058
    assert not any(reading.provisional for reading in readings)
