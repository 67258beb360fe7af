"""What must stand nowhere but where it belongs: keys, tokens, links, and how people are reached; and where it does.

What is looked for is known (the keys of the deployments that tests made, the names of the people whom tests
invented, what a test keeps secret) or has a form that nothing else has: tokens, links, mobiles, identity cards, mails.
"""

import base64
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from shared.domain.private_numbers import check_digit
from shared.identity.keys import REFERENCE, VAULT, NoKeys, secret, signing_key
from tests.contacts import CONTACTS

OUTPUT: list[tuple[str, bytes]] = []
"""What the tests printed and logged, and the metrics of the services that they stopped: (whose it is, all of it)."""
EMBEDDED = "embedded"
"""The folder of the real parts that all tests share, below the run's."""
SECRETS: dict[str, str] = {}
"""What a test made and nobody may find again, by what it is."""

ORDERS = re.compile(r"(^|\.)dept\.[^.]+\.orders(-\d+)?$")
"""The topics, and Kafka's folders of their partitions, that may show how somebody is reached."""
SHOWN = 5
"""How many leaks a failure shows; a first one often has thousands behind it."""

_BEFORE, _AROUND = 64, 40
"""How far what leads up to something is looked at, and how much of what surrounds a leak is shown."""
_ALONE = rb"(?:^|[^0-9A-Za-z_.]|(?:^|[^0-9])\.)"
_END = rb"(?![0-9A-Za-z_])(?!\.\d)"
"""A number stands by itself: no part of an id, a hash, a float."""
_BESIDE_KEYS = bytes(code if re.match(rb"[A-Za-z0-9+/_-]", bytes([code])) else 0x20 for code in range(256))
"""For ``translate``: what is no part of a key that is written down becomes a space."""


class Form(NamedTuple):
    """How something is written: a part of it that is quickly found in many megabytes, and what leads up to that."""

    part: re.Pattern[bytes]
    before: re.Pattern[bytes]

    def scan(self, raw: bytes) -> Iterator[tuple[int, int]]:
        """Where it stands: from, and up to before."""
        for match in self.part.finditer(raw):
            begin = max(0, match.start() - _BEFORE)
            if before := self.before.search(raw[begin : match.start()]):
                yield begin + before.start(), match.end()


FORMS = {
    "a signed token": Form(
        re.compile(rb"eyJ[\w-]{8,}\.[\w-]+\.[\w-]{20,}", re.ASCII),
        re.compile(rb"\Z"),
    ),
    "a link": Form(
        re.compile(rb"\.[0-9a-f]{32}(?![0-9a-f])"),
        re.compile(rb"(?<![0-9A-Z])[0-9A-Z]{13}\.[1-9]\d{0,8}\Z"),
    ),
    "a mobile": Form(
        re.compile(rb"1[3-9]\d(?:\d{8}|([- ])\d{4}\1\d{4})" + _END),
        re.compile(_ALONE + rb"(?:(?:\+|00)?86[- ]?)?\Z"),
    ),
    "an identity card": Form(
        re.compile(rb"(?:19|20)\d{9}[\dXx]" + _END),
        re.compile(_ALONE + rb"[1-9]\d{5}\Z"),
    ),
    "a mail address": Form(
        re.compile(rb"@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
        re.compile(rb"[A-Za-z0-9._%+-]+\Z"),
    ),
}


class Leak(NamedTuple):
    """One thing where it does not belong: what it is, where, and what stands around it."""

    what: str
    place: str
    around: str


class Finder:
    """Looks for these keys and words, by what they are, and for all that has one of the forms.

    ``written``: keys that are looked for where they are written in hexadecimal or base64, and not as bytes: there may
    be thousands of them.
    """

    def __init__(
        self, keys: Iterable[bytes], words: Mapping[str, str], written: Iterable[bytes] = ()
    ) -> None:
        self._keys = frozenset(keys)
        self._written = {form for key in (*self._keys, *written) for form in _writings(key)}
        self._words = {form: what for what, word in words.items() for form in _spellings(word)}

    def leaks(self, place: str, raw: bytes) -> list[Leak]:
        """Whatever is found in what stands at this place; of each key and word the first."""
        return [
            Leak(what, place, raw[max(0, start - _AROUND) : end + _AROUND].decode(errors="backslashreplace"))
            for what, start, end in self._found(raw)
        ]

    def _found(self, raw: bytes) -> Iterator[tuple[str, int, int]]:
        for what, form in FORMS.items():
            for start, end in form.scan(raw):
                if what != "an identity card" or _checks(raw[end - 18 : end].decode()):
                    yield what, start, end
        written = self._written.intersection(raw.translate(_BESIDE_KEYS).split())
        for part, what in {**self._words, **dict.fromkeys((*self._keys, *written), "a key")}.items():
            if (start := raw.find(part)) >= 0:
                yield what, start, start + len(part)


def _writings(key: bytes) -> Iterator[bytes]:
    yield from (key.hex().encode(), key.hex().upper().encode())
    yield from (encode(key).rstrip(b"=") for encode in (base64.b64encode, base64.urlsafe_b64encode))


def _spellings(word: str) -> Iterator[bytes]:
    yield from (word.encode(), json.dumps(word)[1:-1].encode(), base64.b64encode(word.encode()))


def _checks(card: str) -> bool:
    return check_digit(card[:17]) == card[17:].upper()


def finder(folder: Path, written: Iterable[bytes] = ()) -> Finder:
    """For the keys of this deployment, those ``written``, the names of all contacts, and what tests keep secret."""
    names = {f"the name of {contact.name}": contact.name for contact in CONTACTS}
    return Finder(keys_of(folder), {**names, **SECRETS}, written)


def keys_of(folder: Path) -> list[bytes]:
    """The three keys of a deployment that nobody else may have; what is missing, or no key, is left out."""
    found = []
    for name in (REFERENCE, VAULT):
        with suppress(NoKeys):
            found.append(secret(folder, name))
    with suppress(NoKeys):
        private = signing_key(folder).as_dict(private=True)["d"]
        found.append(base64.urlsafe_b64decode(f"{private}="))
    return found


def keys_below(base: Path) -> set[bytes]:
    """The keys of every deployment that was made below this folder."""
    folders = {path.parent for path in base.rglob(VAULT)}
    return {key for folder in folders for key in keys_of(folder)}


def log_files(base: Path, *but: Path) -> list[Path]:
    """Every file there that grows line by line, but for these folders: output of processes, and topics of Kafkas."""
    found = (path for path in sorted(base.rglob("*.log")) if not {*but} & {*path.parents})
    return [path for path in found if path.is_file() and not ORDERS.search(path.parent.name)]


async def searched(left: AsyncIterator[tuple[str, bytes]], looking: Finder) -> tuple[set[str], list[Leak]]:
    """Where something was read, and what was found there."""
    places, leaks = set(), []
    async for place, raw in left:
        places.add(place)
        leaks += looking.leaks(place, raw)
    return places, leaks


def none_of(leaks: list[Leak]) -> None:
    """Fail with the first leaks, and with every place that has some."""
    assert not leaks, f"{len(leaks)} leaks, at {sorted({leak.place for leak in leaks})}: {leaks[:SHOWN]}"
