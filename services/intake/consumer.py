"""What intake reads, and which decision or reaction answers each command and event."""

from dataclasses import replace

from services.intake.agenda import decisions as agenda
from services.intake.agenda.life import Agenda
from services.intake.enterprise import decisions as enterprise
from services.intake.enterprise.life import Enterprise
from services.intake.issue import (
    appealing,
    decisions,
    disclosing,
    hearing,
    linking,
    material,
    reactions,
    referring,
    supplying,
    wording,
)
from services.intake.issue.life import Issue, belongs, finished
from services.intake.person import decisions as person
from services.intake.person import life as persons
from services.intake.rotation import decisions as rotation
from services.intake.rotation.life import Rotation
from services.intake.talk import decisions as talks
from services.intake.talk import noticing, telling
from services.intake.talk.life import Talk
from services.intake.talk.life import finished as talk_is_over
from shared.contract.commands.intake import (
    AcceptIssue,
    AppealRejection,
    AskMaterial,
    ConfirmWords,
    CorrectWords,
    DecideAppeal,
    DiscloseReply,
    MakeLink,
    RecordReceipt,
    ReferIssue,
    RegisterIssue,
    RejectIssue,
    RestoreReply,
    RevokeLink,
    SupplyMaterial,
    WithdrawIssue,
)
from shared.contract.commands.notices import BeginNotice, GiveUpNotice, PrepareNotice, RecordNotice
from shared.contract.commands.people import ChangePerson, ErasePerson, RecordEnterprise, RegisterPerson
from shared.contract.commands.talks import (
    AnnounceTalk,
    AppointLeaders,
    CancelTalk,
    ChangeTalk,
    ConfirmNews,
    EnterTalk,
    HearTalk,
    HoldTalk,
    JoinTalk,
    LeadTalk,
    LeaveAgenda,
    MoveTalk,
    NameParticipants,
    OpenTalk,
    PostponeTalk,
    PublishRotation,
    RecordAttendance,
    SignUp,
    StayAway,
    SwapTurns,
)
from shared.contract.event import DISPATCH_QUESTIONS, FEEDBACK
from shared.contract.events.dispatch import DatePutOff, QuestionClosed, QuestionPut
from shared.contract.events.feedback import (
    IssueClosed,
    RatingInvited,
    RatingLapsed,
    RatingReminded,
    ReplyRated,
    ReworkDecided,
)
from shared.contract.events.notices import NoticeGivenUp, NoticeSent
from shared.domain.aggregates import AggregateType, Consumer, Deadlines
from shared.domain.notices import Manner, notice_kind

WITHOUT_NOTICES = AggregateType(
    "issue",
    Issue,
    commands={
        RegisterIssue: decisions.register,
        AcceptIssue: decisions.accept,
        RejectIssue: decisions.reject,
        AppealRejection: appealing.appeal,
        DecideAppeal: appealing.decide_appeal,
        ReferIssue: referring.refer,
        RecordReceipt: referring.record_receipt,
        WithdrawIssue: decisions.withdraw,
        CorrectWords: wording.correct_words,
        ConfirmWords: wording.confirm_words,
        AskMaterial: material.ask,
        SupplyMaterial: supplying.supply,
        MakeLink: linking.make_link,
        RevokeLink: linking.revoke_link,
        DiscloseReply: disclosing.disclose,
        RestoreReply: disclosing.restore,
        HearTalk: hearing.hear,
    },
    events={
        RatingInvited: reactions.follow,
        ReplyRated: reactions.follow,
        RatingLapsed: reactions.follow,
        RatingReminded: reactions.follow,
        IssueClosed: reactions.follow,
        ReworkDecided: reactions.follow,
        QuestionPut: supplying.put,
        DatePutOff: supplying.put_off,
        QuestionClosed: supplying.closed,
    },
    deadlines=Deadlines(next=reactions.next_deadline, expire=reactions.expire),
    finished=finished,
    belongs=belongs,
)

ISSUE = replace(
    WITHOUT_NOTICES,
    commands={
        **WITHOUT_NOTICES.commands,
        AskMaterial: material.ask_and_notify,
        DiscloseReply: disclosing.disclose_and_notify,
    },
    events={
        **WITHOUT_NOTICES.events,
        RatingInvited: reactions.invited,
        RatingReminded: reactions.reminded,
        QuestionPut: supplying.put_and_notified,
        DatePutOff: supplying.put_off_and_notified,
    },
)

NOTICE = notice_kind(
    Manner(PrepareNotice, NoticeSent, NoticeGivenUp), BeginNotice, RecordNotice, GiveUpNotice
)

PERSON = AggregateType(
    "person",
    persons.Person,
    commands={
        RegisterPerson: person.register,
        ChangePerson: person.change,
        ErasePerson: person.erase,
    },
    finished=persons.finished,
    belongs=persons.belongs,
)

ENTERPRISE = AggregateType("enterprise", Enterprise, commands={RecordEnterprise: enterprise.record})


AGENDA = AggregateType(
    "agenda",
    Agenda,
    commands={
        AnnounceTalk: agenda.announce,
        PostponeTalk: agenda.postpone,
        AppointLeaders: agenda.appoint,
        LeaveAgenda: agenda.leave,
    },
)

TALK = AggregateType(
    "talk",
    Talk,
    commands={
        EnterTalk: talks.enter,
        MoveTalk: talks.move,
        LeadTalk: talks.lead,
        ChangeTalk: talks.change,
        SignUp: talks.sign_up,
        StayAway: talks.stay_away,
        NameParticipants: talks.name,
        OpenTalk: talks.open_talk,
        RecordAttendance: talks.attend,
        HoldTalk: talks.hold,
        CancelTalk: talks.cancel,
        JoinTalk: telling.join,
        ConfirmNews: telling.confirm,
    },
    deadlines=Deadlines(next=telling.next_deadline, expire=telling.expire),
    finished=talk_is_over,
    refused=telling.refused,
)

ROTATION = AggregateType(
    "rotation", Rotation, commands={PublishRotation: rotation.publish, SwapTurns: rotation.swap}
)


NOTIFYING_TALK = replace(
    TALK,
    commands={
        **TALK.commands,
        NameParticipants: noticing.named,
        MoveTalk: noticing.moved,
        ChangeTalk: noticing.changed,
        LeadTalk: noticing.led,
        CancelTalk: noticing.cancelled,
    },
)


def consumer(jurisdiction: str, *, history: bool = False, notices: bool = True, epoch: int = 0) -> Consumer:
    """Intake's consumer for one jurisdiction; ``history``: official times come with the records.

    ``notices``: whether people are told by mail: of what is played as history nobody is.
    """
    issue, talk = (ISSUE, NOTIFYING_TALK) if notices else (WITHOUT_NOTICES, TALK)
    kinds = (issue, PERSON, ENTERPRISE, talk, AGENDA, ROTATION, NOTICE)
    return Consumer(
        "intake",
        jurisdiction,
        reads=(FEEDBACK, DISPATCH_QUESTIONS),
        aggregates=kinds,
        ignores=("alert", "rating_round", "paper"),
        history=history,
        epoch=epoch,
    )
