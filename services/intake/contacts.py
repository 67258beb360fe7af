"""How persons are reached: encrypted under a key of their own, found by exact phone, shown by right and logged."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, NewType
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from services.intake.vault import Erased, Key, Vault
from shared.contract.commands.people import Described, RegisterPerson
from shared.contract.subjects import subject_of
from shared.identity.references import References
from shared.store import Aggregates, Entries

Phone = NewType("Phone", str)
"""A number in one form however it was typed: ``13800138000``, ``05722034567``, ``+14155550100``."""

_TYPED = re.compile(r"[\s().\-\u2010-\u2015\u00b7]+")
_CHINESE = re.compile(r"^(?:\+86|0086|86(?=1[3-9]\d{9}$))0?(?=\d{10,11}$)")
_MOBILE = re.compile(r"^1[3-9]\d{9}$")
PHONE_RULE = "a phone number has 5 to 15 digits, perhaps with + and a country code before them"


class Contact(BaseModel):
    """Name, phone and mail of a person, in plain words: never on a topic, in a log or in a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    phone: str
    mail: str


class Look(BaseModel):
    """One look at a person's contact: who, when, and why."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    who: str = Field(description="the actor")
    at: datetime
    why: str


class Claim(NamedTuple):
    """Whose a phone is; ``registered``: whether intake knows that person already."""

    person: str
    registered: bool


def read_phone(typed: str) -> Phone:
    """A phone number in its one form: full-width digits, spaces, hyphens and China's country code fall away.

    Raises ValueError with the rule for what is no number.
    """
    number = _TYPED.sub("", unicodedata.normalize("NFKC", typed))
    chinese = _CHINESE.sub("", number)
    if chinese != number and not _MOBILE.match(chinese):
        chinese = f"0{chinese}"  # the area code of a landline has its zero again
    if not re.fullmatch(r"\+?[0-9]{5,15}", chinese):
        raise ValueError(PHONE_RULE)
    return Phone(chinese)


class Contacts:
    """The contacts of all persons of one deployment. A person is named by reference throughout."""

    def __init__(
        self, vault: Vault, references: References, store: Aggregates, lookups: Entries, looks: Entries
    ) -> None:
        self._vault, self._references, self._store = vault, references, store
        self._lookups, self._looks = lookups, looks

    # ------------------------------------------------------------- encrypting

    async def key_for(self, person: str) -> Key:
        """The key under which a person's contact is encrypted; raises Erased once they were erased."""
        return await self._vault.key_for(subject_of("person", person))

    async def registration(self, person: str, contact: Contact, described: Described) -> RegisterPerson:
        """The command that registers a person, who is found by their phone from now on; raises Erased."""
        key = await self.key_for(person)
        if contact.phone:  # after the key: who was erased is not found by a phone again
            await self.claim(Phone(contact.phone), person)
        sealed = {name: key.seal(part) for name, part in dict(contact).items()}
        return RegisterPerson(**open_fields(described), **sealed)

    async def key_of(self, person: str) -> Key:
        """The same where there is one; raises Erased where there is none."""
        return await self._vault.key_of(subject_of("person", person))

    async def erase(self, person: str) -> None:
        """Delete the key of a person, and everything they are found by; asked again, what is left goes."""
        await self._vault.erase(subject_of("person", person))
        await self._lookups.delete_all({"person": person})

    # ---------------------------------------------------------------- finding

    async def claim(self, phone: Phone, person: str) -> Claim:
        """Let a person be found by this phone from now on, unless somebody else is already; says who it is.

        Written before the command that registers the person: who is found by it and not registered yet is somebody
        whose registration is under way, or broke off and is taken up by whoever asks for it next.
        """
        id = self._references.lookup("phone", phone)
        while not await self._lookups.add(id, {"person": person}):
            entry = await self._lookups.get(id)
            if entry is None:
                continue
            if (found := await self._true(entry, phone)) is not None:
                return found
            await self._lookups.delete_all({"_id": id, "person": entry["person"]})
        return Claim(person, await self._registered(person) is not None)

    async def find(self, phone: Phone) -> Claim | None:
        """Who has this very phone."""
        entry = await self._lookups.get(self._references.lookup("phone", phone))
        return None if entry is None else await self._true(entry, phone)

    async def _true(self, entry: Mapping[str, Any], phone: Phone) -> Claim | None:
        """Whose a phone is by this entry; None where that person has another one by now, or was erased."""
        person = str(entry["person"])
        state = await self._registered(person)
        if state is None:
            return Claim(person, registered=False)
        try:
            same = (await self._open(person, state)).phone == phone
        except Erased:
            return None
        return Claim(person, registered=True) if same else None

    async def keep_only(self, phone: Phone, person: str) -> None:
        """Let a person be found by this phone alone: another one they had is somebody else's some day."""
        id = self._references.lookup("phone", phone)
        await self._lookups.delete_all({"person": person, "_id": {"$ne": id}})

    # ---------------------------------------------------------------- showing

    async def show(self, person: str, who: str, why: str) -> Contact | None:
        """A person's contact, once the look is written down; None for nobody known, Erased for who was erased."""
        state = await self._registered(person)
        if state is None:
            return None
        at = datetime.now(UTC)
        look = {"person": person, "who": who, "at": at.isoformat(), "why": why}
        await self._looks.add(f"{person}|{at.isoformat()}|{uuid4().hex}", look)
        return await self._open(person, state)

    async def looks_at(self, person: str) -> list[Look]:
        """Every look at a person's contact, the oldest first."""
        return [
            Look.model_validate(entry) for entry in await self._looks.between(f"{person}|", f"{person}}}")
        ]

    async def is_known(self, person: str) -> bool:
        """Whether intake knows this person, or did before they were erased, or holds a key of them."""
        if await self._registered(person) is not None:
            return True
        try:
            await self.key_of(person)
        except Erased:
            return False
        return True

    async def _registered(self, person: str) -> Mapping[str, Any] | None:
        document = await self._store.get(subject_of("person", person))
        return None if document is None else document.get("state")

    async def _open(self, person: str, state: Mapping[str, Any]) -> Contact:
        sealed = state.get("contact")
        if not sealed:
            raise Erased(person)
        key = await self.key_of(person)
        return Contact(**{name: key.open(sealed[name]) for name in Contact.model_fields})


def open_fields(body: BaseModel) -> dict[str, object]:
    """What is not encrypted of a person, or of a change, as the fields of its command."""
    return {name: getattr(body, name) for name in Described.model_fields}
