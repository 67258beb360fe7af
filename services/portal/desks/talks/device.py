"""What a device sends that keeps it until it was taken (static/recording.js): answered in JSON, by status.

200: it was taken. 422: it was refused, and why. 401: whoever wrote it has to sign in first. 503: send it again.
Nothing of it is kept here meanwhile, for the device has it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.responses import JSONResponse

from services.portal.asking import Answer
from services.portal.desks.entrepreneur.raising import id_of
from services.portal.forms import Form
from services.portal.pages import Page

FROM_DEVICE = "from-device"
"""What the button would say, had a person pressed it."""
BY = "by"
"""The field of who wrote it: somebody else who is signed in by now sends nothing of it in their own name."""


async def taken(page: Page, form: Form, do: Callable[[], Awaitable[Answer | None]]) -> JSONResponse:
    """Do it, and say what became of it; ``do`` gives None where something is wrong in the form already."""
    if page.visitor is None or form.values.pop(BY, "") != page.owner:
        return JSONResponse({}, 401)
    answer = await do()
    if answer is not None and answer.kind == "done":
        return JSONResponse({"issue": _issue(answer), "number": answer.body.get("number", "")})
    if answer is not None and answer.kind in ("away", "pending"):
        return JSONResponse({}, 503)
    if answer is not None and not form.errors:
        page.explain(form, answer)
    said: dict[str, Any] = {"why": " ".join(form.errors.values())}
    return JSONResponse(said, 422)


def _issue(answer: Answer) -> str:
    return id_of(answer) if answer.body.get("id") else ""
