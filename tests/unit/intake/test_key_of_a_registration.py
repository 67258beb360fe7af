"""Which requests without a key are the same issue: the same words of the same asker on the same day in Shanghai."""

from datetime import date

from services.intake.api import key_of
from services.intake.registering import Registration

BODY = Registration(title="漏水", text="水管漏水")
DAY = date(2026, 3, 2)


def test_the_same_words_on_the_same_day_have_one_key_also_where_defaults_are_written_out() -> None:
    spelled = Registration.model_validate_json(BODY.model_dump_json())
    assert key_of(BODY, DAY) == key_of(spelled, DAY)
    assert len(key_of(BODY, DAY)) <= 200


def test_other_words_or_another_day_are_another_issue() -> None:
    keys = {
        key_of(BODY, DAY),
        key_of(BODY, date(2026, 3, 3)),
        key_of(BODY.model_copy(update={"text": "x"}), DAY),
    }
    assert len(keys) == 3
