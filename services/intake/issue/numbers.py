"""An issue's id and number: arithmetic only."""

import unicodedata
from collections.abc import Callable

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LENGTH = 13
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
_AS_PYTHON_DIGITS = str.maketrans(CROCKFORD, "0123456789abcdefghijklmnopqrstuv")
_CHECKS = 37
"""Crockford's check symbol is the value modulo 37; ids are chosen so that it is one of the 32 ordinary ones."""


def issue_id(digest: Callable[..., bytes], jurisdiction: str, asker: str, key: str) -> str:
    """13 characters of Crockford base32 (65 bits): the same asker and key give the same issue.

    ``digest`` is of the deployment's secret (``References.digest``): from a list of people nobody guesses whose it is.
    ``asker`` is the reference of the person who raises it, or an official with the role: ``clerk:chen``. The same key
    in another jurisdiction, or from the same official in another role, is another issue.
    """
    attempt = 0
    while True:
        value = int.from_bytes(digest("issue id", jurisdiction, asker, key, str(attempt))) >> (
            256 - 5 * ID_LENGTH
        )
        if value % _CHECKS < len(CROCKFORD):  # else the check would be one of * ~ $ = U, bad on the phone
            return "".join(CROCKFORD[value >> shift & 31] for shift in range(5 * (ID_LENGTH - 1), -1, -5))
        attempt += 1


def is_issue_id(text: str) -> bool:
    """Whether this is an id as ``issue_id`` makes them."""
    return len(text) == ID_LENGTH and all(char in CROCKFORD for char in text) and _check(text) != ""


def issue_number(id: str) -> str:
    """The id for people: grouped, with a check character: ``7K3M-9QXT-2B4N-6C``."""
    full = id + _check(id)
    return "-".join(full[start : start + 4] for start in range(0, len(full), 4))


def read_number(text: str) -> str:
    """The id a typed number (or id) means: any case, width and spacing; O is 0, I and L are 1.

    Raises ValueError with what is wrong: another length, a character that no number has, a wrong check.
    """
    typed = unicodedata.normalize("NFKC", text).upper().translate(_READ_AS)
    if len(typed) not in (ID_LENGTH, ID_LENGTH + 1):
        raise ValueError(f"{text[:40]!r} is not an issue's number: it has {ID_LENGTH + 1} letters and digits")
    for char in typed:
        if char not in CROCKFORD:
            raise ValueError(f"{text[:40]!r} is not an issue's number: {char!r} is in none of them")
    id = typed[:ID_LENGTH]
    if not is_issue_id(id) or typed[ID_LENGTH:] not in ("", _check(id)):
        raise ValueError(f"{text[:40]!r} is mistyped: its last character does not fit the others")
    return id


def _check(id: str) -> str:
    place = int(id.translate(_AS_PYTHON_DIGITS), 32) % _CHECKS
    return CROCKFORD[place] if place < len(CROCKFORD) else ""
