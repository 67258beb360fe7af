"""What supervision's consumer reads, owns and leaves alone."""

from services.supervision.consumer import CALENDAR, ISSUE, OBSERVED, POLICY, REGISTER, consumer
from services.supervision.issue.clocks import MOVES_CLOCKS
from services.supervision.issue.ladder import CLIMBS_AT_ONCE
from services.supervision.issue.life import CLOCKS, VERBS
from services.supervision.issue.reactions import observe, register
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION
from shared.contract.events.dispatch import ReplyCorrected
from shared.contract.events.intake import IssueRegistered
from shared.contract.events.papers import MeetingDecided
from shared.contract.registry import COMMANDS


def test_every_event_that_moves_an_issue_or_touches_a_clock_is_observed() -> None:
    named = {*VERBS, *(event for rule in CLOCKS.values() for event in (*rule.starts, *rule.stops))}
    named |= {*MOVES_CLOCKS, *CLIMBS_AT_ONCE, ReplyCorrected}  # which moves the day of a look-back
    named = {event for event in named if event.topic != SUPERVISION}  # of its own it hears as it decides
    assert named == OBSERVED == {*ISSUE.events} - {MeetingDecided}  # which becomes an instruction
    assert {event.topic for event in named} == {INTAKE, DISPATCH, FEEDBACK}
    assert ISSUE.events[IssueRegistered] is register
    assert {ISSUE.events[event] for event in named - {IssueRegistered}} == {observe}


def test_deadlines_of_an_issue_wait_for_the_topics_of_the_other_owners() -> None:
    assert ISSUE.deadlines is not None
    assert ISSUE.deadlines.wait_for == (INTAKE, DISPATCH, FEEDBACK)
    assert consumer("huzhou").waits_for_topics
    assert not ISSUE.deadlines_first


def test_every_command_of_supervision_has_a_decision_in_the_kind_it_names() -> None:
    owned = {shape: kind.name for kind in (ISSUE, REGISTER, POLICY, CALENDAR) for shape in kind.commands}
    mine = [shape for shape in COMMANDS.values() if shape.service == "supervision"]
    assert owned == {shape: shape.aggregate for shape in mine}


def test_nothing_is_kept_of_the_directory() -> None:
    mine = consumer("huzhou", history=True)
    assert mine.history
    assert mine.topics == ("supervision.commands", INTAKE, DISPATCH, FEEDBACK)
    assert mine.source == "/huzhou/supervision"
    for subject in ("dept:housing", "staff:chen", "rules:huzhou"):
        assert mine.kind(subject) is None
    assert (mine.kind("issue-1"), mine.kind("policy:huzhou"), mine.kind("calendar:huzhou")) == (
        ISSUE,
        POLICY,
        CALENDAR,
    )
