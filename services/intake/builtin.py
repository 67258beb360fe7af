"""Whom intake knows from the first start where people are invented: an entrepreneur, and for whom they speak."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.intake.contacts import Contact, Contacts
from services.intake.vault import Erased
from shared.bus.gateway import Request
from shared.contract.commands.people import Described, RecordEnterprise
from shared.contract.subjects import subject_of
from shared.contract.words import Role
from shared.domain.rights import Asker
from shared.identity.references import References
from shared.service import BUILTIN, SYSTEM
from shared.store import Aggregates


class InventedEntrepreneur(BaseModel):
    """Somebody who is nobody: the account by which they sign in, their contact, and the enterprise they speak for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    account: str
    contact: Contact
    described: Described
    enterprise: RecordEnterprise


def invented() -> Sequence[InventedEntrepreneur]:
    """Each invented entrepreneur."""
    found = json.loads(Path(__file__).with_name("entrepreneurs.json").read_bytes())
    return [InventedEntrepreneur.model_validate(one) for one in found]


async def first_requests(store: Aggregates, contacts: Contacts, references: References) -> list[Request]:
    """What registers the invented entrepreneurs, each by themselves, as everybody is registered; and their enterprises.

    Who is known already, or was erased, is asked about no more: a later start changes nothing.
    """
    requests = []
    for one in invented():
        person = references.person(one.account)
        subject = subject_of("person", person)
        try:
            if not await _is_there(store, subject):
                command = await contacts.registration(person, one.contact, one.described)
                actor = Asker(Role.ENTREPRENEUR, person).actor
                requests.append(Request(subject, command, BUILTIN, actor, f"{subject}/{command.verb}"))
        except Erased:
            continue
        enterprise = subject_of("enterprise", one.described.enterprise)
        if not await _is_there(store, enterprise):
            record = one.enterprise.model_copy(update={"contacts": (person,)})
            requests.append(Request(enterprise, record, BUILTIN, SYSTEM, f"{enterprise}/{record.verb}"))
    return requests


async def _is_there(store: Aggregates, subject: str) -> bool:
    return ((await store.get(subject)) or {}).get("state") is not None
