"""The closed lists that messages are made of; terms as in the words table of loop.md.

Commands, HTTP and departments' replies take the lists as they are. Events take the ``Open...`` form beside each:
a value that this version does not know is read as text, so that a newer writer stops no reader.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field


class Kind(StrEnum):
    """What is raised."""

    PROBLEM = "problem"
    SUGGESTION = "suggestion"


class Source(StrEnum):
    """Where an issue came from (来源)."""

    TALK = "talk"
    ONLINE = "online_column"
    HOTLINE = "hotline"
    WRITTEN = "written"
    VISIT = "liaison_visit"
    OBSERVER = "observer"
    MONITORING_POINT = "monitoring_point"
    DELIBERATION = "deliberation"


ALWAYS_ANSWERED = (Source.TALK, Source.OBSERVER, Source.VISIT, Source.DELIBERATION)
"""Issues from these sources are never rejected, and handed on with a receipt only (loop.md, intake)."""


class Phase(StrEnum):
    """Before, at or after the talk that an issue came from."""

    BEFORE = "before"
    AT = "at"
    AFTER = "after"


class Series(StrEnum):
    """Which talks a talk is one of; a service-centre day asks no leader (恳谈会, 圆桌会议, 服务日)."""

    WEEKLY = "weekly"
    QUARTERLY = "quarterly"
    ROUND_TABLE = "round_table"
    SERVICE_DAY = "service_day"


class LeadingBody(StrEnum):
    """The leading body that a leader at a talk stands for: 党委、人大、政府、政协."""

    PARTY = "party"
    CONGRESS = "congress"
    GOVERNMENT = "government"
    CPPCC = "cppcc"


class TakesPart(StrEnum):
    """How somebody takes part in a talk: signed up, named by who organises it, or in writing (报名, 点名, 书面)."""

    SIGNED_UP = "signed_up"
    NAMED = "named"
    WRITTEN = "written"


class TalkNews(StrEnum):
    """What an issue hears of its talk: it is to come, was held, called off, not held in time, or never announced."""

    EXPECTED = "expected"
    HELD = "held"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"


class RejectionGround(StrEnum):
    """The only grounds for not accepting an issue (loop.md, intake)."""

    LITIGATION = "litigation"
    REVIEW = "review"
    ARBITRATION = "arbitration"
    PETITION = "petition"


class Body(StrEnum):
    """To whom an issue is handed that is another body's matter (转送)."""

    DISCIPLINE_INSPECTION = "discipline_inspection"
    PETITIONS = "letters_and_visits"
    COURT = "court"
    PROCURATORATE = "procuratorate"
    POLICE = "police"
    ARBITRATION = "arbitration"
    REVIEW = "administrative_review"
    OTHER_GOVERNMENT = "other_government"
    OTHER = "other"


class Confirmation(StrEnum):
    """How a person confirmed what an official records for them."""

    LINK = "link"
    CALL = "call"
    IN_PERSON = "in_person"


class Outcome(StrEnum):
    """What a reply says came of the issue: the first five for problems, the last four for suggestions."""

    SOLVED = "solved"
    PARTLY_SOLVED = "partly_solved"
    EXPLAINED = "explained"
    PLANNED = "planned"
    NOT_POSSIBLE_NOW = "not_possible_now"
    ADOPTED = "adopted"
    PARTLY_ADOPTED = "partly_adopted"
    KEPT_FOR_REFERENCE = "kept_for_reference"
    NOT_ADOPTED = "not_adopted"


OUTCOMES: dict[str, tuple[Outcome, ...]] = {
    Kind.PROBLEM: tuple(Outcome)[:5],
    Kind.SUGGESTION: tuple(Outcome)[5:],
}


class Satisfaction(StrEnum):
    """满意 / 基本满意 / 不满意. There is no value for "not rated": nothing is ever defaulted."""

    SATISFIED = "satisfied"
    BASICALLY_SATISFIED = "basically_satisfied"
    DISSATISFIED = "dissatisfied"


class Solved(StrEnum):
    """The raiser's own answer to "is it solved?"."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class ClockName(StrEnum):
    """The clocks supervision keeps; their limits are policy."""

    ASSIGN = "assign"
    PROMISE = "promise"
    SIGN = "sign"
    HOLDING = "holding"
    CO_HANDLER = "co_handler"
    REWORK_DECISION = "rework_decision"
    TRACKING = "tracking"
    RULING = "ruling"
    INSTRUCTION = "instruction"
    """Of a leader's instruction, in whose place of a round stands its number."""


class LadderStep(StrEnum):
    """The steps of the ladder after the warning, in their order; the step is the lamp (clocks.md, The ladder)."""

    REMINDER = "reminder"
    SUPERVISION_ORDER = "supervision_order"
    YELLOW_LIGHT = "yellow_light"
    RED_LIGHT = "red_light"
    CIRCULAR = "circular"
    MATTERS_LIST = "matters_list"


