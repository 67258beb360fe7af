"""The ways of telling officials that a deployment has beside mail: robots of groups and webhooks, each by a name.

They stand in one JSON file that the operator writes (docs/operations.md, Robots and webhooks). Its tokens and secrets
stay with whoever sends: they are on no topic and in no log, page or answer.
"""

import json
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from shared.contract.words import MAIL, WAY_NAME

MOST_WAYS = 100
SHORTEST_SECRET = 16
"""Characters of a webhook's secret: 96 bits and more where it is drawn at random."""


class WayKind(StrEnum):
    """Who takes what is sent in a way: a robot of a DingTalk or WeCom group, or a program behind a webhook."""

    DINGTALK = "dingtalk"
    WECOM = "wecom"
    WEBHOOK = "webhook"


HOMES = {
    WayKind.DINGTALK: "https://oapi.dingtalk.com",
    WayKind.WECOM: "https://qyapi.weixin.qq.com",
}
"""Where the robots are, as their makers document it; a way may name another address."""


class WrongWays(ValueError):
    """The file cannot be used; the message names each place and what would be right, and no secret."""


class Way(BaseModel):
    """One way. ``token``: a robot's access token or key. ``secret``: with what is signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=WAY_NAME)
    kind: WayKind
    label_zh: str = Field(min_length=1, max_length=40)
    label_en: str = Field(min_length=1, max_length=80)
    department: str = Field(default="", max_length=40)
    """Whose people alone may choose it; empty: everybody may."""
    url: str = Field(default="", max_length=500, pattern=r"^\S*$")
    """A webhook's whole address; of a robot where its maker's API is, if that is elsewhere."""
    token: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr("")
    proxy: str = Field(default="", max_length=500, pattern=r"^(https?://[^\s@]+)?$")
    """The HTTP proxy on the way there; empty: there is none."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.name == MAIL:
            raise ValueError(f"{MAIL} is the way that is always there; write another")
        if self.kind is WayKind.WEBHOOK:
            if len(self.secret.get_secret_value()) < SHORTEST_SECRET:
                raise ValueError(f"a webhook needs a secret of at least {SHORTEST_SECRET} characters")
        elif not self.token.get_secret_value():
            raise ValueError(
                f"a {self.kind} robot needs its token, the end of the address that its group shows"
            )
        if not _is_safe(self.address):
            raise ValueError("url: write an https address without an account in it; http only to loopback")
        return self

    @property
    def address(self) -> str:
        """Where it is: of a robot without the path."""
        return (self.url or HOMES.get(self.kind, "")).rstrip("/")


def read_ways(file: Path) -> tuple[Way, ...]:
    """The ways in a file, ``{"ways": [{"name": …, "kind": …, …}, …]}``; raises WrongWays."""
    try:
        said = json.loads(file.read_bytes())
    except OSError as error:
        raise WrongWays(f"{file}: it cannot be read ({error.strerror})") from None
    except ValueError:
        raise WrongWays(f"{file}: it is no JSON; see docs/operations.md, Robots and webhooks") from None
    entries = said.get("ways") if isinstance(said, dict) else None
    if not isinstance(entries, list) or len(entries) > MOST_WAYS:
        raise WrongWays(f'{file}: write {{"ways": […]}} with at most {MOST_WAYS} entries')
    found, faults = [], []
    for place, entry in enumerate(entries):
        try:
            found.append(Way.model_validate(entry))
        except ValidationError as error:
            faults += _faults(f"{file}: ways[{place}]", error)
    names = [way.name for way in found]
    faults += [f"{file}: {name} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if faults:
        raise WrongWays("; ".join(faults))
    return tuple(found)


def _faults(where: str, error: ValidationError) -> list[str]:
    """What is wrong with one entry, without what stands there: that may be a secret."""
    return [
        f"{'.'.join((where, *map(str, fault['loc'])))}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if not host or parts.username or parts.port == 0:
            return False
    except ValueError:
        return False
    if parts.scheme == "https":
        return True
    return parts.scheme == "http" and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
