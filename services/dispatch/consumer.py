"""What dispatch's consumer does: which command and which event reaches which decision, per kind of aggregate."""

from services.dispatch.alert import decisions as alert
from services.dispatch.alert.life import Alert
from services.dispatch.batch import decisions as batch
from services.dispatch.batch.life import Batch
from services.dispatch.batch.life import finished as all_have_answered
from services.dispatch.department import decisions as department
from services.dispatch.department.life import Department
from services.dispatch.issue import (
    assigning,
    claiming,
    co_handling,
    correcting,
    extending,
    handling,
    pausing,
    questioning,
    reactions,
    replying,
    timing,
)
from services.dispatch.issue.asking import refused
from services.dispatch.issue.life import Issue, belongs, finished
from services.dispatch.issue.noticing import noticed
from services.dispatch.rules import decisions as rules
from services.dispatch.rules.life import Rules
from services.dispatch.staff import decisions as staff
from services.dispatch.staff.life import Staff
from services.dispatch.staff.life import belongs as whose_choice
from services.dispatch.talk import reactions as talk
from services.dispatch.talk.life import Talk
from shared.contract.commands.dispatch import (
    AddCoHandler,
    AnswerOnTheSpot,
    AskEnterprise,
    AskExtension,
    AskPause,
    AssignInBatch,
    AssignIssue,
    AssignMany,
    CheckReply,
    ChooseWays,
    ClaimIssue,
    ConfirmAssigned,
    ConfirmHandOver,
    CorrectReply,
    DraftReply,
    EndPause,
    GiveOpinion,
    GrantExtension,
    GrantPause,
    HandOver,
    MergeDepartment,
    NameHandler,
    PublishDepartment,
    PublishRules,
    PublishStaff,
    RecallAssignment,
    RefuseExtension,
    RefuseMessage,
    RefusePause,
    ReleaseCoHandler,
    ReleaseReply,
    ReportAlert,
    ReturnAssignment,
    RuleOnReturn,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.contract.commands.notices import (
    BeginStaffNotice,
    GiveUpStaffNotice,
    PrepareStaffNotice,
    RecordStaffNotice,
)
from shared.contract.event import FEEDBACK, INTAKE, INTAKE_TALKS, SUPERVISION_ORDERS
from shared.contract.events.feedback import IssueClosed, IssueTracked, ReworkDecided
from shared.contract.events.intake import (
    AppealUpheld,
    IssueAccepted,
    IssueAppealed,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    MaterialReceived,
    MaterialSupplied,
    PromiseStarted,
    WordsCorrected,
)
from shared.contract.events.notices import StaffNoticeGivenUp, StaffNoticeSent
from shared.contract.events.supervision import DepartmentAddressed, DueRecalculated, MessageRefused
from shared.contract.events.talks import DepartmentsInformed, PromiseExpected
from shared.domain.aggregates import AggregateType, Consumer, Deadlines
from shared.domain.notices import Manner, notice_kind

WITHOUT_NOTICES = AggregateType(
    "issue",
    Issue,
    commands={
        AssignIssue: assigning.assign,
        AssignInBatch: assigning.assign_in_batch,
        ClaimIssue: claiming.claim,
        AnswerOnTheSpot: claiming.answer,
        SignAssignment: assigning.sign,
        ReturnAssignment: assigning.give_back,
        RuleOnReturn: assigning.rule,
        HandOver: assigning.hand_over,
        RecallAssignment: handling.recall,
        NameHandler: handling.name_handler,
        AddCoHandler: co_handling.add,
        GiveOpinion: co_handling.give_opinion,
        ReleaseCoHandler: co_handling.release,
        DraftReply: replying.draft,
        SignOffReply: replying.sign_off,
        CheckReply: replying.check,
        SendBackReply: replying.send_back,
        ReleaseReply: replying.release,
        CorrectReply: correcting.correct,
        AskExtension: extending.ask,
        GrantExtension: extending.grant,
        RefuseExtension: extending.refuse,
        AskPause: pausing.ask,
        AskEnterprise: questioning.ask,
        GrantPause: pausing.grant,
        RefusePause: pausing.refuse,
        EndPause: pausing.end,
    },
    events={
        IssueRegistered: reactions.register,
        PromiseStarted: reactions.promised,
        PromiseExpected: reactions.expected,
        IssueAccepted: reactions.accept,
        IssueRejected: reactions.move,
        WordsCorrected: reactions.correct_words,
        MaterialSupplied: questioning.answered,
        MaterialReceived: reactions.received,
        IssueAppealed: reactions.promised,
        AppealUpheld: reactions.move,
        IssueReferred: reactions.move,
        IssueWithdrawn: reactions.move,
        IssueClosed: reactions.move,
        IssueTracked: reactions.tracked,
        ReworkDecided: reactions.rework,
        DepartmentAddressed: reactions.address,
        DueRecalculated: reactions.recalculated,
        MessageRefused: reactions.refuse,
    },
    deadlines=Deadlines(next=timing.next_deadline, expire=timing.expire),
    finished=finished,
    belongs=belongs,
    refused=refused,
)

ISSUE = noticed(WITHOUT_NOTICES)

NOTICE = notice_kind(
    Manner(PrepareStaffNotice, StaffNoticeSent, StaffNoticeGivenUp, in_office_hours=True),
    BeginStaffNotice,
    RecordStaffNotice,
    GiveUpStaffNotice,
)

BATCH = AggregateType(
    "batch",
    Batch,
    commands={AssignMany: batch.assign, ConfirmAssigned: batch.confirm},
    deadlines=Deadlines(next=batch.ASKING.next_deadline, expire=batch.ASKING.expire),
    finished=all_have_answered,
)

DEPARTMENT = AggregateType(
    "department",
    Department,
    commands={
        PublishDepartment: department.publish,
        MergeDepartment: department.merge,
        ConfirmHandOver: department.confirm_hand_over,
        RefuseMessage: department.refuse_message,
    },
)

STAFF = AggregateType(
    "staff",
    Staff,
    commands={PublishStaff: staff.publish, ChooseWays: staff.choose_ways},
    belongs=whose_choice,
)

TALK = AggregateType("talk", Talk, events={DepartmentsInformed: talk.tell_people}, hears=(INTAKE_TALKS,))

RULES = AggregateType("rules", Rules, commands={PublishRules: rules.publish})

ALERT = AggregateType("alert", Alert, commands={ReportAlert: alert.report})


def consumer(jurisdiction: str, *, history: bool = False, notices: bool = True, epoch: int = 0) -> Consumer:
    """Dispatch's consumer in one jurisdiction; ``history``: events are played again at their own times.

    ``notices``: whether officials are told: of what is played as history nobody is.
    """
    return Consumer(
        service="dispatch",
        jurisdiction=jurisdiction,
        reads=(INTAKE, INTAKE_TALKS, FEEDBACK, SUPERVISION_ORDERS),
        aggregates=(
            *(ISSUE if notices else WITHOUT_NOTICES, DEPARTMENT, STAFF, RULES),
            *(BATCH, TALK, ALERT, NOTICE),
        ),
        ignores=("person", "enterprise", "agenda", "rotation", "rating_round", "paper"),
        history=history,
        epoch=epoch,
    )
