"""The end of a pause is read after its issue had ended: the breach behind it is told all the same, and no other."""

from shared.contract.events.supervision import BreachAnnulled, ClockBreached
from shared.contract.words import ClockName
from tests.unit.supervision.given import after, fire_until, goes_on, paused, withdrawn
from tests.unit.supervision.test_time_that_changes import handled, of, promise


def test_a_pause_whose_end_is_read_after_the_withdrawal_leaves_the_breach_behind_it() -> None:
    issue = handled()
    issue.take(paused(), after(days=1))
    issue.take(withdrawn(), after(days=60))
    assert not promise(issue).breached
    end = issue.event(goes_on(), after(days=2))
    told = issue.deliver(end)
    assert [event.clock for event in of(told, ClockBreached)] == ["promise", "holding"]  # type: ignore[attr-defined]
    assert promise(issue).breached
    (climb,) = (climb for climb in issue.state.climbs if climb.clock is ClockName.PROMISE)
    assert climb.reached == 6  # as if everything had been read in order
    assert issue.state.lamp == 0
    assert not of(issue.deliver(end), ClockBreached)


def test_a_pause_whose_end_is_read_after_a_withdrawal_in_time_leaves_no_breach() -> None:
    issue = handled()
    issue.take(paused(), after(days=1))
    issue.take(withdrawn(), after(days=14))
    assert not of(issue.take(goes_on(), after(days=2)), ClockBreached)
    assert not promise(issue).breached


def test_a_breach_that_was_annulled_by_a_pause_stands_again_once_its_end_is_read() -> None:
    issue = handled()
    fire_until(issue, after(days=20))
    issue.take(withdrawn(), after(days=60))
    assert of(issue.take(paused(), after(days=1)), BreachAnnulled)
    assert of(issue.take(goes_on(), after(days=2)), ClockBreached)
    assert promise(issue).breached
