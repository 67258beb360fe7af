"""What the system does by itself where nobody acts in time: one sentence for each clock."""

from collections.abc import Mapping

from services.portal.languages import N_
from services.portal.pages import Page
from services.portal.times import instant
from shared.contract.words import ClockName

THEN: Mapping[str, str] = {
    ClockName.ASSIGN: N_("%(when)s: counts as assigned late"),
    ClockName.PROMISE: N_("%(when)s: the enterprise sees that the reply is late"),
    ClockName.SIGN: N_("%(when)s: counts as signed for late"),
    ClockName.HOLDING: N_("%(when)s: counts as late for the department"),
    ClockName.CO_HANDLER: N_(
        "%(when)s: the co-handler is reminded, and nobody waits for its opinion any more"
    ),
    ClockName.REWORK_DECISION: N_("%(when)s: counts as decided late"),
    ClockName.TRACKING: N_("%(when)s: what was promised is asked for"),
    ClockName.RULING: N_("%(when)s: the office is reminded to rule"),
    ClockName.INSTRUCTION: N_("%(when)s: the department is reminded to report"),
}
NOW: Mapping[str, str] = {
    ClockName.ASSIGN: N_("Stays late until it is assigned"),
    ClockName.PROMISE: N_("The enterprise sees it as late until the reply is out"),
    ClockName.SIGN: N_("Stays late until it is signed for"),
    ClockName.HOLDING: N_("Stays late until the reply is out"),
    ClockName.CO_HANDLER: N_("Stays late until the opinion is there, or the reply is out"),
    ClockName.REWORK_DECISION: N_("Stays late until it is decided"),
    ClockName.TRACKING: N_("Stays here until it is ruled finished"),
    ClockName.RULING: N_("Stays late until the office rules"),
    ClockName.INSTRUCTION: N_("Stays late until it is reported on"),
}


def unless(page: Page, clock: str, due_at: int) -> str:
    """What happens at the due date, or what is so since."""
    is_late = due_at <= page.at
    sentence = (NOW if is_late else THEN).get(clock, "")
    if not sentence:
        return ""
    return (
        page.say(sentence) if is_late else page.say(sentence) % {"when": page.times.moment(instant(due_at))}
    )
