"""What somebody typed into a form, and what is wrong with it: what, where, and what would be right."""

from collections.abc import Mapping
from hashlib import sha256
from json import dumps
from typing import Any, NamedTuple
from uuid import uuid4

from starlette.datastructures import FormData, UploadFile

MARK, KEY = "mark", "key"
"""Fields of every form: that it comes from a page of ours, and which sending of it this is."""
WHOLE = ""
"""The field of what is wrong with a form as a whole."""


class Form:
    """The values of a form by field, and its errors by field in the order in which they were found."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self.errors: dict[str, str] = {}
        self.key = str(self.values.pop(KEY, "")) or uuid4().hex
        self.uploads: list[UploadFile] = []

    def text(self, name: str) -> str:
        """What stands in a field, "" for nothing."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def is_ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.values.get(name))

    def wrong(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field; the first thing said of it counts."""
        self.errors.setdefault(name, sentence)

    def sending(self) -> str:
        """The idempotency key: the same content sent twice is sent once, changed content is another request."""
        content = dumps(self.values, sort_keys=True, ensure_ascii=False)
        return sha256(f"{self.key}/{content}".encode()).hexdigest()[:40]

    def renew(self) -> None:
        """What was refused may be asked again, as another request."""
        self.key = uuid4().hex

    def kept(self) -> dict[str, Any]:
        """The form as a draft."""
        return {**self.values, KEY: self.key}


class Sent(NamedTuple):
    """A form as a browser sent it."""

    mark: str
    form: Form
    pressed: str
    """The value of the button ``do``."""


def read(data: FormData) -> Sent:
    """A browser's form; line ends as everywhere else, spaces around what was typed do not count."""
    values: dict[str, Any] = {}
    uploads = []
    for name, value in data.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                uploads.append(value)
        else:
            values[name] = value.replace("\r\n", "\n").strip()
    mark, pressed = values.pop(MARK, ""), values.pop("do", "")
    form = Form(values)
    form.uploads = uploads
    return Sent(mark, form, pressed)
