"""Who is at the other end: a cookie that means nothing by itself, the session it leads to, and forms nobody forges.

Every browser has an opaque id in a cookie that no script reads; its hash stands in the portal's own database once
somebody signed in. A form brings a mark that only pages of this portal could have made for that very cookie. Language
and large type are a cookie of their own, so that they stay when somebody signs out.
"""

import hmac
import secrets
from hashlib import sha256
from typing import NamedTuple

from fastapi import Request, Response

from services.portal.own import Kept
from shared.answers import language_of
from shared.contract.words import Role
from shared.domain.rights import IN_DEPARTMENTS, Asker
from shared.identity.tokens import Caller

COOKIE, VIEW_COOKIE = "qinqing_session", "qinqing_view"
ID_BYTES = 32
MARK_BYTES = 16
VIEW_SECONDS = 365 * 86_400
LANGUAGES = ("zh", "en")


class Visitor(NamedTuple):
    """Who is signed in, in which role; ``session`` names the session in tokens, and is not its id."""

    kept: Kept
    session: str

    @property
    def role(self) -> Role:
        """The role that was chosen."""
        return Role(self.kept.role)

    @property
    def asker(self) -> Asker:
        """How the rights know this person (of an entrepreneur: by the person's own reference)."""
        kept = self.kept
        if self.role in IN_DEPARTMENTS:
            return Asker(kept.role, kept.account, kept.department)
        return Asker(kept.role, kept.person if self.role is Role.ENTREPRENEUR else kept.account)

    @property
    def issue(self) -> str:
        """The only issue that is shown to who came by a link; "" for who signed in."""
        return self.kept.issue

    @property
    def owner(self) -> str:
        """Under which name this person's drafts are kept: whoever has a link is not shown what its person writes."""
        return f"{self.kept.account}:{self.issue}" if self.issue else self.asker.actor

    def caller(self, jurisdiction: str) -> Caller:
        """Whom a token names for this person's requests."""
        kept = self.kept
        return Caller(
            sub=kept.account,
            roles=(self.role,),
            jurisdiction=jurisdiction,
            department=kept.department,
            session=self.session,
            person=kept.person,
            issue=kept.issue,
        )


class View(NamedTuple):
    """How somebody wants pages: ``zh`` or ``en``, and in large type or not."""

    language: str
    large: bool


def view_of(request: Request) -> View:
    """As the cookie says, else as the browser asks."""
    language, _, size = request.cookies.get(VIEW_COOKIE, "").partition(".")
    if language not in LANGUAGES:
        language = language_of(request)
    return View(language, size == "large")


def keep_view(response: Response, view: View) -> None:
    """Let the next pages look so too."""
    value = f"{view.language}{'.large' if view.large else ''}"
    response.set_cookie(VIEW_COOKIE, value, max_age=VIEW_SECONDS, httponly=True, samesite="lax")


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_urlsafe(ID_BYTES)


def id_of(request: Request) -> str:
    """The id that this browser brings; "" for none."""
    value = request.cookies.get(COOKIE, "")
    return value if len(value) <= 100 else ""


def hash_of(id: str) -> str:
    """By what a session is kept."""
    return sha256(id.encode()).hexdigest()


def keep_id(response: Response, id: str, *, secure: bool) -> None:
    """Let the browser bring this id from now on, until it is closed."""
    response.set_cookie(COOKIE, id, httponly=True, samesite="lax", secure=secure)


def mark_for(id: str) -> str:
    """What a form of this browser brings: another one on each page, so that compression tells nothing of it."""
    salt = secrets.token_hex(MARK_BYTES)
    return f"{salt}{_mark(id, salt)}"


def is_marked(id: str, mark: str) -> bool:
    """Whether this mark was made for this browser."""
    salt, rest = mark[: 2 * MARK_BYTES], mark[2 * MARK_BYTES :]
    return (
        bool(id)
        and len(salt) == 2 * MARK_BYTES
        and hmac.compare_digest(rest.encode(), _mark(id, salt).encode())
    )


def _mark(id: str, salt: str) -> str:
    return hmac.digest(id.encode(), f"form/{salt}".encode(), "sha256").hex()
