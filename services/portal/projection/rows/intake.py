"""What intake's events make of the rows: registration, promise, words, how an issue begins and ends there; people."""

from collections.abc import Iterator

from services.portal.projection.rows.changes import Happened, Rows, Unreadable
from services.portal.projection.rows.instants import month_of
from shared.contract.words import Source


def registered(rows: Rows, event: Happened) -> None:
    """An issue exists, without its words."""
    rows.set(
        "issue",
        (event.subject,),
        number=event.text("number"),
        jurisdiction=event.jurisdiction,
        kind=event.text("kind", "problem"),
        origin=event.text("origin", "online_column"),
        phase=event.text_or_none("phase"),
        occasion=event.json("occasion"),
        talk=_talk(event),
        urgent=event.truth("urgent"),
        anonymous=event.truth("anonymous"),
        person=event.text("person"),
        recorded_by=event.text("recorded_by"),
        enterprise=event.text("enterprise"),
        attachments=event.json("attachments") or "[]",
        registered_at=event.at,
        month=month_of(event.at),
        intake_state="registered",
        intake_moved_at=event.at,
        intake_moved_seq=event.place,
    )
    rows.spoken.add(event.subject)  # a reply may have been read before


def promised(rows: Rows, event: Happened) -> None:
    """The date that the raiser was told."""
    rows.set(
        "issue",
        (event.subject,),
        promised_at=event.instant("due_at"),
        promise_limit=event.text("limit"),
        provisional=event.text_or_none("provisional_because"),
        policy=event.text("policy"),
        calendar=event.text("calendar"),
    )


def expected(rows: Rows, event: Happened) -> None:
    """The date that is to be expected if the talk it was raised for is held as planned."""
    rows.set(
        "issue",
        (event.subject,),
        expected_at=event.instant("due_at"),
        expected_because=event.text("provisional_because"),
        talk_ends_at=event.instant("talk_ends_at"),
    )


def accepted(rows: Rows, event: Happened) -> None:
    """Taken on, with its words."""
    _move(rows, event, "accepted")
    rows.set(
        "issue",
        (event.subject,),
        accepted_at=event.at,
        accepted_by=event.text("by"),
        title=event.text("title"),
        text=event.text("text"),
    )
    rows.spoken.add(event.subject)
    for one in _listed(event, "supplied"):
        rows.set("material", (event.subject, one.number("request")), text=one.text("text"))
    corrected = event.data.get("corrected")
    if corrected is not None:
        if type(corrected) is not dict:
            raise Unreadable("corrected is no object")
        words = event._replace(data=corrected)
        rows.set(
            "issue",
            (event.subject,),
            corrected_version=words.number("version"),
            corrected_title=words.text("title"),
            corrected_text=words.text("text"),
        )


def words_corrected(rows: Rows, event: Happened) -> None:
    """Other words beside the first; until the issue is taken on they stand on no topic."""
    key = (event.subject,)
    rows.set("issue", key, corrected_version=event.number("version"), corrected_at=event.at)
    if event.text("text"):
        rows.set("issue", key, corrected_title=event.text("title"), corrected_text=event.text("text"))
        rows.spoken.add(event.subject)


def words_confirmed(rows: Rows, event: Happened) -> None:
    """The person says that these are their words."""
    rows.set("issue", (event.subject,), confirmed_version=event.number("version"), confirmed_at=event.at)


def rejected(rows: Rows, event: Happened) -> None:
    """Not taken on, on one of the four grounds."""
    _move(rows, event, "rejected")
    rows.set(
        "issue",
        (event.subject,),
        rejected_at=event.at,
        rejected_by=event.text("by"),
        ground=event.text("ground"),
        explanation=event.text("explanation"),
        appeal_until=event.instant_or_none("appeal_until"),
    )


def appealed(rows: Rows, event: Happened) -> None:
    """The rejection is looked at again, and the promise runs on."""
    _move(rows, event, "appealed")
    rows.set("issue", (event.subject,), appealed_at=event.at, appeal_due_at=event.instant("due_at"))


def upheld(rows: Rows, event: Happened) -> None:
    """Open again, as if it had just been registered."""
    _move(rows, event, "registered")
    _appeal_decided(rows, event, 1)


def dismissed(rows: Rows, event: Happened) -> None:
    """The rejection stands."""
    _move(rows, event, "rejected")
    _appeal_decided(rows, event, 0)


def referred(rows: Rows, event: Happened) -> None:
    """Another body's matter."""
    _move(rows, event, "referred")
    rows.set(
        "issue",
        (event.subject,),
        referred_at=event.at,
        referred_by=event.text("by"),
        body=event.text("body"),
        addressee=event.text("addressee"),
        referral_reason=event.text("reason"),
    )


def receipted(rows: Rows, event: Happened) -> None:
    """That body's receipt; of several the last one counts."""
    rows.set("issue", (event.subject,), receipt_number=event.text("number"), receipt_on=event.text("on"))


