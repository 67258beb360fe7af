"""Dispatch and supervision count a promise apart; whatever they hear in whatever order, in the end they agree."""

from collections import deque
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.consumer import consumer as dispatchs_consumer
from services.dispatch.issue.timing import read
from services.supervision.builtin import builtin_calendar, builtin_policy
from services.supervision.consumer import consumer as supervisions_consumer
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AddCoHandler,
    AskExtension,
    AskPause,
    AssignIssue,
    EndPause,
    GrantExtension,
    GrantPause,
    SignAssignment,
)
from shared.contract.event import DISPATCH, Event
from shared.contract.events.intake import IssueAccepted, IssueRegistered, PromiseStarted
from shared.contract.events.supervision import BreachAnnulled, ClockBreached, DueRecalculated
from shared.contract.words import ClockName, Kind, PauseGround
from tests.unit.one_aggregate import MONDAY, OneAggregate, after
from tests.unit.reference import JURISDICTION, make_reference
from tests.unit.supervision.renewed import clock_of, deliver_walk, publish, publish_policy, rest

ISSUE = "issue-1"
FIRST = f"{ISSUE}.1"
DUE = after(days=14, hours=8.5)
OFFICE, HANDLER = "office:chen", "handler:housing/li"


class BothOwners:
    """One issue at both, with what is on its way from one to the other."""

    def __init__(self) -> None:
        self.reference = make_reference()
        self.dispatch = OneAggregate(dispatchs_consumer(JURISDICTION, notices=False), ISSUE, self.reference)
        self.supervision = OneAggregate(supervisions_consumer(JURISDICTION), ISSUE, self.reference)
        self.to_supervision: deque[tuple[Event, datetime]] = deque()
        self.to_dispatch: deque[tuple[Event, datetime]] = deque()
        self.now = MONDAY
        versions = {"policy": builtin_policy().version, "calendar": builtin_calendar().version}
        promise = PromiseStarted(started_at=MONDAY, due_at=DUE, limit="10wd", **versions)
        for event in (
            IssueRegistered(number="HZ-1", kind=Kind.PROBLEM),
            promise,
            IssueAccepted(title="电梯", text="坏了", by="chen"),
        ):
            self.dispatch.take(event, MONDAY)
            self.supervision.take(event, MONDAY)
        self.ask(AssignIssue(department="housing"), OFFICE)
        self.ask(SignAssignment(assignment=FIRST), HANDLER)

    def ask(self, command: Command, actor: str) -> str:
        """Something is asked of dispatch; what follows from it is on its way to supervision."""
        known = len(self.dispatch.events)
        outcome = self.dispatch.ask(command, self.now, actor)
        self.to_supervision += [
            (event, self.now) for event in self.dispatch.events[known:] if event.topic == DISPATCH
        ]
        return str(outcome["status"])

    def walk(self) -> bool:
        """Every version reaches supervision's clocks; whether one of them moved."""
        told = [
            one
            for each in self.reference.renewals
            for one in deliver_walk(self.supervision, each, self.now, "")
        ]
        self.to_dispatch += [(one, self.now) for one in told if isinstance(one, DueRecalculated)]
        return bool(told)

    def hear(self, what: str) -> None:
        """One of what is on its way arrives."""
        queue, owner = (
            (self.to_supervision, self.supervision)
            if what == "supervision hears"
            else (self.to_dispatch, self.dispatch)
        )
        if queue:
            event, at = queue.popleft()
            owner.take(event, at)

    def settle(self) -> None:
        """Everything arrives, and every version has reached everything."""
        moved = True
        while moved or self.to_supervision or self.to_dispatch:
            self.hear("supervision hears")
            self.hear("dispatch hears")
            moved = self.walk()

    def do(self, what: str, days: int) -> None:
        """One step, whether it is possible or not."""
        state = self.dispatch.state
        match what:
            case "an extension":
                until = state.due_at.date() + timedelta(days=days)
                if self.ask(AskExtension(assignment=FIRST, until=until, reason="缺件"), HANDLER) == "done":
                    self.ask(GrantExtension(assignment=FIRST, request=state.extensions_asked + 1), OFFICE)
            case "a pause":
                pause = AskPause(assignment=FIRST, ground=PauseGround.FORCE_MAJEURE, reason="台风")
                if self.ask(pause, HANDLER) == "done":
                    self.ask(GrantPause(assignment=FIRST, request=state.pauses_asked + 1), OFFICE)
            case "an opinion":
                department = ("planning", "police", "traffic")[days % 3]
                asked = AddCoHandler(assignment=FIRST, department=department, wanted="是否符合规划")
                self.ask(asked, OFFICE)
            case "it goes on" if state.pause is not None:
                self.ask(EndPause(assignment=FIRST, request=state.pause.request, reason="已过"), HANDLER)
            case "a calendar":
                off = [date(2026, 3, 5) + timedelta(days=one) for one in range(days)]
                publish(self.reference, rest(*(on for on in off if on.weekday() < 5)), self.now)
            case "a policy":
                version = f"policy-{len(self.reference.renewals)}"
                limits = {"promise": f"{days + 4}wd", "co_handler": f"{days}wd"}
                publish_policy(self.reference, self.now, version=version, **limits)
            case "a walk":
                self.walk()
            case _:
                self.hear(what)


STEPS = st.sampled_from(
    [
        "an extension",
        "a pause",
        "an opinion",
        "it goes on",
        "a calendar",
        "a policy",
        "a walk",
        "supervision hears",
        "dispatch hears",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), STEPS, st.integers(1, 12)), max_size=14))
def test_when_both_have_read_everything_a_promise_is_due_at_both_in_the_same_instant(
    steps: list[tuple[int, str, int]],
) -> None:
    both = BothOwners()
    for hours, what, days in steps:
        both.now += timedelta(hours=hours)
        both.do(what, days)
    both.settle()
    issue, clock = both.dispatch.state, clock_of(both.supervision, ClockName.PROMISE)
    told = both.supervision.events
    breached = sum(isinstance(one, ClockBreached) for one in told)
    assert breached == sum(isinstance(one, BreachAnnulled) for one in told)
    assert issue.due_at == clock.due_at == read(issue.promise, 1, both.reference).due_at
    opinions = [one for one in both.supervision.state.clocks if one.name is ClockName.CO_HANDLER]
    assert {one.assignment: one.due_at for one in issue.co_handlers} == {
        one.assignment: one.due_at for one in opinions
    }


def test_a_version_that_dispatch_hears_of_behind_its_own_grants_counts_from_when_it_was_in_force() -> None:
    both = BothOwners()
    both.settle()
    both.now = after(days=1)
    both.do("a calendar", 2)
    both.do("an extension", 4)
    both.walk()
    before = both.dispatch.state.due_at
    both.settle()
    assert both.dispatch.state.due_at == clock_of(both.supervision).due_at > before
    changed = [one for one in both.dispatch.events if one.type == "order.due_changed.v1"]
    assert [one.because for one in changed] == ["extension", "calendar"]  # type: ignore[attr-defined]
