"""Ids and numbers: stable, readable aloud, and wrong ones are told apart; credit codes by the standard."""

import re
from random import Random

import pytest
from stdnum.cn import uscc

from services.intake.credit_codes import is_credit_code
from services.intake.issue.numbers import (
    CROCKFORD,
    is_issue_id,
    issue_id,
    issue_number,
    read_number,
)
from shared.identity.keys import REFERENCE, secret
from shared.identity.references import References
from tests.keys import KEYS, REFERENCES

IDS = [issue_id(REFERENCES.digest, "huzhou", "li", str(key)) for key in range(500)]


def id_of(*parts: str) -> str:
    return issue_id(REFERENCES.digest, *parts)


def test_the_same_asker_and_key_give_the_same_id_and_others_another() -> None:
    assert id_of("huzhou", "li", "7") == IDS[7]
    assert len(set(IDS)) == len(IDS)
    assert id_of("h", "a", "b:c") != id_of("h", "a:b", "c")
    assert id_of("h", "a:b", "c") != id_of("h:a", "b", "c")


@pytest.mark.parametrize(
    "other", [("deqing", "li", "7"), ("huzhou", "office:li", "7"), ("huzhou", "wang", "7")]
)
def test_the_same_key_elsewhere_or_in_another_role_or_from_another_person_is_another_issue(
    other: tuple[str, str, str],
) -> None:
    assert id_of(*other) != IDS[7]


def test_without_the_deployments_key_nobody_can_tell_whose_issue_it_is() -> None:
    others = [References(bytes([n]) * 32) for n in range(256) if bytes([n]) * 32 != secret(KEYS, REFERENCE)]
    assert IDS[7] not in {issue_id(other.digest, "huzhou", "li", "7") for other in others}


def test_an_id_has_thirteen_characters_and_a_number_one_more_all_easy_to_say() -> None:
    for id in IDS:
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{13}", id) and is_issue_id(id)
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{2}", issue_number(id))


def test_an_id_is_itself_wherever_it_is_computed() -> None:
    assert id_of("huzhou", "replay", "24") == "M13KGYJR1YFF6"
    assert issue_number("NFWXR1SX3AR7C") == "NFWX-R1SX-3AR7-CD"
    assert issue_number("Z762SV5NF8DXJ") == "Z762-SV5N-F8DX-JW"


def test_a_number_is_read_however_it_is_typed() -> None:
    for id in IDS[:50]:
        number = issue_number(id)
        wide = "".join(chr(ord(char) + 0xFEE0) for char in number)
        slips = number.replace("0", "O").replace("1", "l")
        for typed in (
            number,
            number.lower(),
            number.replace("-", " "),
            wide,
            slips,
            slips.replace("l", "I"),
            id,
        ):
            assert read_number(typed) == id


def test_every_wrong_character_and_every_swap_of_neighbours_is_noticed() -> None:
    rng = Random(1)
    for id in rng.sample(IDS, 20):
        number = issue_number(id).replace("-", "")
        for place in range(len(number)):
            for char in CROCKFORD.replace(number[place], ""):
                with pytest.raises(ValueError, match="mistyped"):
                    read_number(number[:place] + char + number[place + 1 :])
            swapped = number[:place] + number[place : place + 2][::-1] + number[place + 2 :]
            if swapped != number:
                with pytest.raises(ValueError, match="mistyped"):
                    read_number(swapped)


@pytest.mark.parametrize("typed", ["", "7K3M", "UUUU-UUUU-UUUU-UU", "7K3M-9QXT-2B4N-6C-77", "编号"])
def test_what_is_no_number_is_told_so(typed: str) -> None:
    with pytest.raises(ValueError, match="not an issue's number"):
        read_number(typed)


def test_credit_codes_are_judged_as_the_standard_library_of_numbers_judges_them() -> None:
    rng, letters = Random(2), "0123456789ABCDEFGHJKLMNPQRTUWXY"
    right = 0
    for _ in range(2000):
        code = "91" + "330500" + "".join(rng.choice(letters) for _ in range(9))
        code += uscc.calc_check_digit(code + "0")
        assert is_credit_code(code)
        slipped = code[:-1] + rng.choice(letters)
        right += is_credit_code(slipped)
        assert is_credit_code(slipped) == (slipped == code)
    assert right < 200
    assert is_credit_code("91110000600037341L")
    for wrong in ("", "91110000600037341", "91110000600037341l", "91110000600037341LL", "9111000060003734IL"):
        assert not is_credit_code(wrong)
