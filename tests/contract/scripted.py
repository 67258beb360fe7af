"""One scripted run in which everything of the contract happens: golden files are taken from it, and nothing else."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

from services.dispatch import builtin as directory
from services.intake.vault import Key
from services.supervision import builtin
from shared.bus.records import Record
from shared.contract.attachments import Attachment
from shared.contract.commands.dispatch import (
    AddCoHandler,
    AnswerOnTheSpot,
    AskEnterprise,
    AskExtension,
    AskPause,
    AssignIssue,
    AssignMany,
    BatchMember,
    CheckReply,
    ChooseWays,
    ClaimIssue,
    CorrectReply,
    DraftReply,
    EndPause,
    GiveOpinion,
    GrantExtension,
    GrantPause,
    MergeDepartment,
    PublishDepartment,
    PublishRules,
    PublishStaff,
    RecallAssignment,
    RefuseExtension,
    RefusePause,
    ReleaseCoHandler,
    ReleaseReply,
    ReportAlert,
    RuleOnReturn,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.contract.commands.feedback import DecideRework, FinishTracking, RateReply, StartRatingRound
from shared.contract.commands.intake import (
    AcceptIssue,
    AppealRejection,
    AskMaterial,
    ConfirmWords,
    CorrectWords,
    DecideAppeal,
    DiscloseReply,
    NewestWords,
    Receipt,
    RecordReceipt,
    ReferIssue,
    RejectIssue,
    RestoreReply,
    Sealed,
    SuppliedText,
    SupplyMaterial,
    WithdrawIssue,
)
from shared.contract.commands.notices import (
    BeginNotice,
    BeginStaffNotice,
    RecordNotice,
    RecordStaffNotice,
)
from shared.contract.commands.papers import (
    Beside,
    Case,
    HonouredOne,
    ListOfHonours,
    MeetingDecision,
    PaperFigure,
    PublishPaper,
    ReadOf,
    RecordMeeting,
)
from shared.contract.commands.people import ChangePerson, ErasePerson, RecordEnterprise, RegisterPerson
from shared.contract.commands.supervision import (
    GiveInstruction,
    IssueDocument,
    LiftDocument,
    LiftLadder,
    PublishCalendar,
    PublishPolicy,
    RecalculateClocks,
    RecordLookBack,
    ReportInstruction,
    SignDocument,
    TakeBackInstruction,
)
from shared.contract.commands.talks import (
    AnnounceTalk,
    AppointLeaders,
    Attendee,
    CancelTalk,
    ChangeTalk,
    Described,
    HoldTalk,
    Leader,
    NamedParticipant,
    NameParticipants,
    OpenTalk,
    PostponeTalk,
    PublishRotation,
    RecordAttendance,
    SignUp,
    SwapTurns,
    WeekOfRotation,
)
from shared.contract.replies import (
    DepartmentAnswersOrder,
    DepartmentAsksEnterprise,
    DepartmentAsksExtension,
    DepartmentAsksPause,
    DepartmentDrafts,
    DepartmentEndsPause,
    DepartmentExplains,
    DepartmentGivesOpinion,
    DepartmentNamesHandler,
    DepartmentReturns,
    DepartmentSigns,
)
from shared.contract.words import (
    Across,
    Body,
    Confirmation,
    DocumentKind,
    EnterpriseSize,
    FigureName,
    FigureUnit,
    Finding,
    Honoured,
    HonourList,
    Joint,
    JointOffice,
    Kind,
    LeadingBody,
    Level,
    MediaType,
    Outcome,
    PaperKind,
    PauseGround,
    Phase,
    Recalculation,
    RejectionGround,
    Role,
    Satisfaction,
    Series,
    Solved,
    Source,
)
from shared.domain.calendar import Calendar, Day
from shared.domain.clocks import SHANGHAI, Limit, due_at
from shared.domain.office_hours import opening
from shared.domain.papers import newest_over, paper_id
from shared.domain.talks import day_of, talk_id
from tests.contacts import LI, WANG
from tests.contract.world import JURISDICTION, Said, World
from tests.said import REFERENCES, issue_of, raiser

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
DAY = timedelta(days=1)
SYSTEM, RAISER, OFFICE, FEDERATION = "system:first-start", "li", "office:chen", "federation:lu"
MAYOR = Leader(account="zhou", name="周明", post="市长", body=LeadingBody.GOVERNMENT)
CHAIR = Leader(account="shen", name="沈华", post="市政协主席", body=LeadingBody.CPPCC)
LEADER = Leader(account="tang", name="唐宁", post="市人大常委会副主任", body=LeadingBody.CONGRESS)
FIRM = "91330500MA2B4A0Q6C"
PHOTO = Attachment(
    hash="9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab",
    media_type=MediaType.JPEG,
    bytes=2_097_152,
)
SUPERVISOR = PublishStaff(name="顾严", roles=(Role.SUPERVISOR,))
LIGHTS = Said(
    "园区北门外没有路灯",
    "园区北门外道路夜间没有路灯，职工下班不安全，请协调安装。",
    {
        "kind": Kind.PROBLEM,
        "origin": Source.ONLINE,
        "enterprise": FIRM,
        "attachments": (PHOTO,),
    },
)
ADVICE = Said(
    "建议增设夜班公交",
    "夜班职工回家难。",
    {"kind": Kind.SUGGESTION, "anonymous": True},
)
WRITTEN = {
    "origin": Source.WRITTEN,
    "person": REFERENCES.person("qian"),
    "occasion": {"on": date(2026, 2, 27)},
}
LETTER = LIGHTS._replace(about={**LIGHTS.about, **WRITTEN})


BEGINS = MONDAY - 30 * DAY


@cache
def records() -> tuple[Record, ...]:
    """Every record of the run, topic by topic, each topic in its order."""
    world = World(BEGINS)
    play(world)
    return tuple(record for topic in sorted(world.log) for record in world.log[topic])


def play(world: World) -> None:
    """Let the run happen in this world, which begins at ``BEGINS``."""
    _first_start(world)
    world.go_to(MONDAY)
    _known_and_erased(world)
    _answered_twice(world)
    _passed_on_and_tracked(world)
    _ended_early(world)
    _appealed(world)
    _worded(world)
    _referred(world)
    _late(world)
    _merged(world)
    _mended(world)
    _notified(world)
    _climbed(world)
    _instructed(world)
    _given_more_time(world)
    _asked_the_raiser(world)
    _looked_back(world)
    _recalculated(world)
    _countersigned(world)
    _talked(world)
    _asked_for_material(world)
    _reminded_and_public(world)
    _in_papers(world)
    _watched(world)


def _first_start(world: World) -> None:
    """Reference data: a small version of each kind first, then the built-in one, as an import would bring it."""
    days = tuple(
        Day(date(2011, month, day), False, "放假", "国办发明电〔2010〕40号") for month, day in HOLIDAYS
    )
    small = PublishCalendar(published_through=2011, days=days, in_force_from=builtin.BEGINNING)
    whole = PublishCalendar(published_through=builtin.PUBLISHED_THROUGH, days=builtin.builtin_days())
    policy = PublishPolicy(policy=builtin.builtin_policy(), in_force_from=builtin.BEGINNING)
    world.ask(f"policy:{JURISDICTION}", policy, SYSTEM)
    world.ask(f"calendar:{JURISDICTION}", small, SYSTEM)
    world.ask(f"calendar:{JURISDICTION}", whole, "administrator:wu")
    rules = PublishRules(fallback="office", keywords={"urban_management": ("路灯",)})
    world.ask(f"rules:{JURISDICTION}", rules, SYSTEM)
    for subject, command in directory.first_commands(JURISDICTION):
        if isinstance(command, PublishDepartment):
            world.ask(subject, command, SYSTEM)
    staff = PublishStaff(name="陈晓", roles=(Role.OFFICE,), department="office")
    world.ask("staff:chen", staff, "administrator:wu")
    world.ask("staff:chen", ChooseWays(ways=("mail", "office-group")), "office:chen")
    world.ask("staff:yan", PublishStaff(name="严涛", roles=(Role.OPERATOR,)), "administrator:wu")


HOLIDAYS = ((1, 1), (5, 1), (10, 1))


def _known_and_erased(world: World) -> None:
    """An enterprise is written down and mended; who speaks for it is registered, changed and erased."""
    enterprise, person = f"enterprise:{FIRM}", "0123456789abcdef0123456789abcdef"
    known = RecordEnterprise(name="湖州南太湖丝绸厂", trade="纺织业", size=EnterpriseSize.SMALL)
    world.ask(enterprise, known, OFFICE)
    changed = {"district": "吴兴区", "contacts": (person,), "revision": 1}
    world.ask(enterprise, known.model_copy(update=changed), OFFICE)
    subject, key = f"person:{person}", Key(f"person:{person}", bytes(32))
    sealed = {name: key.seal(part) for name, part in LI._asdict().items()}
    world.ask(subject, RegisterPerson(enterprise=FIRM, **sealed), f"entrepreneur:{person}")
    world.ask(subject, ChangePerson(trade="纺织业", phone=key.seal(WANG.phone)), OFFICE)
    world.ask(subject, ErasePerson(), f"entrepreneur:{person}")


def _answered_twice(world: World) -> None:
    """Assigned by the rules, answered by the department's own system, rated badly, answered again, closed."""
    issue = world.register(LIGHTS, RAISER, "lights-1")
    code, first = "urban_management", f"{issue}.1"
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(), OFFICE)
    world.say(code, issue, DepartmentSigns(assignment=first, round=1), "um-2026-0001")
    world.say(
        code, issue, DepartmentSigns(assignment=first, round=1), "um-2026-0002"
    )  # refused: signed already
    unfinished = DepartmentDrafts(
        assignment=first, round=1, outcome=Outcome.PARTLY_SOLVED, text="已安装三盏。"
    )
    world.say(code, issue, unfinished, "um-2026-0003")
    world.ask(issue, SendBackReply(**world.shown(issue), reason="请写明其余路灯的安装日期"), OFFICE)
    _draft_and_release(world, issue, code, 1, Outcome.PARTLY_SOLVED)
    again = RateReply(
        round=1, satisfaction=Satisfaction.DISSATISFIED, solved=Solved.PARTLY, reason="还有两盏不亮"
    )
    world.ask(issue, again, raiser(RAISER))
    world.ask(issue, DecideRework(round=1, granted=True, reason="情况属实"), OFFICE)
    world.go_to(world.now + DAY)
    _draft_and_release(world, issue, code, 2, Outcome.SOLVED)
    world.ask(issue, again.model_copy(update={"round": 2}), raiser(RAISER))
    world.ask(issue, DecideRework(round=2, granted=False, reason="现场核实已全部点亮"), OFFICE)


