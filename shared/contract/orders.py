"""What one department reads on its own topic, each message enough by itself to act on."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contract.attachments import OpenAttachment
from shared.contract.event import ORDERS, Event, Number, Round
from shared.contract.events.intake import CorrectedWords
from shared.contract.words import (
    OpenClockName,
    OpenCoHandlingEnd,
    OpenDocumentKind,
    OpenEnded,
    OpenKind,
    OpenRecalculation,
    OpenSaying,
)


class Opinion(BaseModel):
    """What a co-handler gave the lead: whether it agrees, and its words in full."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    co_handler: str
    """The co-handler's own assignment."""
    department: str
    agrees: bool
    words: str = ""


class Answer(BaseModel):
    """What the raiser was asked, and answered."""

    model_config = ConfigDict(frozen=True, extra="allow")
    request: Round
    question: str
    text: str


class Ordered(Event, type="order.assigned.v1", topic=ORDERS):
    """Happens when a department becomes the lead: enough by itself to act on, the raiser's words in full."""

    assignment: str
    round: Round
    number: str
    kind: OpenKind
    title: str
    text: str
    corrected: CorrectedWords | None = None
    """The newest correction of these words by who said them."""
    answers: tuple[Answer, ...] = ()
    """What the raiser answered to departments that asked before."""
    head: str
    due_at: AwareDatetime | None = None
    attachments: tuple[OpenAttachment, ...] = ()
    """The files handed in with the issue; the words are enough by themselves to act on, the files are at intake."""
    opinions: tuple[Opinion, ...] = ()
    """What co-handlers of this round have said by then, to whoever held it before."""


class OrderCoHandle(Event, type="order.co_handle.v1", topic=ORDERS):
    """Happens when a department becomes a co-handler: its opinion is due to the lead, not a reply."""

    assignment: str
    round: Round
    number: str
    kind: OpenKind
    title: str
    text: str
    corrected: CorrectedWords | None = None
    head: str
    lead: str
    """The department that leads."""
    wanted: str
    """What the opinion is to be on."""
    due_at: AwareDatetime
    """When the opinion is due."""
    attachments: tuple[OpenAttachment, ...] = ()


class OrderCoHandlerHeard(Event, type="order.co_handler_heard.v1", topic=ORDERS):
    """Happens when a co-handler gave the lead its opinion, here in full."""

    assignment: str
    round: Round
    opinion: Opinion
    by: str


class OrderCoHandlerReleased(Event, type="order.co_handler_released.v1", topic=ORDERS):
    """Happens when the opinion of this department is wanted no more: stop work on it."""

    assignment: str
    round: Round
    because: OpenCoHandlingEnd
    reason: str = ""


class OrderObjectionAnswered(Event, type="order.objection_answered.v1", topic=ORDERS):
    """Happens when the lead's leader signs a reply off to which this co-handler objects, and answers the objection."""

    assignment: str
    round: Round
    answer: str


class OrderRuled(Event, type="order.ruled.v1", topic=ORDERS):
    """Happens when the office has ruled on this department's return."""

    assignment: str
    upheld: bool
    reason: str = ""


class OrderHandedOver(Event, type="order.handed_over.v1", topic=ORDERS):
    """Happens when this department was merged into another, which handles the issue from now on: stop work."""

    assignment: str
    department: str


class OrderRecalled(Event, type="order.recalled.v1", topic=ORDERS):
    """Happens when the office takes this department's assignment back, with a reason: stop work."""

    assignment: str
    reason: str


class OrderSentBack(Event, type="order.sent_back.v1", topic=ORDERS):
    """Happens when the department's draft comes back with a reason."""

    assignment: str
    round: Round
    draft: Round
    reason: str


class OrderRework(Event, type="order.rework.v1", topic=ORDERS):
    """Happens when a new round is granted on an issue this department answered."""

    assignment: str
    round: Round
    reason: str = ""


class OrderExtensionDecided(Event, type="order.extension_decided.v1", topic=ORDERS):
    """Happens when an extension that this department asked for is granted or refused, or lapsed undecided."""

    assignment: str
    round: Round
    request: Round
    granted: bool
    reason: str = ""
    because: OpenEnded | None = None
    """Why it lapsed; None where somebody decided."""
    due_at: AwareDatetime | None = None
    """When the promise is due now."""


class OrderPauseDecided(Event, type="order.pause_decided.v1", topic=ORDERS):
    """Happens when a pause that this department asked for is granted or refused."""

    assignment: str
    round: Round
    request: Round
    granted: bool
    reason: str = ""
    ends_at: AwareDatetime | None = None
    """When a granted one ends by itself; None where somebody ends it."""


