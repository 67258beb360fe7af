"""Faults planted into what is decided about notices by mail and by robot."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from services.dispatch import mails as dispatch_mails
from services.dispatch.issue import noticing
from services.intake.mails import CALLING, Mails
from shared import waiting_notices
from shared.contract.commands.notices import BeginNotice, PrepareNotice, RecordNotice
from shared.contract.events.notices import NoticeSent
from shared.contract.words import MAIL, Unsent
from shared.domain import notices
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Change, Refusal, event
from shared.domain.notices import State, to_be_sent_by
from shared.notifying import Notifier
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, in_kind

Decide = Callable[..., Any]


@fault(Clause.MAILED_ONCE, alone=False)
def a_notice_that_was_sent_is_prepared_again() -> Patches:
    def wrap(record: Decide) -> Decide:
        def forgetful(notice: Any, command: Any, context: Any) -> Any:
            change = record(notice, command, context)
            if isinstance(change, Refusal):
                return change
            return replace(change, state=change.state.model_copy(update={"state": State.PREPARED}))

        return forgetful

    return [in_decision("intake", "notice", RecordNotice, wrap)]


@fault(Clause.NOTICE_REFUSED, alone=False)
def what_is_refused_for_good_is_tried_again() -> Patches:
    def wrap(give_up: Decide) -> Decide:
        async def hopeful(self: Any, subject: str, notice: Any, why: Any, said: str = "") -> None:
            if why != Unsent.REFUSED:
                await give_up(self, subject, notice, why, said)

        return hopeful

    return [around(Notifier, "_give_up", wrap)]


@fault(Clause.NOTICE_WAY, alone=False)
def what_goes_by_robot_is_mailed() -> Patches:
    return [patch.object(waiting_notices, "to_be_sent_by", lambda state: to_be_sent_by(state) and MAIL)]


@fault(Clause.NOTICE_SENT)
def a_notice_counts_as_sent_when_it_is_begun() -> Patches:
    def wrap(begin: Decide) -> Decide:
        def hasty(notice: Any, command: Any, context: Any) -> Any:
            change = begin(notice, command, context)
            if isinstance(change, Refusal):
                return change
            (item,) = notice.items
            tells = {"issue": item.issue, "about": item.about, "to": notice.to, "tries": notice.tries}
            sent = change.state.model_copy(update={"state": State.SENT, "again_at": None})
            return Change(sent, (event(NoticeSent(**tells)),), change.outcome)

        return hasty

    return [in_decision("intake", "notice", BeginNotice, wrap)]


@fault(Clause.NOTICE_OVERTAKEN)
def who_was_to_come_is_asked_to_a_talk_that_was_called_off() -> Patches:
    async def always(self: Any, item: Any) -> bool:
        return True

    return [patch.object(Mails, "is_still_so", always)]


@fault(Clause.NOTICE_OVERTAKEN)
def officials_are_called_to_a_talk_that_was_called_off() -> Patches:
    async def always(store: Any, item: Any) -> bool:
        return True

    return [patch.object(dispatch_mails, "is_still_so", always)]


@fault(Clause.NOTICE_OVERTAKEN)
def nobody_is_asked_to_a_talk() -> Patches:
    async def unless_it_calls(self: Any, item: Any) -> bool:
        return item.about not in CALLING

    return [patch.object(Mails, "is_still_so", unless_it_calls)]


@fault(Clause.NOTICE_ENDS)
def who_began_to_send_has_for_ever() -> Patches:
    def change(kind: AggregateType) -> AggregateType:
        assert kind.deadlines is not None
        plain = kind.deadlines.next
        patient = replace(
            kind.deadlines, next=lambda state: None if state.state is State.SENDING else plain(state)
        )
        return replace(kind, deadlines=patient)

    return [in_kind("intake", "notice", change)]


@fault(Clause.NOTICE_LATE)
def a_notice_is_given_up_after_minutes() -> Patches:
    def wrap(prepare: Decide) -> Decide:
        def impatient(notice: Any, command: Any, context: Any) -> Any:
            change = prepare(notice, command, context)
            if notice is not None:
                return change
            until = context.now + timedelta(minutes=4)
            return replace(change, state=change.state.model_copy(update={"until": until}))

        return impatient

    return [in_decision("intake", "notice", PrepareNotice, wrap)]


@fault(Clause.MAILED_IN_HOURS, alone=False)
def officials_are_told_at_any_hour() -> Patches:
    return [patch.object(notices, "_opens_at", lambda context: context.now)]


@fault(Clause.ONE_DIGEST)
def at_night_each_thing_waits_for_itself() -> Patches:
    def wrap(put_off: Decide) -> Decide:
        return lambda *args, **_: put_off(*args, keeps=True)

    def at_once(tell: Decide) -> Decide:
        return lambda prepares, context, body, **_: tell(prepares, context, body)

    return [around(notices, "_put_off", wrap), around(noticing, "tell", at_once)]
