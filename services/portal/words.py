"""The closed lists of the contract in the words people use; a value that is not here is shown as it is."""

from services.portal.languages import N_
from shared.contract.words import (
    Body,
    ClockName,
    CloseReason,
    Confirmation,
    Kind,
    Level,
    Outcome,
    Phase,
    RejectionGround,
    Role,
    Satisfaction,
    Solved,
    Source,
)

WORDS: dict[str, dict[str, str]] = {
    "kind": {Kind.PROBLEM: N_("Problem"), Kind.SUGGESTION: N_("Suggestion")},
    "source": {
        Source.TALK: N_("Talk"),
        Source.ONLINE: N_("Online"),
        Source.HOTLINE: N_("Hotline"),
        Source.WRITTEN: N_("In writing"),
        Source.VISIT: N_("Liaison visit"),
        Source.OBSERVER: N_("Observer"),
        Source.MONITORING_POINT: N_("Monitoring point"),
        Source.DELIBERATION: N_("Deliberation"),
    },
    "phase": {
        Phase.BEFORE: N_("Before the talk"),
        Phase.AT: N_("At the talk"),
        Phase.AFTER: N_("After the talk"),
    },
    "role": {
        Role.ENTREPRENEUR: N_("Entrepreneur"),
        Role.CLERK: N_("Talk clerk"),
        Role.OFFICE: N_("Assigning office"),
        Role.HANDLER: N_("Handler"),
        Role.DEPARTMENT_LEADER: N_("Department leader"),
        Role.DEPARTMENT: N_("Department's system"),
        Role.SUPERVISOR: N_("Supervisor"),
        Role.LEADER: N_("City leader"),
        Role.FEDERATION: N_("Federation of industry and commerce"),
        Role.CPPCC: N_("CPPCC office"),
        Role.DISCIPLINE: N_("Discipline inspection"),
        Role.OBSERVER: N_("Observer of the business climate"),
        Role.LIAISON: N_("Liaison officer"),
        Role.TOWNSHIP: N_("Township"),
        Role.EXPERT: N_("Expert"),
        Role.OPERATOR: N_("Operator"),
        Role.ADMINISTRATOR: N_("Administrator"),
    },
    "outcome": {
        Outcome.SOLVED: N_("Solved"),
        Outcome.PARTLY_SOLVED: N_("Partly solved"),
        Outcome.EXPLAINED: N_("Explained"),
        Outcome.PLANNED: N_("Planned"),
        Outcome.NOT_POSSIBLE_NOW: N_("Not possible now"),
        Outcome.ADOPTED: N_("Adopted"),
        Outcome.PARTLY_ADOPTED: N_("Partly adopted"),
        Outcome.KEPT_FOR_REFERENCE: N_("Kept for reference"),
        Outcome.NOT_ADOPTED: N_("Not adopted"),
    },
    "satisfaction": {
        Satisfaction.SATISFIED: N_("Satisfied"),
        Satisfaction.BASICALLY_SATISFIED: N_("Basically satisfied"),
        Satisfaction.DISSATISFIED: N_("Dissatisfied"),
    },
    "solved": {
        Solved.YES: N_("Yes, it is"),
        Solved.PARTLY: N_("In part"),
        Solved.NO: N_("No, it is not"),
    },
    "clock": {
        ClockName.ASSIGN: N_("Assigning"),
        ClockName.PROMISE: N_("Promised reply"),
        ClockName.SIGN: N_("Signing for it"),
        ClockName.HOLDING: N_("The department's time"),
        ClockName.REWORK_DECISION: N_("Deciding on another round"),
        ClockName.TRACKING: N_("Tracking"),
    },
    "level": {
        Level.CITY: N_("City"),
        Level.COUNTY: N_("County or district"),
        Level.FUNCTIONAL_AREA: N_("Functional area"),
        Level.TOWNSHIP: N_("Township or street"),
    },
    "ground": {
        RejectionGround.LITIGATION: N_("It is before a court"),
        RejectionGround.REVIEW: N_("It is under administrative review"),
        RejectionGround.ARBITRATION: N_("It is in arbitration"),
        RejectionGround.PETITION: N_("It is with letters and visits"),
    },
    "body": {
        Body.DISCIPLINE_INSPECTION: N_("Discipline inspection"),
        Body.PETITIONS: N_("Letters and visits"),
        Body.COURT: N_("A court"),
        Body.PROCURATORATE: N_("The procuratorate"),
        Body.POLICE: N_("The police"),
        Body.ARBITRATION: N_("An arbitration commission"),
        Body.REVIEW: N_("The body of administrative review"),
        Body.OTHER_GOVERNMENT: N_("Another government"),
        Body.OTHER: N_("Another body"),
    },
    "confirmation": {
        Confirmation.LINK: N_("by their link"),
        Confirmation.CALL: N_("in a call"),
        Confirmation.IN_PERSON: N_("in person"),
    },
    "closed": {
        CloseReason.RATED: N_("after the rating"),
        CloseReason.LAPSED: N_("without a rating"),
        CloseReason.REWORK_REFUSED: N_("without another round"),
        CloseReason.RULED_FINISHED: N_("a leader ruled it finished"),
    },
    "state": {  # as a person sees an issue; the projection's column `state`
        "registered": N_("Waiting to be accepted"),
        "accepted": N_("Waiting for a department"),
        "assigned": N_("Not signed for yet"),
        "returned": N_("The department gave it back"),
        "in_progress": N_("Being worked on"),
        "reviewing": N_("Reply under review"),
        "replied": N_("Answered"),
        "rework_asked": N_("Another round asked for"),
        "rework": N_("Being worked on again"),
        "tracked": N_("Promised for later"),
        "closed": N_("Closed"),
        "rejected": N_("Not accepted"),
        "appealed": N_("Appealed"),
        "referred": N_("Referred to another body"),
        "withdrawn": N_("Withdrawn"),
    },
    "service": {
        "intake": N_("Intake"),
        "dispatch": N_("Dispatch"),
        "supervision": N_("Supervision"),
        "feedback": N_("Feedback"),
    },
    "dead letter": {
        "open": N_("Not dealt with yet"),
        "replayed": N_("Handed in again"),
        "discarded": N_("Given up"),
        "all": N_("All"),
    },
    "provisional": {"year_not_published": N_("the rest days of that year are not published yet")},
}

RULES = (N_("a phone number has 5 to 15 digits, perhaps with + and a country code before them"),)
"""What services say would be right in a field, in their words: forms say it in the language of the page."""


def phrase(kind: str, value: object) -> str:
    """The phrase of one value, to be translated where it is shown."""
    return WORDS[kind].get(str(value), str(value))