def _draft_and_release(world: World, issue: str, code: str, round: int, outcome: Outcome) -> None:
    drafted = DepartmentDrafts(
        assignment=f"{issue}.1",
        round=round,
        outcome=outcome,
        text="北门外五盏路灯已全部安装并点亮。",
        signed_off_by="wang",
    )
    world.say(code, issue, drafted, f"um-2026-1{round:03d}")
    world.ask(issue, CheckReply(**world.shown(issue)), OFFICE)
    world.ask(issue, ReleaseReply(**world.shown(issue)), OFFICE)


def _passed_on_and_tracked(world: World) -> None:
    """Returned, kept once and passed on once; the answer promises a date; nobody rates; ruled finished."""
    issue = world.register(ADVICE, "zhao", "bus-1")
    first, second = f"{issue}.1", f"{issue}.2"
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department="industry"), OFFICE)
    world.say("industry", issue, DepartmentReturns(assignment=first, round=1, reason="公交不属本局"), "ei-7")
    world.ask(
        issue, RuleOnReturn(assignment=first, upheld=True, department="transport", reason="属交通"), OFFICE
    )
    world.ask(issue, SignAssignment(assignment=second), "handler:transport/li")
    kept = DraftReply(assignment=second, outcome=Outcome.KEPT_FOR_REFERENCE, text="列入明年线网方案研究。")
    world.ask(issue, kept, "handler:transport/li")
    world.ask(issue, SignOffReply(**world.shown(issue)), "department_leader:transport/sun")
    world.ask(issue, CheckReply(**world.shown(issue)), OFFICE)
    world.ask(issue, ReleaseReply(**world.shown(issue)), OFFICE)
    planned = world.write_down(LETTER, "clerk:sun", "lights-2")
    world.accept(planned, OFFICE)
    world.ask(planned, AssignIssue(department="urban_management"), OFFICE)
    draft = DepartmentDrafts(
        assignment=f"{planned}.1",
        round=1,
        outcome=Outcome.PLANNED,
        text="列入下半年改造计划。",
        promised_on=date(2026, 9, 30),
        signed_off_by="wang",
    )
    world.say(
        "urban_management", planned, DepartmentSigns(assignment=f"{planned}.1", round=1), "um-2026-2001"
    )
    world.say("urban_management", planned, draft, "um-2026-2002")
    world.ask(planned, CheckReply(**world.shown(planned)), OFFICE)
    world.ask(planned, ReleaseReply(**world.shown(planned)), OFFICE)
    world.go_to(world.now + 20 * DAY)
    world.ask(planned, FinishTracking(reason="已完成改造"), "leader:zhou")


