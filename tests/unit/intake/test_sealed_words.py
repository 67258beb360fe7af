"""What somebody says stands on the topic masked and sealed, the same each time, and is opened as long as its key is."""

import asyncio
import json
from typing import Any

import pytest

from services.intake.registering import Occasion, Registering, Registration
from services.intake.sealing import Sealing, Words
from services.intake.vault import Erased, Vault
from shared.bus.gateway import Request, sealed
from shared.contract.commands.intake import RegisterIssue
from shared.contract.words import Source
from shared.domain.decisions import Refusal
from shared.domain.rights import Asker
from shared.identity.keys import VAULT, secret
from tests.contacts import SAID
from tests.keys import KEYS, REFERENCES
from tests.said import issue_of, raiser
from tests.unit.entries import EntriesInMemory
from tests.unit.reference import JURISDICTION, directory_with_a_phone

PHONE = SAID
PLAIN = Registration(title="停车难", text="厂门口没有车位")
WITH_PHONE = Registration(title="停车难", text=f"厂门口没有车位，请回电{PHONE}。")
LI, CLERK = Asker.of(raiser("li")), Asker.of("clerk:chen")


class Town:
    """Intake's gateway over a vault in memory."""

    def __init__(self) -> None:
        self.entries = EntriesInMemory()
        self.vault = Vault(self.entries, secret(KEYS, VAULT))  # type: ignore[arg-type]
        self.sealing = Sealing(self.vault)
        self.registering = Registering(JURISDICTION, REFERENCES, self.sealing, directory_with_a_phone)

    async def asked(self, body: Registration, asker: Asker = LI, key: str = "k") -> Request:
        """The request of a registration that is taken."""
        request = await self.registering.request(body, asker, key)
        assert isinstance(request, Request)
        return request


def command_of(request: Request) -> RegisterIssue:
    assert isinstance(request.command, RegisterIssue)
    return request.command


def on_topic(request: Request) -> str:
    """The record as it stands there."""
    return sealed(request, f"/{JURISDICTION}/intake").value.decode()


async def test_neither_title_nor_text_nor_the_accounts_name_stands_on_the_topic() -> None:
    request = await Town().asked(PLAIN.model_copy(update={"title": "标题在此", "text": "正文在此"}))
    raw = on_topic(request)
    assert not [word for word in ("标题", "正文", "title", "text", "entrepreneur:li") if word in raw]
    assert request.actor == raiser("li")
    assert request.subject == issue_of(JURISDICTION, "li", "k")


async def test_what_was_sealed_is_opened_again_with_the_original_beside_what_was_masked() -> None:
    town = Town()
    request = await town.asked(WITH_PHONE)
    command = command_of(request)
    assert command.masked == 1
    spoken = await town.sealing.everything(request.subject, REFERENCES.person("li"), command.words)
    assert PHONE not in spoken.words.text and len(spoken.words.text) == len(WITH_PHONE.text)
    assert spoken.original == Words(WITH_PHONE.title, WITH_PHONE.text)
    assert await town.sealing.words(request.subject, command.words.words) == spoken.words


async def test_the_number_that_an_office_publishes_as_its_own_is_not_masked() -> None:
    command = command_of(await Town().asked(PLAIN.model_copy(update={"text": "0572-2039817 无人接听"})))
    assert (command.masked, command.words.original) == (0, "")


async def test_where_nothing_was_masked_no_original_is_kept() -> None:
    command = command_of(await Town().asked(PLAIN))
    assert (command.words.original, command.masked) == ("", 0)


async def test_a_request_that_is_sent_again_is_the_same_command_and_another_body_is_another() -> None:
    town = Town()
    first, again = await town.asked(WITH_PHONE), await town.asked(WITH_PHONE)
    assert (first.id, first.digest) == (again.id, again.digest)
    assert on_topic(first) == on_topic(again)
    other = await town.asked(PLAIN)
    assert first.id == other.id and first.digest != other.digest


async def test_two_that_ask_at_once_under_one_key_ask_for_the_same_command() -> None:
    town = Town()
    one, two = await asyncio.gather(town.asked(WITH_PHONE), town.asked(WITH_PHONE))
    assert one.digest == two.digest


async def test_a_registration_costs_one_round_trip_to_the_vault() -> None:
    town = Town()
    await town.asked(PLAIN)
    assert town.entries.asked == 1


async def test_where_numbers_are_masked_the_persons_key_is_asked_for_at_the_same_time() -> None:
    """A person who is known has a key: then it is one question more, beside the other and not behind it."""
    town = Town()
    await town.vault.key_for(f"person:{REFERENCES.person('li')}")
    before, town.entries.asked = town.entries.asked, 0
    await town.asked(WITH_PHONE)
    assert (before, town.entries.asked) == (1, 2)


async def test_once_the_issues_key_is_erased_nothing_can_be_opened_nor_written_under_its_id_again() -> None:
    town = Town()
    request = await town.asked(WITH_PHONE)
    await town.vault.erase(f"issue:{request.subject}")
    with pytest.raises(Erased):
        await town.sealing.words(request.subject, command_of(request).words.words)
    with pytest.raises(Erased):
        await town.asked(WITH_PHONE)


