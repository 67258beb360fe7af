"""What feedback decides, and what it refuses; generated from its table of moves both ways."""

from datetime import timedelta
from typing import Any

import pytest

from services.feedback.bus import room
from services.feedback.domain import State, lapse
from shared.calendar import base_calendar
from shared.clocks import default_policy, due_at
from shared.commands import Command, DecideRework, FinishTracking, RateReply
from shared.events import (
    Event,
    IssueClosed,
    IssueTracked,
    Kind,
    Outcome,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
    Satisfaction,
    Solved,
)
from shared.moves import Context, Reason
from tests.unit.supervision.street import (
    ISSUE,
    MONDAY,
    House,
    Neighbours,
    after,
    assigned,
    registered,
    rejected,
    replied,
    returned,
    ruled,
    signed,
    transferred,
    withdrawn,
)

POLICY, CALENDAR = default_policy(), base_calendar()
REPLIED_AT = after(days=1)
OPEN_UNTIL = due_at(REPLIED_AT, POLICY.limits["rating"], POLICY, CALENDAR).at
MOMENT = timedelta(milliseconds=1)
CONTEXT = Context(ISSUE, after(days=2), "leader:wang", "cause")


def rating(
    satisfaction: Satisfaction = Satisfaction.SATISFIED, solved: Solved = Solved.YES, reason: str = "",
    round: int = 1,
) -> RateReply:  # fmt: skip
    return RateReply(round=round, satisfaction=satisfaction, solved=solved, reason=reason)


BAD = rating(Satisfaction.DISSATISFIED, Solved.NO, "还是没有车位")
GRANT, REFUSE = DecideRework(round=1, granted=True), DecideRework(round=1, granted=False, reason="已解释清楚")
FINISH = FinishTracking(reason="已建成")


async def asked(outcome: Outcome = Outcome.SOLVED, **values: Any) -> tuple[House, Neighbours]:
    """An issue whose reply is out and whose rating is open."""
    there = House(room(jurisdiction="huzhou", history=True, policy=POLICY, calendar=CALENDAR))
    says = Neighbours()
    await there.take(says(registered(**values), MONDAY), says(assigned(), MONDAY))
    await there.take(says(replied(outcome=outcome), REPLIED_AT))
    return there, says


def kinds(told: list[Event]) -> list[type[Event]]:
    return [type(event) for event in told]


async def test_a_released_reply_invites_its_rating_for_as_long_as_the_policy_says() -> None:
    there, _ = await asked()
    assert there.told == [RatingInvited(round=1, open_until=OPEN_UNTIL)]
    assert there.document["due"]["name"] == "rating/1/lapse/1"
    assert there.fire_at == OPEN_UNTIL


async def test_a_satisfied_rating_closes_the_issue() -> None:
    there, _ = await asked()
    outcome = await there.ask(rating(), after(days=2))
    assert outcome == {"status": "done", "state": "closed", "round": 1}
    assert there.told[1:] == [
        ReplyRated(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES),
        IssueClosed(round=1, reason="rated"),
    ]
    assert "deadline" not in there.document


@pytest.mark.parametrize("command", [BAD, rating(solved=Solved.NO, reason="没有解决")])
async def test_a_dissatisfied_or_unsolved_rating_asks_for_rework(command: RateReply) -> None:
    there, _ = await asked()
    outcome = await there.ask(command, after(days=2))
    assert outcome["state"] == "rework_asked"
    assert there.told[-1] == ReworkAsked(round=1, reason=command.reason)


@pytest.mark.parametrize(
    "command", [rating(Satisfaction.DISSATISFIED), rating(solved=Solved.NO, reason="  ")]
)
async def test_a_dissatisfied_or_unsolved_rating_needs_a_reason(command: RateReply) -> None:
    there, _ = await asked()
    outcome = await there.ask(command, after(days=2))
    assert outcome["reason"] == Reason.REASON_MISSING
    assert there.state.state is State.INVITED


async def test_a_suggestion_is_never_unsolved() -> None:
    there, _ = await asked(Outcome.ADOPTED, kind=Kind.SUGGESTION)
    assert (await there.ask(rating(solved=Solved.NO), after(days=2)))["state"] == "closed"


@pytest.mark.parametrize("outcome", [Outcome.PLANNED, Outcome.NOT_POSSIBLE_NOW])
async def test_what_is_promised_for_later_is_tracked_instead_of_closed(outcome: Outcome) -> None:
    there, _ = await asked(outcome)
    await there.ask(rating(), after(days=2))
    assert there.told[-1] == IssueTracked(round=1, outcome=outcome)


