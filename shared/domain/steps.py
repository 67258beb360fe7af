"""The steps of the ladder as a policy names them: which, how long after the step before, and what comes with each.

Source: clocks.md, The ladder. Step 0, the warning, is what a policy says under ``warnings``.
"""

from collections.abc import Mapping
from itertools import zip_longest

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import Addressee, ClockName, DocumentKind, LadderStep, Role
from shared.domain.faults import Fault

NAMES = tuple(LadderStep)
LAST_BY_ITSELF = 2
"""Beyond it the system lights lamps and drafts; documents are signed by a named person, whatever a policy says."""
BY_ITSELF = (DocumentKind.REMINDER, DocumentKind.SUPERVISION_ORDER)
"""What goes out unsigned where the policy says no more; whatever it says, nothing else does."""
MAY_SIGN: Mapping[Addressee, frozenset[Role]] = {
    Addressee.SUPERVISION_OFFICE: frozenset({Role.SUPERVISOR}),
    Addressee.LEADER: frozenset({Role.LEADER}),
    Addressee.LEVEL: frozenset({Role.SUPERVISOR, Role.LEADER}),
}
"""Those among whom there is somebody who may sign, and in which office."""
ORDER = NAMES.index(LadderStep.SUPERVISION_ORDER) + 1
"""The step that an explanation puts off."""
RED = NAMES.index(LadderStep.RED_LIGHT) + 1
"""The step of whoever dissatisfied a second time."""
CLIMBS: Mapping[ClockName, int] = {
    ClockName.PROMISE: len(NAMES),
    ClockName.HOLDING: 1,
    ClockName.RULING: 1,
    ClockName.INSTRUCTION: 1,
}
"""The clocks whose breach takes an issue up the ladder, and how far."""
WARNED = (ClockName.PROMISE, ClockName.HOLDING, ClockName.INSTRUCTION)
"""The clocks of whose warnings somebody is told: step 0."""

REMINDED_ALONE = (ClockName.CO_HANDLER,)
"""The clocks whose breach reaches step 1 for their own department alone: the lamp of the issue is the lead's."""


class Step(BaseModel):
    """One step; days are working days. The first comes with the breach itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int = Field(ge=1, le=len(NAMES))
    name: LadderStep
    after_days: int = Field(default=0, ge=0, le=250)
    """After the step before; where that asked for an answer, after the answer was due."""
    more_days: int = Field(default=0, ge=0, le=250)
    """How many more, once, after an explanation (情况说明)."""
    answer_days: int = Field(default=0, ge=0, le=250)
    """In how many its document is to be answered; 0 where it asks for no answer."""
    documents: tuple[DocumentKind, ...]
    signed: bool = False
    """Its documents are drafts until a named person has signed them."""
    addressees: tuple[Addressee, ...] = ()
    addressees_once_signed: tuple[Addressee, ...] = ()


DEFAULT_LADDER = (
    Step(
        step=1,
        name=LadderStep.REMINDER,
        documents=(DocumentKind.REMINDER,),
        addressees=(Addressee.HANDLER, Addressee.LEADER_IN_CHARGE),
    ),
    Step(
        step=2,
        name=LadderStep.SUPERVISION_ORDER,
        after_days=1,
        more_days=2,
        answer_days=2,
        documents=(DocumentKind.SUPERVISION_ORDER,),
        addressees=(Addressee.SUPERVISION_OFFICE,),
    ),
    Step(
        step=3,
        name=LadderStep.YELLOW_LIGHT,
        after_days=2,
        documents=(DocumentKind.YELLOW_CARD,),
        signed=True,
        addressees=(Addressee.OFFICE, Addressee.SUPERVISION_OFFICE),
        addressees_once_signed=(Addressee.HEAD,),
    ),
    Step(
        step=4,
        name=LadderStep.RED_LIGHT,
        after_days=3,
        documents=(DocumentKind.RED_CARD, DocumentKind.INTERVIEW),
        signed=True,
        addressees=(Addressee.OFFICE, Addressee.SUPERVISION_OFFICE),
        addressees_once_signed=(Addressee.HEAD, Addressee.LEADER),
    ),
    Step(
        step=5,
        name=LadderStep.CIRCULAR,
        after_days=5,
        documents=(DocumentKind.CIRCULAR,),
        signed=True,
        addressees_once_signed=(Addressee.LEVEL,),
    ),
    Step(
        step=6,
        name=LadderStep.MATTERS_LIST,
        after_days=5,
        documents=(DocumentKind.MATTERS_ENTRY,),
        signed=True,
        addressees_once_signed=(Addressee.DISCIPLINE, Addressee.CPPCC),
    ),
)
"""What holds under a policy that was published before there was a ladder."""


def waits(step: Step) -> bool:
    """Whether what it brings waits for a signature."""
    return step.signed or not set(step.documents) <= set(BY_ITSELF)


def signers(step: Step) -> frozenset[Role]:
    """The offices that may sign what it brings and hear of the draft.

    After red nobody needs to be told of it: the supervision office sees what waits (clocks.md, "told").
    """
    named = step.addressees or ((Addressee.SUPERVISION_OFFICE,) if step.step > RED else ())
    return frozenset[Role]().union(*(MAY_SIGN.get(one, frozenset()) for one in named))


def wrong_step(ladder: tuple[Step, ...]) -> Fault | None:
    """The first place at which this is not the ladder, and the rule it breaks; None for a whole one."""
    for place, (name, step) in enumerate(zip_longest(NAMES, ladder)):
        if wrong := _wrong_at(place, name, step, ladder):
            return Fault("%(place)s: %(rule)s", place=f"ladder[{place}]", rule=wrong)
    return None


def _wrong_at(
    place: int, name: LadderStep | None, step: Step | None, ladder: tuple[Step, ...]
) -> Fault | None:
    number = place + 1
    missing = Fault("step %(number)s (%(name)s) is missing", number=number, name=name)
    if step is None:
        return missing
    if any(before.step == step.step for before in ladder[:place]):
        return Fault("step %(number)s is there already: each step stands once", number=step.step)
    if step.step != number:
        later = any(other.step == number for other in ladder[place:])
        order = Fault(
            "step %(number)s stands after step %(other)s: steps stand in the order in which they rise",
            number=number,
            other=step.step,
        )
        return order if later else missing
    if step.name is not name:
        return Fault("step %(number)s is %(name)s, not %(found)s", number=number, name=name, found=step.name)
    if number == 1 and step.after_days:
        return Fault("step 1 (%(name)s) comes with the breach: after_days is 0", name=name)
    if number > 1 and not step.after_days:
        return Fault(
            "step %(number)s (%(name)s) comes later: after_days is at least 1", number=number, name=name
        )
    if number > LAST_BY_ITSELF and not step.signed:
        return Fault(
            "step %(number)s (%(name)s) is signed by a named person: signed is true", number=number, name=name
        )
    if waits(step) and not signers(step):
        return Fault(
            "step %(number)s (%(name)s) waits for a signature: addressees names one who may sign: %(known)s",
            number=number,
            name=name,
            known=", ".join(MAY_SIGN),
        )
    return None
