"""The only way in which the portal changes anything: it asks a service over HTTP, as the person who clicked.

Each request bears a token that is signed for it and good for a quarter of an hour at most. Whatever a service answers
becomes an ``Answer``; a service that does not answer is one too.
"""

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import httpx

from services.portal.session import Visitor
from shared.identity.tokens import Caller

AFTER = "Qinqing-After"
"""The header that says what the asker knows to have happened, in the form of ``seen`` ("/huzhou/intake=5")."""
TIMEOUT_SECONDS = 15.0
"""So long a service is waited for."""
TIMEOUT = httpx.Timeout(TIMEOUT_SECONDS, connect=2.0)
PENDING, AWAY, MISSING = 202, 503, 404
DROPPED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""A kept connection that is dead: the service was started again, or closed it this very moment."""
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment] # httpcore looks for it on the disk at each request

Kind = Literal["done", "pending", "refused", "wrong", "missing", "away"]


class Answer(NamedTuple):
    """What a service said: done with its outcome, or why not, in the asker's language."""

    kind: Kind
    body: Mapping[str, Any]

    @property
    def is_done(self) -> bool:
        """Whether it was done, or will be."""
        return self.kind in ("done", "pending")

    @property
    def title(self) -> str:
        """Why not, in one sentence."""
        return str(self.body.get("title", ""))

    @property
    def errors(self) -> dict[str, str]:
        """Each wrong field with what would be right."""
        return {str(error["field"]): str(error["rule"]) for error in self.body.get("errors", ())}

    @property
    def reason(self) -> str:
        """Of a refusal the reason as services name it."""
        return str(self.body.get("reason", ""))


NO_ANSWER = Answer("away", {})
DONE = Answer("done", {})
"""Of what was done already, or asks nobody."""


class Services:
    """The four services as one person asks them."""

    def __init__(
        self,
        urls: Mapping[str, str],
        sign: Callable[[Caller], str],
        jurisdiction: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``sign`` makes the token of a request; ``transport``: by what requests go where that is not the network."""
        self._sign, self._jurisdiction = sign, jurisdiction
        self._clients = {
            name: httpx.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False, transport=transport)
            for name, url in urls.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Which there are."""
        return tuple(self._clients)

    async def close(self) -> None:
        """Give the connections back."""
        for client in self._clients.values():
            await client.aclose()

    async def post(
        self,
        service: str,
        path: str,
        body: Mapping[str, Any],
        *,
        visitor: Visitor,
        language: str,
        key: str,
        after: str = "",
    ) -> Answer:
        """Ask for a change; under the same ``key`` it is done once."""
        headers = self._headers(visitor, language) | {"Idempotency-Key": key}
        if after:
            headers[AFTER] = after
        return await self._send(service, "POST", path, headers=headers, json=dict(body))

    async def get(self, service: str, path: str, *, visitor: Visitor, language: str) -> Answer:
        """Ask what only the service knows."""
        return await self._send(service, "GET", path, headers=self._headers(visitor, language))

    async def text(self, service: str, path: str) -> str | None:
        """What a service tells everybody, such as its metrics; None where it does not answer."""
        try:
            response = await self._clients[service].get(path)
        except httpx.HTTPError:
            return None
        return response.text if response.status_code == 200 else None

    async def upload(
        self, path: str, content: AsyncIterator[bytes], *, visitor: Visitor, language: str
    ) -> Answer:
        """Hand a file in at intake, as it comes."""
        headers = self._headers(visitor, language)
        return await self._send("intake", "POST", path, headers=headers, content=content)

    async def download(self, path: str, *, visitor: Visitor, language: str) -> httpx.Response | None:
        """A file of intake as it comes, to be closed by who reads it; None where intake does not answer."""
        client = self._clients["intake"]
        request = client.build_request("GET", path, headers=self._headers(visitor, language))
        try:
            return await client.send(request, stream=True)
        except httpx.TransportError:
            return None

    def _headers(self, visitor: Visitor, language: str) -> dict[str, str]:
        token = self._sign(visitor.caller(self._jurisdiction))
        return {"Authorization": f"Bearer {token}", "Accept-Language": language}

    async def _send(self, service: str, method: str, path: str, **how: Any) -> Answer:
        # The whole address: else the client takes both of its parts apart, and puts them together.
        client = self._clients[service]
        ask, url = client.request, f"{str(client.base_url).rstrip('/')}{path}"
        try:
            try:
                response = await ask(method, url, **how)
            except DROPPED:
                if "content" in how:  # a file that was read as it came
                    raise
                response = await ask(method, url, **how)  # a change bears its key, so it is done once
            body = response.json()
        except (httpx.HTTPError, ValueError):
            return NO_ANSWER
        return Answer(_kind(response.status_code, body), body) if isinstance(body, dict) else NO_ANSWER


def _kind(status: int, body: Mapping[str, Any]) -> Kind:
    if status == PENDING:
        return "pending"
    if status < 300:
        return "done"
    if status >= 500:
        return "away"
    if body.get("errors"):
        return "wrong"
    if status == MISSING:
        return "missing"
    return "refused"
