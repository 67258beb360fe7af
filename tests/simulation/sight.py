"""What a client sees of an issue: the events so far, gathered into where it stands and what may come next."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AssignIssue,
    CheckReply,
    CorrectReply,
    DraftReply,
    NameHandler,
    RecallAssignment,
    ReleaseReply,
    ReturnAssignment,
    RuleOnReturn,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.contract.commands.feedback import DecideRework, FinishTracking, RateReply
from shared.contract.commands.intake import (
    AcceptIssue,
    AppealRejection,
    AskMaterial,
    ConfirmWords,
    DecideAppeal,
    Receipt,
    RecordReceipt,
    ReferIssue,
    RejectIssue,
    SuppliedText,
    SupplyMaterial,
    WithdrawIssue,
)
from shared.contract.commands.supervision import (
    AnswerOrder,
    ExplainBreach,
    IssueDocument,
    LiftDocument,
    LiftLadder,
    RecordLookBack,
    SignDocument,
)
from shared.contract.words import (
    OUTCOMES,
    Body,
    Confirmation,
    DocumentKind,
    Finding,
    Kind,
    Outcome,
    RejectionGround,
    Satisfaction,
    Solved,
)
from tests.simulation.raising import FILES, STRANGER, Raised

OFFICE, CHECKER, RELEASER = "office:chen", "office:wang", "office:zhao"
LATE = 0.1
"""How often somebody clicks on a page that shows an earlier draft, version or assignment."""
PEOPLE = ("qin", "xu", "lu")
"""Who may be named a handler, in whichever department."""


class Sight:
    """Where one issue stands, from its events in any order."""

    def __init__(self, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self.intake, self.dispatch, self.feedback = "", "", ""
        self.material, self.answered = 0, list[int]()
        """The last question of the office before the issue was taken on, and those that were answered."""
        self.words, self.upheld = 1, False
        """The version of its newest words; whether an appeal was upheld."""
        self.kind, self.assignment, self.department, self.round, self.outcome = Kind.PROBLEM, "", "", 1, ""
        self.drafts: list[tuple[int, str]] = []
        self.drafted: set[str] = set()
        """The assignments in which something was drafted."""
        self.past: list[str] = []
        """The assignments that are over."""
        self.named: tuple[str, ...] = ()
        """The handler, and the substitute if there is one."""
        self.versions: list[tuple[int, int, str]] = []
        """Round, version and hash of what was released, and of the versions beside it."""
        self.documents: dict[str, tuple[str, str]] = {}
        """Each document that has a number: its kind, and what was told of it last."""
        self.extension, self.pause, self.paused, self.due = 0, 0, 0, ""
        """The extension and the pause that were asked for and are not decided yet, the pause that is in force, and when
        the promise is due."""
        self.waited_for: dict[str, str] = {}
        """Each co-handler that is to be heard still: its assignment, and its department."""
        self.parts_over: list[str] = []
        """The assignments of co-handlers that were heard or released."""
        self.objected = 0
        """The newest round in which somebody objected."""
        self.instructions: dict[int, str] = {}
        """The leaders' instructions that are open, and who gave each."""
        self.open, self.asked, self.ends = 0, 0, ""
        """The question to the raiser that is open, the last there was, and when it ends by itself."""
        self.lamp, self.broken = 0, 1
        """The step of the ladder at which it stands, and the round whose promise was broken."""
        self.at = max(
            (event["time"] for _, event in events if event.get("time")), default="2018-03-01T00:00:00Z"
        )
        """When something was told of it last."""
        for _, event in sorted(events, key=lambda entry: (entry[0], entry[1].get("seq", 0))):
            move = getattr(self, "_" + event["type"].removesuffix(".v1").replace(".", "_"), None)
            if move is not None:
                move(event["data"])

    @property
    def over(self) -> bool:
        """Nothing more can happen to it."""
        return self.intake in ("rejected for good", "referred", "withdrawn") or self.feedback in (
            "closed",
            "withdrawn",
        )

    def _issue_registered(self, data: dict[str, Any]) -> None:
        self.intake, self.kind = "registered", Kind(data.get("kind", "problem"))

    def _issue_material_asked(self, data: dict[str, Any]) -> None:
        self.intake, self.material, self.ends = "awaiting", data["request"], data["ends_at"]

    def _issue_material_received(self, data: dict[str, Any]) -> None:
        self.intake = "registered"
        self.answered.append(data["request"])

    def _issue_material_lapsed(self, data: dict[str, Any]) -> None:
        self.intake = "registered"

    def _issue_accepted(self, data: dict[str, Any]) -> None:
        self.intake = "accepted"

    def _issue_rejected(self, data: dict[str, Any]) -> None:
        self.intake = "rejected"

    def _issue_appealed(self, data: dict[str, Any]) -> None:
        self.intake = "appealed"

    def _appeal_upheld(self, data: dict[str, Any]) -> None:
        self.intake, self.upheld = "registered", True

    def _appeal_dismissed(self, data: dict[str, Any]) -> None:
        self.intake = "rejected for good"

    def _issue_referred(self, data: dict[str, Any]) -> None:
        self.intake = "referred"

    def _words_corrected(self, data: dict[str, Any]) -> None:
        self.words = data["version"]

    def _issue_withdrawn(self, data: dict[str, Any]) -> None:
        self.intake = "withdrawn"

    def _issue_assigned(self, data: dict[str, Any]) -> None:
        self.past += [self.assignment] if self.assignment else []
        self.dispatch, self.assignment, self.department = "assigned", data["assignment"], data["department"]
        self.named = ()

    _assignment_transferred = _issue_assigned

    def _assignment_signed(self, data: dict[str, Any]) -> None:
        self.dispatch = "in_progress"

    def _assignment_recalled(self, data: dict[str, Any]) -> None:
        self.past.append(self.assignment)
        self.dispatch, self.assignment, self.department, self.named = "", "", "", ()

    def _handler_named(self, data: dict[str, Any]) -> None:
        self.named = tuple(filter(None, (data["handler"], data["substitute"])))

    def _assignment_returned(self, data: dict[str, Any]) -> None:
        self.dispatch = "returned"

    def _assignment_ruled(self, data: dict[str, Any]) -> None:
        if not data["upheld"]:
            self.dispatch = "assigned"

    def _reply_drafted(self, data: dict[str, Any]) -> None:
        self.dispatch = "drafted"
        self.drafts.append((data["draft"], data["sha256"]))
        self.drafted.add(data["assignment"])

    def _reply_signed_off(self, data: dict[str, Any]) -> None:
        self.dispatch = "signed_off"

    def _reply_checked(self, data: dict[str, Any]) -> None:
        self.dispatch = "checked"

    def _reply_sent_back(self, data: dict[str, Any]) -> None:
        self.dispatch = "in_progress"

    def _reply_released(self, data: dict[str, Any]) -> None:
        self.dispatch, self.outcome = f"replied {data['round']}", data["outcome"]
        self.versions.append((data["round"], 1, data["sha256"]))

    def _reply_corrected(self, data: dict[str, Any]) -> None:
        self.versions.append((data["round"], data["version"], data["sha256"]))

    def _rating_invited(self, data: dict[str, Any]) -> None:
        self.feedback, self.round = "invited", data["round"]

    def _rework_asked(self, data: dict[str, Any]) -> None:
        self.feedback = "rework_asked"

    def _rework_decided(self, data: dict[str, Any]) -> None:
        self.feedback = "rework"
        _, replied, round = self.dispatch.partition("replied ")
        if replied and int(round) < data["round"]:
            self.dispatch = "in_progress"

    def _assignment_co_handler_added(self, data: dict[str, Any]) -> None:
        self.waited_for[data["assignment"]] = data["department"]

    def _assignment_co_handler_heard(self, data: dict[str, Any]) -> None:
        self.waited_for.pop(data["assignment"], None)
        self.parts_over.append(data["assignment"])
        self.objected = self.objected if data.get("agrees", True) else data["round"]

    _assignment_co_handler_released = _assignment_co_handler_heard

    def _extension_asked(self, data: dict[str, Any]) -> None:
        self.extension = data["request"]

    def _extension_granted(self, data: dict[str, Any]) -> None:
        self.extension, self.due = 0, data["due_at"]

    def _extension_refused(self, data: dict[str, Any]) -> None:
        self.extension = 0

    _extension_ended = _extension_refused

    def _pause_asked(self, data: dict[str, Any]) -> None:
        self.pause = data["request"]

    def _pause_granted(self, data: dict[str, Any]) -> None:
        self.dispatch, self.pause, self.paused = "suspended", 0, data["request"]

    def _pause_refused(self, data: dict[str, Any]) -> None:
        self.pause = 0

    def _assignment_enterprise_asked(self, data: dict[str, Any]) -> None:
        self.pause = self.open = self.asked = data["request"]
        self.ends = data["ends_at"]

    def _pause_ended(self, data: dict[str, Any]) -> None:
        self.pause = self.paused = self.open = 0
        self.due = data.get("due_at") or self.due
        if data.get("granted", True) and data["because"] != "assignment_over":
            self.dispatch = "in_progress"

    def _promise_started(self, data: dict[str, Any]) -> None:
        self.due = data["due_at"]

    def _ladder_raised(self, data: dict[str, Any]) -> None:
        self.lamp, self.broken = data["step"], data["round"]

    def _ladder_lifted(self, data: dict[str, Any]) -> None:
        self.lamp = data["to"]

    def _document_drafted(self, data: dict[str, Any]) -> None:
        self.documents[data["document"]] = (data["kind"], "drafted")

    def _document_issued(self, data: dict[str, Any]) -> None:
        self.documents[data["document"]] = (data["kind"], "issued")

    def _document_answered(self, data: dict[str, Any]) -> None:
        self.documents[data["document"]] = ("", "answered")

    def _document_lifted(self, data: dict[str, Any]) -> None:
        self.documents.pop(data["document"], None)

    _document_voided = _document_lifted

    def _instruction_given(self, data: dict[str, Any]) -> None:
        self.instructions[data["instruction"]] = data["by"]

    def _instruction_reported(self, data: dict[str, Any]) -> None:
        self.instructions.pop(data["instruction"], None)

    _instruction_taken_back = _instruction_reported

    def _issue_tracked(self, data: dict[str, Any]) -> None:
        self.feedback = "tracked"

    def _issue_closed(self, data: dict[str, Any]) -> None:
        self.feedback = "closed"

    def soon(self, rng: Random) -> date:
        """A day some time after that, mostly within a quarter."""
        return datetime.fromisoformat(self.at).date() + timedelta(days=rng.randint(20, 100))

    def page(self, rng: Random) -> dict[str, Any]:
        """What a click names: mostly the last draft, sometimes an earlier one or, where there is none, something."""
        earlier = len(self.drafts) > 1 and rng.random() < LATE
        shown = rng.choice(self.drafts[:-1]) if earlier else (self.drafts or [(1, "0" * 64)])[-1]
        return {"assignment": self.of(rng), "draft": shown[0], "sha256": shown[1]}

    def of(self, rng: Random) -> str:
        """The assignment that somebody means: mostly the one that is held, sometimes one that is over."""
        late = bool(self.past) and rng.random() < LATE
        return rng.choice(self.past) if late else self.assignment or "没有"