def _talked(world: World) -> None:
    """A talk from the rotation to its end, with an issue collected before; one not held in time, one called off."""
    turns = tuple(WeekOfRotation(week=week, leaders=(leader,)) for week, leader in ((40, MAYOR), (41, CHAIR)))
    rotation = f"rotation:{JURISDICTION}-2026"
    world.ask(rotation, PublishRotation(weeks=turns), FEDERATION)
    world.ask(rotation, SwapTurns(week=40, other_week=41, reason="外出招商"), FEDERATION)
    agenda, person = f"agenda:{JURISDICTION}", REFERENCES.person("qian")
    begins = opening(world.now + DAY, builtin.builtin_policy(), builtin.builtin_calendar())
    announce = AnnounceTalk(
        theme="用地与能耗",
        questions="厂房扩建如何供地？\n能耗指标如何核定？",
        place="市民服务中心政企恳谈室",
        capacity=12,
        organiser="湖州市工商联",
        leaders=(CHAIR,),
        departments=("housing", "transport"),
        starts_at=begins,
        ends_at=begins + timedelta(hours=2),
    )
    talks = [f"talk:{talk_id(JURISDICTION, Series.WEEKLY, day_of(begins), number)}" for number in (1, 2, 3)]
    for number in (1, 2, 3):
        of_its_own = {"number": number, "leaders": (CHAIR, MAYOR, LEADER)[number - 1 : number]}
        world.ask(agenda, announce.model_copy(update=of_its_own), FEDERATION)
    talk, _, cancelled = talks
    world.ask(talk, SignUp(enterprise=FIRM), f"entrepreneur:{person}")
    world.ask(
        talk, NameParticipants(participants=(NamedParticipant(person=person, enterprise=FIRM),)), FEDERATION
    )
    collected = {"origin": Source.TALK, "person": person, "enterprise": FIRM, "phase": Phase.BEFORE}
    for number, one in enumerate(talks):
        about = {**collected, "occasion": {"id": one.removeprefix("talk:")}}
        world.write_down(LIGHTS._replace(about=about), "clerk:sun", f"talk-{number}")
    world.ask(talk, ChangeTalk(**{**_described(announce), "capacity": 20}), FEDERATION)
    later = {"starts_at": begins + 2 * DAY, "ends_at": begins + 2 * DAY + timedelta(hours=2)}
    world.ask(agenda, PostponeTalk(talk=talk.removeprefix("talk:"), **later, reason="防汛值守"), FEDERATION)
    world.ask(
        agenda,
        AppointLeaders(talk=talk.removeprefix("talk:"), leaders=(CHAIR,), reason="调整分工"),
        FEDERATION,
    )
    world.ask(cancelled, CancelTalk(reason="台风"), FEDERATION)
    world.go_to(begins + 2 * DAY)
    world.ask(talk, OpenTalk(), "clerk:sun")
    world.ask(talk, RecordAttendance(attendees=(Attendee(person=person, enterprise=FIRM),)), "clerk:sun")
    there = {**collected, "phase": Phase.AT, "occasion": {"id": talk.removeprefix("talk:")}}
    issues = [world.write_down(LIGHTS._replace(about=there), "clerk:sun", f"talk-at-{n}") for n in range(4)]
    for issue in issues:
        world.accept(issue, OFFICE)
    world.ask(issues[0], ClaimIssue(), "handler:housing/li")
    said = AnswerOnTheSpot(outcome=Outcome.EXPLAINED, text="供地方案已公示，可凭项目备案办理。")
    world.ask(issues[1], said, "department_leader:housing/wang")
    world.ask(talk, HoldTalk(), "clerk:sun")
    members = tuple(BatchMember(issue=issue, department="transport") for issue in issues[1:])
    world.ask("batch:2026-1", AssignMany(members=members, talk=talk.removeprefix("talk:")), OFFICE)
    world.go_to(begins + 20 * DAY)


