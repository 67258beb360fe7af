"""What feedback decides, and what it refuses, through the whole life of an issue."""

from datetime import date
from typing import Any

import pytest

from services.feedback.consumer import consumer
from services.feedback.issue.life import EVENT_MOVES, State
from services.feedback.issue.reactions import lapse, next_deadline
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.contract.command import Command
from shared.contract.commands.feedback import DecideRework, FinishTracking, RateReply
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    IssueAssigned,
    ReplyCorrected,
    ReplyReleased,
)
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.contract.events.intake import (
    AppealUpheld,
    IssueAccepted,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
)
from shared.contract.words import (
    Body,
    CloseReason,
    Kind,
    Outcome,
    RejectionGround,
    Satisfaction,
    Solved,
    TransferCause,
)
from shared.domain.clocks import due_at
from shared.domain.decisions import Change, Context, Reason
from tests.said import REFERENCES, raiser
from tests.unit.one_aggregate import MOMENT, MONDAY, OneAggregate, after
from tests.unit.reference import JURISDICTION, builtin_reference

SUBJECT = "issue-1"
RAISER, OFFICE, LEADER = raiser("li"), "office:chen", "leader:wang"
REPLIED_AT = after(days=1)
OPEN_UNTIL = due_at(REPLIED_AT, builtin_policy().limits["rating"], builtin_policy(), builtin_calendar()).at
PERSON = REFERENCES.person("li")
WITHDRAWN = IssueWithdrawn(reason="已解决")
REFERRED = IssueReferred(body=Body.PETITIONS, addressee="市信访局", reason="属信访事项", by="chen")
UPHELD = AppealUpheld(reason="确已撤诉", by="wang")
ENDS = pytest.mark.parametrize("end", [WITHDRAWN, REFERRED], ids=lambda event: event.type)
REJECTED = IssueRejected(ground=RejectionGround.PETITION, explanation="已在信访程序中", by="chen")
ASSIGNED = IssueAssigned(assignment="a1", department="traffic", head="王局", by="chen")


def registered(**values: Any) -> IssueRegistered:
    return IssueRegistered(**({"number": "HZ-1", "person": PERSON} | values))


def replied(
    round: int = 1, outcome: Outcome = Outcome.SOLVED, promised_on: date | None = None
) -> ReplyReleased:
    return ReplyReleased(
        assignment="a1",
        department="traffic",
        round=round,
        draft=1,
        sha256="0" * 64,
        outcome=outcome,
        outcome_class="A",
        text="已划线",
        promised_on=promised_on,
        by="chen",
    )


def corrected(version: int = 2, round: int = 1, promised_on: date | None = None) -> ReplyCorrected:
    return ReplyCorrected(
        assignment="a1",
        department="traffic",
        round=round,
        version=version,
        sha256="1" * 64,
        outcome=Outcome.PLANNED if promised_on else Outcome.SOLVED,
        text="已于三月划线",
        promised_on=promised_on,
        reason="写漏了日期",
        by="chen",
    )


def rating(
    satisfaction: Satisfaction = Satisfaction.SATISFIED,
    solved: Solved = Solved.YES,
    reason: str = "",
    round: int = 1,
) -> RateReply:
    return RateReply(round=round, satisfaction=satisfaction, solved=solved, reason=reason)


BAD = rating(Satisfaction.DISSATISFIED, Solved.NO, "还是没有车位")
GRANT, REFUSE = DecideRework(round=1, granted=True), DecideRework(round=1, granted=False, reason="已解释清楚")
FINISH = FinishTracking(reason="已建成")


def fresh() -> OneAggregate:
    """An issue that feedback has not heard of."""
    return OneAggregate(consumer(JURISDICTION), SUBJECT)


def invited(
    outcome: Outcome = Outcome.SOLVED, promised_on: date | None = None, **values: Any
) -> OneAggregate:
    """An issue whose reply is out and whose rating is open."""
    issue = fresh()
    issue.take(registered(**values), MONDAY)
    issue.take(ASSIGNED, MONDAY)
    issue.take(replied(outcome=outcome, promised_on=promised_on), REPLIED_AT)
    return issue


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