class Wish(NamedTuple):
    """A command somebody wants to give, and who."""

    actor: str
    command: Command


def next_wish(sight: Sight, rng: Random, departments: Sequence[str], raised: Raised) -> Wish | None:
    """What somebody might do next on the plain path; None when it is nobody's turn."""
    if sight.lamp == 1 and sight.department and rng.random() < 0.3:
        return Wish(f"handler:{sight.department}/qin", explanation(sight, rng))
    if sight.lamp and rng.random() < 0.05:
        return Wish(rng.choice(("supervisor:he", "leader:li")), lift(sight, rng))
    if sight.documents and rng.random() < 0.25:
        return about_document(sight, rng)
    if wish := _intake_wish(sight, rng, raised):
        return wish
    if sight.feedback in ("invited", "rework_asked", "tracked") and rng.random() < 0.06:
        return Wish(OFFICE, correction(sight, rng))
    match sight.feedback:
        case "invited":
            if rng.random() < 0.15:
                return Wish(rng.choice((STRANGER, raised.actor)), _rating(sight, rng))
            return Wish(raised.person, _rating(sight, rng))
        case "rework_asked":
            drawn = rng.random()
            decides = DecideRework(round=sight.round, granted=drawn < 0.7, reason="已核实")
            return Wish("office:leader" if drawn > 0.95 else OFFICE, decides)
        case "tracked":
            if rng.random() < 0.6:
                return look_back(sight, rng)
            return Wish("leader:li", FinishTracking(reason="已办成"))
    return _dispatch_wish(sight, rng, departments)


