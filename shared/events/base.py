"""What an event is, the topics of the system, and the register of every event by its type string."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

EVENTS: dict[str, type["Event"]] = {}
"""Every event class by its type string."""

INTAKE, DISPATCH = "intake.events", "dispatch.events"
SUPERVISION, FEEDBACK = "supervision.events", "feedback.events"
MATTERS_SHARED, MATTERS_CLOSED = "matters.shared", "matters.closed"
ORDERS, REPLIES = "dept.<code>.orders", "dept.<code>.replies"
DIRECTIVES = "directives.<county>"

MAX_TITLE_CHARS = 200
MAX_TEXT_CHARS = 20_000
MAX_REASON_CHARS = 2_000


class Event(BaseModel):
    """One fact. Its envelope says when, about whom and by whom (shared/envelope.py)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    topic: ClassVar[str]

    def __init_subclass__(cls, *, type: str, topic: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type in EVENTS:
            raise TypeError(f"two events share the type string {type}")
        cls.type, cls.topic = type, topic
        EVENTS[type] = cls

    @classmethod
    def read(cls, data: dict[str, object]) -> Self:
        """Read the ``data`` of an envelope of this type; raises pydantic.ValidationError."""
        return cls.model_validate(data)


def orders_topic(department: str) -> str:
    """The topic on which one department reads its orders."""
    return f"dept.{department}.orders"


def replies_topic(department: str) -> str:
    """The topic on which one department's own system answers."""
    return f"dept.{department}.replies"


def directives_topic(county: str) -> str:
    """The topic on which one county reads what the city decided about its issues."""
    return f"directives.{county}"
