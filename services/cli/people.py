"""Whom somebody means who writes ``office:chen``: an official of the published directory, or an entrepreneur."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import httpx

from services.cli.asking import fail
from services.cli.identity import Signed, client_of, deployment_of
from services.cli.system import WRONG_USE, RunningSystem

if TYPE_CHECKING:
    from services.cli.reference.versions import Published
    from shared.identity.tokens import Caller

WAIT = httpx.codes.TOO_MANY_REQUESTS
ENTREPRENEUR = "entrepreneur:wu"
"""Who asks where nobody else is named: the embedded system's invented entrepreneur (services/intake/builtin.py)."""


class Official(NamedTuple):
    """An official as the directory has them now."""

    account: str
    name: str
    roles: tuple[str, ...]
    department: str
    level: str

    def names(self) -> list[str]:
        """How each of their roles is asked for: ``handler:housing/li``."""
        place = f"{self.department}/" if self.department else ""
        return [f"{role}:{place}{self.account}" for role in self.roles]


def officials(published: "Published") -> list[Official]:
    """Every official in force now, in the order of roles."""
    from shared.contract.events.dispatch import StaffPublished
    from shared.contract.subjects import id_of
    from shared.contract.words import Role

    now, found = datetime.now(UTC), []
    for subject in published.subjects("staff"):
        if (version := published.in_force(subject, now)) is not None:
            entry = StaffPublished.read(version.data)
            roles = tuple(str(role) for role in entry.roles)
            found.append(Official(id_of(subject), entry.name, roles, entry.department, str(entry.level)))
    order = {role.value: place for place, role in enumerate(Role)}
    return sorted(found, key=lambda one: (order.get(one.roles[0], len(order)), one.account))


def signed_as(system: RunningSystem, name: str, as_json: bool) -> Signed:
    """Who lets every request be this person's; ends the command where there is no such person."""
    return deployment_of(system, as_json).signed(caller_named(system, name, as_json))


def caller_named(system: RunningSystem, name: str, as_json: bool) -> "Caller":
    """The person that ``role:account`` or ``role:department/account`` means, in that role alone.

    An entrepreneur is taken by any account, for there is no directory of them; of officials those that are published.
    """
    from pydantic import ValidationError

    deployment = deployment_of(system, as_json)
    role, _, rest = name.partition(":")
    department, _, account = rest.rpartition("/")
    if role == "entrepreneur":
        try:
            return deployment.entrepreneur(rest)
        except ValidationError:
            fail(f"{rest!r}: write letters, digits and . _ @ -, at most 80", as_json, WRONG_USE)
    there = _published_officials(system, as_json)
    found = [one for one in there if one.account == account and role in one.roles]
    if not found or department not in ("", found[0].department):
        known = ", ".join([ENTREPRENEUR, *(known for one in there for known in one.names())])
        fail(f"没有这个人 / there is nobody {name!r}; there are: {known}", as_json, WRONG_USE)
    return deployment.official(account, [role], found[0].department)


def caller_with(system: RunningSystem, link: str, as_json: bool) -> "Caller":
    """The person whom a link to an issue admits to that issue; ends the command where intake does not take it."""
    from services.cli.reference.owner import asked

    deployment = deployment_of(system, as_json)
    auth = deployment.own("operator")
    with asked("intake", client_of(system.service_urls["intake"], auth), as_json) as client:
        answer = client.post("/links/redeem", json={"link": link})
    if answer.status_code == WAIT:
        wait = answer.headers.get("retry-after", "60")
        fail(f"尝试过多，请 {wait} 秒后再试 / too many wrong tries: wait {wait} s", as_json)
    if answer.status_code != httpx.codes.OK:
        fail(
            f"链接无效或已失效 / this link is not valid, or no longer ({answer.status_code})",
            as_json,
            WRONG_USE,
        )
    return deployment.linked(**answer.json())


def _published_officials(system: RunningSystem, as_json: bool) -> list[Official]:
    from services.cli.reference.owner import asked
    from services.cli.reference.versions import read_published

    auth = deployment_of(system, as_json).own("administrator")
    with asked("dispatch", client_of(system.service_urls["dispatch"], auth), as_json) as client:
        return officials(read_published(client))