class DocumentKind(StrEnum):
    """What a step of the ladder brings with it: sent by itself, or drafted until a named person has signed it."""

    REMINDER = "reminder"
    SUPERVISION_ORDER = "supervision_order"
    YELLOW_CARD = "yellow_card"
    RED_CARD = "red_card"
    INTERVIEW = "interview"
    CIRCULAR = "circular"
    MATTERS_ENTRY = "matters_entry"


class Joint(StrEnum):
    """How offices act together on one document (三联): at one meeting, by one order, or each with its own means."""

    MEETING = "joint_meeting"
    ORDER = "joint_order"
    ACTION = "linked_action"


class JointOffice(StrEnum):
    """The offices that may act together: of the party committee, the government and the CPPCC."""

    PARTY = "party"
    GOVERNMENT = "government"
    CPPCC = "cppcc"


class Across(StrEnum):
    """What a document reaches across (三跨)."""

    DEPARTMENTS = "departments"
    LEVELS = "levels"
    DOMAINS = "domains"


class DocumentEnd(StrEnum):
    """Why a document is answered, void or lifted: by a reply, by words; its issue ended, the breach behind
    it was annulled, or a person said so.
    """

    REPLY = "reply"
    WORDS = "words"
    ENDED = "ended"
    ANNULLED = "annulled"
    PERSON = "person"


class Saying(StrEnum):
    """Of what a department is to be told: a warning, that a document was issued or lifted, that a leader gave it an
    instruction or took one back, or that what it promised is looked at; or its overseers: that one was drafted.
    """

    WARNING = "warning"
    LOOK_BACK = "look_back"
    DRAFTED = "drafted"
    ISSUED = "issued"
    LIFTED = "lifted"
    INSTRUCTED = "instructed"
    TAKEN_BACK = "taken_back"


class Addressee(StrEnum):
    """Whom a step of the ladder is said to: people of the department, of the level, or beside it."""

    HANDLER = "handler"
    LEADER_IN_CHARGE = "leader_in_charge"
    HEAD = "head"
    OFFICE = "office"
    SUPERVISION_OFFICE = "supervision_office"
    LEADER = "leader"
    LEVEL = "level"
    DISCIPLINE = "discipline"
    CPPCC = "cppcc"


class LadderCause(StrEnum):
    """Why an issue came to a step: a breach, no answer since, a dissatisfied round after the first, more than two
    extensions asked, or an appeal that brought back what a rejection had ended.
    """

    BREACH = "breach"
    NO_ANSWER = "no_answer"
    DISSATISFIED_AGAIN = "dissatisfied_again"
    EXTENSIONS = "extensions"
    APPEALED = "appealed"


class LiftCause(StrEnum):
    """Why an issue came down: it ended, what was in time was read too late, or a person lifted it."""

    ENDED = "ended"
    ANNULLED = "annulled"
    PERSON = "person"


class Recalculation(StrEnum):
    """Why a due date moved: more time, a pause, a new version of calendar or policy; or its talk was held or moved."""

    EXTENSION = "extension"
    PAUSE = "pause"
    CALENDAR = "calendar"
    POLICY = "policy"
    TALK = "talk"


class Listed(StrEnum):
    """Why an issue stands on the list of what is looked at again: it is tracked, or closed and its promised date is
    still to come, or it is one of the sample of closed issues.
    """

    TRACKED = "tracked"
    PROMISED = "promised"
    SAMPLE = "sample"


class Finding(StrEnum):
    """What a look-back finds (回头看): the promise was kept, it was broken, or it is too early to say."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_YET = "not_yet"


class PauseGround(StrEnum):
    """The only grounds for a pause (clocks.md 4)."""

    WAITING = "waiting_for_entrepreneur"
    STATUTORY = "statutory_procedure"
    FORCE_MAJEURE = "force_majeure"


class Ended(StrEnum):
    """Why a request, a pause or a question ended: a person ended it, the raiser answered, its time was over, the
    promise fell due, or its assignment is over (recalled, handed over, replied, or the issue has ended).
    """

    PERSON = "person"
    ANSWERED = "answered"
    TIME_OVER = "time_over"
    BREACHED = "breached"
    ASSIGNMENT_OVER = "assignment_over"


class CoHandlingEnd(StrEnum):
    """Why a co-handler's opinion is wanted no more: the office released it, a reply is out without it, the issue has
    ended, its department leads the issue now, or it was merged into another one.
    """

    PERSON = "person"
    REPLIED = "replied"
    ENDED = "ended"
    LEADS = "leads"
    MERGED = "merged"


class Level(StrEnum):
    """The levels of government that have a deployment or a part of one; a functional area is a 功能区."""

    CITY = "city"
    COUNTY = "county"
    FUNCTIONAL_AREA = "functional_area"
    TOWNSHIP = "township"


class Role(StrEnum):
    """In which role somebody acts; what each may do is one table (shared/domain/rights.py)."""

    ENTREPRENEUR = "entrepreneur"
    CLERK = "clerk"
    OFFICE = "office"
    HANDLER = "handler"
    DEPARTMENT_LEADER = "department_leader"
    DEPARTMENT = "dept"
    """A department's own system: its topic is the sender."""
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    FEDERATION = "federation"
    CPPCC = "cppcc"
    DISCIPLINE = "discipline"
    OBSERVER = "observer"
    LIAISON = "liaison"
    TOWNSHIP = "township"
    EXPERT = "expert"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Language(StrEnum):
    """In which language somebody is written to."""

    CHINESE = "zh"
    ENGLISH = "en"