def withdrawn(rows: Rows, event: Happened) -> None:
    """Taken back."""
    _move(rows, event, "withdrawn")
    rows.set(
        "issue",
        (event.subject,),
        withdrawn_at=event.at,
        withdrawn_by=event.text("by"),
        withdrawal_reason=event.text("reason"),
        withdrawal_confirmed_by=event.text_or_none("confirmed_by"),
        withdrawal_confirmed_at=event.instant_or_none("confirmed_at"),
    )


def material_asked(rows: Rows, event: Happened) -> None:
    """The office asks the raiser before it takes the issue on."""
    _move(rows, event, "awaiting_material")
    request, ends_at = event.number("request"), event.instant("ends_at")
    rows.set("issue", (event.subject,), material=request, material_ends_at=ends_at)
    key = (event.subject, request)
    rows.set("material", key, words=event.text("words"), asked_at=event.at, ends_at=ends_at)


def material_received(rows: Rows, event: Happened) -> None:
    """The raiser answered the office; the words come with the acceptance."""
    _move(rows, event, "registered")
    key, files = (event.subject, event.number("request")), event.json("attachments") or "[]"
    rows.set("material", key, attachments=files, at=event.at, by=event.text("by"))


def material_lapsed(rows: Rows, event: Happened) -> None:
    """Nobody answered in time."""
    _move(rows, event, "registered")
    rows.set("material", (event.subject, event.number("request")), ended_at=event.at)


def _listed(event: Happened, name: str) -> Iterator[Happened]:
    """The objects of a list in an event's data, each as if it were the data."""
    for one in event.data.get(name) or ():
        if type(one) is not dict:
            raise Unreadable(f"{name} is no list of objects")
        yield event._replace(data=one)


def disclosed(rows: Rows, event: Happened) -> None:
    """Everybody may read the reply, in these words."""
    round = event.number("round")
    rows.set("issue", (event.subject,), disclosed=round)
    rows.set(
        "disclosure",
        (event.subject,),
        round=round,
        title=event.text("title"),
        text=event.text("text"),
        reply=event.text("reply"),
        disclosed_at=event.at,
        disclosed_by=event.text("by"),
        restored_at=None,
        restored_by=None,
        restored_because=None,
    )


def restored(rows: Rows, event: Happened) -> None:
    """Nobody reads it without a sign-in any more."""
    rows.set("issue", (event.subject,), disclosed=None)
    rows.set(
        "disclosure",
        (event.subject,),
        restored_at=event.at,
        restored_by=event.text("by"),
        restored_because=event.text("reason"),
    )


def supplied(rows: Rows, event: Happened) -> None:
    """The raiser answered what a department asked."""
    rows.set("issue", (event.subject,), supplied=event.number("request"), intake_moved_at=event.at)
    rows.set(
        "answer",
        (event.subject, event.number("request")),
        department=event.text("department"),
        text=event.text("text"),
        attachments=event.json("attachments") or "[]",
        at=event.at,
        by=event.text("by"),
    )


def person_registered(rows: Rows, event: Happened) -> None:
    """A person is known for the first time."""
    _person(rows, event)
    rows.set("person", (event.id,), jurisdiction=event.jurisdiction, registered_at=event.at)


def person_changed(rows: Rows, event: Happened) -> None:
    """Something of a person changed, perhaps their contact alone."""
    _person(rows, event)


def person_erased(rows: Rows, event: Happened) -> None:
    """Nobody can read their contact any more."""
    rows.set("person", (event.id,), changed_at=event.at, erased_at=event.at)


def enterprise_registered(rows: Rows, event: Happened) -> None:
    """An enterprise is known for the first time."""
    rows.set("enterprise", (event.id,), jurisdiction=event.jurisdiction, registered_at=event.at)
    enterprise_changed(rows, event)


def enterprise_changed(rows: Rows, event: Happened) -> None:
    """All that is known of it now."""
    rows.set(
        "enterprise",
        (event.id,),
        name=event.text("name"),
        trade=event.text("trade"),
        size=event.text_or_none("size"),
        district=event.text("district"),
        contacts=event.json("contacts") or "[]",
        revision=event.number("revision"),
        changed_at=event.at,
        changed_by=event.text("by"),
    )


def _talk(event: Happened) -> str | None:
    occasion = event.data.get("occasion")
    if event.data.get("origin") != Source.TALK or type(occasion) is not dict:
        return None
    return event._replace(data=occasion).text("id") or None


def _move(rows: Rows, event: Happened, state: str) -> None:
    rows.set(
        "issue",
        (event.subject,),
        intake_state=state,
        intake_moved_at=event.at,
        intake_moved_seq=event.place,
    )


def _appeal_decided(rows: Rows, event: Happened, upheld: int) -> None:
    rows.set(
        "issue",
        (event.subject,),
        appeal_decided_at=event.at,
        appeal_decided_by=event.text("by"),
        appeal_reason=event.text("reason"),
        appeal_upheld=upheld,
    )


def _person(rows: Rows, event: Happened) -> None:
    rows.set(
        "person",
        (event.id,),
        enterprise=event.text("enterprise"),
        language=event.text("language", "zh"),
        recorded_by=event.text("recorded_by"),
        changed_at=event.at,
    )
