"""What one department reads on its own topic, each message enough by itself to act on."""

from pydantic import AwareDatetime

from shared.events.base import ORDERS, Event
from shared.events.words import Attachment, Contact, Kind, Light, RecalculationCause


class Ordered(Event, type="order.assigned.v1", topic=ORDERS):
    """Happens when a department becomes the lead: enough by itself to act on, the raiser's words in full."""

    assignment: str
    round: int
    number: str
    kind: Kind
    title: str
    text: str
    head: str
    due_at: AwareDatetime | None = None


class OrderRuled(Event, type="order.ruled.v1", topic=ORDERS):
    """Happens when the office has ruled on this department's return."""

    assignment: str
    upheld: bool
    reason: str = ""


class OrderSentBack(Event, type="order.sent_back.v1", topic=ORDERS):
    """Happens when the department's draft comes back with a reason."""

    assignment: str
    round: int
    reason: str


class OrderRework(Event, type="order.rework.v1", topic=ORDERS):
    """Happens when a new round is granted on an issue this department answered."""

    assignment: str
    round: int
    reason: str = ""


class OrderWithdrawn(Event, type="order.withdrawn.v1", topic=ORDERS):
    """Happens when the issue is taken back while this department holds it: stop work."""

    assignment: str


class OrderClosed(Event, type="order.closed.v1", topic=ORDERS):
    """Happens when an issue this department answered is closed."""

    assignment: str


class OrderRefused(Event, type="order.refused.v1", topic=ORDERS):
    """Happens when something this department sent was refused: which message, why, what is legal now."""

    message: str
    reason: str
    detail: str = ""
    legal: tuple[str, ...] = ()


class OrderCoHandle(Event, type="order.co_handle.v1", topic=ORDERS):
    """Happens when a department becomes a co-handler: its opinion is due to the lead, not a reply."""

    assignment: str
    round: int
    number: str
    kind: Kind
    title: str
    text: str
    summary: str = ""
    lead: str
    head: str
    due_at: AwareDatetime | None = None


class OrderContact(Event, type="order.contact.v1", topic=ORDERS):
    """Happens beside an assignment of an issue that is not anonymous: whom the department may call."""

    assignment: str
    number: str
    enterprise: str = ""
    contact: Contact


class OrderDueChanged(Event, type="order.due_changed.v1", topic=ORDERS):
    """Happens when the date this department works to moves."""

    assignment: str
    round: int
    previous_due_at: AwareDatetime | None = None
    due_at: AwareDatetime
    why: RecalculationCause


class OrderMaterialSupplied(Event, type="order.material_supplied.v1", topic=ORDERS):
    """Happens when the raiser answers what this department asked."""

    assignment: str
    round: int
    text: str
    attachments: tuple[Attachment, ...] = ()


class OrderReminded(Event, type="order.reminded.v1", topic=ORDERS):
    """Happens when the department is warned or reminded (预警、催办)."""

    assignment: str
    round: int
    step: int
    number: str = ""
    due_at: AwareDatetime


class OrderSupervised(Event, type="order.supervised.v1", topic=ORDERS):
    """Happens when a supervision order is addressed to this department (督办单)."""

    assignment: str
    round: int
    order: str
    number: str
    text: str
    answer_due_at: AwareDatetime


class OrderCardIssued(Event, type="order.card_issued.v1", topic=ORDERS):
    """Happens when this department gets a yellow or red card."""

    assignment: str
    card: str
    number: str
    light: Light
    text: str


class OrderCardLifted(Event, type="order.card_lifted.v1", topic=ORDERS):
    """Happens when a card of this department is lifted."""

    assignment: str
    card: str
    number: str
    reason: str


class OrderExtensionDecided(Event, type="order.extension_decided.v1", topic=ORDERS):
    """Happens when the extension this department asked for is granted or refused."""

    assignment: str
    round: int
    request: str
    granted: bool
    due_at: AwareDatetime | None = None
    reason: str = ""


class OrderPauseDecided(Event, type="order.pause_decided.v1", topic=ORDERS):
    """Happens when the pause this department asked for is granted or refused."""

    assignment: str
    round: int
    request: str
    granted: bool
    until_at: AwareDatetime | None = None
    reason: str = ""


class OrderPauseEnded(Event, type="order.pause_ended.v1", topic=ORDERS):
    """Happens when a pause of this department's assignment is over: time counts again."""

    assignment: str
    round: int
    request: str
    ended_at: AwareDatetime


class OrderCoHandlerHeard(Event, type="order.co_handler_heard.v1", topic=ORDERS):
    """Happens when a co-handler gave the lead its opinion, here in full."""

    assignment: str
    round: int
    department: str
    agrees: bool
    opinion: str


class OrderClustered(Event, type="order.clustered.v1", topic=ORDERS):
    """Happens when an issue this department holds is merged; the earliest due of the cluster is shown."""

    assignment: str
    cluster: str
    members: tuple[str, ...]
    earliest_due_at: AwareDatetime | None = None


class OrderUnclustered(Event, type="order.unclustered.v1", topic=ORDERS):
    """Happens when an issue this department holds leaves its cluster."""

    assignment: str
    cluster: str