def test_a_released_reply_invites_its_rating_for_as_long_as_the_policy_says() -> None:
    issue = invited()
    assert issue.events == [RatingInvited(round=1, open_until=OPEN_UNTIL)]
    assert issue.deadline == ("rating/1/lapse/1", OPEN_UNTIL, OPEN_UNTIL)


def test_a_satisfied_rating_closes_the_issue() -> None:
    issue = invited()
    outcome = issue.ask(rating(), after(days=2), RAISER)
    assert outcome == {"status": "done", "state": "closed", "round": 1}
    assert issue.events[1:] == [
        ReplyRated(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES),
        IssueClosed(round=1, reason=CloseReason.RATED),
    ]
    assert issue.deadline is None


@pytest.mark.parametrize("command", [BAD, rating(solved=Solved.NO, reason="没有解决")])
def test_a_dissatisfied_or_unsolved_rating_asks_for_rework(command: RateReply) -> None:
    issue = invited()
    outcome = issue.ask(command, after(days=2), RAISER)
    assert outcome["state"] == "rework_asked"
    assert issue.events[-1] == ReworkAsked(round=1, reason=command.reason)


@pytest.mark.parametrize(
    "command", [rating(Satisfaction.DISSATISFIED), rating(solved=Solved.NO, reason="  ")]
)
def test_a_dissatisfied_or_unsolved_rating_needs_a_reason(command: RateReply) -> None:
    issue = invited()
    outcome = issue.ask(command, after(days=2), RAISER)
    assert outcome["reason"] == Reason.REASON_MISSING
    assert issue.state.state is State.INVITED


def test_a_suggestion_is_never_unsolved() -> None:
    issue = invited(Outcome.ADOPTED, kind=Kind.SUGGESTION)
    assert issue.ask(rating(solved=Solved.NO), after(days=2), RAISER)["state"] == "closed"


def test_an_issue_of_a_kind_that_a_newer_intake_knows_can_be_rated() -> None:
    issue = invited(kind="praise")
    assert issue.state.kind == "praise"
    assert issue.ask(rating(), after(days=2), RAISER)["state"] == "closed"


@pytest.mark.parametrize("outcome", [Outcome.PLANNED, Outcome.NOT_POSSIBLE_NOW])
def test_what_is_promised_for_later_is_tracked_instead_of_closed(outcome: Outcome) -> None:
    issue = invited(outcome, date(2026, 9, 30))
    issue.ask(rating(), after(days=2), RAISER)
    assert issue.events[-1] == IssueTracked(round=1, outcome=outcome, promised_on=date(2026, 9, 30))


def test_a_corrected_reply_is_known_by_its_newest_version_and_its_round_is_rated_as_before() -> None:
    issue = invited()
    record = issue.event(corrected(), after(days=2))
    assert issue.deliver(record, record) == []
    assert (issue.state.state, issue.state.reply.corrections) == (State.INVITED, 1)
    assert issue.deadline == ("rating/1/lapse/1", OPEN_UNTIL, OPEN_UNTIL)
    assert issue.ask(rating(), after(days=3), RAISER)["state"] == "closed"
    assert issue.take(corrected(3), after(days=4)) == []
    assert (issue.state.state, issue.state.reply.corrections) == (State.CLOSED, 2)


def test_what_is_tracked_has_the_date_of_the_newest_version() -> None:
    issue = invited(Outcome.PLANNED, date(2026, 9, 30))
    issue.take(corrected(promised_on=date(2026, 10, 31)), after(days=2))
    issue.ask(rating(), after(days=3), RAISER)
    tracked = IssueTracked(round=1, outcome=Outcome.PLANNED, promised_on=date(2026, 10, 31))
    assert issue.events[-1] == tracked


