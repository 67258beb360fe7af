"""The ledger of dead letters: what its records say, whatever else stands between them, and what is asked for each."""

from typing import Any

import pytest

from services.cli.asking import local
from shared.bus.deadletters import (
    DeadLetter,
    again,
    discard_request,
    is_ours,
    replay_request,
    resolution,
    what_still_waits,
    why_not_again,
    with_status,
)
from shared.bus.records import DEAD_LETTER_TYPE, UNPUBLISHED_HEADER, instant
from shared.contract.command import Discard, Redeliver, Skip
from tests.faults.given import notebook

ORIGIN = "intake.events/0/12"
ISSUE = "7K3M9QXT2B4N6"


def letter(**headers: str) -> tuple[bytes, bytes, dict[str, str]]:
    """One record of the dead-letter topic."""
    return ORIGIN.encode(), b"{}", {"type": DEAD_LETTER_TYPE, "origin": ORIGIN, **headers}


def one(**fields: Any) -> DeadLetter:
    """The dead letter of one record."""
    return with_status("intake", [letter()])[0]._replace(**fields)


def test_a_resolution_closes_the_dead_letter_before_it_and_keeps_who_and_why() -> None:
    (open_one,) = with_status("intake", [letter(subject=ISSUE)])
    closing = resolution(open_one, "discarded", "operator:chen noise")
    raws = [letter(subject=ISSUE), (ORIGIN.encode(), b"", closing.wire_headers())]
    (closed,) = with_status("intake", raws)
    assert (open_one.status, closed.status, closed.resolved_by) == (
        "open",
        "discarded",
        "operator:chen noise",
    )


def test_a_dead_letter_that_was_published_twice_is_one() -> None:
    found = with_status("intake", [letter(reason="first"), letter(reason="second")])
    assert [(one.reason, one.number) for one in found] == [("first", 0)]


@pytest.mark.parametrize("status", ["", "open", "gone", "replayed\n"])
def test_a_strangers_resolution_closes_nothing(status: str) -> None:
    stranger = (ORIGIN.encode(), b"", {"type": "resolution", "origin": ORIGIN, "status": status})
    assert with_status("intake", [letter(), stranger])[0].status == "open"


@pytest.mark.parametrize("origin", ["x", "a/0", "a/0/1?x", "a b/0/1", "a/0/1/2", "", "漏/0/1/1"])
def test_a_dead_letter_that_names_no_place_has_its_own(origin: str) -> None:
    found = with_status("intake", [letter(), (b"", b"{", {"type": DEAD_LETTER_TYPE, "origin": origin})])
    assert [one.origin for one in found] == [ORIGIN, "intake.dlq/0/1"]


@pytest.mark.parametrize("text", ["", "x", "-1", "9" * 30, "¹", "1.5"])
def test_numbers_that_are_none_are_nothing(text: str) -> None:
    found = with_status("intake", [letter(seq=text, timestamp=text)])[0]
    assert (found.seq, found.at_ms, found.place) == (0, 0, ("intake.events", 0, 12))


def test_the_time_of_a_dead_letter_can_be_shown_whatever_a_stranger_wrote_there() -> None:
    (found,) = with_status("intake", [letter(timestamp="9" * 18)])
    assert local(instant(found.at_ms)).startswith("9999-12-31")


def test_only_the_value_that_is_wanted_is_kept() -> None:
    other = (b"k", b"large", {"type": DEAD_LETTER_TYPE, "origin": "intake.events/0/13"})
    found = with_status("intake", [letter(), other], only_value_of=ORIGIN)
    assert [(one.value, one.bytes) for one in found] == [(b"{}", 2), (b"", 5)]


def test_a_command_is_given_up_by_its_id_and_an_event_by_its_place() -> None:
    command = discard_request(one(subject=ISSUE, command="http/office:chen/k"), "operator:li", "why")
    assert command is not None
    assert command.command == Discard(command="http/office:chen/k", reason="why")
    event = discard_request(one(subject=ISSUE, seq=3, source="/huzhou/intake"), "operator:li", "why")
    assert event is not None
    assert event.command == Skip(topic="intake.events", source="/huzhou/intake", seq=3, reason="why")


def test_nothing_is_asked_for_what_nothing_waits_for() -> None:
    for nothing in (
        one(),
        one(subject=ISSUE),
        one(subject=ISSUE, unpublished=True, seq=3, source="/huzhou/intake"),
    ):
        assert discard_request(nothing, "operator:li", "why") is None


def test_what_is_handed_in_again_names_the_place_where_it_stood() -> None:
    request = replay_request(one(subject=ISSUE, seq=2), "operator:li")
    assert request.command == Redeliver(topic="intake.events", partition=0, offset=12, value="{}", seq=2)
    assert request.id == f"deadletter/operator:li/replay/{ORIGIN}"


def test_what_could_not_be_published_is_published_as_it_was() -> None:
    headers = {UNPUBLISHED_HEADER: "true", "key": "k", "topic": "intake.events", "seq": "7", "timestamp": "5"}
    (unpublished,) = with_status("intake", [letter(**headers)])
    record, at_ms = again(unpublished)
    assert (record.topic, record.key, record.value, record.seq, at_ms) == ("intake.events", "k", b"{}", 7, 5)
    assert why_not_again(unpublished) == ""
    assert "too large" in why_not_again(unpublished._replace(value=b""))
    discarded = unpublished._replace(status="discarded")
    assert "number 7: record a skip at each reader" in what_still_waits(discarded, None)


def test_what_cannot_be_handed_in_again_says_why() -> None:
    assert "ask the department" in why_not_again(one(origin="dept.housing.replies/0/1"))
    assert "names no aggregate" in why_not_again(one())
    assert why_not_again(one(subject=ISSUE)) == ""


@pytest.mark.parametrize("subject", ["", "x" * 101, "a|b", "dept:housing", "unknown:x"])
def test_a_subject_that_no_record_of_this_service_can_have_is_not_ours(subject: str) -> None:
    assert not is_ours(notebook(), subject)
    assert is_ours(notebook(), ISSUE)