def _intake_wish(sight: Sight, rng: Random, raised: Raised) -> Wish | None:
    if sight.intake in ("registered", "accepted") and rng.random() < 0.015:
        return referral(rng)
    if sight.intake in ("registered", "accepted") and rng.random() < 0.06:
        return _about_words(sight, rng, raised)
    match sight.intake:
        case "awaiting":
            return about_material(sight, rng, raised)
        case "registered":
            # Rather what has waited too long: an appeal then brings back the step at which it stood.
            if rng.random() < (0.6 if sight.lamp and not sight.upheld else 0.2):
                ground = rng.choice(list(RejectionGround))
                return Wish(OFFICE, RejectIssue(ground=ground, explanation="已在诉讼"))
            return Wish(OFFICE, _acceptance(sight, rng, raised))
        case "rejected":
            return Wish(raised.person, AppealRejection(reason="c2VhbGVk"))
        case "appealed":
            upheld = rng.random() < 0.6
            return Wish(rng.choice((CHECKER, OFFICE)), DecideAppeal(upheld=upheld, reason="已复核"))
    return None


def _acceptance(sight: Sight, rng: Random, raised: Raised) -> AcceptIssue:
    """By somebody who has mostly read the newest words, and all that was supplied."""
    accepts = raised.accept_version(sight.words if rng.random() < 0.9 else 1)
    if not sight.answered:
        return accepts
    read = sight.answered if rng.random() < 0.9 else sight.answered[:-1]
    return accepts.model_copy(
        update={"supplied": tuple(SuppliedText(request=n, text="见合同") for n in read)}
    )


