"""Played again by the rules that were in force, history gives its own record."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.cli.supposing.comparing import compare
from services.cli.supposing.log import COMPARED, TOPICS, Entry, Log, happened, recorded
from services.cli.supposing.playing import play as play_again
from services.cli.supposing.rules import Rules
from services.cli.supposing.standing import standing
from shared.contract.event import DISPATCH
from shared.contract.events.supervision import BreachAnnulled
from tests.contract.scripted import records
from tests.unit.supervision.given import MONDAY, after, promised, registered
from tests.unit.supervision.test_any_order_of_arrival import Delivery, deliveries, play
from tests.unit.supposing.given import builtin_reference, sequences


@pytest.fixture(scope="module")
def log() -> Log:
    """Everything of the scripted run: each service's every event, appeals, lifts and explanations among them."""
    log = Log()
    for record in records():
        if record.topic in TOPICS:
            log.take(record)
    return log


def said(entries: Iterable[Entry]) -> list[str]:
    """What these events say of clocks and steps, in whatever order: had no timer been late."""
    events = [entry.event for entry in entries if isinstance(entry.event, COMPARED)]
    return sorted(
        f"{event.type} {event.model_dump(mode='json', exclude={'late_seconds'})}" for event in events
    )


def test_every_event_about_a_clock_or_a_step_comes_out_as_it_was_published(log: Log) -> None:
    rules = Rules.supposing(log.reference)
    compared = annulled = 0
    for subject, found in log.issues.items():
        again = play_again(subject, happened(found), rules, log.last).entries
        record = recorded(found)
        if any(isinstance(entry.event, BreachAnnulled) for entry in record):
            annulled += 1  # played in its time, what came too late then comes in time
            continue
        assert said(again) == said(record)
        compared += len(record)
    assert compared > 80 and annulled == 1


def test_no_issue_differs_and_no_rate_does(log: Log) -> None:
    found = compare(log, Rules.supposing(log.reference), log.last)
    assert found.issues == len(log.issues)
    assert (found.differing, found.moved) == ([], 0)
    assert found.breaches["promise"].before > 2 and found.steps[6].before > 0 and found.deadlines > 20
    for change in [*found.breaches.values(), *found.steps.values()]:
        assert change.before == change.after and not change.more and not change.fewer
    for rate in found.rates.values():
        assert rate.before == rate.after and rate.before[1] and not rate.changed


def test_the_policy_in_force_given_as_another_one_changes_nothing_either(log: Log) -> None:
    same = log.reference.policies.at(log.last), log.reference.calendars.at(log.last)
    for since in (MONDAY, after(days=-9999)):
        found = compare(log, Rules.supposing(log.reference, *same, since), log.last)
        assert (found.differing, found.moved) == ([], 0)


def test_records_taken_in_twice_or_backwards_are_the_same_history(log: Log) -> None:
    again = Log()
    chosen = [record for record in records() if record.topic in TOPICS]
    for record in [*reversed(chosen), *chosen]:
        again.take(record)
    assert again.issues == log.issues
    assert again.reference.policies.all() == log.reference.policies.all()


def test_what_is_no_event_is_counted_and_passed_over() -> None:
    log = Log()
    right = next(
        record for record in records() if record.topic == DISPATCH and b":" not in (record.key or b":")
    )
    for record in [right._replace(value=b"{"), right._replace(key=b"x"), right._replace(sha256="0"), right]:
        log.take(record)
    assert (log.unreadable, log.events) == (3, 1)


ENDS_A_CLIMB = ("reply.released.v1", "issue.withdrawn.v1", "issue.closed.v1")
BEGINS_A_CLIMB = ("rework.asked.v1", "extension.asked.v1")


def is_silent(delivered: list[Delivery]) -> bool:
    """Whether something is undone of which nothing is published, or steps stay that time alone would not have brought.

    What ends a climb is read behind what ends or begins it later; or what lights red at once is read late.
    """
    marks = [at for _, at, event in delivered if event.type in (*ENDS_A_CLIMB, *BEGINS_A_CLIMB)]
    late = any(event.type in BEGINS_A_CLIMB and arrival > at for arrival, at, event in delivered)
    return late or marks != sorted(marks)


@settings(max_examples=150, deadline=None)
@given(deliveries(), st.sampled_from([0, 30, 86400]))
def test_in_whatever_order_events_arrived_the_same_stands(delivered: list[Delivery], late: int) -> None:
    assume(not is_silent(delivered))
    _, published = play(delivered, timedelta(seconds=late))
    was = standing(Entry(MONDAY, event) for event in published)
    in_time = sorted(((at, event) for _, at, event in delivered), key=lambda entry: entry[0])
    others = happened(sequences([(MONDAY, registered()), *in_time]))
    again = play_again("issue-1", others, Rules.supposing(builtin_reference()), after(days=2000))
    stands = standing(again.entries)
    assert (stands.breaches, stands.steps) == (was.breaches, was.steps)


def test_of_what_was_never_registered_nothing_is_played() -> None:
    found = sequences([(MONDAY, promised())])
    assert not play_again(
        "x", happened(found), Rules.supposing(builtin_reference()), after(days=99)
    ).deadlines