def _reminded_and_public(world: World) -> None:
    """The month's rating round reminds of one reply, another was rated; one is public, and is taken back."""
    issues = [world.register(LIGHTS, RAISER, f"lights-rated-{number}") for number in (1, 2)]
    for issue in issues:
        world.accept(issue, OFFICE)
        world.ask(issue, AssignIssue(department="housing"), OFFICE)
        world.ask(issue, SignAssignment(assignment=f"{issue}.1"), "handler:housing/li")
        _draft_and_release(world, issue, "housing", 1, Outcome.SOLVED)
    rated = RateReply(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES)
    world.ask(issues[1], rated, raiser(RAISER))
    month = f"{world.now.astimezone(SHANGHAI):%Y-%m}"
    start = StartRatingRound(month=month, level=Level.CITY, issues=tuple(issues))
    world.ask(f"ratings:{JURISDICTION}-{month}-city", start, OFFICE)
    public = DiscloseReply(
        title="园区道路没有路灯", text="夜间不安全，请协调安装。", reply="已安装完毕。", round=1
    )
    world.ask(issues[1], public, OFFICE)
    world.ask(issues[1], RestoreReply(reason="企业认为不宜公开"), OFFICE)
    world.go_to(world.now + DAY)


def _described(announce: AnnounceTalk) -> dict[str, object]:
    return {name: getattr(announce, name) for name in Described.model_fields}


def _ended_early(world: World) -> None:
    """One is not accepted, two are taken back: while a department holds it, and recorded after a call."""
    rejected = world.register(LIGHTS, RAISER, "court-1")
    ground = RejectIssue(ground=RejectionGround.LITIGATION, explanation="已在法院审理中")
    world.ask(rejected, ground, OFFICE)
    withdrawn = world.register(LIGHTS, RAISER, "lights-3")
    world.accept(withdrawn, OFFICE)
    world.ask(withdrawn, AssignIssue(department="housing"), OFFICE)
    world.ask(withdrawn, WithdrawIssue(reason="已自行解决"), raiser(RAISER))
    called = world.register(LIGHTS, RAISER, "lights-called")
    on_the_phone = WithdrawIssue(
        reason="来电撤回", confirmed_by=Confirmation.CALL, confirmed_at=world.now, called_by="chen"
    )
    world.ask(called, on_the_phone, OFFICE)


def _appealed(world: World) -> None:
    """Two rejections are appealed against: one is upheld, one stands."""
    for key, upheld in (("court-2", True), ("court-3", False)):
        issue = world.register(LIGHTS, RAISER, key)
        ground = RejectIssue(ground=RejectionGround.LITIGATION, explanation="已在法院审理中")
        world.ask(issue, ground, OFFICE)
        world.go_to(world.now + DAY)
        world.ask(issue, AppealRejection(reason="c2VhbGVk"), raiser(RAISER))
        world.ask(issue, DecideAppeal(upheld=upheld, reason="已核实撤诉情况"), "office:wang")


def _worded(world: World) -> None:
    """Words are corrected before and after the acceptance, and confirmed."""
    issue = world.register(LIGHTS, RAISER, "lights-words")
    for stage, light in (("registered", "四盏"), ("assigned", "五盏")):
        plain = {} if stage == "registered" else {"title": LIGHTS.title, "text": f"缺{light}路灯。"}
        world.ask(issue, CorrectWords(words=Sealed(words=light.encode().hex()), **plain), raiser(RAISER))
        if stage == "registered":
            words = NewestWords(version=2, title=LIGHTS.title, text=f"缺{light}路灯。")
            accept = AcceptIssue(title=LIGHTS.title, text=LIGHTS.text, corrected=words)
            world.ask(issue, accept, OFFICE)
            world.ask(issue, AssignIssue(department="housing"), OFFICE)
    world.ask(issue, ConfirmWords(version=3), raiser(RAISER))


