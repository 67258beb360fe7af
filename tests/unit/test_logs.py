"""The log: one entry a line, JSON or plain; a line for each record that was handled, with ids and no content."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.bus.records import Outgoing
from shared.contract.commands.intake import WithdrawIssue
from shared.ids import shown_event, shown_subject
from shared.logs import HANDLED, Format, configure, say_handled
from tests.faults.given import Played, asks, closing, line, notebook

ISSUE = "7K3M9QXT2B4N6"
PHONE, NAME = "13800138000", "王小明"


Written = pytest.CaptureFixture[str]


@pytest.fixture
def written(capsys: Written) -> Iterator[Written]:
    """Where the log goes; afterwards all is as it was."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level, levels = root.handlers[:], root.level, HANDLED.propagate
    yield capsys
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()
    root.handlers, HANDLED.handlers, HANDLED.propagate = handlers, [], levels
    root.setLevel(level)


async def lines(written: Written, format: Format, *sent: Outgoing, level: str = "INFO") -> list[str]:
    """What the log says of a batch of these."""
    configure("intake", level, format)
    batch = await Played(notebook()).deliver(*sent)
    say_handled(batch.handled)
    return written.readouterr().err.splitlines()


async def test_each_record_is_a_line_of_json_with_its_ids_and_what_became_of_it(written: Written) -> None:
    said = await lines(written, "json", closing(ISSUE, 1), line(ISSUE, "no"))
    event, command = map(json.loads, said)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "handled",
        "became": "applied",
        "reason": "",
        "type": "issue.closed.v1",
        "subject": ISSUE,
        "id": f"feedback.events:{ISSUE}:1",
        "record": "feedback.events/0/0",
        "service": "intake",
        "level": "info",
    }
    assert (command["became"], command["reason"]) == ("refused", "illegal_move")


async def test_a_plain_line_says_the_same(written: Written) -> None:
    (said,) = await lines(written, "plain", closing(ISSUE, 1))
    for part in ("[info     ] handled became=applied ", f"subject={ISSUE}", "record=feedback.events/0/0"):
        assert part in said


async def test_who_asks_for_warnings_alone_gets_no_such_lines(written: Written) -> None:
    assert await lines(written, "json", closing(ISSUE, 1), level="WARNING") == []


@pytest.mark.parametrize("format", ["json", "plain"])
async def test_nothing_that_came_from_outside_stands_in_a_line(written: Written, format: Format) -> None:
    key = f"{NAME}-{PHONE}"
    by_key = asks(ISSUE, WithdrawIssue(reason=NAME), key, f"entrepreneur:{PHONE}")
    odd = Outgoing("intake.commands", PHONE, NAME.encode())
    said = await lines(written, format, by_key, odd, line(PHONE, NAME), line(NAME, "x"), closing(PHONE, 1))
    assert len(said) == 5
    assert not [text for text in said if PHONE in text or NAME in text]


@pytest.mark.parametrize("format", ["json", "plain"])
def test_a_traceback_shows_code_and_no_variable(written: Written, format: Format) -> None:
    configure("intake", "INFO", format)
    secret = "".join(["what", "-", "somebody", "-", "said"])
    try:
        raise ValueError(len(secret))
    except ValueError:
        structlog.get_logger("x").exception("it failed", namespace="")
    said = written.readouterr().err
    assert "it failed" in said and "ValueError" in said and secret not in said


@pytest.mark.parametrize(
    "subject",
    [PHONE, f"person:{PHONE}", "person:138-0013-8000", "person:11010519491231002X", NAME, "Li Si", "a" * 200],
)
def test_a_subject_that_may_be_a_phone_or_a_name_is_shown_as_a_hash(subject: str) -> None:
    assert shown_subject(subject).startswith("#") and subject not in shown_subject(subject)
    assert shown_event(f"intake.events:{subject}:1").startswith("#")


@pytest.mark.parametrize("subject", [ISSUE, "dept:housing", "talk:2026-11-25.huzhou", f"person:{'0a1b' * 8}"])
def test_our_own_subjects_are_shown_as_they_are(subject: str) -> None:
    assert shown_subject(subject) == subject
    assert shown_event(f"dept.housing.orders:{subject}:12") == f"dept.housing.orders:{subject}:12"
