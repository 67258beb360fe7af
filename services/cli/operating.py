"""The running services as an operator's commands ask them; what they refuse ends the command in plain words."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import httpx

from services.cli.asking import fail, need_system
from services.cli.identity import client_of, deployment_of
from services.cli.system import FAILED, WRONG_USE

PAGE = 200


class Operated:
    """The services of one running system, each behind its own client."""

    def __init__(self, clients: Mapping[str, httpx.Client], as_json: bool) -> None:
        self._clients, self._as_json = clients, as_json

    def ask(
        self, service: str, place: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> dict[str, Any]:
        """Ask for one change; ends the command where it is refused. ``key``: its Idempotency-Key."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._answer(service, "POST", place, json=body, headers=headers)

    def read(self, service: str, place: str) -> dict[str, Any]:
        """Read one thing; ends the command where there is none."""
        return self._answer(service, "GET", place)

    def dead_letters(self, status: str, limit: int) -> list[dict[str, Any]]:
        """The newest dead letters of every service, one more than ``limit`` of each where there are more."""
        found: list[dict[str, Any]] = []
        for service in self._clients:
            before: int | None = None
            left = limit + 1
            while left > 0:
                query = {"status": status, "limit": min(PAGE, left)} | (
                    {} if before is None else {"before": before}
                )
                page = self._answer(service, "GET", "/dead-letters", params=query)
                found += page["dead_letters"]
                before, left = page["next"], left - len(page["dead_letters"])
                if before is None:
                    break
        return found

    def held(self) -> dict[str, dict[str, Any]]:
        """What waits at each service for an event that has not come."""
        return {service: self.read(service, "/held") for service in self._clients}

    def with_origin(self, origin: str) -> list[dict[str, Any]]:
        """The dead letter that each service has from this place."""
        if origin.count("/") != 2 or "?" in origin or "#" in origin:
            return []
        found = [self._get(service, f"/dead-letters/{origin}") for service in self._clients]
        return [one for one in found if one is not None]

    def _get(self, service: str, place: str) -> dict[str, Any] | None:
        response = self._send(service, "GET", place)
        if response.status_code in (404, 422):  # 422: what can be no origin
            return None
        return self._read(service, response)

    def _answer(self, service: str, method: str, place: str, **how: Any) -> dict[str, Any]:
        return self._read(service, self._send(service, method, place, **how))

    def _send(self, service: str, method: str, place: str, **how: Any) -> httpx.Response:
        if service not in self._clients:
            fail(
                f"no such service: {service}; there are {', '.join(self._clients)}", self._as_json, WRONG_USE
            )
        try:
            return self._clients[service].request(method, place, **how)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            fail(f"{service} does not answer: {error}; see `qinqing status`", self._as_json, FAILED)

    def _read(self, service: str, response: httpx.Response) -> dict[str, Any]:
        try:
            body = dict(response.json())
        except ValueError:
            self._refuse(service, max(400, response.status_code), {"title": response.text[:200]})
        if response.status_code >= 400:
            self._refuse(service, response.status_code, body)
        return body

    def _refuse(self, service: str, status: int, body: Mapping[str, Any]) -> NoReturn:
        wrong = "; ".join(f"{one['field']}: {one['rule']}" for one in body.get("errors", ()))
        words = [str(body.get("title", "")), str(body.get("detail", "")), wrong]
        code = FAILED if status >= 500 else WRONG_USE
        fail(f"{service}: {': '.join(filter(None, words))}", self._as_json, code)


@contextmanager
def operated(data: Path, as_json: bool, role: str = "operator") -> Iterator[Operated]:
    """The services of the running system, asked as ``<role>:<who runs the command>``."""
    system = need_system(data, as_json)
    auth = deployment_of(system, as_json).own(role)
    with ExitStack() as stack:
        clients = {
            service: stack.enter_context(client_of(url, auth, "en"))
            for service, url in system.service_urls.items()
        }
        yield Operated(clients, as_json)
