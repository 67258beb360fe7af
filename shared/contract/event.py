"""What an event is, the topics of the system, and the register of every event by its type string."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

EVENTS: dict[str, type["Event"]] = {}
"""Every event class by its type string (registry.py imports all modules that add to it)."""

INTAKE, DISPATCH = "intake.events", "dispatch.events"
SUPERVISION, FEEDBACK = "supervision.events", "feedback.events"
SUPERVISION_ORDERS = "supervision.orders"
"""What supervision has for departments: dispatch alone reads it, and passes it on (docs/decisions/0042)."""
SUPERVISION_LOOK_BACKS = "supervision.look_backs"
"""What a look-back found that feedback acts on: it alone reads it (docs/decisions/0052)."""
DISPATCH_QUESTIONS = "dispatch.questions"
"""What departments ask who raised an issue: intake alone reads it, and collects the answer (docs/decisions/0048)."""
INTAKE_TALKS = "intake.talks"
"""What departments are to be told of talks: dispatch alone reads it, and tells their people (docs/decisions/0057)."""
APART: tuple[str, ...] = (SUPERVISION_ORDERS, SUPERVISION_LOOK_BACKS, DISPATCH_QUESTIONS, INTAKE_TALKS)
"""The topics on which an owner tells one other what that one needs, beside its events."""
ORDERS, REPLIES = "dept.<code>.orders", "dept.<code>.replies"
HISTORY_ORDERS = "dispatch.orders"
"""In history the orders of all departments, keyed by issue: no department reads there, and topics are not free."""

EPOCH = ";"
"""Before the number of an epoch, behind the source: a restore numbers its events anew, as those of another source."""

MAX_TITLE_CHARS = 200
MAX_TEXT_CHARS = 20_000
MAX_REASON_CHARS = 2_000
MAX_DOCUMENT_CHARS = 20
PRINCIPAL = r"^[\w.@-]*$"
"""A person as departments name them, without spaces: who did what is compared by this."""
NOT_BLANK = r"[^\s\x85]"
"""Something can be read in it. U+0085 is a space for what checks a text here, none for JSON Schema: so it is named."""
MAIL = r"^([^\s\x85@]+@[^\s\x85@]+)?$"
"""The address of a mailbox, or none."""
FREE_TEXT = "free text"
FreeText = Annotated[str, FREE_TEXT]
"""What a person writes in words of its own: a gateway masks phone and identity-card numbers in it (decision 0027)."""
MOST = 2**53 - 1
"""The largest whole number of the contract: what JSON readers everywhere hold exactly, and every store too."""

Number = Annotated[int, Field(ge=0, le=MOST)]
Round = Annotated[int, Field(ge=1, le=MOST)]
"""Reply rounds, drafts and the like: counted from 1."""
Seconds = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)]


class Event(BaseModel):
    """One thing that happened. Its envelope says when, about whom and by whom (envelope.py).

    Lists of values are open on events: a value that this version does not know is read as text and passed on.
    ``reference``: a version of reference data, which also goes on the owner's compacted topic.
    ``must_understand``: it stops a clock, lets it run on or ends an issue; a reader that does not know its type holds
    it, and all that follows it, until an upgrade. Every other unknown type is passed over (docs/upgrade.md).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    topic: ClassVar[str]
    reference: ClassVar[bool] = False
    must_understand: ClassVar[bool] = False

    def __init_subclass__(
        cls, *, type: str, topic: str, reference: bool = False, must_understand: bool = False, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if type in EVENTS:
            raise TypeError(f"two events share the type string {type}")
        cls.type, cls.topic, cls.reference, cls.must_understand = type, topic, reference, must_understand
        EVENTS[type] = cls

    @classmethod
    def read(cls, data: dict[str, object]) -> Self:
        """Read the ``data`` of an envelope of this type, unknown fields ignored; raises pydantic.ValidationError."""
        return cls.model_validate(data, extra="ignore")


def orders_topic(department: str, *, history: bool = False) -> str:
    """The topic on which one department's orders stand: its own, or in history the one of all departments."""
    return HISTORY_ORDERS if history else f"dept.{department}.orders"


def replies_topic(department: str) -> str:
    """The topic on which one department's own system answers."""
    return f"dept.{department}.replies"


def events_topic(source: str) -> str:
    """The events topic of a source: ``/huzhou/intake`` writes ``intake.events``, in every epoch."""
    return f"{owner_of(source).rpartition('/')[2]}.events"


def owner_of(source: str) -> str:
    """Who signs so, in whichever epoch: ``/huzhou/intake`` of ``/huzhou/intake;1764355200``."""
    return source.partition(EPOCH)[0]


def epoch_of(source: str) -> int:
    """The epoch in which a source signs so; 0 before the first restore, and for what names none."""
    text = source.partition(EPOCH)[2]
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def source_in(owner: str, epoch: int) -> str:
    """How an owner signs its events in an epoch."""
    return f"{owner}{EPOCH}{epoch}" if epoch else owner


def reference_topic(service: str) -> str:
    """The compacted topic with every version of one owner's reference data."""
    return f"{service}.reference"
