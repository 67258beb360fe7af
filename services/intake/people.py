"""Persons over HTTP: registered, found by phone, changed and erased; a contact is shown by right, and logged.

What stands on the topic is encrypted here, before the command is posted.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.intake.contacts import Contact, Contacts, Look, Phone, open_fields, read_phone
from services.intake.vault import Erased, Key
from shared.answers import answer, language_of, place_of, problem, refusal
from shared.bus import gateway as gateways
from shared.contract.command import Command
from shared.contract.commands.people import (
    MAX_NAME_CHARS,
    REFERENCE,
    ChangePerson,
    Described,
    ErasePerson,
    Redescribed,
    RegisterPerson,
)
from shared.contract.event import MAIL, MAX_REASON_CHARS, NOT_BLANK
from shared.contract.subjects import id_of, subject_of
from shared.contract.words import Role
from shared.domain.decisions import Reason
from shared.domain.masking import mask
from shared.domain.rights import Asker, Belongs, may
from shared.history import Entry, Prepare
from shared.identity.callers import Requires
from shared.identity.references import References
from shared.openapi import PEOPLE
from shared.web import Key as IdempotencyKey

ROUTED = (RegisterPerson, ChangePerson, ErasePerson)
"""The commands that have their routes here."""

Person = Annotated[str, Path(pattern=REFERENCE, examples=["0123456789abcdef0123456789abcdef"])]
Name = Annotated[str, Field(max_length=MAX_NAME_CHARS, pattern=NOT_BLANK)]
Number = Annotated[str, Field(max_length=40, examples=["13800138000"])]
Mail = Annotated[str, Field(max_length=254, pattern=MAIL, examples=["li@example.com"])]


class NewPerson(Described):
    """Somebody to register. A phone that is known is that person's: nobody is registered a second time by it."""

    name: Name
    phone: Number = ""
    mail: Mail = ""

    @field_validator("phone")
    @classmethod
    def _is_phone(cls, typed: str) -> str:
        return read_phone(typed) if typed.strip() else ""


class ChangedPerson(Redescribed):
    """What changes of a person; what is left out stays."""

    name: Name | None = None
    phone: Number | None = None
    mail: Mail | None = None

    @field_validator("phone")
    @classmethod
    def _is_phone(cls, typed: str | None) -> str | None:
        return read_phone(typed) if typed and typed.strip() else typed and ""


class Sought(BaseModel):
    """The phone by which somebody is looked for; in a body, so that it stands in no address and no log."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    phone: Number

    @field_validator("phone")
    @classmethod
    def _is_phone(cls, typed: str) -> str:
        return read_phone(typed)


class Found(BaseModel):
    """Who has a phone: a reference, or nobody."""

    person: str | None


class Looking(BaseModel):
    """Why somebody looks at a contact; it is kept, with who and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    why: str = Field(min_length=1, max_length=MAX_REASON_CHARS)


def routes(gateway: gateways.Gateway, contacts: Contacts, references: References) -> APIRouter:
    """Every route about persons but the plain reading, which shows no contact."""
    router = APIRouter()
    _registering(router, gateway, contacts, references)
    _changing(router, gateway, contacts, references)
    _looking(router, contacts)
    return router


def prepared(contacts: Contacts) -> Mapping[str, Prepare]:
    """How history registers a person: the contact is encrypted, and the phone is theirs, as over HTTP."""

    async def register(entry: Entry, entries: Sequence[Entry]) -> Command:
        body = NewPerson.model_validate(entry.data)
        contact = Contact(name=body.name, phone=body.phone, mail=body.mail)
        return await contacts.registration(id_of(entry.subject), contact, body)

    return {RegisterPerson.type: register}


