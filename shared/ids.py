"""Ids as logs and traces show them: what comes from outside may be a phone or a name, and is shown as its hash."""

import hashlib
import re
from functools import lru_cache

_ISSUE, _OTHER = r"(?=\d*[A-Z])[0-9A-Z]{13}", r"[a-z]+:[\w.:-]{1,80}"
_TOPIC, _SEQ = r"[a-z][a-z0-9.-]*", r"\d{1,16}"
_SUBJECT = re.compile(_ISSUE), re.compile(_OTHER, re.ASCII)
_EVENT = re.compile(f"{_TOPIC}:{_ISSUE}:{_SEQ}", re.ASCII), re.compile(f"{_TOPIC}:{_OTHER}:{_SEQ}", re.ASCII)
"""Of an issue, which is no number for it has a letter in it; of anything else."""
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d[\d-]{9,}[\dXx](?![0-9A-Za-z])")
"""A number that stands by itself and is as long as a phone's or a card's, also with hyphens in it."""
_TYPE = re.compile(r"[a-z][a-z0-9_.]{0,99}", re.ASCII)


def trace_id(subject: str) -> int:
    """The trace of one aggregate, the same for whoever counts it: the first 16 bytes of the SHA-256 of its subject."""
    return int.from_bytes(_hash(subject)[:16], "big")


def span_id(id: str) -> int:
    """The span of one event or command: the first 8 bytes of the SHA-256 of its id."""
    return int.from_bytes(_hash(id)[:8], "big")


def shown_subject(subject: str) -> str:
    """A subject, where it has the form of ours; else its hash."""
    return _shown(*_SUBJECT, subject)


def shown_event(id: str) -> str:
    """The id of an event, where it has the form of ours; else its hash."""
    return _shown(*_EVENT, id)


def shown_command(id: str) -> str:
    """The hash of a command's id, which is that of its span: in the id stand who asked and a key of theirs."""
    return _hash(id)[:8].hex()


@lru_cache(1024)
def shown_type(type: str) -> str:
    """A type, where it has the form of ours; else nothing."""
    return type if _TYPE.fullmatch(type) else ""


def _shown(of_issue: re.Pattern[str], of_another: re.Pattern[str], text: str) -> str:
    if of_issue.fullmatch(text) or (of_another.fullmatch(text) and not _NUMBER.search(text)):
        return text
    return f"#{_hash(text)[:8].hex()}" if text else ""


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