def _asked_for_material(world: World) -> None:
    """The office asks the raiser twice before it takes an issue on; the second question is answered by nobody."""
    issue = world.register(LIGHTS, RAISER, "lights-material")
    world.ask(issue, AskMaterial(words="请补充缺灯路段的照片"), OFFICE)
    supplies = SupplyMaterial(request=1, sealed="c2VhbGVk", attachments=(PHOTO,))
    world.ask(issue, supplies, raiser(RAISER))
    world.ask(issue, AskMaterial(words="请补充安装时的合同"), OFFICE)
    world.go_to(world.now + 10 * DAY)
    supplied = (SuppliedText(request=1, text="照片见附件。"),)
    accept = AcceptIssue(title=LIGHTS.title, text=LIGHTS.text, supplied=supplied)
    world.ask(issue, accept, OFFICE)
    world.ask(issue, AssignIssue(department="housing"), OFFICE)
    world.ask(issue, RecallAssignment(assignment=f"{issue}.1", reason="另行处理"), OFFICE)
    world.ask(issue, WithdrawIssue(reason="已修好"), raiser(RAISER))


def _referred(world: World) -> None:
    """One is handed on while a department holds it, one that is a complaint about an official at once."""
    issue = world.register(LIGHTS, RAISER, "petition-1")
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department="housing"), OFFICE)
    world.ask(issue, ReferIssue(body=Body.PETITIONS, addressee="市信访局", reason="属信访事项"), OFFICE)
    world.ask(issue, RecordReceipt(number="信访〔2026〕17号", on=world.now.date()), OFFICE)
    complaint = world.register(LIGHTS, RAISER, "complaint-1")
    receipt = Receipt(number="纪信〔2026〕3号", on=world.now.date())
    handed = ReferIssue(body=Body.DISCIPLINE_INSPECTION, addressee="市纪委监委", receipt=receipt)
    world.ask(complaint, handed, OFFICE)


def _late(world: World) -> None:
    """Supervision reads nothing for weeks: a card is signed for a breach, then the reply from before it is found."""
    world.ask("staff:gu", SUPERVISOR, "administrator:wu")
    issue = world.register(LIGHTS, RAISER, "lights-4")
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department="urban_management"), OFFICE)
    world.say("urban_management", issue, DepartmentSigns(assignment=f"{issue}.1", round=1), "um-2026-3001")
    world.go_to(world.now + DAY)
    draft = DepartmentDrafts(
        assignment=f"{issue}.1", round=1, outcome=Outcome.SOLVED, text="已修好。", signed_off_by="wang"
    )
    world.pause(("supervision",))
    world.say("urban_management", issue, draft, "um-2026-3002")
    world.ask(issue, CheckReply(**world.shown(issue)), OFFICE)
    world.ask(issue, ReleaseReply(**world.shown(issue)), OFFICE)
    world.go_to(world.now + 22 * DAY)
    world.ask(issue, SignDocument(document="d3", signature=SUPERVISOR.name), "supervisor:gu")
    world.pause(())
    world.go_to(world.now + DAY)
    world.ask(issue, LiftDocument(document="d3", reason="答复在期限内已发出"), "supervisor:gu")


def _merged(world: World) -> None:
    """A department is merged into another while it holds an issue."""
    issue = world.register(LIGHTS, RAISER, "lights-5")
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department="water"), OFFICE)
    world.ask("dept:water", MergeDepartment(into="housing", issues=(issue,)), OFFICE)
    unknown = issue_of(JURISDICTION, RAISER, "never registered")
    world.say("water", unknown, DepartmentSigns(assignment=f"{unknown}.1", round=1), "wr-1")


def _mended(world: World) -> None:
    """Assigned to the wrong department and recalled; handed over inside the right one; its reply is corrected."""
    issue = world.register(LIGHTS, RAISER, "lights-6")
    code, second = "urban_management", f"{issue}.2"
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department="housing"), OFFICE)
    world.ask(issue, RecallAssignment(assignment=f"{issue}.1", reason="误交办，应由城管办理"), OFFICE)
    world.ask(issue, AssignIssue(department=code), OFFICE)
    world.say(code, issue, DepartmentSigns(assignment=second, round=1), "um-2026-4001")
    named = DepartmentNamesHandler(assignment=second, round=1, handler="li", substitute="zhao")
    world.say(code, issue, named, "um-2026-4002")
    others = named.model_copy(update={"handler": "zhao", "substitute": "", "reason": "李某休假"})
    world.say(code, issue, others, "um-2026-4003")
    draft = DepartmentDrafts(
        assignment=second,
        round=1,
        outcome=Outcome.PLANNED,
        text="列入下半年改造计划。",
        promised_on=date(2026, 9, 30),
        signed_off_by="wang",
    )
    world.say(code, issue, draft, "um-2026-4004")
    world.ask(issue, CheckReply(**world.shown(issue)), OFFICE)
    world.ask(issue, ReleaseReply(**world.shown(issue)), OFFICE)
    corrects = CorrectReply(
        assignment=second,
        round=1,
        version=1,
        sha256=world.shown(issue)["sha256"],
        text="列入下半年改造计划，由城管局实施。",
        promised_on=date(2026, 10, 31),
        reason="写错了日期，漏写了实施单位",
    )
    world.ask(issue, corrects, OFFICE)