def _registering(
    router: APIRouter, gateway: gateways.Gateway, contacts: Contacts, references: References
) -> None:
    @router.post("/people", tags=["commands"], status_code=201, response_model=None)
    async def register(
        asker: Annotated[Asker, Depends(Requires("person", "register"))],
        body: NewPerson,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Register a person: an entrepreneur themselves, or the office anybody, by an account made up for them.

        To the office a phone that is known answers with the known person. An entrepreneur is told nothing of others.
        """
        key, own = idempotency_key or uuid4().hex, asker.role == Role.ENTREPRENEUR
        person = asker.account if own else references.person(f"recorded/{asker.actor}/{key}")
        try:
            if body.phone and not own:
                claim = await contacts.claim(Phone(body.phone), person)
                if claim.person != person and claim.registered:
                    return _known(claim.person)
                person = claim.person
            contact = Contact(name=body.name, phone=body.phone, mail=body.mail)
            command = await contacts.registration(person, contact, body)
        except Erased:
            return _erased(request)
        asked = _asked(person, command, asker, references.key(person, key))
        outcome = await gateway.ask(asked)
        if not own and outcome is not None and outcome.get("reason") == Reason.ALREADY_REGISTERED:
            return _known(person)
        return answer(outcome, request, place_of(asked.subject, asked.id), created=True)

    @router.post("/people/find", tags=[PEOPLE])
    async def find(asker: Annotated[Asker, Depends(Requires("person", "find"))], body: Sought) -> Found:
        """Who has this very phone, as the number is written in whatever form."""
        claim = await contacts.find(Phone(body.phone))
        return Found(person=claim.person if claim is not None and claim.registered else None)


def _changing(
    router: APIRouter, gateway: gateways.Gateway, contacts: Contacts, references: References
) -> None:
    @router.post("/people/{id}/change", tags=["commands"], response_model=None)
    async def change(
        id: Person,
        asker: Annotated[Asker, Depends(Requires("person", "change"))],
        body: ChangedPerson,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Change what is known of a person."""
        if not _reaches(asker, "change", id) or not await contacts.is_known(id):
            return _unknown(request)
        try:
            sealed = _sealed(await contacts.key_of(id), body)
        except Erased:
            return _erased(request)
        if body.phone:
            await contacts.claim(Phone(body.phone), id)
        command = ChangePerson(**open_fields(body), **sealed)
        asked = _asked(id, command, asker, references.key(id, idempotency_key or uuid4().hex))
        outcome = await gateway.ask(asked)
        if body.phone is not None and outcome is not None and outcome["status"] == "done":
            if body.phone:  # again: who asked for this phone meanwhile found it to be nobody's yet
                await contacts.claim(Phone(body.phone), id)
            await contacts.keep_only(Phone(body.phone), id)
        return answer(outcome, request, place_of(asked.subject, asked.id))

    @router.post("/people/{id}/erase", tags=["commands"], response_model=None)
    async def erase(
        id: Person, asker: Annotated[Asker, Depends(Requires("person", "erase"))], request: Request
    ) -> JSONResponse:
        """Delete a person's key, and all they are found by: nobody reads their contact any more, wherever it stands.

        Asked again after it broke off, what is left is done.
        """
        if not _reaches(asker, "erase", id) or not await contacts.is_known(id):
            return _unknown(request)
        await contacts.erase(id)
        asked = _asked(id, ErasePerson(), asker, uuid4().hex)
        outcome = await gateway.ask(asked)
        await contacts.erase(id)  # what a change that was under way has added meanwhile
        return answer(outcome, request, place_of(asked.subject, asked.id))


def _looking(router: APIRouter, contacts: Contacts) -> None:
    @router.post("/people/{id}/contact", tags=[PEOPLE], response_model=Contact)
    async def contact(
        id: Person,
        asker: Annotated[Asker, Depends(Requires("person", "contact"))],
        body: Looking,
        request: Request,
    ) -> Contact | JSONResponse:
        """A person's name, phone and mail; who looked, when and why is written down first."""
        if not _reaches(asker, "contact", id):
            return _unknown(request)
        try:
            found = await contacts.show(id, asker.actor, mask(body.why.strip()).text)
        except Erased:
            return _erased(request)
        return found if found is not None else _unknown(request)

    @router.get("/people/{id}/looks", tags=[PEOPLE], response_model=list[Look])
    async def looks(
        id: Person, asker: Annotated[Asker, Depends(Requires("person", "looks"))], request: Request
    ) -> list[Look] | JSONResponse:
        """Who looked at a person's contact, when and why, the oldest first."""
        if not _reaches(asker, "looks", id):
            return _unknown(request)
        return await contacts.looks_at(id)


def _asked(person: str, command: Command, asker: Asker, key: str) -> gateways.Request:
    """The request of a command about a person; its key is one that may stand on a topic."""
    return gateways.Request(
        subject_of("person", person), command, "http", asker.actor, f"{command.verb}/{key}"
    )


def _reaches(asker: Asker, verb: str, person: str) -> bool:
    """Whether this person is within the reach of who asks: judged here, before a key is read or deleted."""
    return may(asker, "person", verb, Belongs(person=person))


def _sealed(key: Key, body: ChangedPerson) -> dict[str, str]:
    """What is encrypted of a person: each part by itself, and only what is named."""
    parts = {name: getattr(body, name) for name in Contact.model_fields}
    return {name: key.seal(part) for name, part in parts.items() if part is not None}


def _known(person: str) -> JSONResponse:
    return JSONResponse({"status": "done", "person": person, "known": True}, 201)


def _unknown(request: Request) -> JSONResponse:
    """The same answer for nobody known and for somebody whom it is not for the asker to know."""
    return refusal(Reason.UNKNOWN_PERSON, language_of(request))


def _erased(request: Request) -> JSONResponse:
    title = "个人信息已删除 / this person's contact was deleted"
    return problem(409, title)