class Means(StrEnum):
    """How a person wants to be told what became of an issue: by a link, a call, mail, or a text message."""

    LINK = "link"
    PHONE = "phone"
    MAIL = "mail"
    SMS = "sms"


class Occurrence(StrEnum):
    """What a notice tells somebody of: a reply is out and asks for a rating, they are reminded of that, it is public
    now, a department asks something, its date was put off, they are named for a talk, or that was moved, changed or
    called off; officials have work; or an alert of the monitoring fires, or is over."""

    RATING_INVITED = "rating_invited"
    RATING_REMINDED = "rating_reminded"
    DISCLOSED = "disclosed"
    QUESTION = "question"
    PUT_OFF = "put_off"
    TALK_NAMED = "talk_named"
    TALK_POSTPONED = "talk_postponed"
    TALK_CHANGED = "talk_changed"
    TALK_CANCELLED = "talk_cancelled"
    ASSIGNED = "assigned"
    HANDLER_NAMED = "handler_named"
    SENT_BACK = "sent_back"
    REWORK = "rework"
    MATERIAL_SUPPLIED = "material_supplied"
    WARNED = "warned"
    REMINDED = "reminded"
    ORDERED = "ordered"
    LOOK_BACK = "look_back"
    DOCUMENT_ISSUED = "document_issued"
    CO_HANDLE = "co_handle"
    CO_HANDLER_HEARD = "co_handler_heard"
    OPINION_OVERDUE = "opinion_overdue"
    INSTRUCTED = "instructed"
    INSTRUCTION_OVERDUE = "instruction_overdue"
    INSTRUCTION_TAKEN_BACK = "instruction_taken_back"
    RULING_OVERDUE = "ruling_overdue"
    NOBODY_HOLDS = "nobody_holds"
    TO_BE_SIGNED = "to_be_signed"
    FOR_INFORMATION = "for_information"
    ALERT_FIRES = "alert_fires"
    ALERT_OVER = "alert_over"


MAIL = "mail"
"""The way of telling people that every deployment has: what others there are, it names itself (shared/ways.py)."""
WAY_NAME = r"^[a-z][a-z0-9-]{0,39}$"
"""How a deployment may name a way in which officials are told."""


class Unsent(StrEnum):
    """Why a notice was given up: nobody gave an address, another way is wanted, the person was erased, whoever takes
    it there refused it for good, it could not be sent in time, or there was nothing to be told any more."""

    NO_ADDRESS = "no_address"
    UNWANTED = "unwanted"
    ERASED = "erased"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    OVERTAKEN = "overtaken"


class EnterpriseSize(StrEnum):
    """How large an enterprise is (统计上大中小微型企业划分办法, 2011)."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


class Chooser(StrEnum):
    """Who chose a department: a person, a routing rule, a model, or it claimed the issue itself (当场领办)."""

    PERSON = "person"
    CLAIM = "claim"
    RULE = "rule"
    MODEL = "model"


class TransferCause(StrEnum):
    """Why an issue went from one department to another; only returns count for the three transfers."""

    RETURN = "return"
    MERGER = "merger"


class Provisional(StrEnum):
    """Why a promised date may still move."""

    YEAR_NOT_PUBLISHED = "year_not_published"
    TALK_NOT_HELD = "talk_not_held"


class MediaType(StrEnum):
    """What an attachment may be once it is stored; a heic picture is stored as a jpeg."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CloseReason(StrEnum):
    """Why an issue was closed."""

    RATED = "rated"
    LAPSED = "lapsed"
    REWORK_REFUSED = "rework_refused"
    RULED_FINISHED = "ruled_finished"


class PaperKind(StrEnum):
    """Which of the three papers: the monthly analysis, the half-yearly study, the yearly report (三会机制)."""

    MONTHLY = "monthly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


