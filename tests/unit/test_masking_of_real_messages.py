"""Masking on 1,712 real messages and their replies, against labels that were made by reading them."""

import pytest

from bench.masking import MESSAGES, WRITTEN, Count, Text, count, labelled, written

pytestmark = pytest.mark.skipif(
    not MESSAGES.exists(), reason=f"the real messages are not part of the project; {MESSAGES} is absent"
)


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    return list(labelled())


@pytest.mark.parametrize(
    ("where", "counted"), [("text", Count(26, 44, 0, 0)), ("reply", Count(346, 411, 0, 5))]
)
def test_every_number_of_the_real_texts_is_found_and_five_are_masked_that_are_none(
    texts: list[Text], where: str, counted: Count
) -> None:
    assert count(texts, where) == counted


@pytest.mark.parametrize("way", WRITTEN)
def test_numbers_are_found_however_people_write_them(texts: list[Text], way: str) -> None:
    assert written(texts, WRITTEN[way]) == (195 if way == "eight digits alone" else 208, 208)
