"""Beginning a session in a browser: with a new id, and with what was written there before."""

from fastapi.responses import Response

from services.portal.own import Kept
from services.portal.pages import Page
from services.portal.session import Visitor, hash_of, keep_id


def begin(page: Page, id: str, kept: Kept, onward: str) -> Response:
    """Go on to ``onward`` in the session of this id, which is kept already; the one before is over."""
    own, owner = page.portal.own, Visitor(kept, "").owner
    own.end(hash_of(page.id))
    own.hand_over(page.stranger, owner)
    own.first_came(owner, page.now)
    response = page.to(onward)
    keep_id(response, id, secure=page.request.url.scheme == "https")
    page.is_new = False  # the new id is the one to keep
    return response