def about_material(sight: Sight, rng: Random, raised: Raised) -> Wish | None:
    """The office asks before it decides; who raised it supplies that, or something else, or too late; the office may
    not wait."""
    if sight.intake != "awaiting":
        words = "请补充合同" if rng.random() < 0.95 else " "
        asks = sight.intake == "registered" and rng.random() < 0.8
        return Wish(OFFICE, AskMaterial(words=words)) if asks else None
    drawn = rng.random()
    if drawn < 0.15:
        return Wish(OFFICE, _acceptance(sight, rng, raised))
    if drawn < 0.2:
        return Wish(OFFICE, RejectIssue(ground=RejectionGround.REVIEW, explanation="已在复议"))
    if drawn < 0.65:
        request = sight.material if rng.random() < 0.9 else sight.material + 1
        sealed = "c2VhbGVk" if rng.random() < 0.95 else ""
        actor = rng.choice((raised.person, raised.person, raised.actor, STRANGER))
        return Wish(
            actor, SupplyMaterial(request=request, sealed=sealed, attachments=rng.choice(((), FILES[:1])))
        )
    return None


def referral(rng: Random) -> Wish:
    """It is another body's matter; what came from a talk goes with a receipt, or should."""
    receipt = Receipt(number="信〔2018〕1号", on=date(2018, 2, 1)) if rng.random() < 0.5 else None
    if rng.random() < 0.4:
        body = {"body": Body.DISCIPLINE_INSPECTION, "addressee": "市纪委监委"}
        return Wish(OFFICE, ReferIssue(**body, receipt=receipt))
    reason = "属信访事项" if rng.random() < 0.95 else ""
    return Wish(OFFICE, ReferIssue(body=Body.PETITIONS, addressee="市信访局", reason=reason, receipt=receipt))


