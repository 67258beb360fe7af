"""How the promise is kept, as Prometheus reads it: the numbers of the board and of the figures, by closed labels."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product

import pytest
from prometheus_client import CollectorRegistry

from services.portal.figures import promised
from services.portal.figures.counting import Scope
from services.portal.figures.promised import OBJECTIVES, RECENT, REPLY_DAYS, Counted, Due, Missed, Of
from services.portal.figures.reporting import report
from services.portal.promise_metrics import Directory, PromiseMetrics
from services.portal.queries import board, names
from services.portal.queries.board import moment
from services.portal.settings import PortalSettings
from shared.contract.words import ClockName, LadderStep, Outcome, Satisfaction
from shared.metrics import HAPPENS, Metrics
from tests.portal.given import Given, stamp
from tests.portal.projection.given import AT, ISSUE, JURISDICTION
from tests.portal.test_board import town
from tests.portal.test_lamps import lamps_of_the_town
from tests.portal.test_office_lists import plans

MOST_SERIES = 20_000
WINDOWS = PortalSettings().windows()
WHOSE = {"jurisdiction": JURISDICTION, "level": "city", "department": "housing"}
NOBODYS = {"jurisdiction": JURISDICTION, "level": "none", "department": "none"}


def counted(given: Given, now: datetime | None = None) -> Counted:
    """What is counted of the town as it is now, or would be later."""
    now = now or given.now
    return promised.count(given.shown.reader(), moment(now), promised.recent_months(now), [*WINDOWS.values()])


def read(found: Counted, directory: Directory) -> "Read":
    """The same as Prometheus is told of it."""
    metrics, registry = PromiseMetrics(WINDOWS), CollectorRegistry()
    registry.register(metrics)
    metrics.counted, metrics.directory = found, directory
    return Read(registry)


class Read:
    """Samples by name and labels; what is not told is None."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def __call__(self, name: str, labels: Mapping[str, str] | None = None, **more: str) -> float | None:
        return self._registry.get_sample_value(f"qinqing_{name}", {**(labels or {}), **more})

    def samples(self) -> list[str]:
        """The names of all."""
        return [sample.name for family in self._registry.collect() for sample in family.samples]


def told(given: Given, now: datetime | None = None) -> Read:
    """What Prometheus is told of the town."""
    at = moment(now or given.now).now
    return read(counted(given, now), Directory([JURISDICTION], names.levels(given.shown.reader(), at)))


def test_what_is_due_are_the_numbers_of_the_board(given: Given) -> None:
    town(given)
    text = told(given)
    for holder, whose in (("housing", WHOSE), ("", NOBODYS)):
        its = board.counts(given.shown.reader(), board.Chosen(), moment(given.now))[holder]
        shown = [text("due_issues", whose, due=due) for due in ("all", "overdue", "today", "day")]
        assert shown == [its.all, its.late, its.today, its.day] and its.all


def test_clocks_that_are_over_or_due_within_a_day_are_counted_by_their_name(given: Given) -> None:
    town(given)
    text, at = told(given), moment(given.now)
    for clock in ClockName:
        its = board.counts(given.shown.reader(), board.Chosen(clock=clock), at).values()
        late, day = sum(one.late for one in its), sum(one.day for one in its)
        labels = {"jurisdiction": JURISDICTION, "clock": clock}
        assert (
            text("due_clocks", labels, due="overdue") or 0,
            text("due_clocks", labels, due="day") or 0,
        ) == (
            late,
            day,
        )
    assert text("due_clocks", jurisdiction=JURISDICTION, clock="promise", due="overdue")


def test_lamps_stand_by_step_with_who_holds_the_issue(given: Given) -> None:
    lamps_of_the_town(given)
    text = told(given)
    assert text("lamp_issues", WHOSE, step="red_light") == 1
    assert text("lamp_issues", WHOSE, step="yellow_light") == 1
    assert text("lamp_issues", NOBODYS, step="supervision_order") == 1
    assert text("lamp_issues", WHOSE, step="circular") is None


def test_the_figures_of_two_months_are_those_of_the_report(given: Given) -> None:
    given.answered()
    given.shown.tell("feedback", "reply.rated.v1", {"round": 1, "satisfaction": "satisfied", "solved": "yes"})
    town(given)
    first, last = promised.recent_months(given.now)
    wanted = report(given.shown.reader(), given.now, Scope(first, through=last))["departments"]["housing"]
    text = told(given)
    for figure in RECENT:
        numerator, denominator = (
            text("recent_issues", WHOSE, figure=figure.name, part=part)
            for part in ("numerator", "denominator")
        )
        if figure.is_rate:
            its = wanted["rates"][figure.name]
            assert (numerator, denominator) == (its["numerator"], its["denominator"]), figure.name
        elif figure.name in wanted:
            assert (numerator, denominator) == (wanted[figure.name], None), figure.name
    assert text("recent_issues", WHOSE, figure="satisfied", part="numerator") == 1
    assert text("recent_replies", jurisdiction=JURISDICTION, outcome="solved") == 1
    assert text("recent_ratings", jurisdiction=JURISDICTION, satisfaction="satisfied") == 1


def test_rework_is_counted_where_a_new_round_was_granted(given: Given) -> None:
    given.answered()
    assert told(given)("recent_issues", WHOSE, figure="rework", part="numerator") == 0
    asked = {"round": 1, "reason": "路灯还是不亮"}
    given.shown.tell("feedback", "rework.asked.v1", asked)
    given.shown.tell(
        "feedback", "rework.decided.v1", {"round": 1, "granted": True, "reason": "", "by": "wang"}
    )
    assert told(given)("recent_issues", WHOSE, figure="rework", part="numerator") == 1


