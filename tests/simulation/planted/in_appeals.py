"""Faults planted into appeals, referrals, corrected words, withdrawals on behalf, and links."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from services.supervision.issue import reactions
from shared.contract.commands.intake import DecideAppeal, RevokeLink
from shared.domain.decisions import Change, Refusal
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, Values, around, fault, in_decision, told, with_data


@fault(Clause.WORDS_BESIDE)
def an_acceptance_leaves_the_corrected_words_out() -> Patches:
    return told("issue.accepted", lambda values: with_data(values, corrected=None))


@fault(Clause.CONFIRMED)
def a_withdrawal_does_not_say_how_the_person_confirmed_it() -> Patches:
    return told("issue.withdrawn", lambda values: with_data(values, confirmed_by=None))


@fault(Clause.APPEAL_BY)
def who_rejected_an_issue_decides_on_the_appeal() -> Patches:
    def wrap(decide: Callable[..., Any]) -> Callable[..., Any]:
        def lenient(issue: Any, command: Any, context: Any) -> Any:
            if issue is None or issue.rejection is None:
                return decide(issue, command, context)
            nobody = issue.rejection.model_copy(update={"by": "nobody"})
            return decide(issue.model_copy(update={"rejection": nobody}), command, context)

        return lenient

    return [in_decision("intake", "issue", DecideAppeal, wrap)]


@fault(Clause.UNSPOKEN)
def a_complaint_about_an_official_is_told_with_its_addressee() -> Patches:
    def talkative(values: Values) -> Values:
        secret = values["data"]["body"] == "discipline_inspection"
        return with_data(values, addressee="市纪委监委") if secret else {}

    return told("issue.referred", talkative)


@fault(Clause.LINK_KEPT)
def a_link_that_was_revoked_still_opens() -> Patches:
    def wrap(revoke: Callable[..., Any]) -> Callable[..., Any]:
        def idle(issue: Any, command: Any, context: Any) -> Any:
            decision = revoke(issue, command, context)
            return decision if isinstance(decision, Refusal) else Change(issue, outcome=decision.outcome)

        return idle

    return [in_decision("intake", "issue", RevokeLink, wrap)]


@fault(Clause.PROMISE_MOVED)
def an_appeal_promises_a_day_more() -> Patches:
    def later(values: Values) -> Values:
        due = datetime.fromisoformat(values["data"]["due_at"]) + timedelta(days=1)
        return with_data(values, due_at=due.isoformat().replace("+00:00", "Z"))

    return told("issue.appealed", later)


@fault(Clause.CLOCK_ENDS, alone=False)
def the_promise_does_not_run_on_after_an_appeal() -> Patches:
    def wrap(resume: Callable[..., Any]) -> Callable[..., Any]:
        return lambda clock, context: (clock, ())

    return [around(reactions, "resume", wrap)]