async def test_only_a_leader_finishes_tracking() -> None:
    there, _ = await asked(Outcome.PLANNED)
    await there.ask(rating(), after(days=2))
    refused = await there.ask(FINISH, after(days=3), "office:chen")
    assert refused["reason"] == Reason.WRONG_ROLE
    assert (await there.ask(FINISH, after(days=3), "leader:wang"))["state"] == "closed"
    assert there.told[-1] == IssueClosed(round=1, reason="已建成", by="wang")


async def test_a_round_is_rated_once() -> None:
    there, _ = await asked()
    await there.ask(rating(), after(days=2))
    assert (await there.ask(rating(), after(days=2)))["reason"] == Reason.ILLEGAL_MOVE


@pytest.mark.parametrize("round", [2, 7])
async def test_a_rating_of_another_round_is_stale(round: int) -> None:
    there, _ = await asked()
    assert (await there.ask(rating(round=round), after(days=2)))["reason"] == Reason.STALE_ROUND


async def test_a_granted_rework_waits_for_the_next_reply_and_invites_again() -> None:
    there, says = await asked()
    await there.ask(BAD, after(days=2))
    await there.ask(GRANT, after(days=3), "office:chen")
    assert there.told[-1] == ReworkDecided(round=2, by="chen")
    told = await there.take(says(replied(round=2), after(days=4), seen="feedback.events=4"))
    assert kinds(told) == [RatingInvited]
    assert (await there.ask(rating(round=1), after(days=5)))["reason"] == Reason.STALE_ROUND
    assert (await there.ask(rating(round=2), after(days=5)))["state"] == "closed"
    assert [each.satisfaction for each in there.state.rounds] == ["dissatisfied", "satisfied"]


async def test_a_refused_rework_needs_a_reason_and_closes() -> None:
    there, _ = await asked()
    await there.ask(BAD, after(days=2))
    silent = DecideRework(round=1, granted=False)
    assert (await there.ask(silent, after(days=3), "office:chen"))["reason"] == Reason.REASON_MISSING
    await there.ask(REFUSE, after(days=3), "office:chen")
    assert there.told[-2:] == [
        ReworkRefused(round=1, reason="已解释清楚", by="chen"),
        IssueClosed(round=1, reason="rework_refused", by="chen"),
    ]


async def test_a_refused_rework_of_a_planned_matter_is_tracked() -> None:
    there, _ = await asked(Outcome.PLANNED)
    await there.ask(BAD, after(days=2))
    assert (await there.ask(REFUSE, after(days=3), "office:chen"))["state"] == "tracked"


# ------------------------------------------------------------------- lapse


async def test_an_invitation_lapses_at_its_end_and_the_reply_is_not_rated() -> None:
    there, _ = await asked()
    assert await there.fire(OPEN_UNTIL - MOMENT) == []
    assert await there.fire(OPEN_UNTIL) == [RatingLapsed(round=1), IssueClosed(round=1, reason="lapsed")]
    assert await there.fire(OPEN_UNTIL, "rating/1/lapse/1") == []
    assert there.state.rounds[0].satisfaction is None


async def test_what_was_planned_is_tracked_after_a_lapse() -> None:
    there, _ = await asked(Outcome.PLANNED)
    assert kinds(await there.fire(OPEN_UNTIL)) == [RatingLapsed, IssueTracked]


async def test_a_rating_at_the_last_instant_counts() -> None:
    there, _ = await asked()
    assert (await there.ask(rating(), OPEN_UNTIL))["state"] == "closed"
    assert RatingLapsed not in kinds(there.told)


async def test_a_rating_after_the_end_is_refused_though_the_timer_was_late() -> None:
    there, _ = await asked()
    outcome = await there.ask(rating(), OPEN_UNTIL + MOMENT)
    assert outcome["reason"] == Reason.ILLEGAL_MOVE
    assert kinds(there.told) == [RatingInvited, RatingLapsed, IssueClosed]


async def test_a_rated_reply_never_lapses() -> None:
    there, _ = await asked()
    await there.ask(rating(), after(days=2))
    assert await there.fire(OPEN_UNTIL, "rating/1/lapse/1") == []


# --------------------------------------------------------------- crossings


async def test_a_withdrawn_issue_is_rated_no_more_and_its_invitation_does_not_lapse() -> None:
    there, says = await asked()
    await there.take(says(withdrawn(), after(days=2)))
    outcome = await there.ask(rating(), after(days=3))
    assert (outcome["reason"], outcome.get("legal")) == (Reason.ILLEGAL_MOVE, None)
    assert await there.fire(OPEN_UNTIL, "rating/1/lapse/1") == []