def _about_words(sight: Sight, rng: Random, raised: Raised) -> Wish:
    if rng.random() < 0.4:
        read = sight.words if rng.random() < 0.9 else 1
        return Wish(rng.choice((raised.person, raised.actor)), ConfirmWords(version=read))
    plain = (sight.intake == "accepted") == (rng.random() < 0.95)
    return Wish(rng.choice((raised.person, raised.actor)), raised.correct(sight.words + 1, plain=plain))


def taken_back(rng: Random, confirmed_at: datetime) -> WithdrawIssue:
    """What the office records for a person, mostly as that person confirmed."""
    if rng.random() < 0.2:
        return WithdrawIssue(reason="据说已解决")
    if rng.random() < 0.5:
        return WithdrawIssue(
            reason="当面撤回", confirmed_by=Confirmation.IN_PERSON, confirmed_at=confirmed_at
        )
    by = Confirmation.CALL
    return WithdrawIssue(reason="来电撤回", confirmed_by=by, confirmed_at=confirmed_at, called_by="chen")


def _dispatch_wish(sight: Sight, rng: Random, departments: Sequence[str]) -> Wish | None:
    this, handler = sight.assignment, f"handler:{sight.department}/qin"
    leader = f"department_leader:{sight.department}/leader"
    if sight.dispatch in ("assigned", "in_progress", "drafted") and rng.random() < 0.07:
        return Wish(OFFICE, RecallAssignment(assignment=this, reason="误交办"))
    if sight.dispatch in ("assigned", "in_progress") and rng.random() < 0.1:
        return Wish(leader, _naming(sight, rng))
    match sight.dispatch:
        case "":
            return Wish(OFFICE, AssignIssue(department=rng.choice(["", *departments])))
        case "assigned":
            if rng.random() < 0.2:
                return Wish(handler, ReturnAssignment(assignment=this, reason="不属本部门职责"))
            return Wish(handler, SignAssignment(assignment=sight.of(rng)))
        case "returned":
            upheld = rng.random() < 0.7
            to = rng.choice([code for code in departments if code != sight.department]) if upheld else ""
            return Wish(OFFICE, RuleOnReturn(assignment=this, upheld=upheld, department=to, reason="裁定"))
        case "in_progress":
            if rng.random() < (0.25 if this in sight.drafted else 0.1):
                return Wish(handler, ReturnAssignment(assignment=this, reason="签收后发现不属本部门"))
            return Wish(_drafter(sight, rng), _draft(sight, rng))
        case "drafted":
            if rng.random() < 0.1:
                return Wish(OFFICE, SendBackReply(**sight.page(rng), reason="请补充依据"))
            answer = "已采纳" if sight.objected and rng.random() < 0.7 else ""
            return Wish(leader, SignOffReply(**sight.page(rng), answer=answer))
        case "signed_off":
            if rng.random() < 0.15:
                return Wish(OFFICE, SendBackReply(**sight.page(rng), reason="请写明时限"))
            return Wish(CHECKER, CheckReply(**sight.page(rng)))
        case "checked":
            return Wish(RELEASER, ReleaseReply(**sight.page(rng)))
    return None


def _draft(sight: Sight, rng: Random) -> DraftReply:
    outcome = rng.choice(OUTCOMES[sight.kind])
    day = rng.choice((date(2028, 3, 1), sight.soon(rng)))
    promised = day if outcome is Outcome.PLANNED else None
    return DraftReply(assignment=sight.of(rng), outcome=outcome, text="答复如下", promised_on=promised)


