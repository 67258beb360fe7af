"""Whom intake tells that a reply is out, what the mail says, and what is seen of the address on the way."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.consumer import consumer
from services.intake.contacts import Contacts
from services.intake.issue.life import State
from services.intake.issue.numbers import issue_number
from services.intake.mails import CALLING, Mails
from services.intake.vault import Vault
from shared.contract.commands.notices import PrepareNotice
from shared.contract.subjects import kind_of
from shared.contract.words import MAIL, Language, Means, Occurrence, Unsent
from shared.domain.notices import Item, Notice, digest_of
from shared.domain.notices import State as NoticeState
from shared.domain.talks import begins_text
from shared.mail import Mail
from shared.notifying import ACTOR
from tests.contacts import LI
from tests.keys import REFERENCES
from tests.unit.entries import EntriesInMemory
from tests.unit.intake.given import INVITED, RATED, REGISTER, REMINDED, SUBJECT, Played
from tests.unit.intake.given import LI as REFERENCE
from tests.unit.intake.given_talks import TALK, WEDNESDAY, Intake
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION

PORTAL = "https://example.com"


def prepared(issue: Played) -> list[dict[str, Any]]:
    """What was asked for of notices, in order."""
    asked = [one.data for one in issue.commands.values() if one.type == PrepareNotice.type]
    assert all((one["way"], one["until"]) == (MAIL, None) for one in asked)
    return [{name: one[name] for name in ("issue", "number", "to", "about")} for one in asked]


def test_who_raised_it_is_told_of_each_reply_round_once() -> None:
    issue = Played().walk(State.ACCEPTED)
    record = issue.event(INVITED, after())
    issue.deliver(record, record)
    issue.take(INVITED.model_copy(update={"round": 2}), after(days=1))
    told = {"issue": SUBJECT, "number": issue_number(SUBJECT), "to": REFERENCE}
    assert prepared(issue) == [{**told, "about": Occurrence.RATING_INVITED}] * 2
    assert {kind_of(one.subject) for one in issue.commands.values()} == {"notice"}
    assert len({one.subject for one in issue.commands.values()}) == 2


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.REFERRED, State.CLOSED, State.REGISTERED])
def test_nobody_is_told_of_what_has_ended_or_was_never_taken_on(state: State) -> None:
    issue = Played().walk(state)
    before = prepared(issue)
    issue.take(INVITED, after(days=1))
    assert prepared(issue) == before


def test_of_an_anonymous_issue_nobody_is_told_by_mail() -> None:
    issue = Played()
    alone = f"entrepreneur:{REFERENCES.on_issue(SUBJECT, REFERENCE, anonymous=True)}"
    issue.ask(REGISTER.model_copy(update={"anonymous": True, "enterprise": ""}), after(), alone)
    issue.want("accept")
    issue.take(INVITED, after())
    assert issue.at == State.ANSWERED and not issue.commands


def test_of_what_is_played_as_history_nobody_is_told() -> None:
    issue = Played()
    issue.consumer = consumer(JURISDICTION, notices=False)
    issue.scope = issue.scope._replace(consumer=issue.consumer)
    kind = issue.consumer.kind(SUBJECT)
    assert kind is not None
    issue.kind = kind
    issue.walk(State.ANSWERED)
    assert not issue.commands


# ------------------------------------------------------------------ the mail


class Known:
    """One person whom intake knows."""

    def __init__(self) -> None:
        self.keys, self.looks = EntriesInMemory(), EntriesInMemory()
        self.documents: dict[str, dict[str, Any]] = {}
        vault = Vault(self.keys, bytes(32))  # type: ignore[arg-type]
        lookups = EntriesInMemory()
        self.contacts = Contacts(vault, REFERENCES, self, lookups, self.looks)  # type: ignore[arg-type]
        self.mails = Mails(self.contacts, self, PORTAL)  # type: ignore[arg-type]

    async def get(self, subject: str) -> dict[str, Any] | None:
        """As the store does."""
        return self.documents.get(subject)

    async def knows(self, mail: str = LI.mail, **more: Any) -> "Known":
        """Who raises issues here has this address."""
        key = await self.contacts.key_for(REFERENCE)
        contact = {"name": key.seal(LI.name), "phone": key.seal(LI.phone), "mail": key.seal(mail)}
        state = {"state": "registered", "reference": REFERENCE, "contact": contact, **more}
        self.documents[f"person:{REFERENCE}"] = {"state": state}
        return self

    async def write(self, item: Item | None = None) -> Mail | Unsent:
        """The mail of one notice; of a reply where nothing else is said."""
        about = Occurrence.RATING_INVITED
        item = item or Item(issue=SUBJECT, number=issue_number(SUBJECT), about=about)
        notice = Notice(state=NoticeState.SENDING, to=REFERENCE, way=MAIL, items=(item,), until=after())
        return await self.mails.write("abc", notice)


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.mark.parametrize(
    ("language", "says"), [(Language.CHINESE, "已有答复"), (Language.ENGLISH, "There is a reply")]
)
async def test_the_mail_says_the_number_what_happened_and_where_in_the_persons_language(
    known: Known, language: Language, says: str
) -> None:
    mail = await (await known.knows(language=language)).write()
    assert isinstance(mail, Mail)
    assert (mail.id, mail.to) == ("abc", LI.mail)
    for part in (says, issue_number(SUBJECT)):
        assert part in mail.subject and part in mail.text
    assert f"{PORTAL}/issues/{SUBJECT}" in mail.text
    assert LI.name not in mail.text and LI.phone not in mail.text


async def test_without_the_portals_address_there_is_no_link(known: Known) -> None:
    known.mails = Mails(known.contacts, known, "")  # type: ignore[arg-type]
    mail = await (await known.knows()).write()
    assert isinstance(mail, Mail) and "http" not in mail.text and "\n\n\n" not in mail.text


async def test_a_look_at_the_address_is_written_down_as_everybodys_is(known: Known) -> None:
    await (await known.knows()).write()
    (look,) = await known.contacts.looks_at(REFERENCE)
    assert look.who == ACTOR and SUBJECT not in look.why


async def test_who_gave_no_address_gets_no_mail(known: Known) -> None:
    assert await known.write() is Unsent.NO_ADDRESS
    assert await (await known.knows(mail="")).write() is Unsent.NO_ADDRESS


async def test_who_wants_to_be_told_otherwise_gets_no_mail_and_nobody_looks(known: Known) -> None:
    await known.knows(channels=[Means.PHONE])
    assert await known.write() is Unsent.UNWANTED
    assert not known.looks.entries
    await known.knows(channels=[Means.SMS, Means.MAIL])
    assert isinstance(await known.write(), Mail)


async def test_who_was_erased_gets_no_mail(known: Known) -> None:
    await (await known.knows()).contacts.erase(REFERENCE)
    assert await known.write() is Unsent.ERASED


# ------------------------------------------------------- a rating round


def gathered(issue: Played) -> list[tuple[str, dict[str, Any]]]:
    """What was asked for of reminders: in which notice, and what it says."""
    asked = [one for one in issue.commands.values() if one.data.get("about") == Occurrence.RATING_REMINDED]
    return [(one.subject, one.data) for one in asked]


def test_a_rating_round_gathers_what_one_person_is_reminded_of_until_it_goes_out() -> None:
    issue = Played().walk(State.ANSWERED)
    record = issue.event(REMINDED, after())
    issue.deliver(record, record)
    ((subject, asked),) = gathered(issue)
    assert subject == digest_of(REFERENCE, MAIL, REMINDED.tell_at)
    assert asked["opens_at"] == REMINDED.model_dump(mode="json")["tell_at"] and asked["to"] == REFERENCE
    notice = OneAggregate(consumer(JURISDICTION), subject)
    for number in ("one", "two"):
        prepare = PrepareNotice.model_validate({**asked, "issue": number, "number": number})
        notice.ask(prepare, after(), "system:fan-out")
    assert (notice.state.state, len(notice.state.items)) == (NoticeState.WAITING, 2)
    notice.fire(REMINDED.tell_at)
    assert notice.state.state == NoticeState.PREPARED


def test_nobody_is_reminded_of_what_was_rated_or_of_an_anonymous_issue() -> None:
    issue = Played().walk(State.ANSWERED)
    issue.take(RATED, after())
    issue.take(REMINDED, after())
    assert not gathered(issue)
    nameless = Played()
    alone = f"entrepreneur:{REFERENCES.on_issue(SUBJECT, REFERENCE, anonymous=True)}"
    nameless.ask(REGISTER.model_copy(update={"anonymous": True, "enterprise": ""}), after(), alone)
    nameless.want("accept")
    nameless.take(INVITED, after())
    nameless.take(REMINDED, after())
    assert not nameless.commands


@pytest.mark.parametrize("about", CALLING)
async def test_nobody_is_asked_to_a_talk_that_was_called_off_or_moved_again_since(
    known: Known, about: Occurrence
) -> None:
    intake = Intake()
    intake.announced()
    called = Item(issue=TALK, number=begins_text(WEDNESDAY), about=about)
    cancelled = called.model_copy(update={"about": Occurrence.TALK_CANCELLED})
    for became, so in (
        ({}, True),
        ({"state": "open"}, True),
        ({"starts_at": WEDNESDAY + timedelta(days=7)}, False),
        ({"state": "cancelled"}, False),
    ):
        known.documents[TALK] = {"state": intake.one(TALK).state.model_dump() | became}
        assert await known.mails.is_still_so(called) is so, became
        assert await known.mails.is_still_so(cancelled), "that it is called off is said in any case"


async def test_the_reminder_lists_all_of_which_it_tells_and_of_what_was_rated_meanwhile_there_is_nothing_to_tell(
    known: Known,
) -> None:
    await known.knows()
    items = tuple(
        Item(issue=id, number=f"HZ-{id}", about=Occurrence.RATING_REMINDED) for id in ("a", "b", "c")
    )
    for id, round in (("a", 1), ("b", 0), ("c", 2)):
        known.documents[id] = {"state": {"unrated": round} if round else {}}
    so = [await known.mails.is_still_so(item) for item in items]
    assert so == [True, False, True]
    invited = Item(issue="b", number="HZ-b", about=Occurrence.RATING_INVITED)
    assert await known.mails.is_still_so(invited), "of a reply that is out somebody is always told"
    notice = Notice(
        state=NoticeState.SENDING, to=REFERENCE, way=MAIL, items=(items[0], items[2]), until=after()
    )
    mail = await known.mails.write("abc", notice)
    assert isinstance(mail, Mail)
    for id in ("a", "c"):
        assert f"HZ-{id}" in mail.text and f"{PORTAL}/issues/{id}" in mail.text
