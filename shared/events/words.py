"""The closed lists and small records that events are made of; terms as in the words table of loop.md."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


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


class RejectionGround(StrEnum):
    """The only grounds for not accepting an issue (loop.md, intake)."""

    LITIGATION = "litigation"
    REVIEW = "review"
    ARBITRATION = "arbitration"
    PETITION = "petition"


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


OUTCOMES: dict[Kind, tuple[Outcome, ...]] = {
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
    """The clocks supervision keeps; their limits are policy (shared/policy.json)."""

    ASSIGN = "assign"
    PROMISE = "promise"
    SIGN = "sign"
    HOLDING = "holding"
    REWORK_DECISION = "rework_decision"
    TRACKING = "tracking"


class Level(StrEnum):
    """The levels that have a deployment or a part of one; a functional area is a 功能区."""

    CITY = "city"
    COUNTY = "county"
    FUNCTIONAL_AREA = "functional_area"


class Body(StrEnum):
    """The four leading bodies that take turns at the talks (党委、人大、政府、政协)."""

    PARTY = "party"
    CONGRESS = "congress"
    GOVERNMENT = "government"
    CPPCC = "cppcc"


class PauseGround(StrEnum):
    """The only three grounds for a pause (clocks.md 4)."""

    WAITING_FOR_ENTREPRENEUR = "waiting_for_entrepreneur"
    STATUTORY_PROCEDURE = "statutory_procedure"
    FORCE_MAJEURE = "force_majeure"


class RecalculationCause(StrEnum):
    """Why the due instant of a running clock moved."""

    POLICY = "policy"
    CALENDAR = "calendar"
    EXTENSION = "extension"
    PAUSE_GRANTED = "pause_granted"
    PAUSE_ENDED = "pause_ended"
    PROMISE_STARTED = "promise_started"


class Light(StrEnum):
    """The system's lamp on an issue (黄灯、红灯); a card (黄牌、红牌) of the same colour is signed by a person."""

    YELLOW = "yellow"
    RED = "red"


class StepCause(StrEnum):
    """What raised a step of the ladder."""

    BREACH = "breach"
    NO_ANSWER = "no_answer"
    TIME_ON_STEP = "time_on_step"
    SECOND_DISSATISFIED_ROUND = "second_dissatisfied_round"
    EXTENSIONS_ASKED = "extensions_asked"


class DocumentKind(StrEnum):
    """The numbered papers of supervision; each kind has its own register a year."""

    REMINDER = "reminder"
    SUPERVISION_ORDER = "supervision_order"
    YELLOW_CARD = "yellow_card"
    RED_CARD = "red_card"
    INTERVIEW = "interview"
    CIRCULAR = "circular"
    MATTER = "matter"


class Tone(StrEnum):
    """What a circular (通报) does."""

    CRITICISM = "criticism"
    PRAISE = "praise"


class Joint(StrEnum):
    """三联: how the party, government and CPPCC offices act together on an order."""

    MEETING = "joint_meeting"
    ORDER = "joint_order"
    ACTION = "linked_action"


class Across(StrEnum):
    """三跨: what an order reaches across."""

    DEPARTMENTS = "departments"
    LEVELS = "levels"
    DOMAINS = "domains"


class TrackingFinding(StrEnum):
    """What a quarterly review of a tracked issue found."""

    ON_COURSE = "on_course"
    BEHIND = "behind"
    DONE = "done"
    CANNOT_BE_KEPT = "cannot_be_kept"


class LookBackFinding(StrEnum):
    """What a look-back (回头看) found; a broken promise opens a new round."""

    KEPT = "kept"
    PARTLY_KEPT = "partly_kept"
    BROKEN = "broken"


class PaperKind(StrEnum):
    """The papers of loop.md, each frozen when published."""

    MONTHLY = "monthly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


class HonourList(StrEnum):
    """The lists that typical cases feed (奔跑者、奋斗者、贡献者)."""

    RUNNERS = "runners"
    STRIVERS = "strivers"
    CONTRIBUTORS = "contributors"


class Attachment(BaseModel):
    """A file by its content: the bytes stay with the service that took them in."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    sha256: str
    media_type: str
    bytes: int


class Contact(BaseModel):
    """Whom a department may call; only on its own topic, which forgets after 90 days."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str
    phone: str = ""


class DirectoryEntry(BaseModel):
    """One department of the directory, and the principal of its head (一把手)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    department: str
    title: str
    level: Level
    head: str
    leaders: tuple[str, ...] = ()
    active: bool = True


class Suggestion(BaseModel):
    """One line of a deliberation's list, and the department that is to receive it."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    issue: str
    text: str
    department: str = ""
