"""What happened, told in one plain sentence: an event of the timeline, with who did it, as far as its reader may know.

An event that this reader does not see, or that says nothing to a person, has no sentence. A type that this version does
not know is told by its name to officials.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.portal.languages import N_
from services.portal.queries.issues import Entry
from services.portal.sight import Sight
from services.portal.times import Times
from services.portal.words import phrase
from shared.contract.words import MAIL, CoHandlingEnd, DocumentEnd, Ended, Finding, LiftCause, Listed
from shared.domain.documents import number_text


class Sentence(NamedTuple):
    """One line of the history. ``tone``: ``key`` for what moved the issue on, ``bad`` for what was late."""

    at: int
    words: str
    tone: str = ""
    detail: str = ""


class Teller:
    """Tells the events of one issue to one reader."""

    def __init__(
        self,
        say: Callable[[str], str],
        times: Times,
        sight: Sight,
        departments: Mapping[str, str],
        officials: Mapping[str, str],
    ) -> None:
        self._say, self._times, self._sight = say, times, sight
        self._departments, self._officials = departments, officials

    def sentence(self, entry: Entry) -> Sentence | None:
        """One event; None where there is nothing to tell this reader."""
        row = TABLE.get(entry.type)
        if row is None:
            return Sentence(entry.at, entry.type) if self._sight.handling else None
        if row.inside and not self._sight.handling:
            return None
        if row.clock and str(entry.data.get("clock")) not in _SHOWN_CLOCKS and not self._sight.handling:
            return None
        form = row.form(entry.data) if callable(row.form) else row.form
        return Sentence(entry.at, self._say(form) % _Words(self, entry), row.tone, self._detail(row, entry))

    def _detail(self, row: "_Row", entry: Entry) -> str:
        value = str(entry.data.get(row.detail) or "")
        return phrase_of(self._say, row.detail, value) if row.detail else ""

    def word(self, name: str, entry: Entry) -> str:
        """What stands for ``%(name)s`` in a sentence."""
        data = entry.data
        match name:
            case "who":
                return self._who(entry.who)
            case "department" | "previous_department":
                return self._departments.get(str(data.get(name)), str(data.get(name)))
            case "document":
                return self._document(data)
            case "due" | "until" | "old" | "ends":
                columns = {"due": "due_at", "until": "open_until", "old": "old_due_at", "ends": "ends_at"}
                return self._instant(data.get(columns[name]))
            case "ground" if "request" in data:
                return phrase_of(self._say, "pause", str(data.get("ground")))
            case "why":
                return phrase_of(self._say, "recalculated", str(data.get("because")))
            case "date":
                return self._date(data)
            case "next":
                return self._date({"on": data.get("next_on")})
            case "closed":
                return self._say(phrase("closed", data.get("reason")))
            case "handler" | "to":
                return self._officials.get(str(data.get(name)), str(data.get(name)))
        return phrase_of(self._say, name, str(data.get(name, "")))

    def _document(self, data: Mapping[str, Any]) -> str:
        kind, year, number = str(data.get("kind")), data.get("year"), data.get("number")
        if data.get("praise"):
            return self._say(N_("Circular of praise"))
        written = number_text(kind, int(year or 0), int(number or 0))
        return f"{phrase_of(self._say, 'document', kind)} {written}"

    def _who(self, account: str) -> str:
        if not account or not self._sight.handling:
            return ""
        return self._officials.get(account, account)

    def _instant(self, text: object) -> str:
        return self._times.moment(datetime.fromisoformat(str(text))) if text else ""

    def _date(self, data: Mapping[str, Any]) -> str:
        on = data.get("promised_on") or data.get("on") or data.get("until")
        return self._times.day(datetime.fromisoformat(str(on)).date()) if on else ""


class _Words(dict[str, str]):
    """Gives a sentence the words that it asks for."""

    def __init__(self, teller: Teller, entry: Entry) -> None:
        super().__init__()
        self._teller, self._entry = teller, entry

    def __missing__(self, name: str) -> str:
        return self._teller.word(name, self._entry)


def phrase_of(say: Callable[[str], str], name: str, value: str) -> str:
    """A value of a closed list in its words; any other text as it is."""
    return say(phrase(name, value)) if name in _LISTS and value else value


_LISTS = (
    *("outcome", "satisfaction", "solved", "clock", "ground", "body", "step"),
    *("document", "pause", "recalculated", "meeting"),
)
_SHOWN_CLOCKS = ("promise",)
"""The clock a raiser was told of."""


class _Row(NamedTuple):
    form: str | Callable[[Mapping[str, Any]], str]
    tone: str = ""
    detail: str = ""
    inside: bool = False
    """For officials alone."""
    clock: bool = False


def _withdrawn(data: Mapping[str, Any]) -> str:
    return N_("The office took it back for the raiser") if data.get("by") else N_("The raiser took it back")


def _recalculated(data: Mapping[str, Any]) -> str:
    if data.get("due_at") == data.get("old_due_at"):
        return N_("Certain now: %(clock)s, due %(due)s, because %(why)s")
    return N_("Moved: %(clock)s, from %(old)s to %(due)s, because %(why)s")


def _registered(data: Mapping[str, Any]) -> str:
    return N_("An official wrote it down for the raiser") if data.get("recorded_by") else N_("Raised")


def _chosen(data: Mapping[str, Any]) -> str:
    if data.get("chosen_by") == "rule":
        return N_("Given to %(department)s, by a routing rule")
    return N_("Given to %(department)s")


def _ruled(data: Mapping[str, Any]) -> str:
    return N_("The return was upheld") if data.get("upheld") else N_("The return was not upheld")


def _heard(data: Mapping[str, Any]) -> str:
    return N_("%(department)s agrees") if data.get("agrees") else N_("%(department)s objects")


def _unheard(data: Mapping[str, Any]) -> str:
    forms: Mapping[str, str] = {
        CoHandlingEnd.LEADS: N_("%(department)s leads it now: its opinion is wanted no more"),
        CoHandlingEnd.MERGED: N_("%(department)s was merged: its opinion is wanted no more"),
        CoHandlingEnd.REPLIED: N_("The reply went out without the opinion of %(department)s"),
    }
    return forms.get(str(data.get("because")), N_("The opinion of %(department)s is wanted no more"))


def _paused(data: Mapping[str, Any]) -> str:
    return (
        N_("Paused: %(ground)s. It goes on by itself at the latest on %(ends)s")
        if data.get("ends_at")
        else N_("Paused: %(ground)s")
    )


def _supplied(data: Mapping[str, Any]) -> str:
    return (
        N_("An official wrote down what the raiser answered") if data.get("by") else N_("The raiser answered")
    )


def _goes_on(data: Mapping[str, Any]) -> str:
    if not data.get("granted", True):
        if data.get("because") == Ended.ANSWERED:
            return N_("The question is answered: the department goes on")
        if data.get("because") == Ended.TIME_OVER:
            return N_("Nobody answered in time: the department goes on with what there is")
        if data.get("because") == Ended.PERSON:
            return N_("The question is not needed any more")
        return N_("The pause that was asked for is not needed any more")
    if data.get("because") == Ended.TIME_OVER:
        return N_("The pause ran out: the days count again")
    return N_("The pause is over: the days count again")


def _lapsed(data: Mapping[str, Any]) -> str:
    if data.get("because") == Ended.BREACHED:
        return N_("Nobody decided on more time before it was due")
    return N_("The request for more time is not needed any more")


def _lifted(data: Mapping[str, Any]) -> str:
    if data.get("because") == LiftCause.PERSON:
        return N_("Lifted off the ladder by %(who)s")
    return N_("Back to step %(to)s of the ladder") if data.get("to") else N_("Off the ladder")


def _listed(data: Mapping[str, Any]) -> str:
    if data.get("because") == Listed.SAMPLE:
        return N_("Chosen for a look-back")
    return N_("On the list of what is looked at again")


def _found(data: Mapping[str, Any]) -> str:
    if data.get("finding") == Finding.BROKEN:
        return N_("Looked at: what was promised was not done")
    return N_("Looked at: what was promised was done")


def _issued(data: Mapping[str, Any]) -> str:
    return N_("%(who)s issued: %(document)s") if data.get("by") else N_("Issued: %(document)s")


def _answered(data: Mapping[str, Any]) -> str:
    if data.get("because") == DocumentEnd.WORDS:
        return N_("%(who)s answered the supervision order")
    return N_("The reply answered the supervision order")


def _noticed(data: Mapping[str, Any]) -> str:
    if data.get("way", MAIL) == MAIL:
        return N_("A mail about it went to %(to)s")
    return N_("%(to)s was told of it by %(way)s")


def _not_noticed(data: Mapping[str, Any]) -> str:
    if data.get("way", MAIL) == MAIL:
        return N_("No mail could be sent to %(to)s")
    return N_("%(to)s could not be told of it by %(way)s")


TABLE: Mapping[str, _Row] = {
    "issue.registered.v1": _Row(_registered, "key"),
    "promise.started.v1": _Row(N_("A reply was promised by %(due)s")),
    "promise.expected.v1": _Row(N_("A reply is expected by %(due)s, once the talk is held")),
    "issue.accepted.v1": _Row(N_("Accepted"), "key"),
    "words.corrected.v1": _Row(N_("The words were corrected")),
    "words.confirmed.v1": _Row(N_("The raiser confirmed the words")),
    "issue.rejected.v1": _Row(N_("Not accepted: %(ground)s"), "key", "explanation"),
    "issue.appealed.v1": _Row(N_("The raiser appealed"), "key"),
    "appeal.upheld.v1": _Row(N_("The appeal was upheld"), "key", "reason"),
    "appeal.dismissed.v1": _Row(N_("The appeal was dismissed"), "key", "reason"),
    "issue.referred.v1": _Row(N_("Referred: %(body)s"), "key", "reason"),
    "issue.disclosed.v1": _Row(N_("The reply is public, without names"), "key", "reply"),
    "issue.restored.v1": _Row(N_("The reply is public no more"), "key", "reason"),
    "referral.receipted.v1": _Row(N_("The other body gave its receipt")),
    "issue.withdrawn.v1": _Row(_withdrawn, "key", "reason"),
    "issue.assigned.v1": _Row(_chosen, "key"),
    "issue.claimed.v1": _Row(N_("%(department)s claimed it in the talk's room"), "key"),
    "issue.answered_on_the_spot.v1": _Row(N_("%(department)s answered it in the talk's room"), "key"),
    "assignment.signed.v1": _Row(N_("%(department)s signed for it"), "key"),
    "assignment.returned.v1": _Row(N_("%(department)s gave it back"), "", "reason"),
    "assignment.ruled.v1": _Row(_ruled, "", "reason", inside=True),
    "assignment.recalled.v1": _Row(N_("Taken back from %(department)s"), "", "reason"),
    "assignment.transferred.v1": _Row(N_("Went from %(previous_department)s to %(department)s"), "key"),
    "handler.named.v1": _Row(N_("%(department)s: %(handler)s handles it"), inside=True),
    "assignment.co_handler_added.v1": _Row(
        N_("%(department)s is asked for its opinion by %(due)s"), "", "wanted", inside=True
    ),
    "assignment.co_handler_heard.v1": _Row(_heard, "key", inside=True),
    "assignment.co_handler_released.v1": _Row(_unheard, "", "reason", inside=True),
    "extension.asked.v1": _Row(N_("%(department)s asks for time until %(date)s"), "", "reason", inside=True),
    "extension.granted.v1": _Row(N_("%(department)s was granted more time"), "key"),
    "extension.refused.v1": _Row(N_("%(department)s gets no more time"), "", "reason", inside=True),
    "extension.ended.v1": _Row(_lapsed, inside=True),
    "pause.asked.v1": _Row(N_("%(department)s asks for a pause: %(ground)s"), "", "reason", inside=True),
    "assignment.enterprise_asked.v1": _Row(
        N_("%(department)s asks the raiser, who may answer until %(ends)s"), "key", "words"
    ),
    "issue.material_asked.v1": _Row(
        N_("The office asks the raiser, who may answer until %(ends)s"), "key", "words"
    ),
    "issue.material_received.v1": _Row(_supplied, "key"),
    "issue.material_lapsed.v1": _Row(N_("Nothing was supplied in time: the office decides on what there is")),
    "issue.material_supplied.v1": _Row(_supplied, "key", "text"),
    "pause.granted.v1": _Row(_paused, "key", "basis"),
    "pause.refused.v1": _Row(N_("%(department)s gets no pause"), "", "reason", inside=True),
    "pause.ended.v1": _Row(_goes_on, "", "reason"),
    "reply.drafted.v1": _Row(N_("%(department)s wrote a draft"), inside=True),
    "reply.signed_off.v1": _Row(N_("%(department)s signed the draft off"), inside=True),
    "reply.checked.v1": _Row(N_("The office checked the draft"), inside=True),
    "reply.sent_back.v1": _Row(N_("The draft was sent back"), "", "reason", inside=True),
    "reply.released.v1": _Row(N_("%(department)s answered: %(outcome)s"), "key"),
    "reply.corrected.v1": _Row(N_("The reply was corrected"), "", "reason"),
    "rating.invited.v1": _Row(N_("The raiser may rate until %(until)s")),
    "reply.rated.v1": _Row(N_("Rated: %(satisfaction)s. Solved? %(solved)s"), "key", "reason"),
    "rating.reminded.v1": _Row(N_("The raiser is reminded that a rating is open")),
    "rating.lapsed.v1": _Row(N_("Nobody rated in time: it counts as not rated")),
    "rework.asked.v1": _Row(N_("Another round was asked for")),
    "rework.decided.v1": _Row(N_("Another round begins"), "key", "reason"),
    "rework.refused.v1": _Row(N_("There will be no other round"), "key", "reason"),
    "issue.tracked.v1": _Row(N_("Kept in view until what was promised is done")),
    "issue.closed.v1": _Row(N_("Closed %(closed)s"), "key", "words"),
    "notice.sent.v1": _Row(N_("A mail about it went to the raiser")),
    "notice.given_up.v1": _Row(N_("No mail could be sent to the raiser")),
    "notice.staff_sent.v1": _Row(_noticed, inside=True),
    "notice.staff_given_up.v1": _Row(_not_noticed, inside=True),
    "clock.recalculated.v1": _Row(_recalculated, "key", clock=True),
    "clock.warned.v1": _Row(N_("Warning: %(clock)s, due %(due)s"), clock=True),
    "clock.breached.v1": _Row(N_("Overdue: %(clock)s, due %(due)s"), "bad", clock=True),
    "clock.breach_annulled.v1": _Row(N_("Was in time after all: %(clock)s"), clock=True),
    "clock.started.v1": _Row(N_("Runs: %(clock)s, until %(due)s"), inside=True, clock=True),
    "clock.stopped.v1": _Row(N_("Stopped: %(clock)s"), inside=True, clock=True),
    "tracking.opened.v1": _Row(_listed, inside=True),
    "tracking.reviewed.v1": _Row(N_("Looked at: not done yet; the next look is on %(next)s"), "key", "words"),
    "look_back.done.v1": _Row(_found, "key", "words"),
    "explanation.given.v1": _Row(N_("%(department)s explained why it is late"), "", "words", inside=True),
    "ladder.raised.v1": _Row(N_("On the ladder: %(step)s"), "bad", inside=True),
    "ladder.ended.v1": _Row(N_("Climbs the ladder no further"), inside=True),
    "ladder.lifted.v1": _Row(_lifted, "key", "reason", inside=True),
    "document.drafted.v1": _Row(N_("Drafted, to be signed: %(document)s"), inside=True),
    "document.issued.v1": _Row(_issued, "bad", "words", inside=True),
    "document.answered.v1": _Row(_answered, "key", "words", inside=True),
    "document.voided.v1": _Row(N_("Void: %(document)s"), "", "reason", inside=True),
    "document.lift_drafted.v1": _Row(
        N_("What was signed has no ground any more: it is to be lifted"), inside=True
    ),
    "document.lifted.v1": _Row(N_("A document was lifted"), "", "reason", inside=True),
    "instruction.given.v1": _Row(
        N_("%(who)s instructed %(department)s, to report by %(due)s"), "key", "words", inside=True
    ),
    "typical_case.chosen.v1": _Row(N_("Chosen as a typical case"), "key", "words", inside=True),
    "meeting.decided.v1": _Row(N_("%(meeting)s decided on it"), "key", "words", inside=True),
    "instruction.reported.v1": _Row(
        N_("%(department)s reported on instruction %(instruction)s"), "key", "words", inside=True
    ),
    "instruction.taken_back.v1": _Row(
        N_("%(who)s took instruction %(instruction)s back"), "", "reason", inside=True
    ),
}
"""Every type of event about an issue, and of notices that name one; a test compares it with the contract."""