def _notified(world: World) -> None:
    """Once offices are open, of the notices that wait each service sends one; the others are given up in time."""
    world.go_to(opening(world.now, builtin.builtin_policy(), builtin.builtin_calendar()) + DAY / 1440)
    for service, asks in (
        ("intake", (BeginNotice, RecordNotice)),
        ("dispatch", (BeginStaffNotice, RecordStaffNotice)),
    ):
        found = world.stores[service].documents.items()
        waiting = [
            subject
            for subject, document in found
            if subject.startswith("notice:") and "prepared" in str(document["state"])
        ]
        for command in asks:
            world.ask(waiting[-1], command(), "system:notices")
    world.go_to(world.now + 4 * DAY)


def _climbed(world: World) -> None:
    """Two promises are broken: one is answered after its order was, one is lifted before its yellow card is signed."""
    answered, lifted = (world.register(LIGHTS, RAISER, key) for key in ("lights-7", "lights-8"))
    code = "urban_management"
    for issue in (answered, lifted):
        world.accept(issue, OFFICE)
        world.ask(issue, AssignIssue(department=code), OFFICE)
        world.say(code, issue, DepartmentSigns(assignment=f"{issue}.1", round=1), f"um-{issue}")
    broken = due_at(world.now, Limit("10wd"), builtin.builtin_policy(), builtin.builtin_calendar()).at
    world.go_to(broken + DAY / 2)
    mine = {"assignment": f"{answered}.1", "round": 1}
    explained = DepartmentExplains(**mine, words="施工许可在办，本周内完成")
    world.say(code, answered, explained, "um-2026-4001")
    world.say(code, answered, explained, "um-2026-4002")  # refused: once only
    world.go_to(broken + 6 * DAY)
    order = DepartmentAnswersOrder(**mine, document="d2", words="已增派施工力量，月底前完工")
    world.say(code, answered, order, "um-2026-4003")
    world.go_to(broken + 8 * DAY)
    _draft_and_release(world, answered, code, 1, Outcome.SOLVED)
    world.go_to(broken + 9 * DAY)
    by_hand = IssueDocument(
        kind=DocumentKind.SUPERVISION_ORDER,
        words="请分管领导牵头，会同供电公司三日内到现场核查。",
        joint=Joint.ORDER,
        offices=(JointOffice.PARTY, JointOffice.GOVERNMENT),
        across=(Across.DEPARTMENTS,),
        signature=SUPERVISOR.name,
    )
    world.ask(lifted, by_hand, "supervisor:gu")
    world.ask(lifted, LiftLadder(step=3, reason="已当面道歉，三日内办结"), "supervisor:gu")


def _given_more_time(world: World) -> None:
    """A department's own system asks for more time and for a pause; of another issue people ask, and are refused."""
    more, refused = (world.register(LIGHTS, RAISER, key) for key in ("lights-9", "lights-10"))
    code, handler = "urban_management", "handler:urban_management/li"
    for issue in (more, refused):
        world.accept(issue, OFFICE)
        world.ask(issue, AssignIssue(department=code), OFFICE)
        world.ask(issue, SignAssignment(assignment=f"{issue}.1"), handler)
    calendar = builtin.builtin_calendar()
    due_on = calendar.working_days_through(world.now.date()) + 10
    until, mine = calendar.working_day(due_on + 4), {"assignment": f"{more}.1", "round": 1}
    world.say(
        code, more, DepartmentAsksExtension(**mine, until=until, reason="灯杆须从外地调运"), "um-2026-5001"
    )
    world.ask(more, GrantExtension(assignment=f"{more}.1", request=1), OFFICE)
    waits = DepartmentAsksPause(**mine, ground=PauseGround.WAITING, reason="请企业指认灯位")
    world.say(code, more, waits, "um-2026-5002")
    world.ask(more, GrantPause(assignment=f"{more}.1", request=1), OFFICE)
    world.go_to(world.now + 4 * DAY)
    world.say(code, more, DepartmentEndsPause(**mine, request=1, reason="企业已指认"), "um-2026-5003")
    named = {"assignment": f"{refused}.1"}
    asks = AskExtension(**named, until=until, reason="人手不足")
    world.ask(refused, asks, handler)
    world.ask(refused, RefuseExtension(**named, request=1, reason="请调配人手，按期办结"), OFFICE)
    basis = "《城市道路管理条例》第三十一条"
    procedure = AskPause(**named, ground=PauseGround.STATUTORY, basis=basis, reason="须办理挖掘许可")
    world.ask(refused, procedure, handler)
    world.ask(refused, RefusePause(**named, request=1, reason="许可已批"), OFFICE)
    world.ask(
        refused, procedure.model_copy(update={"ground": PauseGround.FORCE_MAJEURE, "basis": ""}), handler
    )
    world.ask(refused, GrantPause(**named, request=2), OFFICE)
    world.go_to(world.now + DAY)
    world.ask(refused, EndPause(**named, request=2, reason="台风已过"), handler)
    world.ask(refused, asks, handler)
    world.go_to(world.now + 20 * DAY)