class Meeting(StrEnum):
    """Which of the three meetings hears a paper (三会): the leaders', the executive one, the standing committee's."""

    LEADERS = "leaders_meeting"
    EXECUTIVE = "executive_meeting"
    STANDING = "standing_committee"


class HonourList(StrEnum):
    """The lists of a paper: 奔跑者, 奋斗者, 贡献者."""

    RUNNERS = "runners"
    STRIVERS = "strivers"
    CONTRIBUTORS = "contributors"


class Honoured(StrEnum):
    """Who stands on such a list: an official by account, a department or enterprise by code, a person by reference."""

    OFFICIAL = "official"
    DEPARTMENT = "department"
    ENTERPRISE = "enterprise"
    ENTREPRENEUR = "entrepreneur"


class FigureName(StrEnum):
    """The figures that a paper may hold; each is defined in the portal (docs/figures.md)."""

    REGISTERED = "registered"
    REPLIED = "replied"
    OPEN = "open"
    REJECTED = "rejected"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"
    TRACKED = "tracked"
    BREACHES = "breaches"
    PROVISIONAL = "provisional"
    ON_TIME_ASSIGNMENT = "on_time_assignment"
    SIGN_FOR = "sign_for"
    ON_TIME_REPLY = "on_time_reply"
    ON_TIME_REPLY_EXTENDED = "on_time_reply_extended"
    ANSWERED = "answered"
    PARTICIPATION = "participation"
    SATISFIED = "satisfied"
    SATISFIED_OR_BASICALLY = "satisfied_or_basically"
    SOLVED = "solved"
    SOLVED_CLAIMED = "solved_claimed"
    PROMISES_KEPT = "promises_kept"


class FigureUnit(StrEnum):
    """What a figure counts."""

    ISSUE = "issue"
    ASSIGNMENT = "assignment"


_left = Field(union_mode="left_to_right")
OpenKind = Annotated[Kind | str, _left]
OpenSource = Annotated[Source | str, _left]
OpenPhase = Annotated[Phase | str, _left]
OpenSeries = Annotated[Series | str, _left]
OpenLeadingBody = Annotated[LeadingBody | str, _left]
OpenTakesPart = Annotated[TakesPart | str, _left]
OpenTalkNews = Annotated[TalkNews | str, _left]
OpenGround = Annotated[RejectionGround | str, _left]
OpenBody = Annotated[Body | str, _left]
OpenConfirmation = Annotated[Confirmation | str, _left]
OpenOutcome = Annotated[Outcome | str, _left]
OpenSatisfaction = Annotated[Satisfaction | str, _left]
OpenSolved = Annotated[Solved | str, _left]
OpenClockName = Annotated[ClockName | str, _left]
OpenLadderStep = Annotated[LadderStep | str, _left]
OpenLadderCause = Annotated[LadderCause | str, _left]
OpenLiftCause = Annotated[LiftCause | str, _left]
OpenDocumentKind = Annotated[DocumentKind | str, _left]
OpenJoint = Annotated[Joint | str, _left]
OpenJointOffice = Annotated[JointOffice | str, _left]
OpenAcross = Annotated[Across | str, _left]
OpenDocumentEnd = Annotated[DocumentEnd | str, _left]
OpenSaying = Annotated[Saying | str, _left]
OpenListed = Annotated[Listed | str, _left]
OpenFinding = Annotated[Finding | str, _left]
OpenRecalculation = Annotated[Recalculation | str, _left]
OpenPauseGround = Annotated[PauseGround | str, _left]
OpenEnded = Annotated[Ended | str, _left]
OpenCoHandlingEnd = Annotated[CoHandlingEnd | str, _left]
OpenAddressee = Annotated[Addressee | str, _left]
OpenLevel = Annotated[Level | str, _left]
OpenRole = Annotated[Role | str, _left]
OpenLanguage = Annotated[Language | str, _left]
OpenOccurrence = Annotated[Occurrence | str, _left]
OpenUnsent = Annotated[Unsent | str, _left]
OpenEnterpriseSize = Annotated[EnterpriseSize | str, _left]
OpenChooser = Annotated[Chooser | str, _left]
OpenTransferCause = Annotated[TransferCause | str, _left]
OpenProvisional = Annotated[Provisional | str, _left]
OpenCloseReason = Annotated[CloseReason | str, _left]
OpenMediaType = Annotated[MediaType | str, _left]
OpenPaperKind = Annotated[PaperKind | str, _left]
OpenMeeting = Annotated[Meeting | str, _left]
OpenHonourList = Annotated[HonourList | str, _left]
OpenHonoured = Annotated[Honoured | str, _left]
OpenFigureName = Annotated[FigureName | str, _left]
OpenFigureUnit = Annotated[FigureUnit | str, _left]
