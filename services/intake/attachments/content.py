"""What a file is, by its content and never by its name; only what stands on a short list is taken."""

from enum import StrEnum
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile, ZipFile

import filetype

from shared.contract.words import MediaType

TAKEN = "jpg, png, webp, heic, pdf, docx, xlsx"
"""What may be handed in, as people know it."""
EXTENSIONS: dict[str, str] = {
    MediaType.JPEG: "jpg",
    MediaType.PNG: "png",
    MediaType.WEBP: "webp",
    MediaType.PDF: "pdf",
    MediaType.DOCX: "docx",
    MediaType.XLSX: "xlsx",
}
PICTURES: dict[str, tuple[str, MediaType]] = {
    "image/jpeg": ("JPEG", MediaType.JPEG),
    "image/png": ("PNG", MediaType.PNG),
    "image/apng": ("PNG", MediaType.PNG),
    "image/webp": ("WEBP", MediaType.WEBP),
    "image/heic": ("HEIF", MediaType.JPEG),
}
"""By what a picture is found to be: how it is read, and what it is stored as."""

MOST_PIXELS = 65_000_000
"""What the sensors of phones give in one picture, 64 megapixels the largest."""
HEAD_BYTES = 8_192
CONTENT_TYPES = "[Content_Types].xml"
MOST_CONTENT_TYPES_BYTES = 1_000_000
_OPENXML = "application/vnd.openxmlformats-officedocument."
MAIN_PARTS: dict[str, MediaType] = {
    f"{_OPENXML}wordprocessingml.document.main+xml": MediaType.DOCX,
    f"{_OPENXML}spreadsheetml.sheet.main+xml": MediaType.XLSX,
}
ACTIVE = ("macro", "vba", "activex")
"""What the type of a part that does something by itself has in it: macros, sheets of macros, controls."""


class Fault(StrEnum):
    """Why a file is not taken."""

    TOO_LARGE = "too_large"
    NOT_TAKEN = "not_taken"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNREADABLE = "unreadable"


class NotTaken(Exception):
    """A file that is not taken, with its fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def type_of(path: Path) -> str:
    """The media type of a file that is taken, a picture's as it was handed in; raises NotTaken."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(b"%PDF-"):
        return MediaType.PDF
    if head.startswith(b"PK\x03\x04"):
        return _office_type(path)
    # The guesser knows the pictures of most phones; heix is the brand of those with ten bits a colour.
    found = "image/heic" if head[4:12] == b"ftypheix" else filetype.guess_mime(head)
    if found not in PICTURES:
        raise NotTaken(Fault.NOT_TAKEN)
    return str(found)


def _office_type(path: Path) -> MediaType:
    """A document or a sheet whose parts are all passive, as the zip's own list of their types says."""
    try:
        with ZipFile(path) as archive, archive.open(CONTENT_TYPES) as listed:
            text = listed.read(MOST_CONTENT_TYPES_BYTES + 1)
        types = _types_in(text) if len(text) <= MOST_CONTENT_TYPES_BYTES else set()
    except (BadZipFile, KeyError, RuntimeError, NotImplementedError, ValueError, OSError, ExpatError):
        raise NotTaken(Fault.NOT_TAKEN) from None
    kinds = {kind for type, kind in MAIN_PARTS.items() if type in types}
    if len(kinds) != 1 or any(word in type for type in types for word in ACTIVE):
        raise NotTaken(Fault.NOT_TAKEN)
    return kinds.pop()


def _types_in(text: bytes) -> set[str]:
    """Every content type that the list names, in small letters; raises ValueError where it declares a document type:
    entities could hide what they say."""
    found: set[str] = set()

    def element(name: str, attributes: dict[str, str]) -> None:
        found.update(value.lower() for key, value in attributes.items() if key == "ContentType")

    def declared(*_: object) -> None:
        raise ValueError("a list of types declares no document type")

    parser = ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = element, declared
    parser.Parse(text, True)
    return found