def _drafter(sight: Sight, rng: Random) -> str:
    """Mostly somebody who may: anybody of the department as long as nobody is named."""
    department = f"handler:{sight.department}"
    if not sight.named:
        return f"{department}/lu"
    return f"{department}/{rng.choice(sight.named if rng.random() < 0.9 else PEOPLE)}"


def _naming(sight: Sight, rng: Random) -> NameHandler:
    handler, substitute = rng.sample(PEOPLE, 2)
    return NameHandler(
        assignment=sight.of(rng),
        handler=handler,
        substitute=rng.choice(["", substitute]),
        reason="轮休" if sight.named else "",
    )


def correction(sight: Sight, rng: Random) -> CorrectReply:
    """Another version beside the newest one of a reply, sometimes by a page that shows an earlier one."""
    known = sight.versions or [(1, 1, "0" * 64)]
    # Few replies are corrected twice, so that whoever does it reads the older page more often.
    round, version, sha256 = rng.choice(known) if rng.random() < 4 * LATE else known[-1]
    return CorrectReply(
        assignment=sight.assignment or "没有",
        round=round,
        version=version,
        sha256=sha256,
        text=f"更正后的答复，第{version + 1}版",
        promised_on=rng.choice([None, date(2028, 4, 1), sight.soon(rng)]),
        reason="文字有误",
    )


def explanation(sight: Sight, rng: Random) -> ExplainBreach:
    """Mostly of the round whose promise was broken."""
    round = sight.broken if rng.random() < 0.9 else sight.broken + 1
    return ExplainBreach(round=round, words="图纸在复核" if rng.random() < 0.9 else " ")


def lift(sight: Sight, rng: Random) -> LiftLadder:
    """Mostly of the step at which it stands, and with a reason."""
    step = sight.lamp if sight.lamp and rng.random() < 0.9 else rng.randint(1, 6)
    return LiftLadder(step=step, reason="已落实整改" if rng.random() < 0.9 else " ")


def look_back(sight: Sight, rng: Random) -> Wish:
    """Mostly by a supervisor who had nothing to do with the reply, of the round that is looked at, and with words."""
    finding, slip = rng.choice(list(Finding)), rng.random() < 0.1
    look = RecordLookBack(
        round=sight.round + (slip and rng.random() < 0.3),
        finding=finding,
        words=" " if slip and rng.random() < 0.3 else "已到现场查看",
        next_on=sight.soon(rng) if finding is Finding.NOT_YET else None,
    )
    return Wish("supervisor:leader" if rng.random() < 0.15 else "supervisor:he", look)


def about_document(sight: Sight, rng: Random) -> Wish:
    """A draft is signed, an order answered, something lifted, or another one issued by hand."""
    id, (kind, state) = rng.choice(sorted(sight.documents.items()))
    drawn = rng.random()
    if drawn < 0.12:
        return by_hand(rng)
    if drawn < 0.2:
        return Wish("supervisor:he", LiftDocument(document=id, reason="已整改" if drawn < 0.18 else " "))
    if state == "drafted":
        signature = "何正" if rng.random() < 0.9 else ""
        return Wish("supervisor:he", SignDocument(document=id, words="经核实属实", signature=signature))
    words = "已增派人员" if kind == DocumentKind.SUPERVISION_ORDER or drawn < 0.5 else " "
    return Wish(f"handler:{sight.department or 'none'}/qin", AnswerOrder(document=id, words=words))


def by_hand(rng: Random) -> Wish:
    """A reminder, an order, a record, a circular of criticism or of praise."""
    kinds = (DocumentKind.SUPERVISION_ORDER, DocumentKind.INTERVIEW, DocumentKind.CIRCULAR)
    kind = rng.choice((*kinds, DocumentKind.REMINDER))
    praise = rng.random() < 0.5
    words = {"words": "请三日内核查", "signature": "何正", "praise": praise}
    return Wish("supervisor:he", IssueDocument(kind=kind, **words))


