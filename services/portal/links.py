"""Private links: whoever has one follows one issue without an account, as its person, as long as the link is good.

Intake alone says whether a link is good. So a session that began with one asks again every few minutes; for that it
keeps the link, sealed under the id that only the browser has.
"""

import hmac
import re
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from services.portal.asking import Answer, Services
from services.portal.own import Kept, Linked, Own
from services.portal.session import Visitor, hash_of
from shared.contract.words import Role

PLACE = "/link"
GOOD_FOR, AT_MOST = timedelta(minutes=5), timedelta(minutes=15)
"""So long a link counts as good before intake is asked again, and at most where intake does not answer."""
_LINK = re.compile(r"([0-9A-Z]{13})\.([1-9][0-9]{0,8})\.([0-9a-f]{32})")
_PORTAL = Visitor(Kept("portal", Role.OPERATOR, "", "", ""), "portal")
"""Who redeems links: whoever signs tokens, in no person's name."""

Standing = Literal["good", "over", "unknown"]


class Admitted(NamedTuple):
    """Whom a link admits, as a session keeps it."""

    kept: Kept
    link: str


def issue_of(link: str) -> str:
    """The issue that a link leads to; "" for what cannot be a link."""
    found = _LINK.fullmatch(link)
    return found[1] if found else ""


def address_of(link: str, site: str) -> str:
    """Where a link is opened, to be handed over. ``site`` ends with a slash."""
    return f"{site.rstrip('/')}{PLACE}/{link}"


def without_secret(path: str) -> str:
    """The address of a page as it may stand in a log."""
    return PLACE if path.startswith(f"{PLACE}/") else path


async def redeem(services: Services, link: str, language: str) -> Admitted | Answer:
    """Whom this link admits; else why nobody: ``missing`` where it is not good; anything else: it is not known."""
    answer = await services.post(
        "intake", "/links/redeem", {"link": link}, visitor=_PORTAL, language=language, key="redeem"
    )
    if answer.kind != "done":
        return answer
    said = answer.body
    kept = Kept(f"link-{said['serial']}", Role.ENTREPRENEUR, "", "", str(said["person"]), str(said["issue"]))
    return Admitted(kept, link)


def keep(own: Own, id: str, admitted: Admitted, now: datetime) -> None:
    """Begin a session of this id with a link."""
    own.sign_in(hash_of(id), admitted.kept, now)
    own.keep_link(hash_of(id), Linked(admitted.kept.issue, _sealed(id, admitted.link), now))


async def standing(own: Own, services: Services, id: str, language: str, now: datetime) -> Standing:
    """Whether the link of this session is still good; where it is not, the session is over."""
    linked = own.linked(hash_of(id))
    if linked is None:
        return "over"
    age = now - linked.admitted_at
    if age < GOOD_FOR:
        return "good"
    answer = await redeem(services, _opened(id, linked), language)
    if isinstance(answer, Admitted):
        own.keep_link(hash_of(id), linked._replace(admitted_at=now))
        return "good"
    if answer.kind == "missing":
        own.end(hash_of(id))
        return "over"
    return "good" if age < AT_MOST else "unknown"


def _sealed(id: str, link: str) -> str:
    """Number and secret, as nobody reads them who has only the database: the id is used for this link alone."""
    _, serial, secret = link.split(".")
    return f"{serial}.{_blended(id, bytes.fromhex(secret)).hex()}"


def _opened(id: str, linked: Linked) -> str:
    serial, secret = linked.sealed.split(".")
    return f"{linked.issue}.{serial}.{_blended(id, bytes.fromhex(secret)).hex()}"


def _blended(id: str, secret: bytes) -> bytes:
    pad = hmac.digest(id.encode(), b"link", "sha256")
    return bytes(one ^ other for one, other in zip(secret, pad, strict=False))