def test_the_time_to_the_first_reply_is_a_histogram_by_place(given: Given) -> None:
    given.answered()
    text = told(given)
    assert text("first_reply_seconds_bucket", jurisdiction=JURISDICTION, le="86400.0") == 1
    assert text("first_reply_seconds_bucket", jurisdiction=JURISDICTION, le="+Inf") == 1


@pytest.mark.parametrize(
    ("hours", "windows"),
    [(1 / 60, {*WINDOWS}), (0.25, {*WINDOWS} - {"5m"}), (47, {"3d", "30d"}), (24 * 31, set())],
)
def test_what_fell_due_unanswered_is_missed_in_every_window_that_reaches_so_far_back(
    given: Given, hours: float, windows: set[str]
) -> None:
    """A quiet weekend neither helps nor harms: where nothing falls due, 0 of 0 are missed."""
    given.registered()
    given.accepted()
    given.assigned()
    due = AT + timedelta(days=14, hours=8, minutes=30)
    text = told(given, due + timedelta(hours=hours))
    for window in WINDOWS:
        labels = {"objective": "replied", "jurisdiction": JURISDICTION, "level": "city", "window": window}
        shown = (text("objective_due_issues", labels), text("objective_missed_issues", labels))
        assert shown == ((1, 1) if window in windows else ((0, 0) if windows else (None, None))), window
        nobodys = {**labels, "level": "none"}
        assert text("objective_due_issues", nobodys) == 0


def test_what_was_answered_in_time_counts_when_it_falls_due_and_is_not_missed(given: Given) -> None:
    given.answered()
    due = AT + timedelta(days=14, hours=8, minutes=30)
    labels = {"objective": "replied", "jurisdiction": JURISDICTION, "level": "city", "window": "1h"}
    before, after = told(given, due - timedelta(minutes=1)), told(given, due + timedelta(minutes=1))
    assert before("objective_due_issues", labels) is None
    assert (after("objective_due_issues", labels), after("objective_missed_issues", labels)) == (1, 0)


def test_signing_is_promised_too(given: Given) -> None:
    given.registered()
    given.accepted()
    given._names()
    assigned = {"assignment": f"{ISSUE}.1", "department": "housing", "head": "局长", "by": "wang"}
    given.shown.tell("dispatch", "issue.assigned.v1", assigned)
    clock = {"clock": "sign", "round": 1, "assignment": f"{ISSUE}.1", "department": "housing", "limit": "1wd"}
    clock |= {
        "started_at": stamp(AT),
        "due_at": stamp(AT + timedelta(days=1)),
        "policy": "p",
        "calendar": "c",
    }
    given.shown.tell("supervision", "clock.started.v1", clock)
    labels = {"objective": "signed", "jurisdiction": JURISDICTION, "level": "city", "window": "1h"}
    assert told(given, AT + timedelta(days=1, minutes=1))("objective_missed_issues", labels) == 1


def test_a_department_in_no_directory_and_a_strange_jurisdiction_are_others(given: Given) -> None:
    town(given)
    strange = read(counted(given), Directory(["deqing"], {}))
    labels = {"jurisdiction": "other", "level": "other", "department": "other"}
    assert strange("due_issues", labels, due="overdue")
    assert strange("due_issues", WHOSE, due="overdue") is None


def test_labels_are_closed_so_that_300_departments_stay_below_20_000_series() -> None:
    """Of one portal and one service together, with everything that can be told at once."""
    places = [f"p{number}" for number in range(8)]
    of = [Of(places[number % 8], f"d{number}") for number in range(300)]
    nobodys = [Of(place) for place in places]
    words = [*Outcome, *(f"new{number}" for number in range(50))]
    found = Counted(
        due=dict.fromkeys([*of, *nobodys], Due(1, 1, 1, 1)),
        clocks=dict.fromkeys(product(places, ClockName), (1, 1)),
        lamps=dict.fromkeys(product([*of, *nobodys], range(1, 9)), 1),
        recent=dict.fromkeys(product([*of, *nobodys], [figure.name for figure in RECENT]), (1, 1)),
        outcomes=dict.fromkeys(product(places, words), 1),
        ratings=dict.fromkeys(product(places, Satisfaction), 1),
        replies=dict.fromkeys(places, ([1] * len(REPLY_DAYS), 1, 1.0)),
        objectives=dict.fromkeys(product(OBJECTIVES, [*of, *nobodys]), [Missed(1, 1)] * len(WINDOWS)),
    )
    levels = {one.department: ("city", "county", "township")[number % 3] for number, one in enumerate(of)}
    many = len(read(found, Directory(places, levels)).samples())
    metrics = Metrics(of_promises=True)
    for clock, event in product([*ClockName, "other"], HAPPENS["clock"]):
        metrics.clock_events.labels(clock, event)
    for step in [*LadderStep, "other"]:
        metrics.ladder_events.labels("raised", step)
    many += sum(len(family.samples) for family in metrics.registry.collect())
    assert 10_000 < many <= MOST_SERIES, many


def test_what_is_counted_is_found_by_indexes(given: Given) -> None:
    """What is open is counted in an index alone; rows are read of what is due, lit or recent."""
    given.answered()
    lamps_of_the_town(given)
    steps = plans(given, lambda reads: counted(given))
    assert [step for step in steps if step.startswith("SCAN")] == [
        "SCAN i USING COVERING INDEX issue_by_holder_due"
    ]
    for index in ("clock_running", "issue_by_step", "issue_by_month", "issue_promised", "issue_to_assign"):
        assert any(f"USING INDEX {index} (" in step for step in steps), index
    assert any("assignment_to_sign (" in step for step in steps)
