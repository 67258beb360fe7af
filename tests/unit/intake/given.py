"""What every test of intake begins with: one issue, walked to any state, and how each command is rightly asked."""

from datetime import date
from typing import Any

from services.intake.consumer import consumer
from services.intake.issue.life import NOTHING, State
from shared.contract.command import Command
from shared.contract.commands.intake import (
    AcceptIssue,
    AppealRejection,
    AskMaterial,
    ConfirmWords,
    CorrectWords,
    DecideAppeal,
    DiscloseReply,
    RecordReceipt,
    ReferIssue,
    RegisterIssue,
    RejectIssue,
    RestoreReply,
    SupplyMaterial,
    WithdrawIssue,
)
from shared.contract.event import Event
from shared.contract.events.dispatch import DatePutOff, QuestionClosed, QuestionPut
from shared.contract.events.feedback import (
    IssueClosed,
    RatingInvited,
    RatingLapsed,
    RatingReminded,
    ReplyRated,
    ReworkDecided,
)
from shared.contract.words import (
    Body,
    CloseReason,
    Confirmation,
    Ended,
    RejectionGround,
    Satisfaction,
    Solved,
)
from tests.said import REFERENCES, WORDS, issue_of, raiser
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION

LI = REFERENCES.person("li")
RAISER, OFFICE, OTHER_OFFICE, CLERK = raiser("li"), "office:chen", "office:wang", "clerk:zhao"
SUBJECT = issue_of(JURISDICTION, "li", "1")
REGISTER = RegisterIssue(words=WORDS, enterprise="91110000600037341L")
ON_BEHALF = REGISTER.model_copy(update={"person": LI})
ACCEPT = AcceptIssue(title="停车难", text="厂门口没有车位")
REJECT = RejectIssue(ground=RejectionGround.LITIGATION, explanation="已在诉讼")
CORRECT = CorrectWords(words=WORDS.model_copy(update={"words": "Y29ycmVjdGVk"}))
CORRECT_PLAIN = CORRECT.model_copy(update={"title": "停车难", "text": "厂门口没有货车车位"})
REFER = ReferIssue(body=Body.PETITIONS, addressee="市信访局", reason="属信访事项")
CONFIRMED = WithdrawIssue(
    reason=" 来电撤回 ", confirmed_by=Confirmation.CALL, confirmed_at=after(), called_by="chen"
)
ASKS: dict[str, tuple[Command, str]] = {
    "register": (REGISTER, RAISER),
    "ask_material": (AskMaterial(words="请补充租赁合同"), OFFICE),
    "accept": (ACCEPT, OFFICE),
    "reject": (REJECT, OFFICE),
    "appeal": (AppealRejection(reason="c2VhbGVk"), RAISER),
    "decide_appeal": (DecideAppeal(upheld=True, reason="确已撤诉"), OTHER_OFFICE),
    "correct_words": (CORRECT, RAISER),
    "supply_material": (SupplyMaterial(request=1, text="已补充检验报告"), RAISER),
    "confirm_words": (ConfirmWords(version=1), RAISER),
    "refer": (REFER, OFFICE),
    "record_receipt": (RecordReceipt(number="信访〔2026〕17号", on=date(2026, 3, 2)), OFFICE),
    "withdraw": (WithdrawIssue(reason="已解决"), RAISER),
    "disclose": (DiscloseReply(title="停车难", text="厂门口没有车位。", reply="已划线。", round=1), OFFICE),
    "restore": (RestoreReply(reason="企业不同意公开"), OFFICE),
}
SUPPLY_SEALED = SupplyMaterial(request=1, sealed="c2VhbGVk")
INVITED = RatingInvited(round=1, open_until=after(days=15))
RATED = ReplyRated(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES)
LAPSED = RatingLapsed(round=1)
REMINDED = RatingReminded(round=1, rating_round="huzhou-2026-03-city", tell_at=after(hours=1))
CLOSED = IssueClosed(round=1, reason=CloseReason.RATED)
GRANTED = ReworkDecided(round=2, reason="未动工", by="gu")
PUT = QuestionPut(
    assignment="issue.1",
    department="housing",
    round=1,
    request=1,
    words="请补充检验报告",
    ends_at=after(days=7),
)
PUT_OFF = DatePutOff(round=1, old_due_at=after(days=14), due_at=after(days=18))
NOT_ANSWERED = QuestionClosed(request=1, because=Ended.TIME_OVER)
WAYS: dict[str, tuple[str | Event, ...]] = {
    NOTHING: (),
    State.REGISTERED: ("register",),
    State.AWAITING_MATERIAL: ("register", "ask_material"),
    State.ACCEPTED: ("register", "accept"),
    State.ANSWERED: ("register", "accept", INVITED),
    State.REJECTED: ("register", "reject"),
    State.APPEALED: ("register", "reject", "appeal"),
    State.REFERRED: ("register", "accept", "refer"),
    State.WITHDRAWN: ("register", "accept", "withdraw"),
    State.CLOSED: ("register", "accept", INVITED, CLOSED),
}


class Played(OneAggregate):
    """One issue in intake; ``walk`` brings it to any state."""

    def __init__(self, subject: str = SUBJECT) -> None:
        super().__init__(consumer(JURISDICTION), subject)

    def walk(self, state: str) -> "Played":
        for step in WAYS[state]:
            if isinstance(step, Event):
                self.take(step, after())
            else:
                assert self.want(step)["status"] == "done"
        assert self.at == state
        return self

    def want(self, verb: str) -> dict[str, Any]:
        command, actor = ASKS[verb]
        if verb == "correct_words" and self.at == State.ACCEPTED:
            command = CORRECT_PLAIN
        if verb == "supply_material" and self.at == State.AWAITING_MATERIAL:
            command = SUPPLY_SEALED
        self.prepare(verb)
        return self.ask(command, after(), actor)

    def prepare(self, verb: str) -> None:
        """What has to be asked before it is answered."""
        if verb == "ask_material" or self.at == State.AWAITING_MATERIAL:
            return
        if verb == "restore" and self.at in (State.ANSWERED, State.CLOSED) and not self.state.disclosed:
            self.ask(ASKS["disclose"][0], after(), OFFICE)
        if verb == "supply_material" and self.state and self.state.question is None:
            self.take(PUT, after())

    @property
    def at(self) -> str:
        return self.state.state if self.state else NOTHING
