"""Files of a form: handed in at intake as they come, and kept with the form by their receipts."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.datastructures import UploadFile

from services.portal.forms import Form
from services.portal.pages import MOST_FILES, Page

CHUNK_BYTES = 256 * 1024


async def take(page: Page, form: Form, file: UploadFile, place: str = "/attachments") -> None:
    """Hand one file to intake at this place; its receipt is kept with the draft, and its name only there."""
    if len(files_in(form)) >= MOST_FILES:
        form.wrong("files", page.say("At most ten files"))
        return
    answer = await page.portal.services.upload(
        place, _chunks(file), visitor=page.person(), language=page.view.language
    )
    name = (file.filename or "")[:100]
    if answer.kind == "done":
        known_already = any(one["sha256"] == answer.body["sha256"] for one in files_in(form))
        form.values["files"] = files_in(form) + ([] if known_already else [{**answer.body, "name": name}])
    elif answer.kind == "away":
        form.wrong("files", page.say("The file could not be kept right now: choose it again in a moment"))
    else:
        form.wrong("files", f"{name}: {answer.title}")


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK_BYTES):
        yield chunk


def files_in(form: Form) -> list[dict[str, Any]]:
    """The files that were handed in with this form so far."""
    return list(form.values.get("files") or [])