async def test_a_withdrawal_after_the_end_of_the_invitation_finds_it_lapsed() -> None:
    there, says = await asked()
    told = await there.take(says(withdrawn(), OPEN_UNTIL + MOMENT))
    assert kinds(told) == [RatingLapsed, IssueClosed]


async def test_a_withdrawal_at_the_last_instant_of_an_invitation_still_counts() -> None:
    there, says = await asked()
    assert await there.take(says(withdrawn(), OPEN_UNTIL)) == []
    assert there.state.state is State.WITHDRAWN


async def test_the_heart_itself_lets_nothing_lapse_early() -> None:
    there, _ = await asked()
    assert lapse(there.state, OPEN_UNTIL - MOMENT).events == ()


async def test_a_reply_that_crossed_a_withdrawal_counts_but_invites_nobody() -> None:
    there = House(room(jurisdiction="huzhou", history=False, policy=POLICY, calendar=CALENDAR))
    says = Neighbours()
    await there.take(says(registered(), MONDAY), says(withdrawn(), after(hours=1)))
    assert await there.take(says(assigned(), after(hours=2)), says(replied(), after(hours=3))) == []
    assert there.state.state is State.WITHDRAWN
    assert len(there.state.rounds) == 1


async def test_a_reply_that_comes_before_its_registration_is_held_and_then_invites() -> None:
    there = House(room(jurisdiction="huzhou", history=False, policy=POLICY, calendar=CALENDAR))
    says = Neighbours()
    first = says(registered(), MONDAY)
    await there.take(says(assigned(), MONDAY, seen="intake.events=1"))
    await there.take(says(replied(), REPLIED_AT, seen="intake.events=1"))
    assert there.told == []
    assert kinds(await there.take(first)) == [RatingInvited]


async def test_everything_delivered_twice_is_done_once() -> None:
    there = House(room(jurisdiction="huzhou", history=True, policy=POLICY, calendar=CALENDAR))
    says = Neighbours()
    life = (
        registered(), assigned(), signed(), returned(), ruled(True), transferred(), replied(assignment="a2"),
        BAD, GRANT, replied(round=2, outcome=Outcome.PLANNED), rating(round=2), FINISH, withdrawn(),
    )  # fmt: skip
    for hour, thing in enumerate(life):
        at = after(hours=hour)
        command = isinstance(thing, Command)
        actor = {RateReply: "entrepreneur:li", DecideRework: "office:chen"}.get(type(thing), "leader:wang")
        record = there.command(thing, at, actor) if command else says(thing, at)  # type: ignore[arg-type]
        await there.take(record)
        before = there.state
        assert await there.take(record) == []
        assert there.state == before
    assert kinds(there.told) == [
        RatingInvited, ReplyRated, ReworkAsked, ReworkDecided, RatingInvited, ReplyRated, IssueTracked, IssueClosed,
    ]  # fmt: skip


@pytest.mark.parametrize("fact", [assigned(), replied(), withdrawn(), rejected()])
async def test_a_fact_about_an_unknown_issue_changes_nothing(fact: Event) -> None:
    there = House(room(jurisdiction="huzhou", history=True, policy=POLICY, calendar=CALENDAR))
    assert await there.take(Neighbours()(fact, MONDAY)) == []
    assert there.state is None


async def test_only_the_one_who_raised_an_issue_rates_its_reply() -> None:
    there = House(room(jurisdiction="huzhou", history=True, policy=POLICY, calendar=CALENDAR))
    says = Neighbours()
    raiser = Context(ISSUE, MONDAY, "entrepreneur:li").pseudonym
    await there.take(says(registered().model_copy(update={"raiser": raiser}), MONDAY))
    await there.take(says(replied(), after(days=1)))
    for stranger in ("entrepreneur:wang", "office:li", "dept:housing/li"):
        refused = await there.ask(rating(), after(days=2), stranger)
        assert refused["reason"] == Reason.WRONG_ROLE
    assert (await there.ask(rating(), after(days=2), "entrepreneur:li"))["state"] == "closed"


async def test_only_the_office_decides_on_rework() -> None:
    there = House(room(jurisdiction="huzhou", history=True, policy=POLICY, calendar=CALENDAR))
    says = Neighbours()
    for fact in (registered(), replied()):
        await there.take(says(fact, after(days=1)))
    await there.ask(BAD, after(days=2))
    assert (await there.ask(GRANT, after(days=3), "dept:housing/li"))["reason"] == Reason.WRONG_ROLE
    assert (await there.ask(GRANT, after(days=3), "office:chen"))["state"] == "rework"
