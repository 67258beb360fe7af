"""Intake's application over parts in memory, asked about persons as people ask it over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.intake.vault import Vault
from shared.bus.records import Outgoing
from shared.identity.keys import VAULT, secret
from tests import contacts
from tests.faults.services import MODULES, built
from tests.fuzz.in_memory import ServiceInMemory
from tests.keys import REFERENCES, bearer
from tests.unit.entries import EntriesInMemory

OFFICE, SUPERVISOR = "office:chen", "supervisor:wu"
HERSELF, SHE = "entrepreneur:li", REFERENCES.person("li")
NAME, PHONE, MAIL = contacts.LI
LI = {"name": NAME, "phone": PHONE, "mail": MAIL, "trade": "纺织"}


class Killed(Exception):
    """The process ended here."""


class People:
    """Intake with its routes about persons."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
        monkeypatch.setattr(MODULES["intake"], "Service", ServiceInMemory)
        self.app, service = built("intake", monkeypatch, **settings)
        assert isinstance(service, ServiceInMemory)
        self.service, transport = service, httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def ask(self, place: str, actor: str, key: str = "", /, **body: Any) -> httpx.Response:
        """One POST; ``key`` is its Idempotency-Key."""
        headers = {**bearer(actor), "Accept-Language": "en"} | ({"Idempotency-Key": key} if key else {})
        return await self._client.post(place, json=body, headers=headers)

    async def read(self, place: str, actor: str = OFFICE) -> httpx.Response:
        """One GET."""
        return await self._client.get(place, headers=bearer(actor))

    async def registered(self, actor: str = OFFICE, **changed: Any) -> str:
        """Register Li, or somebody like her; returns the reference."""
        response = await self.ask("/people", actor, **{**LI, **changed})
        assert response.status_code == 201, response.text
        return str(response.json()["person"])

    async def found(self, phone: str) -> str | None:
        """Who has this phone."""
        person: str | None = (await self.ask("/people/find", OFFICE, phone=phone)).json()["person"]
        return person

    async def contact(self, person: str, actor: str = OFFICE) -> httpx.Response:
        """Look at somebody's contact."""
        return await self.ask(f"/people/{person}/contact", actor, why="回访")

    @property
    def vault(self) -> Vault:
        """The keys, as intake itself reads them."""
        folder = Path(self.service.settings.keys_dir)
        return Vault(self.entries("keys"), secret(folder, VAULT))  # type: ignore[arg-type]

    @property
    def topics(self) -> list[Outgoing]:
        """Every record there is."""
        return self.service.log

    def entries(self, collection: str) -> EntriesInMemory:
        """One of the collections beside the aggregates."""
        return self.service.database.entries(collection)

    def everything(self) -> str:
        """All that stands on topics and in the store, as one text."""
        topics = b"\n".join(out.value for out in self.topics)
        documents = b"\n".join(self.service.store.documents.values())
        kept = {name: kept.entries for name, kept in self.service.database.collections.items()}
        return f"{topics.decode()}\n{documents.decode(errors='replace')}\n{kept}"


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, of: object, name: str) -> Iterator[None]:
    """The process ends where it would ask this next."""

    async def die(*args: object, **more: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(of, name, die)
        yield