def test_a_correction_of_an_earlier_round_that_is_read_late_changes_nothing() -> None:
    issue = invited()
    issue.ask(BAD, after(days=2), RAISER)
    issue.ask(GRANT, after(days=3), OFFICE)
    before = issue.state
    issue.take(corrected(), after(days=3))
    assert issue.state == before
    issue.take(replied(round=2), after(days=4), seen="/huzhou/feedback=4")
    issue.take(corrected(3, round=1), after(days=5))
    assert issue.state.reply.corrections == 0


def test_only_a_leader_finishes_tracking() -> None:
    issue = invited(Outcome.PLANNED)
    issue.ask(rating(), after(days=2), RAISER)
    refused = issue.ask(FINISH, after(days=3), OFFICE)
    assert refused["reason"] == Reason.WRONG_ROLE
    assert issue.ask(FINISH, after(days=3), LEADER)["state"] == "closed"
    assert issue.events[-1] == IssueClosed(
        round=1, reason=CloseReason.RULED_FINISHED, words="已建成", by="wang"
    )


@pytest.mark.parametrize("ask", [GRANT, REFUSE, FINISH], ids=["granted", "refused", "finished"])
def test_who_drafted_or_signed_off_a_reply_neither_decides_on_its_rework_nor_closes_it(ask: Command) -> None:
    """Also in another role: a person is an account."""
    issue = fresh()
    issue.take(registered(), after())
    outcome = Outcome.PLANNED if ask is FINISH else Outcome.SOLVED
    issue.take(replied(outcome=outcome).model_copy(update={"handled_by": ("li", "wang")}), REPLIED_AT)
    issue.ask(rating() if ask is FINISH else BAD, after(days=2), RAISER)
    role = "leader" if ask is FINISH else "office"
    for person in ("li", "wang"):
        assert issue.ask(ask, after(days=3), f"{role}:{person}")["reason"] == Reason.SAME_PERSON
    assert issue.ask(ask, after(days=3), f"{role}:chen")["status"] == "done"


def test_a_round_is_rated_once() -> None:
    issue = invited()
    issue.ask(rating(), after(days=2), RAISER)
    assert issue.ask(rating(), after(days=2), RAISER)["reason"] == Reason.ILLEGAL_MOVE


@pytest.mark.parametrize("round", [2, 7])
def test_a_rating_of_another_round_is_stale(round: int) -> None:
    issue = invited()
    assert issue.ask(rating(round=round), after(days=2), RAISER)["reason"] == Reason.STALE_ROUND


@pytest.mark.parametrize("round", [2, 7])
def test_a_decision_on_the_rework_of_another_round_is_stale(round: int) -> None:
    issue = invited()
    issue.ask(BAD, after(days=2), RAISER)
    outcome = issue.ask(DecideRework(round=round, granted=True), after(days=3), OFFICE)
    assert outcome["reason"] == Reason.STALE_ROUND


def test_a_granted_rework_waits_for_the_next_reply_and_invites_again() -> None:
    issue = invited()
    issue.ask(BAD, after(days=2), RAISER)
    issue.ask(GRANT, after(days=3), OFFICE)
    assert issue.events[-1] == ReworkDecided(round=2, by="chen")
    published = issue.take(replied(round=2), after(days=4), seen="/huzhou/feedback=4")
    assert kinds(published) == [RatingInvited]
    assert issue.ask(rating(round=1), after(days=5), RAISER)["reason"] == Reason.STALE_ROUND
    assert issue.ask(rating(round=2), after(days=5), RAISER)["state"] == "closed"
    ratings = [event.satisfaction for event in issue.events if isinstance(event, ReplyRated)]
    assert ratings == ["dissatisfied", "satisfied"]
    assert issue.state.round == 2


def test_a_refused_rework_needs_a_reason_and_closes() -> None:
    issue = invited()
    issue.ask(BAD, after(days=2), RAISER)
    silent = DecideRework(round=1, granted=False)
    assert issue.ask(silent, after(days=3), OFFICE)["reason"] == Reason.REASON_MISSING
    issue.ask(REFUSE, after(days=3), OFFICE)
    assert issue.events[-2:] == [
        ReworkRefused(round=1, reason="已解释清楚", by="chen"),
        IssueClosed(round=1, reason=CloseReason.REWORK_REFUSED, by="chen"),
    ]


