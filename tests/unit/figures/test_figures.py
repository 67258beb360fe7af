"""Figures show what they are a share of, and below five they show counts only."""

from datetime import timedelta

from services.cli.figures.figures import NOBODY, figures, replay_figures
from services.cli.figures.history import State
from shared.contract.words import Kind, Outcome, Provisional, Satisfaction
from tests.unit.figures.given import DUE, LATER, issue


def test_below_five_there_are_counts_only() -> None:
    rate = figures([issue()] * 4, LATER).total.rates["on_time_reply"]
    assert (rate.numerator, rate.denominator, rate.rate) == (4, 4, None)
    assert figures([issue()] * 5, LATER).total.rates["on_time_reply"].rate == 1.0
    assert figures([issue()] * 4, LATER).total.first_reply.mean is None


def test_what_is_not_yet_due_is_outside() -> None:
    some = [issue(), issue(None), issue(20)]
    before, then = figures(some, DUE - timedelta(seconds=1)).total, figures(some, DUE).total
    assert before.rates["on_time_reply"].denominator == 0
    assert (then.rates["on_time_reply"].numerator, then.rates["on_time_reply"].denominator) == (1, 3)


def test_what_ended_unanswered_before_it_was_due_is_outside_and_after_it_counts_as_missed() -> None:
    early = issue(None, state=State.WITHDRAWN, ended_at=DUE - timedelta(days=1))
    late = issue(None, state=State.WITHDRAWN, ended_at=DUE + timedelta(days=1))
    total = figures([early, late], LATER).total
    assert total.rates["on_time_reply"].denominator == 1
    assert total.open == 0


def test_withdrawn_issues_are_counted_apart_and_stand_beside_each_rate_that_they_are_no_part_of() -> None:
    early = issue(None, state=State.WITHDRAWN, ended_at=DUE - timedelta(days=1), assignments=())
    late = issue(None, state=State.WITHDRAWN, ended_at=DUE + timedelta(days=1), assignments=())
    moved = issue(None, state=State.REFERRED, ended_at=DUE - timedelta(days=1))
    total = figures([issue(), early, late, moved], LATER).total
    assert (total.withdrawn, total.referred, total.rejected, total.open) == (2, 1, 0, 0)
    shown = {name: (rate.denominator, rate.withdrawn) for name, rate in total.rates.items()}
    assert (shown["on_time_reply"], shown["participation"]) == ((2, 1), (1, 2))


def test_an_appealed_issue_is_open_and_one_that_is_rejected_for_good_is_not() -> None:
    waiting = issue(None, state=State.REJECTED, ended_at=None)
    ended = issue(None, state=State.REJECTED, ended_at=DUE - timedelta(days=1))
    total = figures([waiting, ended], LATER).total
    assert (total.open, total.rejected) == (1, 1)
    assert total.rates["on_time_reply"].denominator == 1


def test_not_rated_is_never_satisfied() -> None:
    good, fair, bad = Satisfaction
    some = [issue(rated=good)] * 3 + [issue(rated=fair)] * 2 + [issue(rated=bad)] + [issue()] * 4
    rates = figures(some, LATER).total.rates
    shown = {name: (rate.numerator, rate.denominator) for name, rate in rates.items()}
    assert shown["participation"] == (6, 10)
    assert shown["satisfied"] == (3, 6)
    assert shown["satisfied_or_basically"] == (5, 6)


def test_what_departments_claim_is_of_answered_problems_whoever_rated_them() -> None:
    silent = issue(claims=Outcome.SOLVED)
    says_no = issue(rated=Satisfaction.DISSATISFIED, claims=Outcome.SOLVED)
    some = [silent, says_no, issue(claims=Outcome.PLANNED), issue(None)]
    some.append(issue(claims=Outcome.ADOPTED, kind=Kind.SUGGESTION))
    claimed = figures(some, LATER).total.rates["solved_claimed"]
    assert (claimed.numerator, claimed.denominator) == (2, 3)


