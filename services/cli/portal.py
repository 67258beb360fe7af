"""The portal as commands ask it: where it is, by whose right, and what its answers end a command with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from services.cli.asking import fail
from services.cli.embedded.ports import HOST
from services.cli.identity import client_of, deployment_of
from services.cli.system import FAILED, WRONG_USE, RunningSystem

PORT_OFFSET = 4
"""The portal's port, counted from the base port of its system."""
CONNECT_SECONDS = 2.0


class NoPortal(Exception):
    """The portal does not answer; the message says so."""


@contextmanager
def portal(
    system: RunningSystem, as_json: bool, seconds: float = 30.0, role: str = "operator"
) -> Iterator[httpx.Client]:
    """Ask the portal of a running system in a role; raises NoPortal where it does not answer in time."""
    auth = deployment_of(system, as_json).own(role)
    url = f"http://{HOST}:{system.base_port + PORT_OFFSET}/api"
    with client_of(url, auth, "en") as client:
        client.timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        try:
            yield client
        except httpx.TransportError as error:
            raise NoPortal(f"the portal does not answer ({error})") from None


def answered(response: httpx.Response, as_json: bool) -> Any:
    """What was answered; ends the command where it was refused."""
    try:
        body = response.json()
    except ValueError:
        body = {"title": response.text[:200]}
    if response.status_code >= 400:
        words = (str(body.get(name, "")) for name in ("title", "detail"))
        code = FAILED if response.status_code >= 500 else WRONG_USE
        fail(f"portal: {': '.join(filter(None, words))}", as_json, code)
    return body