def _asked_the_raiser(world: World) -> None:
    """A department's own system asks the raiser, who answers while the promise is paused; nobody answers the next."""
    issue, code = world.register(LIGHTS, RAISER, "lights-12"), "urban_management"
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department=code), OFFICE)
    mine = {"assignment": f"{issue}.1", "round": 1}
    world.say(code, issue, DepartmentSigns(**mine), "um-2026-6001")
    asks = DepartmentAsksEnterprise(**mine, words="请补充缺灯路段的位置图")
    world.say(code, issue, asks, "um-2026-6002")
    world.go_to(world.now + DAY)
    world.ask(issue, GrantPause(assignment=f"{issue}.1", request=1), OFFICE)
    world.go_to(world.now + 2 * DAY)
    answer = SupplyMaterial(request=1, text="位置见附图，共五处。", attachments=(PHOTO,))
    world.ask(issue, answer, raiser(RAISER))
    again = AskEnterprise(assignment=f"{issue}.1", words="请告知夜班交接时间")
    world.ask(issue, again, f"handler:{code}/li")
    world.go_to(world.now + 10 * DAY)
    world.ask(issue, RecallAssignment(assignment=f"{issue}.1", reason="改由住建办理"), OFFICE)
    world.ask(issue, AssignIssue(department="housing"), OFFICE)


def _recalculated(world: World) -> None:
    """A day of rest is published for next week: what runs over it is counted anew, and who holds it hears of it."""
    world.go_to(world.now + 100 * DAY)  # whatever ran before is over: nobody walks here
    issue = world.register(LIGHTS, RAISER, "lights-11")
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department="urban_management"), OFFICE)
    table = builtin.builtin_calendar()
    on = table.working_day(table.working_days_through(world.now.date()) + 5)
    days = (*builtin.builtin_days(), Day(on, False, "放假", "市政府通知（虚构）"))
    through = builtin.PUBLISHED_THROUGH
    longer = PublishCalendar(published_through=through, days=days)
    world.ask(f"calendar:{JURISDICTION}", longer, "administrator:wu")
    version = Calendar(through, days).version
    asked = RecalculateClocks(because=Recalculation.CALENDAR, version=version, at=world.now, by="wu")
    for running in [id for id in world.stores["supervision"].documents if ":" not in id]:
        world.ask(running, asked, "system:renewing")


def _looked_back(world: World) -> None:
    """Two planned matters are tracked: one is not done yet and later kept, of one the promise is found broken."""
    code, on = "urban_management", date(2027, 3, 31)
    kept, broken = (world.register(LIGHTS, RAISER, key) for key in ("lights-kept", "lights-broken"))
    for issue in (kept, broken):
        world.accept(issue, OFFICE)
        world.ask(issue, AssignIssue(department=code), OFFICE)
        world.say(code, issue, DepartmentSigns(assignment=f"{issue}.1", round=1), f"{issue}-1")
        draft = {"outcome": Outcome.PLANNED, "text": "列入明年改造计划。", "promised_on": on}
        drafted = DepartmentDrafts(assignment=f"{issue}.1", round=1, signed_off_by="wang", **draft)
        world.say(code, issue, drafted, f"{issue}-2")
        world.ask(issue, CheckReply(**world.shown(issue)), OFFICE)
        world.ask(issue, ReleaseReply(**world.shown(issue)), OFFICE)
        rated = RateReply(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.PARTLY)
        world.ask(issue, rated, raiser(RAISER))
    world.go_to(world.now + 100 * DAY)  # nobody looks in time: the department is reminded
    again = (world.now + 30 * DAY).date()
    look = RecordLookBack(round=1, finding=Finding.NOT_YET, words="已完成招标，尚未动工。", next_on=again)
    world.ask(kept, look, "supervisor:gu")
    for issue, finding, words in (
        (kept, Finding.KEPT, "现场查看，路灯已全部点亮。"),
        (broken, Finding.BROKEN, "现场查看，至今没有动工。"),
    ):
        world.ask(issue, RecordLookBack(round=1, finding=finding, words=words), "supervisor:gu")
    _draft_and_release(world, broken, code, 2, Outcome.SOLVED)
    world.go_to(world.now + 30 * DAY)


def _countersigned(world: World) -> None:
    """Three departments are asked for an opinion: one objects and is answered, one is released, one says nothing."""
    issue, code = world.register(LIGHTS, RAISER, "lights-countersigned"), "urban_management"
    lead = {"assignment": f"{issue}.1", "round": 1}
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department=code), OFFICE)
    world.say(code, issue, DepartmentSigns(**lead), "um-2026-6001")
    wanted = "灯杆位置是否影响规划道路红线"
    for department in ("transport", "housing", "planning"):
        asks = AddCoHandler(assignment=f"{issue}.1", department=department, wanted=wanted)
        world.ask(issue, asks, OFFICE)
    agrees = GiveOpinion(assignment=f"{issue}.c1", agrees=True, words="同意")
    world.ask(issue, agrees, "handler:transport/li")
    world.ask(issue, ReleaseCoHandler(assignment=f"{issue}.c2", reason="已电话征求意见"), OFFICE)
    early = DepartmentDrafts(**lead, outcome=Outcome.SOLVED, text="已安装。", signed_off_by="wang")
    world.say(code, issue, early, "um-2026-6002")  # refused: planning is still to be heard
    objects = {"agrees": False, "words": "三号灯杆占用规划红线，请内移两米"}
    opinion = DepartmentGivesOpinion(assignment=f"{issue}.c3", round=1, **objects)
    world.say("planning", issue, opinion, "np-2026-0001")
    answered = early.model_copy(update={"answer": "三号灯杆已内移两米"})
    world.say(code, issue, answered, "um-2026-6003")


