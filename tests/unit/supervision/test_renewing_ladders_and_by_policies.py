"""A new calendar moves the steps of a ladder to come; a policy reaches what runs if it says so; in any order."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.supervision.issue.clocks import derive, running
from services.supervision.issue.life import Issue
from services.supervision.issue.renewing import is_moved_by, renewed, request_of
from shared.contract.commands.supervision import RecalculateClocks
from shared.contract.events.supervision import (
    LadderRaised,
)
from shared.contract.words import ClockName, Recalculation
from shared.domain.clocks import SHANGHAI, Limit, due_at
from shared.domain.ladder import rises
from shared.domain.renewing import moved, read_running
from tests.unit.reference import make_reference
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    GRACE,
    LONG_AFTER,
    MONDAY,
    POLICY,
    after,
    appealed,
    assigned,
    extended,
    fire_until,
    goes_on,
    known,
    new_issue,
    paused,
    promised,
    registered,
    rejected,
    signed,
)
from tests.unit.supervision.renewed import (
    DECEMBER,
    clock_of,
    notice_of_2027,
    publish,
    publish_policy,
    reach,
    rest,
)


def test_the_steps_of_a_ladder_that_are_not_reached_follow_and_the_others_stay() -> None:
    reference = make_reference()
    issue = known(reference)
    issue.take(assigned(), MONDAY)
    issue.take(signed(), MONDAY)
    table = {rise.step: rise.at for rise in rises(DUE, POLICY, CALENDAR)}
    fire_until(issue, table[2] + GRACE)
    (climb,) = (climb for climb in issue.state.climbs if climb.clock is ClockName.PROMISE)
    off = table[3].astimezone(SHANGHAI).date()
    renewal = publish(reference, rest(off), table[2] + timedelta(hours=1))
    name = issue.deadline.name
    assert reach(issue, renewal) == []
    (after_it,) = (climb for climb in issue.state.climbs if climb.clock is ClockName.PROMISE)
    assert after_it.steps[:2] == climb.steps[:2]
    assert all(now > was for (_, was), (_, now) in zip(climb.steps[2:], after_it.steps[2:], strict=True))
    assert issue.fire(table[3] + GRACE, name) == []
    raised = [event for event in fire_until(issue, LONG_AFTER) if isinstance(event, LadderRaised)]
    assert [event.step for event in raised] == [3, 4, 5, 6]
    assert {event.calendar for event in raised} == {renewal.version}
    assert all(one.due_at < other.due_at for one, other in pairwise(raised))


def test_a_policy_reaches_running_clocks_only_if_its_publisher_says_so() -> None:
    reference = make_reference()
    issue = known(reference)
    publish_policy(reference, after(days=1), running=False, promise="14d")
    assert reference.renewals == ()
    publish_policy(reference, after(days=2), version="three", promise="12wd")
    (renewal,) = reference.renewals
    (told,) = reach(issue, renewal)
    assert (told.clock, told.because, told.policy) == (ClockName.PROMISE, Recalculation.POLICY, "three")
    assert told.due_at == due_at(MONDAY, Limit("12wd"), POLICY, CALENDAR).at
    # An issue of today runs by the newest one, which is none that reaches back.
    later = new_issue(reference)
    later.take(registered(), after(days=3))
    assert later.state.clocks[0].policy == "three"


def test_a_stricter_policy_leaves_a_working_day() -> None:
    reference = make_reference()
    issue = known(reference)
    at = after(days=7)
    publish_policy(reference, at, promise="2wd")
    (told,) = reach(issue, *reference.renewals)
    assert told.due_at == due_at(at, Limit("1wd"), POLICY, CALENDAR).at


@given(
    extension=st.integers(min_value=0, max_value=10),
    pause=st.tuples(st.integers(min_value=1, max_value=6), st.integers(min_value=0, max_value=4)),
    at=st.integers(min_value=0, max_value=9),
)
@settings(max_examples=40, deadline=None)
def test_a_policy_that_gives_a_clock_the_same_time_is_not_counted_and_would_not_have_moved_it(
    extension: int, pause: tuple[int, int], at: int
) -> None:
    reference = make_reference()
    issue = known(reference)
    issue.take(assigned(), MONDAY)
    began, days = pause
    happened = [(extended(extension), began)] if extension else []
    happened += [(paused(), began), (goes_on(), began + days)] if days else []
    for event, day in happened:
        issue.take(event, after(days=day))
    publish_policy(reference, after(days=at), tracking="30d")
    (renewal,) = reference.renewals
    for clock in issue.state.clocks:
        before = running(clock)
        assert moved(before, clock.due_at, renewal, reference) is None
        counted = read_running(before.renewed(renewal), reference)
        assert counted.due_at == read_running(before, reference).due_at


def test_an_older_version_does_not_move_back_what_a_later_one_moved() -> None:
    reference = make_reference()
    issue = known(reference)
    first = publish(reference, rest(date(2026, 3, 11)), after(days=1))
    second = publish(reference, rest(date(2026, 3, 11), date(2026, 3, 12)), after(days=2))
    reach(issue, second)
    state = issue.state
    assert reach(issue, first) == []
    assert issue.state == state


def test_what_begins_late_by_an_older_version_asks_for_itself_to_be_recalculated() -> None:
    reference = make_reference()
    issue = new_issue(reference)
    issue.take(registered(), DECEMBER)
    renewal = publish(reference, notice_of_2027(), DECEMBER, through=2027)
    due = due_at(DECEMBER, POLICY.limits["promise"], POLICY, CALENDAR)
    issue.take(promised(DECEMBER, due.at, provisional_because=due.because), DECEMBER)
    (asked,) = issue.commands.values()
    assert (asked.type, asked.data) == (RecalculateClocks.type, request_of(renewal).model_dump(mode="json"))
    assert len(reach(issue, renewal)) == 1


def test_after_an_appeal_a_recalculated_promise_counts_on_by_the_version_it_has() -> None:
    reference = make_reference()
    issue = known(reference)
    renewal = publish(reference, rest(date(2026, 3, 16)), after(days=1))
    reach(issue, renewal)
    issue.take(rejected(), after(days=2))
    issue.take(appealed(after(days=2), after(days=3)), after(days=3))
    clock = clock_of(issue)
    assert clock.calendar == renewal.version
    assert clock.due_at == derive(clock, reference).due_at > DUE + timedelta(days=1)


DAYS = st.sets(st.integers(min_value=1, max_value=20), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None)
@given(versions=st.lists(DAYS, min_size=1, max_size=3), data=st.data())
def test_in_whatever_order_versions_reach_an_issue_its_clocks_end_up_alike(
    versions: list[set[int]], data: st.DataObject
) -> None:
    issue = known(make_reference())
    issue.take(assigned(), MONDAY)
    began: Issue = issue.state
    reference, off = make_reference(), set[int]()
    for place, days in enumerate(versions):
        off |= days
        more = rest(*(date(2026, 3, 3) + timedelta(days=day) for day in off))
        publish(reference, more, after(hours=place + 1))
    found = []
    for order in (reference.renewals, data.draw(st.permutations(reference.renewals * 2))):
        state = began
        for renewal in (*order, *reference.renewals):  # what was moved asks again, until nothing moves
            state, _ = renewed(state, renewal, reference)
        assert not any(is_moved_by(state, renewal, reference) for renewal in reference.renewals)
        found.append([(clock.name, clock.due_at, clock.thresholds) for clock in state.clocks])
    assert found[0] == found[1]
