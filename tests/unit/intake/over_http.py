"""Intake's own routes over one issue: the real ``apply``, real sealing over keys in memory, tokens of whoever asks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from fastapi import Depends, FastAPI

from services.intake import api, links, mending
from services.intake.attachments.folder import Folder
from services.intake.consumer import ISSUE
from services.intake.forgetting import Forgetting
from services.intake.links import OF_ALL, OF_ONE_ISSUE, WINDOW_SECONDS
from services.intake.reading import Reading
from services.intake.registering import Registering, Registration
from services.intake.sealing import Sealing
from services.intake.vault import Vault
from shared.bus.gateway import Request
from shared.identity.keys import VAULT, secret
from shared.identity.raisers import Raisers
from shared.problems import install_problems
from shared.throttle import Throttle
from shared.web import readable_fields
from tests.keys import KEYS, REFERENCES, bearer, caller, signed_in
from tests.unit.entries import EntriesInMemory
from tests.unit.intake.given import Played
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION, builtin_reference

NO_FILES = Folder(Path("no files here"), REFERENCES.attachment)
LI, OFFICE, CLERK, OPERATOR = "entrepreneur:li", "office:chen", "clerk:zhao", "operator:wu"
WORDS = Registration(title="停车难", text="厂门口没有车位")


class Intake:
    """One issue and the routes of intake; ``clock`` is what the throttle reads, ``answers``: whether in time."""

    def __init__(self) -> None:
        self.entries, self.clock, self.answers = EntriesInMemory(), 0.0, True
        self.vault = Vault(self.entries, secret(KEYS, VAULT))  # type: ignore[arg-type]
        self.sealing = Sealing(self.vault)
        self.registering = Registering(JURISDICTION, REFERENCES, self.sealing, builtin_reference().directory)
        self.raisers = Raisers(REFERENCES, self)
        self.issue, self.asked = Played(), list[Request]()
        app = FastAPI(dependencies=[Depends(signed_in())])
        install_problems(app, 1_000_000)
        throttle = Throttle(OF_ONE_ISSUE, OF_ALL, WINDOW_SECONDS, lambda: self.clock)
        app.include_router(api.routes(self, self, self.registering, NO_FILES, self.is_known))  # type: ignore[arg-type]
        app.include_router(links.routes(self, self, self.raisers, throttle))  # type: ignore[arg-type]
        self.referrals = EntriesInMemory()
        self.forgetting = Forgetting(self, self, self, NO_FILES, self.referrals)  # type: ignore[arg-type]
        parts = (self.registering, self.raisers, self.forgetting, NO_FILES)
        app.include_router(mending.routes(self, self, *parts))  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://intake")

    @property
    def id(self) -> str:
        return self.issue.subject

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """The gateway, over the real ``apply``; the first request says which issue it is."""
        if not self.asked:
            self.issue = Played(request.subject)
        self.asked.append(request)
        outcome = self.issue.ask(request.command, after(hours=1), request.actor, request.id)  # type: ignore[arg-type]
        return outcome if self.answers else None

    async def look(self, subject: str, command: str) -> Mapping[str, Any] | None:
        """What became of a command of this issue, as its document says."""
        inbox = (self.issue.stored or {}).get("inbox", ())
        return next((outcome for id, _, outcome in inbox if id == command), None)

    async def get(self, id: str) -> Mapping[str, Any] | None:
        """The store."""
        return self.issue.stored if id == self.id else None

    async def erase(self, name: str) -> None:
        """The vault."""
        await self.vault.erase(name)

    async def is_known(self, person: str) -> bool:
        """Of all persons only li is."""
        return person == REFERENCES.person("li")

    async def post(self, place: str, body: Mapping[str, Any], who: str, key: str = "k") -> httpx.Response:
        """One request of somebody."""
        return await self.http.post(place, json=body, headers={**bearer(who), "Idempotency-Key": key})

    async def about(self, verb: str, body: Mapping[str, Any], who: str, key: str = "k") -> httpx.Response:
        """One request about the issue."""
        return await self.post(f"/issues/{self.id}/{verb}", body, who, key)

    async def raised(self, body: Registration = WORDS, who: str = LI) -> "Intake":
        """The issue, registered by its raiser, or by an official for li."""
        given = body.model_dump(mode="json", exclude_unset=True)
        if not who.startswith("entrepreneur:"):
            given["person"] = REFERENCES.person("li")
        answer = await self.post("/issues", given, who)
        assert answer.status_code == 201, answer.text
        return self

    async def shown(self, who: str) -> dict[str, Any]:
        """What this reader is shown of the issue."""
        document = dict(self.issue.stored or {})
        reader = self.raisers.known(self.id, caller(who), document)
        opened = await Reading(self.sealing).opened(self.id, document["state"])
        return readable_fields(ISSUE, {**document, "state": opened}, reader)