async def test_once_the_persons_key_is_erased_the_masked_words_stay_and_the_original_is_gone() -> None:
    town = Town()
    request = await town.asked(WITH_PHONE)
    await town.vault.erase(f"person:{REFERENCES.person('li')}")
    spoken = await town.sealing.everything(
        request.subject, REFERENCES.person("li"), command_of(request).words
    )
    assert (spoken.words.title, spoken.original) == (WITH_PHONE.title, None)
    assert command_of(await town.asked(WITH_PHONE, key="later")).words.original == ""


async def test_an_issue_that_is_written_down_belongs_to_the_person_and_its_id_to_who_wrote_it() -> None:
    town, wang = Town(), REFERENCES.person("wang")
    body = WITH_PHONE.model_copy(update={"person": wang})
    request = await town.asked(body, CLERK)
    assert (request.actor, command_of(request).person) == (CLERK.actor, wang)
    assert request.subject != (await town.asked(body, Asker.of("clerk:sun"))).subject
    spoken = await town.sealing.everything(request.subject, wang, command_of(request).words)
    assert spoken.original is not None, "it is under the person's key, not the clerk's"


async def test_the_number_called_from_is_sealed() -> None:
    town = Town()
    body = Registration(
        title="停车难",
        text="厂门口没有车位",
        origin=Source.HOTLINE,
        person=REFERENCES.person("wang"),
        occasion=Occasion(called_from=PHONE),
    )
    request = await town.asked(body, CLERK)
    assert PHONE not in on_topic(request)
    spoken = await town.sealing.everything(request.subject, "", command_of(request).words)
    assert spoken.called_from == PHONE


async def test_who_raises_an_issue_for_somebody_else_as_an_entrepreneur_posts_nothing() -> None:
    body = PLAIN.model_copy(update={"person": REFERENCES.person("wang")})
    refused = await Town().registering.request(body, LI, "k")
    assert isinstance(refused, Refusal) and refused.reason == "wrong_role"


@pytest.mark.parametrize("origin", set(Source) - {Source.ONLINE})
async def test_an_entrepreneur_does_not_say_that_an_issue_came_by_an_officials_way(origin: Source) -> None:
    refused = await Town().registering.request(PLAIN.model_copy(update={"origin": origin}), LI, "k")
    assert isinstance(refused, Refusal) and refused.reason == "wrong_role"


ENTERPRISE = "91330100799655058B"


def anonymous(number: int) -> Registration:
    return Registration(
        title=f"事项{number}", text=f"第{number}件，电话{PHONE}。", enterprise=ENTERPRISE, anonymous=True
    )


async def test_an_anonymous_raisers_two_issues_have_nothing_in_common_on_the_topic() -> None:
    """Beside what they have in common with anybody's issue, however its raiser's program names its requests."""
    town = Town()
    first, second = [await town.asked(anonymous(n), LI, f"li-phone-{n}") for n in (1, 2)]
    third = await town.asked(anonymous(3), Asker.of(raiser("wang")), "wang-1")
    ours = strings(on_topic(first)) & strings(on_topic(second))
    assert ours <= strings(on_topic(third))
    for request in (first, second):
        assert ENTERPRISE not in on_topic(request) and REFERENCES.person("li") not in on_topic(request)


async def test_the_office_can_open_who_raised_an_anonymous_issue_and_for_which_enterprise() -> None:
    town = Town()
    request = await town.asked(anonymous(1))
    spoken = await town.sealing.everything(
        request.subject, command_of(request).person, command_of(request).words
    )
    assert spoken.private == {"raised_by": REFERENCES.person("li"), "enterprise": ENTERPRISE}
    assert spoken.original is not None


async def test_the_wrong_credit_code_of_an_anonymous_issue_is_refused_before_it_is_sealed() -> None:
    town = Town()
    wrong = anonymous(1).model_copy(update={"enterprise": "911100006000373410"})
    refused = await town.registering.request(wrong, LI, "k")
    assert isinstance(refused, Refusal) and refused.reason == "wrong_credit_code"
    assert not town.entries.entries


def strings(raw: str) -> set[str]:
    """Every string of a record, and every part of one between slashes."""

    def within(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set().union(*map(within, value.values()))
        return {value, *value.split("/")} if isinstance(value, str) else set()

    return within(json.loads(raw))


@pytest.mark.parametrize(("asker", "person"), [(LI, ""), (CLERK, REFERENCES.person("li"))])
async def test_what_was_asked_anonymously_and_then_not_under_one_key_names_nobody_beside_the_first(
    asker: Asker, person: str
) -> None:
    """A page keeps its key while somebody who was not answered takes the tick away."""
    town, body = Town(), PLAIN.model_copy(update={"person": person})
    first = await town.asked(body.model_copy(update={"anonymous": True}), asker)
    second = await town.asked(body, asker)
    assert first.subject != second.subject
    assert REFERENCES.person("li") not in on_topic(first)