def test_a_refused_rework_of_a_planned_matter_is_tracked() -> None:
    issue = invited(Outcome.PLANNED)
    issue.ask(BAD, after(days=2), RAISER)
    assert issue.ask(REFUSE, after(days=3), OFFICE)["state"] == "tracked"


def test_only_the_one_who_raised_an_issue_rates_its_reply() -> None:
    issue = invited(person=PERSON)
    for stranger in ("entrepreneur:wang", "office:li", "handler:housing/li"):
        refused = issue.ask(rating(), after(days=2), stranger)
        assert refused["reason"] == Reason.WRONG_ROLE
    assert issue.ask(rating(), after(days=2), RAISER)["state"] == "closed"


def test_an_official_never_rates_not_even_where_the_event_names_no_person() -> None:
    assert invited().ask(rating(), after(days=2), OFFICE)["reason"] == Reason.WRONG_ROLE


def test_only_the_office_decides_on_rework() -> None:
    issue = invited()
    issue.ask(BAD, after(days=2), RAISER)
    assert issue.ask(GRANT, after(days=3), "handler:housing/li")["reason"] == Reason.WRONG_ROLE
    assert issue.ask(GRANT, after(days=3), OFFICE)["state"] == "rework"


# ------------------------------------------------------------------- lapse


def test_an_invitation_lapses_at_its_end_and_the_reply_is_not_rated() -> None:
    issue = invited()
    assert issue.fire(OPEN_UNTIL - MOMENT) == []
    assert issue.fire(OPEN_UNTIL) == [
        RatingLapsed(round=1),
        IssueClosed(round=1, reason=CloseReason.LAPSED),
    ]
    assert issue.fire(OPEN_UNTIL, "rating/1/lapse/1") == []
    assert ReplyRated not in kinds(issue.events)


def test_what_was_planned_is_tracked_after_a_lapse() -> None:
    assert kinds(invited(Outcome.PLANNED).fire(OPEN_UNTIL)) == [RatingLapsed, IssueTracked]


def test_a_rating_at_the_last_instant_counts() -> None:
    issue = invited()
    assert issue.ask(rating(), OPEN_UNTIL, RAISER)["state"] == "closed"
    assert RatingLapsed not in kinds(issue.events)


def test_a_rating_after_the_end_is_refused_though_the_timer_was_late() -> None:
    issue = invited()
    outcome = issue.ask(rating(), OPEN_UNTIL + MOMENT, RAISER)
    assert outcome["reason"] == Reason.ILLEGAL_MOVE
    assert kinds(issue.events) == [RatingInvited, RatingLapsed, IssueClosed]


def test_a_rated_reply_never_lapses() -> None:
    issue = invited()
    issue.ask(rating(), after(days=2), RAISER)
    assert issue.fire(OPEN_UNTIL, "rating/1/lapse/1") == []


def test_the_decision_itself_lets_nothing_lapse_early() -> None:
    state = invited().state
    deadline = next_deadline(state)
    assert deadline is not None
    early = Context(SUBJECT, OPEN_UNTIL - MOMENT, builtin_reference())
    assert lapse(state, deadline, early) == Change(state)


# --------------------------------------------------------------- crossings


@ENDS
def test_a_withdrawn_or_referred_issue_is_rated_no_more_and_its_invitation_does_not_lapse(end: Event) -> None:
    issue = invited()
    issue.take(end, after(days=2))
    outcome = issue.ask(rating(), after(days=3), RAISER)
    assert (outcome["reason"], outcome.get("legal")) == (Reason.ILLEGAL_MOVE, None)
    assert issue.fire(OPEN_UNTIL, "rating/1/lapse/1") == []


@ENDS
def test_a_withdrawal_or_referral_after_the_end_of_the_invitation_finds_it_lapsed(end: Event) -> None:
    assert kinds(invited().take(end, OPEN_UNTIL + MOMENT)) == [RatingLapsed, IssueClosed]


