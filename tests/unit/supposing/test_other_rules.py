"""By other rules the same history has other breaches and steps; what people did and decided stays as it was."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli.supposing.comparing import Compared
from services.cli.supposing.rules import Rules
from shared.contract.event import Event
from shared.contract.events.feedback import ReworkAsked, ReworkDecided
from shared.contract.events.supervision import ExplanationGiven, LadderLifted
from shared.contract.words import ClockName, LiftCause, Provisional
from shared.domain.clocks import Limit, due_at
from shared.domain.reference import BEGINNING, NotPublished
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    MONDAY,
    after,
    appealed,
    assigned,
    promised,
    registered,
    rejected,
    replied,
    signed,
    upheld,
)
from tests.unit.supposing.given import (
    WITHOUT_GRACE,
    Given,
    builtin_reference,
    by,
    history_reference,
    limited,
    played,
    resting,
)

HELD = [(MONDAY, registered()), (MONDAY, promised()), (MONDAY, assigned()), (MONDAY, signed())]
LONG_AFTER = after(days=400)
PROMISE = ("promise", 1, "")


def due(limit: str) -> datetime:
    return due_at(MONDAY, Limit(limit), WITHOUT_GRACE, CALENDAR).at


def after_all(events: Given, rules: Rules) -> Compared:
    return played(events, rules, LONG_AFTER)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40 * 24 * 60), st.sampled_from(["1wd", "3wd", "10wd", "14d", "20wd"]))
def test_a_promise_is_broken_where_the_reply_was_later_than_its_limit(minutes: int, limit: str) -> None:
    replied_at = MONDAY + timedelta(minutes=minutes)
    one = after_all([*HELD, (replied_at, replied())], by(limited(promise=limit, holding=limit)))
    late = replied_at > due(limit)
    assert one.after.due[PROMISE] == due(limit)
    assert one.after.breaches.get(PROMISE, 0) == late
    assert (one.after.highest > 0) == late
    assert one.rates["on_time_reply"][1] == (int(not late), 1)


def test_a_stricter_limit_shows_the_breach_beside_the_record_that_has_none() -> None:
    events = [*HELD, (after(days=4), replied())]
    one = after_all(events, by(limited(promise="3wd", holding="3wd")))
    assert not one.before.breaches and one.before.steps == ()
    assert set(one.after.breaches) == {PROMISE, ("holding", 1, "a1")}
    assert one.after.steps == (1,)
    assert one.differs and one.department == "traffic"
    assert one.rates["on_time_reply"] == ((1, 1), (0, 1))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40 * 24), st.integers(0, 60), st.lists(st.integers(0, 60), max_size=4))
def test_one_more_rest_day_never_breaches_more(hours: int, day: int, others: list[int]) -> None:
    rest = [(MONDAY + timedelta(days=days)).date() for days in others]
    events = [*HELD, (MONDAY + timedelta(hours=hours), replied())]
    fewer = after_all(events, by(calendar=resting(*rest))).after
    more = after_all(events, by(calendar=resting(*rest, (MONDAY + timedelta(days=day)).date()))).after
    assert all(more.breaches[which] <= fewer.breaches.get(which, 0) for which in more.breaches)
    assert len(more.steps) <= len(fewer.steps)
    assert all(more.due[which] >= fewer.due[which] for which in fewer.due)


def test_what_began_before_the_instant_keeps_its_terms() -> None:
    policy, calendar = limited(promise="1wd", holding="1wd"), resting(date(2026, 3, 3))
    events = [*HELD, (after(days=8), replied())]
    for since, moved in ((MONDAY, True), (MONDAY + timedelta(milliseconds=1), False)):
        one = after_all(events, Rules.supposing(history_reference(), policy, calendar, since))
        assert bool(one.after.breaches.get(PROMISE)) is moved
        assert one.after.due[PROMISE] == (datetime(2026, 3, 4, 9, 30, tzinfo=UTC) if moved else DUE)


def test_a_clock_that_begins_after_the_instant_has_the_other_terms_and_the_promise_before_it_has_not() -> (
    None
):
    begun = [*HELD, (after(days=8), replied())]
    asked = [
        (after(days=9), ReworkAsked(round=1, reason="未解决")),
        (after(days=10), ReworkDecided(round=2, by="chen")),
    ]
    rules = Rules.supposing(history_reference(), limited(promise="1wd", rework="1wd"), None, after(days=9))
    found = after_all([*begun, *asked, (after(days=14), replied(2))], rules).after
    assert found.due[PROMISE] == DUE
    assert found.breaches == {("promise", 2, ""): 1, ("holding", 2, "a1"): 1}


def test_an_appeal_lets_the_promise_run_on_to_the_date_of_the_other_rules() -> None:
    rejected_at, appealed_at = after(days=1), after(days=3)
    events: list[tuple[datetime, Event]] = [
        (MONDAY, registered()),
        (MONDAY, promised()),
        (rejected_at, rejected()),
        (appealed_at, appealed(rejected_at, appealed_at)),
        (after(days=3), upheld()),
    ]
    same = after_all(events, by(WITHOUT_GRACE)).after
    shorter = after_all(events, by(limited(promise="4wd"))).after
    assert same.due[PROMISE] == datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
    assert shorter.due[PROMISE] == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    late = Rules.supposing(history_reference(), limited(promise="4wd"), None, after(days=2))
    assert after_all(events, late).after.due[PROMISE] == same.due[PROMISE]


def test_an_explanation_that_finds_nothing_to_put_off_changes_nothing() -> None:
    given_at = datetime(2026, 3, 17, 1, 0, tzinfo=UTC)
    explained = ExplanationGiven(round=1, department="traffic", words="设备未到货", due_at=given_at, by="li")
    events = [*HELD, (given_at, explained), (datetime(2026, 3, 18, 1, tzinfo=UTC), replied())]
    without = [one for one in events if one[1] is not explained]
    assert after_all(events, by(WITHOUT_GRACE)).after.steps == (1,)
    assert after_all(without, by(WITHOUT_GRACE)).after.steps == (1, 2)
    for limit in ("3wd", "20wd"):  # the order is out long ago; nothing is broken yet
        other = by(limited(promise=limit, holding="20wd"))
        assert after_all(events, other).after == after_all(without, other).after


def test_who_lifted_a_step_lifts_the_one_that_stands_and_none_where_none_does() -> None:
    lifted_at = datetime(2026, 3, 19, 1, 0, tzinfo=UTC)
    lifted = LadderLifted(step=2, because=LiftCause.PERSON, reason="已妥善处理", by="sun")
    events = [*HELD, (lifted_at, lifted)]
    assert after_all(events, by(WITHOUT_GRACE)).after.steps == (1, 2)
    assert after_all(events, by(limited(promise="3wd", holding="3wd"))).after.steps == (1, 2, 3, 4)
    assert after_all(events, by(limited(promise="15wd", holding="15wd"))).after.steps == (1, 2, 3, 4, 5, 6)


def test_the_grace_is_that_of_the_other_policy_and_what_fires_after_the_end_does_not_count() -> None:
    patient = WITHOUT_GRACE.model_copy(update={"version": "patient", "grace_seconds": 3600})
    for policy, breached in ((WITHOUT_GRACE, True), (patient, False)):
        one = played(HELD, by(policy), DUE + timedelta(minutes=59))
        assert bool(one.after.breaches) is breached
    assert played(HELD, by(patient), DUE + timedelta(hours=1)).after.breaches


def test_a_date_in_a_year_without_a_notice_is_provisional_by_the_other_rules_too() -> None:
    promise = Rules.supposing(builtin_reference(), limited(promise="400d")).promise(promised(), MONDAY)
    assert promise.provisional_because is Provisional.YEAR_NOT_PUBLISHED
    assert (promise.limit, promise.policy) == ("400d", "other-1")


def test_the_other_version_is_in_force_from_the_instant_on_and_every_name_stays_known() -> None:
    published = history_reference()
    other, since = limited(promise="1wd"), after(days=1)
    policies = Rules.supposing(published, other, None, since).reference.policies
    assert policies.at(MONDAY) == WITHOUT_GRACE
    assert policies.at(since) == policies.at(LONG_AFTER) == policies.named("other-1") == other
    assert policies.named(WITHOUT_GRACE.version) == WITHOUT_GRACE
    everywhere = Rules.supposing(published, other).reference.policies
    assert everywhere.at(BEGINNING) == other
    with pytest.raises(NotPublished):
        published.policies.named("other-1")


def test_every_clock_has_its_limit_from_the_other_policy() -> None:
    one = after_all(
        [(MONDAY, registered()), (after(days=2), assigned())], by(limited(assign="1wd", sign="1oh"))
    )
    assert {which[0] for which in one.after.breaches} == {ClockName.ASSIGN, ClockName.SIGN, ClockName.HOLDING}