def _rating(sight: Sight, rng: Random) -> RateReply:
    return RateReply(
        round=sight.round,
        satisfaction=rng.choice(list(Satisfaction)),
        solved=rng.choice(list(Solved)),
        reason="仍未解决",
    )


def any_wish(sight: Sight, rng: Random, departments: Sequence[str], raised: Raised) -> Wish:
    """Something, legal or not: an old page, a slip, a race."""
    this, department = sight.assignment or "没有", sight.department or rng.choice(list(departments))
    choices = [
        Wish(OFFICE, RejectIssue(ground=RejectionGround.PETITION, explanation="信访中")),
        Wish(OFFICE, AssignIssue(department=rng.choice(list(departments)))),
        Wish(OFFICE, AssignIssue(department="no-such")),
        Wish(f"handler:{department}/lu", SignAssignment(assignment=this)),
        Wish(f"handler:{rng.choice(list(departments))}/lu", SignAssignment(assignment=this)),
        Wish(f"dept:{department}", ReturnAssignment(assignment=this, reason="不是我们的事")),
        Wish(OFFICE, RuleOnReturn(assignment=this, upheld=False, reason="维持")),
        Wish(OFFICE, RecallAssignment(assignment=this, reason="误交办")),
        Wish(f"department_leader:{department}/leader", _naming(sight, rng)),
        Wish(f"handler:{department}/{rng.choice(PEOPLE)}", _draft(sight, rng)),
        Wish(rng.choice((RELEASER, "office:leader")), correction(sight, rng)),
        Wish(f"dept:{department}", _draft(sight, rng)),
        Wish(f"department_leader:{department}/leader", SignOffReply(**sight.page(rng))),
        Wish(CHECKER, CheckReply(**sight.page(rng))),
        Wish(RELEASER, ReleaseReply(**sight.page(rng))),
        Wish(OFFICE, SendBackReply(**sight.page(rng), reason="退改")),
        Wish(raised.person, _rating(sight, rng)),
        Wish(rng.choice((STRANGER, raised.actor)), _rating(sight, rng)),
        Wish(rng.choice((STRANGER, "clerk:sun")), WithdrawIssue(reason="不是我提的")),
        Wish(rng.choice((STRANGER, raised.person)), AppealRejection(reason="c2VhbGVk")),
        Wish(rng.choice((OFFICE, CHECKER)), DecideAppeal(upheld=rng.random() < 0.5, reason="复核")),
        Wish(OFFICE, RecordReceipt(number="信〔2018〕2号", on=date(2018, 2, 1))),
        Wish(rng.choice((STRANGER, OFFICE)), ConfirmWords(version=sight.words)),
        Wish(rng.choice((STRANGER, "clerk:sun")), raised.correct(sight.words + 1, plain=False)),
        Wish(OFFICE, WithdrawIssue(reason="据说已解决")),
        Wish(
            rng.choice((OFFICE, "office:leader")),
            DecideRework(round=sight.round, granted=rng.random() < 0.5, reason="再议"),
        ),
        Wish(rng.choice(("leader:li", "leader:leader")), FinishTracking(reason="可以销号")),
        Wish("office:chen", FinishTracking(reason="越权")),
        look_back(sight, rng),
        Wish(rng.choice(("supervisor:he", "office:chen")), lift(sight, rng)),
        Wish(f"handler:{department}/lu", explanation(sight, rng)),
        Wish(rng.choice(("supervisor:he", "office:chen")), SignDocument(document="d1", signature="何正")),
        by_hand(rng),
        Wish(raised.person, WithdrawIssue(reason="不用了")),
    ]
    if sight.intake in ("registered", "accepted"):  # else the gateway opens no words
        choices.insert(0, Wish(rng.choice((OFFICE, OFFICE, "office:li")), raised.accept))
    if rng.random() < 0.03:
        return referral(rng)
    return rng.choice(choices[:-1] if rng.random() < 0.95 else choices)
