"""Who reads the words of an issue: before acceptance the office, the clerk and its raiser; nobody else learns more."""

from typing import Any

import pytest

from services.intake.consumer import ISSUE
from services.intake.issue.life import Issue, Sealed, State
from services.intake.reading import Reading
from services.intake.registering import Registration
from shared.contract.words import Role
from shared.identity.raisers import Raisers
from shared.web import readable_fields
from tests.keys import REFERENCES, caller
from tests.unit.intake.test_sealed_words import ENTERPRISE, PHONE, Town, command_of
from tests.unit.one_aggregate import after

NAMED = Registration(title="停车难", text=f"请回电{PHONE}。", enterprise=ENTERPRISE)
ANONYMOUS = NAMED.model_copy(update={"anonymous": True})
LI, STRANGER = "entrepreneur:li", "entrepreneur:wang"


class Nowhere:
    async def get(self, id: str) -> None:
        """The document is read already."""


async def shown(
    actor: str, body: Registration = NAMED, state: State = State.REGISTERED, *, erased: bool = False
) -> dict[str, Any]:
    """What this reader sees of an issue that li raised, as the route shows it."""
    town = Town()
    request = await town.asked(body)
    command = command_of(request)
    issue = Issue(
        state=state,
        kind=command.kind,
        origin=command.origin,
        words=Sealed(**command.words.model_dump()),
        enterprise=command.enterprise,
        anonymous=command.anonymous,
        person=request.actor.partition(":")[2],
        recorded_by="he",
        registered_at=after(),
        due_at=after(days=10),
    ).model_dump(mode="json", exclude_defaults=True)
    if erased:
        await town.vault.erase(f"issue:{request.subject}")
    document = {"_id": request.subject, "state": issue}
    reader = Raisers(REFERENCES, Nowhere()).known(request.subject, caller(actor), document)
    opened = await Reading(town.sealing).opened(request.subject, issue)
    return readable_fields(ISSUE, {**document, "state": opened}, reader)


@pytest.mark.parametrize("actor", [LI, "office:chen", "clerk:zhao", "liaison:he"])
@pytest.mark.parametrize("body", [NAMED, ANONYMOUS], ids=["named", "anonymous"])
async def test_its_raiser_the_office_a_clerk_and_who_wrote_it_down_read_an_issue_that_nobody_accepted_yet(
    actor: str, body: Registration
) -> None:
    found = await shown(actor, body)
    assert found["title"] == NAMED.title
    assert PHONE not in found["text"]
    assert "words" not in found


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OFFICE, Role.CLERK}))
async def test_nobody_else_reads_it_before(role: Role) -> None:
    actor = STRANGER if role is Role.ENTREPRENEUR else f"{role.value}:wang"
    before = await shown(actor)
    assert not {"title", "text", "words", "original", "called_from"} & set(before)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.LEADER, Role.CPPCC, Role.DISCIPLINE, Role.CLERK])
async def test_once_it_is_accepted_whoever_may_read_it_reads_the_masked_words(role: Role) -> None:
    later = await shown(f"{role.value}:wang", state=State.ACCEPTED)
    assert later["title"] == NAMED.title
    assert PHONE not in str(later)


@pytest.mark.parametrize(
    ("actor", "may"),
    [(LI, True), ("office:chen", True), ("clerk:zhao", False), ("leader:wu", False), (STRANGER, False)],
)
async def test_only_its_raiser_and_the_office_read_what_was_masked_and_who_is_anonymous(
    actor: str, may: bool
) -> None:
    found = await shown(actor, ANONYMOUS, State.ACCEPTED)
    if may:
        assert found["original"] == {"title": NAMED.title, "text": NAMED.text}
        assert (found["raised_by"], found["enterprise"]) == (REFERENCES.person("li"), ENTERPRISE)
    else:
        assert not {"original", "raised_by", "enterprise", "person"} & set(found)


async def test_of_an_issue_whose_key_was_erased_everything_is_shown_but_its_words() -> None:
    found = await shown("office:chen", erased=True)
    assert found["erased"] is True
    assert not {"title", "text", "words", "original"} & set(found)
    assert (found["state"], found["enterprise"]) == ("registered", ENTERPRISE)