def test_solved_counts_problems_only() -> None:
    some = [issue(rated=Satisfaction.SATISFIED), issue(rated=Satisfaction.SATISFIED, kind=Kind.SUGGESTION)]
    assert figures(some, LATER).total.rates["solved"].denominator == 1


def test_an_assignment_that_was_passed_on_is_not_one_that_was_left_unanswered() -> None:
    part = issue().assignments[0]
    passed = issue(assignments=(part.model_copy(update={"id": "a0", "passed_on": True}), part))
    rate = figures([passed, issue(None)], LATER).total.rates["answered"]
    assert (rate.numerator, rate.denominator, rate.unit) == (1, 2, "assignment")


def test_an_assignment_that_was_recalled_is_neither_unsigned_nor_unanswered_and_nobody_holds_its_issue() -> (
    None
):
    part = issue().assignments[0]
    gone = part.model_copy(update={"id": "a0", "signed_at": None, "recalled": True})
    again = figures([issue(assignments=(gone, part))], LATER).total.rates
    assert (again["sign_for"].denominator, again["answered"].denominator) == (1, 1)
    waiting = figures([issue(None, assignments=(gone,))], LATER)
    assert list(waiting.departments) == [NOBODY]


def test_a_month_holds_the_issues_registered_in_it() -> None:
    some = [issue(), issue(month="2019-05")]
    chosen = figures(some, LATER, "2019-04")
    assert (chosen.period, chosen.total.registered, list(chosen.months)) == ("2019-04", 1, ["2019-04"])
    assert chosen.total.rates["on_time_reply"].period == "2019-04"


def test_a_mean_and_a_median_say_of_how_many() -> None:
    spans = figures([issue(day) for day in (1, 2, 3, 4, 10)], LATER).total.first_reply
    assert (spans.n, spans.median, spans.mean) == (5, 72.0, 96.0)


def test_an_issue_in_rework_has_no_total_time_yet() -> None:
    assert figures([issue(state=State.REWORK)], LATER).total.total_time.n == 0


def test_a_replay_counts_in_time_late_open_and_breaches() -> None:
    some = [
        issue(),
        issue(14),
        issue(15, breached=True),
        issue(None, breached=True),
        issue(3, month="2019-05"),
    ]
    counts = replay_figures(some)
    assert {name: counts[name] for name in ("registered", "replied", "replied_on_time", "replied_late")} == {
        "registered": 5,
        "replied": 4,
        "replied_on_time": 3,
        "replied_late": 1,
    }
    assert (counts["open"], counts["breaches"]) == (1, 2)
    assert counts["months"]["2019-04"]["registered"] == 4
    assert counts["departments"]["traffic"]["registered"] == 5


def test_an_issue_whose_date_may_still_move_is_counted_as_provisional() -> None:
    some = [
        issue(provisional_because=Provisional.YEAR_NOT_PUBLISHED),
        issue(provisional_because="later"),
        issue(),
    ]
    assert figures(some, LATER).total.provisional == 2


def test_values_that_this_version_does_not_know_are_counted_and_not_guessed() -> None:
    some = [issue(rated="delighted", kind="praise", source="radio"), issue(rated=Satisfaction.SATISFIED)]
    found = figures(some, LATER)
    assert list(found.sources) == ["online_column", "radio"]
    shown = {name: (rate.numerator, rate.denominator) for name, rate in found.total.rates.items()}
    assert (shown["participation"], shown["satisfied"], shown["solved"]) == ((2, 2), (1, 2), (1, 1))


def test_what_was_extended_is_late_by_its_first_date_alone_and_what_is_paused_is_not_due() -> None:
    extended = issue(16, due_at=DUE + timedelta(days=7))
    waits = issue(None, is_paused=True)
    rates = figures([extended, waits], LATER).total.rates
    shares = {name: (rates[name].numerator, rates[name].denominator) for name in rates}
    assert shares["on_time_reply"] == (0, 2)
    assert shares["on_time_reply_extended"] == (1, 1)
    assert shares["answered"] == (1, 1)
    asked = figures([issue(None, is_asked=True)], LATER).total.rates
    assert (asked["answered"].denominator, asked["on_time_reply_extended"].denominator) == (0, 1)