def _instructed(world: World) -> None:
    """A leader writes two instructions: one is overdue and then reported on, one is taken back."""
    issue = world.register(LIGHTS, RAISER, "lights-instructed")
    code, leader = "urban_management", "leader:qian"
    world.accept(issue, OFFICE)
    world.ask(issue, AssignIssue(department=code), OFFICE)
    world.ask(issue, SignAssignment(assignment=f"{issue}.1"), f"handler:{code}/li")
    words = "请分管领导三日内到现场核实，并报结果。"
    calendar = builtin.builtin_calendar()
    due_on = calendar.working_day(calendar.working_days_through(world.now.date()) + 4)
    for values in ({"due_on": due_on}, {}):
        world.ask(issue, GiveInstruction(words=words, department=code, **values), leader)
    world.ask(issue, TakeBackInstruction(instruction=2, reason="已当面听取汇报"), leader)
    world.go_to(world.now + 10 * DAY)
    report = ReportInstruction(instruction=1, words="已核实，缺灯五盏，月底前装好。")
    world.ask(issue, report, f"handler:{code}/li")


def _in_papers(world: World) -> None:
    """A monthly paper with a typical case is published; its meeting decides on one issue, and on one that has ended."""
    code = "urban_management"
    world.ask(
        "staff:zhou", PublishStaff(name="周明", roles=(Role.LEADER,), level=Level.CITY), "administrator:wu"
    )
    answered, held, ended = (world.register(LIGHTS, RAISER, f"lights-paper-{n}") for n in (1, 2, 3))
    for issue in (answered, held):
        world.accept(issue, OFFICE)
        world.ask(issue, AssignIssue(department=code), OFFICE)
        world.say(code, issue, DepartmentSigns(assignment=f"{issue}.1", round=1), f"{issue}-1")
    drafted = DepartmentDrafts(
        assignment=f"{answered}.1", round=1, outcome=Outcome.SOLVED, text="已点亮。", signed_off_by="wang"
    )
    world.say(code, answered, drafted, f"{answered}-2")
    world.ask(answered, CheckReply(**world.shown(answered)), OFFICE)
    world.ask(answered, ReleaseReply(**world.shown(answered)), OFFICE)
    world.ask(ended, WithdrawIssue(reason="已自行解决"), raiser(RAISER))
    period = newest_over(PaperKind.MONTHLY, world.now)
    paper = f"paper:{paper_id(JURISDICTION, period)}"
    honours = ListOfHonours(
        list=HonourList.RUNNERS,
        rule_zh="首轮答复在期限内发出的件数，多者在前",
        rule_en="Most first replies in time",
        honoured=(
            HonouredOne(
                kind=Honoured.OFFICIAL,
                who="li",
                department=code,
                numbers=(Beside(number="on_time", value=7),),
            ),
        ),
    )
    published = PublishPaper(
        as_of=world.now,
        positions=(ReadOf(topic="intake.events", offsets=(731, 702)),),
        preface="本月问题集中在园区配套。",
        figures=(
            PaperFigure(figure=FigureName.SATISFIED, period=period.name, numerator=65, denominator=66),
            PaperFigure(
                figure=FigureName.ANSWERED,
                unit=FigureUnit.ASSIGNMENT,
                period=period.name,
                department=code,
                numerator=12,
                denominator=12,
            ),
        ),
        cases=(Case(issue=answered, title="园区北门外没有路灯", words="七日内点亮，企业满意"),),
        honours=(honours,),
    )
    world.ask(paper, published, OFFICE)
    meeting = RecordMeeting(
        edition=1,
        held_on=world.now.date(),
        chaired_by="zhou",
        words="听取了月度分析。",
        decisions=tuple(MeetingDecision(issue=issue, words="请一周内报方案") for issue in (held, ended)),
    )
    world.ask(paper, meeting, OFFICE)


def _watched(world: World) -> None:
    """A process is away for some minutes of a night, and the operator hears of that and of its end."""
    began, runbook = world.now, "docs/operations.md#runbook-a-service-was-killed"
    fires = ReportAlert(
        name="QinqingProcessIsAway",
        severity="page",
        summary="feedback does not answer",
        runbook=runbook,
        started_at=began,
    )
    alert = f"alert:9c1be6a2f0d84e37-{int(began.timestamp() * 1000):x}"
    world.ask(alert, fires, "operator:yan")
    world.go_to(began + DAY / 144)
    world.ask(alert, fires.model_copy(update={"ended_at": world.now}), "operator:yan")