def test_a_withdrawal_at_the_last_instant_of_an_invitation_still_counts() -> None:
    issue = invited()
    assert issue.take(WITHDRAWN, OPEN_UNTIL) == []
    assert issue.state.state is State.WITHDRAWN


@ENDS
def test_a_reply_that_crossed_a_withdrawal_or_a_referral_invites_nobody(end: Event) -> None:
    issue = fresh()
    issue.take(registered(), MONDAY)
    issue.take(end, after(hours=1))
    ended = issue.state
    assert issue.take(ASSIGNED, after(hours=2)) == issue.take(replied(), after(hours=3)) == []
    assert issue.state == ended
    assert ended.state == EVENT_MOVES[(State.KNOWN, type(end))]


def test_an_issue_whose_appeal_was_upheld_is_rated_like_any_other() -> None:
    issue = fresh()
    for day, event in enumerate((registered(), REJECTED, UPHELD)):
        record = issue.event(event, after(days=day))
        assert issue.deliver(record, record) == []
    assert issue.state.state is State.KNOWN
    assert kinds(issue.take(replied(), after(days=5))) == [RatingInvited]


def test_a_reply_that_comes_before_its_registration_is_held_and_then_invites() -> None:
    issue = fresh()
    first = issue.event(registered(), MONDAY)
    issue.take(ASSIGNED, MONDAY, seen="/huzhou/intake=1")
    issue.take(replied(), REPLIED_AT, seen="/huzhou/intake=1")
    assert issue.events == []
    assert kinds(issue.deliver(first)) == [RatingInvited]


def test_everything_delivered_twice_is_done_once() -> None:
    issue = fresh()
    life: tuple[Event | tuple[Command, str], ...] = (
        registered(),
        IssueAccepted(title="停车难", text="厂门口没有车位", by="chen"),
        ASSIGNED,
        AssignmentSigned(assignment="a1", department="traffic", by="zhou"),
        AssignmentReturned(assignment="a1", department="traffic", reason="非本局职责", by="zhou"),
        AssignmentRuled(assignment="a1", department="traffic", upheld=True, by="chen"),
        AssignmentTransferred(
            assignment="a2",
            department="police",
            head="李局",
            previous_assignment="a1",
            previous_department="traffic",
            why=TransferCause.RETURN,
            transfers=1,
            by="chen",
        ),
        replied(),
        (BAD, RAISER),
        (GRANT, OFFICE),
        replied(round=2, outcome=Outcome.PLANNED),
        (rating(round=2), RAISER),
        (FINISH, LEADER),
        WITHDRAWN,
    )
    for hour, thing in enumerate(life):
        at = after(hours=hour)
        record = issue.event(thing, at) if isinstance(thing, Event) else issue.command(thing[0], at, thing[1])
        issue.deliver(record)
        before = issue.state
        assert issue.deliver(record) == []
        assert issue.state == before
    assert kinds(issue.events) == [
        RatingInvited,
        ReplyRated,
        ReworkAsked,
        ReworkDecided,
        RatingInvited,
        ReplyRated,
        IssueTracked,
        IssueClosed,
    ]


@pytest.mark.parametrize("event", [ASSIGNED, replied(), WITHDRAWN, REJECTED], ids=lambda event: event.type)
def test_an_event_about_an_unknown_issue_changes_nothing(event: Event) -> None:
    issue = fresh()
    assert issue.take(event, MONDAY) == []
    assert issue.state is None


def test_the_document_keeps_what_rating_needs_and_nothing_else() -> None:
    issue = invited(Outcome.PLANNED, date(2026, 9, 30), person=PERSON)
    assert issue.stored is not None
    assert issue.stored["state"] == {
        "state": "invited",
        "kind": "problem",
        "person": PERSON,
        "reply": {
            "round": 1,
            "outcome": "planned",
            "promised_on": "2026-09-30",
            "open_until": OPEN_UNTIL.isoformat().replace("+00:00", "Z"),
        },
    }
