"""The life of a person in intake as tables, and what is remembered of one: the contact only as it was encrypted."""

from enum import StrEnum

from pydantic import AwareDatetime

from shared.contract.words import Language, Means
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import TERMINAL
from shared.domain.rights import Belongs

NOTHING = "nothing"
"""The state of who was never registered."""


class State(StrEnum):
    """Where a person stands in intake; nobody comes back from ``erased`` (已删除)."""

    REGISTERED = "registered"
    ERASED = "erased"


MOVES: dict[tuple[str, str], str] = {
    (NOTHING, "register"): State.REGISTERED,
    (State.REGISTERED, "change"): State.REGISTERED,
    (NOTHING, "erase"): State.ERASED,
    (State.REGISTERED, "erase"): State.ERASED,
    (State.ERASED, "erase"): State.ERASED,
}
"""What may be asked. Who only raised issues has a key too, and may be erased; who asks once more is answered alike."""

TIMERS: dict[str, str] = {State.REGISTERED: TERMINAL, State.ERASED: TERMINAL}


class Contact(AggregateState):
    """Name, phone and mail, each encrypted under the person's own key; an empty one is encrypted too."""

    name: str
    phone: str
    mail: str


class Person(AggregateState):
    """A person as intake knows them: readable by whoever has the right, but for the contact."""

    state: State
    reference: str
    """Who it is, as in the subject."""
    recorded_by: str = ""
    """The official who wrote it down for them; empty when they did it themselves."""
    contact: Contact | None = None
    enterprise: str = ""
    chamber: str = ""
    trade: str = ""
    language: Language | None = None
    channels: tuple[Means, ...] = ()
    registered_at: AwareDatetime | None = None
    erased_at: AwareDatetime | None = None


def belongs(person: Person) -> Belongs:
    """To whom what is known of a person belongs, for the rights that reach no further."""
    return Belongs(person=person.reference, recorded_by=person.recorded_by)


def finished(person: Person) -> bool:
    """Whether nothing is expected of this person any more."""
    return person.state is State.ERASED
