"""The service that owns a kind of reference data, as a command of the command line asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from services.cli.asking import fail, need_system
from services.cli.identity import client_of, deployment_of
from services.cli.reference.publishing import Refused
from services.cli.reference.versions import Failed
from services.cli.system import FAILED, WRONG_USE
from shared.handwritten import WrongFile


@contextmanager
def owner(service: str, data: Path, as_json: bool, role: str = "administrator") -> Iterator[httpx.Client]:
    """A client of one running service for who runs the command; whatever goes wrong ends it with a sentence."""
    system = need_system(data, as_json)
    auth = deployment_of(system, as_json).own(role)
    with asked(service, client_of(system.service_urls[service], auth), as_json) as client:
        yield client


@contextmanager
def asked(service: str, client: httpx.Client, as_json: bool) -> Iterator[httpx.Client]:
    """This client of a service; whatever goes wrong meanwhile ends the command with a sentence."""
    with wrong_file_ends(as_json), client:
        try:
            yield client
        except Refused as error:
            fail(str(error), as_json, WRONG_USE)
        except Failed as error:
            fail(str(error), as_json, FAILED)
        except httpx.TransportError as error:
            fail(f"{service} does not answer: {error}; see `qinqing status`", as_json, FAILED)


@contextmanager
def wrong_file_ends(as_json: bool) -> Iterator[None]:
    """End the command with every fault of a file that cannot be taken; nothing was published."""
    try:
        yield
    except WrongFile as error:
        fail(str(error), as_json, WRONG_USE)
