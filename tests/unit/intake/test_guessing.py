"""Who has the topics and the store, and 10,000 guesses of accounts and phones, recovers nobody without the key."""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_bytes

import pytest

from shared.identity.keys import REFERENCE, secret
from shared.identity.references import CHARS, References
from tests.unit.intake.given_people import People

GUESSES = 10_000
ACCOUNTS = [f"li{number:04d}" for number in range(GUESSES)]
PHONES = [f"1380013{number:04d}" for number in range(GUESSES)]
THERE = range(7, GUESSES, 700)
"""Which of them are there."""
ISSUES = ("7K3M9QXT2B4N6", "Z762SV5NF8DXJ")
Hash = Callable[[str], str]


def known_hashes() -> Iterator[Hash]:
    """What somebody without the key can compute: plain hashes, and keyed ones with keys of their own."""
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        yield lambda text, name=name: hashlib.new(name, text.encode()).hexdigest()  # type: ignore[misc]
    for key in (b"", b"qinqing", bytes(32), token_bytes(32)):
        yield lambda text, key=key: hmac.digest(key, text.encode(), "sha256").hex()  # type: ignore[misc]
        references = References(key)
        yield references.person
        yield lambda text, references=references: references.lookup("phone", text)  # type: ignore[misc]


def recovered(everything: set[str], hashes: Iterator[Hash]) -> set[str]:
    """Which guesses are found: a hash, or the beginning of it, is one of the values that stand there."""
    return {
        guess
        for hashed in hashes
        for guess in (*ACCOUNTS, *PHONES)
        if (digest := hashed(guess))[:CHARS] in everything
        or digest[:16] in everything
        or digest in everything
    }


def values(text: str) -> set[str]:
    """Every value of hexadecimal digits that stands in a text."""
    return set(re.findall(r"[0-9a-f]{16,}", text))


async def test_10000_guessed_people_recover_nobody_without_the_key_and_everybody_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = People(monkeypatch)
    key = secret(Path(people.service.settings.keys_dir), REFERENCE)
    references = References(key)
    for number in THERE:
        await people.registered(f"entrepreneur:{ACCOUNTS[number]}", name=f"李{number}", phone=PHONES[number])
    there = values(people.everything())
    assert recovered(there, known_hashes()) == set()
    with_key = iter((references.person, lambda text: references.lookup("phone", text)))
    assert recovered(there, with_key) == {guess for n in THERE for guess in (ACCOUNTS[n], PHONES[n])}


def test_a_plain_hash_in_their_place_would_have_been_recovered() -> None:
    plain = {hashlib.sha256(ACCOUNTS[number].encode()).hexdigest()[:CHARS] for number in THERE}
    assert recovered(plain, known_hashes()) == {ACCOUNTS[number] for number in THERE}


def test_two_anonymous_issues_of_one_person_cannot_be_linked_by_who_guesses() -> None:
    """Nor to the person's own reference, which stands on named issues; with the key all of it is one person."""
    ours = References(token_bytes(32))
    people = [ours.person(account) for account in ACCOUNTS]
    first, second = ({ours.on_issue(issue, one, anonymous=True) for one in people} for issue in ISSUES)
    assert len(first) == len(second) == GUESSES
    assert not first & second and not (first | second) & set(people)
    theirs = References(token_bytes(32))
    for issue, references in zip(ISSUES, (first, second), strict=True):
        guessed = {theirs.on_issue(issue, one, anonymous=True) for one in (*people, *ACCOUNTS)}
        plain = {hashlib.sha256(f"{issue}{one}".encode()).hexdigest()[:CHARS] for one in people}
        assert not references & (guessed | plain)
    assert ours.on_issue(ISSUES[0], people[7], anonymous=True) in first
    assert ours.on_issue(ISSUES[0], people[7], anonymous=False) == people[7]
