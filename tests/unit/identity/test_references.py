"""References of persons: one person has one, nobody finds the person from it, and no two meanings share a hash."""

import hashlib
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as some

from shared.identity.references import CHARS, References

KEY = bytes(range(32))
PHONES = [f"138{number:08d}" for number in range(10_000)]


def test_a_person_has_one_reference_under_one_key_and_another_under_another() -> None:
    assert References(KEY).person("li") == References(KEY).person("li")
    assert References(KEY).person("li") != References(KEY).person("wang")
    assert References(KEY).person("li") != References(bytes(32)).person("li")
    assert len(References(KEY).person("li")) == CHARS


def test_an_anonymous_raisers_two_issues_cannot_be_linked() -> None:
    references = References(KEY)
    person = references.person("li")
    first, second = (references.on_issue(issue, person, anonymous=True) for issue in ("A", "B"))
    assert len({first, second, person}) == 3
    assert references.on_issue("A", person, anonymous=True) == first
    assert references.on_issue("A", person, anonymous=False) == person


def test_ten_thousand_guessed_people_recover_none() -> None:
    references = References(KEY)
    known = {references.person(phone) for phone in PHONES[::100]}
    known |= {references.lookup("phone", phone) for phone in PHONES[::100]}
    known |= {
        references.on_issue("J1XCHRJEMN1HG", references.person(phone), anonymous=True)
        for phone in PHONES[::100]
    }
    without_key = [bytes(32), b"", hashlib.sha256(b"qinqing").digest(), KEY[::-1]]
    for guess in PHONES:
        hashes = {hashlib.sha256(text.encode()).hexdigest()[:CHARS] for text in (guess, f"person{guess}")}
        assert not known & hashes
        for key in without_key:
            assert not known & {References(key).person(guess), References(key).lookup("phone", guess)}


@given(some.lists(some.text(some.characters(codec="utf-8"), max_size=6), min_size=2, max_size=6))
def test_no_two_lists_of_parts_have_the_same_digest(parts: list[str]) -> None:
    references = References(KEY)
    others = [["".join(parts)], parts[::-1], [*parts, ""], ["", *parts]]
    others += [
        [*parts[:cut], parts[cut] + parts[cut + 1], *parts[cut + 2 :]] for cut in range(len(parts) - 1)
    ]
    digests = {references.digest(*other) for other in others if other != parts}
    assert references.digest(*parts) not in digests


def test_no_two_meanings_share_a_hash() -> None:
    references = References(KEY)
    found = [
        references.person("li"),
        references.lookup("person", "li"),
        references.lookup("phone", "li"),
        references.on_issue("li", "", anonymous=True),
        references.on_issue("", "li", anonymous=True),
        references.digest("li").hex()[:CHARS],
    ]
    assert all(one != other for one, other in combinations(found, 2))
