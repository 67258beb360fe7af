"""Asking an owner over HTTP to publish a version, and understanding its answer."""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from services.cli.reference.departments import Difference
from services.cli.reference.versions import Failed, Published, path_of, read_published
from shared.contract.command import Command
from shared.contract.commands.dispatch import MergeDepartment

WAIT_SECONDS = 5.0


class Refused(RuntimeError):
    """The owner refused what was asked: the message says which field or rule, in its own words."""


def publish(client: httpx.Client, subject: str, command: Command, after: str) -> dict[str, Any]:
    """Post one command and return its outcome; raises Refused, Failed or httpx.TransportError.

    ``after`` is the version that it comes after. It is part of the key: asked again because an answer was lost it is
    the same command, and a version that was left and comes back is another one.
    """
    body = command.model_dump(mode="json", exclude_none=True)
    outcome = _post(client, f"{path_of(subject)}/{command.verb}", body, after)
    if "version" not in outcome:
        raise Failed(f"{path_of(subject)}: the answer names no version; see what is published with `show`")
    return outcome


def publish_all(client: httpx.Client, steps: Iterable[Iterable[Difference]]) -> list[tuple[str, str]]:
    """Publish one step after the other, each once the owner knows the one before; returns (subject, version)s.

    A refusal says how much was published before it: another import leaves that alone.
    """
    done: list[tuple[str, str]] = []
    for step in steps:
        for one in step:
            try:
                outcome = publish(client, one.subject, one.command, one.after)
            except (Refused, Failed) as error:
                raise type(error)(f"{error} ({len(done)} entries before it are published)") from None
            done.append((one.subject, str(outcome["version"])))
        wait_until_known(client, done)
    return done


def merge(client: httpx.Client, subject: str, into: str) -> dict[str, Any]:
    """Ask for a merger, for which dispatch finds the open issues itself; returns its outcome, raises as ``publish``."""
    return _post(client, f"{path_of(subject)}/{MergeDepartment.verb}", {"into": into}, "")


def _post(client: httpx.Client, path: str, body: dict[str, Any], after: str) -> dict[str, Any]:
    text = json.dumps([path, after, body], sort_keys=True)
    headers = {"Idempotency-Key": hashlib.sha256(text.encode()).hexdigest()[:32]}
    response = client.post(path, json=body, headers=headers)
    answer = _object(response)
    if response.status_code >= 500:
        raise Failed(f"{path}: {_words(answer, response)}")
    if response.status_code >= 400:
        raise Refused(f"{path}: {_words(answer, response)}")
    if response.status_code == httpx.codes.ACCEPTED:
        look = answer.get("look", path)
        raise Failed(f"{path}: received but not decided yet; look at {response.url.join(str(look))}")
    return answer


def wait_until_known(client: httpx.Client, versions: Iterable[tuple[str, str]]) -> Published:
    """Return once the service knows these (subject, version), or what it knows after some seconds."""
    wanted = set(versions)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        published = read_published(client)
        known = {(subject, one.version) for subject, _ in wanted for one in published.of(subject)}
        if wanted <= known or time.monotonic() > deadline:
            return published
        time.sleep(0.1)  # another process reads the topic; there is no event for it here


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(answer: Mapping[str, Any], response: httpx.Response) -> str:
    """A problem document as one sentence: its title, its detail, and each field with its rule."""
    parts = [str(answer.get("title") or f"{response.url.path} answered {response.status_code}")]
    if answer.get("detail"):
        parts.append(str(answer["detail"]))
    parts += [f"{error.get('field')}: {error.get('rule')}" for error in answer.get("errors", ())]
    return "; ".join(parts)