class OrderPauseEnded(Event, type="order.pause_ended.v1", topic=ORDERS):
    """Happens when a pause or a question to the raiser ends without an answer: go on with the work."""

    assignment: str
    round: Round
    request: Round
    because: OpenEnded
    reason: str = ""
    due_at: AwareDatetime | None = None
    """When the promise is due now."""


class OrderDueChanged(Event, type="order.due_changed.v1", topic=ORDERS):
    """Happens when the date this department works to moves: an extension, a pause that ended, a calendar or policy."""

    assignment: str
    round: Round
    clock: OpenClockName
    """The promise, or the department's own time where a calendar or policy moves that alone: that of a lead
    (``holding``), or of an opinion (``co_handler``)."""
    old_due_at: AwareDatetime
    due_at: AwareDatetime
    because: OpenRecalculation


class OrderMaterialSupplied(Event, type="order.material_supplied.v1", topic=ORDERS):
    """Happens when the raiser answers what this department, or one before it, asked: go on with the work."""

    assignment: str
    round: Round
    request: Round
    question: str
    text: str
    attachments: tuple[OpenAttachment, ...] = ()
    """The files handed in with the answer; they are at intake."""
    late: bool = False
    """Whether the question had ended by then: the clocks ran on before."""
    due_at: AwareDatetime | None = None
    """When the promise is due now."""


class OrderWithdrawn(Event, type="order.withdrawn.v1", topic=ORDERS):
    """Happens when the issue is taken back while this department holds it: stop work."""

    assignment: str


class OrderCorrected(Event, type="order.corrected.v1", topic=ORDERS):
    """Happens when the office has set a corrected version beside the reply of this department."""

    assignment: str
    round: Round
    version: Round
    text: str
    promised_on: date | None = None
    reason: str


class OrderWordsCorrected(Event, type="order.words_corrected.v1", topic=ORDERS):
    """Happens when the words of an issue that this department has are corrected; the first ones stay beside them."""

    assignment: str
    version: Round
    title: str
    text: str


class OrderReferred(Event, type="order.referred.v1", topic=ORDERS):
    """Happens when the issue is handed to another body while this department holds it: stop work."""

    assignment: str


class OrderClosed(Event, type="order.closed.v1", topic=ORDERS):
    """Happens when an issue this department answered is closed."""

    assignment: str


class OrderReminded(Event, type="order.reminded.v1", topic=ORDERS):
    """Happens when this department is warned of a date, reminded of a broken one (催办), or of a look-back (回头看)."""

    assignment: str
    round: Round
    saying: OpenSaying
    """A warning, a reminder that was issued, or a look-back that is due."""
    document: str = ""
    year: Number = 0
    number: Number = 0
    instruction: Number = 0
    """The leader's instruction whose report is late; 0: the promise is."""
    due_at: AwareDatetime | None = None
    words: str = ""
    """Of a reminder that a person issued: what it says."""


class OrderOrdered(Event, type="order.ordered.v1", topic=ORDERS):
    """Happens when a supervision order goes to this department: it is to be answered by then (督办单)."""

    assignment: str
    round: Round
    document: str
    year: Number
    number: Number
    words: str = ""
    answer_due_at: AwareDatetime | None = None


class OrderInstructed(Event, type="order.instructed.v1", topic=ORDERS):
    """Happens when a leader instructs this department (批示), or it takes an issue over with an open instruction."""

    assignment: str
    round: Round
    instruction: Round
    words: str
    due_at: AwareDatetime | None = None
    """When the report is due."""


class OrderInstructionTakenBack(Event, type="order.instruction_taken_back.v1", topic=ORDERS):
    """Happens when the leader takes an instruction back: no report is owed any more."""

    assignment: str
    instruction: Round
    reason: str


class OrderDocumentIssued(Event, type="order.document_issued.v1", topic=ORDERS):
    """Happens when this department gets a card, is called in, or is named in a circular, each signed by a person."""

    assignment: str
    round: Round
    document: str
    kind: OpenDocumentKind
    year: Number
    number: Number
    words: str = ""
    praise: bool = False


class OrderDocumentLifted(Event, type="order.document_lifted.v1", topic=ORDERS):
    """Happens when a document that this department got counts no longer."""

    assignment: str
    document: str
    kind: OpenDocumentKind
    year: Number
    number: Number


class OrderRefused(Event, type="order.refused.v1", topic=ORDERS):
    """Happens when something this department sent was refused: which message, why, what is legal now."""

    message: str
    reason: str
    detail: str = ""
    legal: tuple[str, ...] = ()
