"""What is wrong in a file is an English sentence that can be said in another language, with all that it is made of."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.supervision.builtin import builtin_policy
from shared.domain.clocks import CompletePolicy
from shared.domain.faults import Fault
from shared.handwritten import WrongFile, fault_at, faults_of, object_in

OTHER = {
    "%(place)s, line %(line)s": "%(place)s第%(line)s行",
    "%(place)s: %(rule)s": "%(place)s：%(rule)s",
    "%(day)s is a %(weekday)s": "%(day)s 是工作日",
}


def other(phrase: str) -> str:
    return OTHER.get(phrase, phrase)


def test_a_fault_is_its_english_sentence_and_is_said_in_another_language_with_its_parts() -> None:
    rule = Fault("%(day)s is a %(weekday)s", day="2027-04-05", weekday="Monday")
    fault = fault_at("notice.csv", rule, 3)
    assert fault == "notice.csv, line 3: 2027-04-05 is a Monday"
    assert fault.said(other) == "notice.csv第3行：2027-04-05 是工作日"
    assert fault.said(lambda phrase: phrase) == fault


def test_what_somebody_wrote_is_no_hole_of_a_phrase() -> None:
    fault = fault_at("100%", Fault("%(found)s is no date", found="%(day)s"))
    assert fault == "100%: %(day)s is no date"
    assert fault.said(other) == "100%：%(day)s is no date"


def test_what_a_terminal_cannot_show_is_written_out_in_a_fault_and_in_any_sentence() -> None:
    fault = fault_at("a\udcff.csv", Fault("it is empty"))
    assert WrongFile([fault]).faults == ("a\\udcff.csv: it is empty",)
    assert isinstance(WrongFile([fault]).faults[0], Fault)
    assert WrongFile(["a\udcff.csv is empty"]).faults == ("a\\udcff.csv is empty",)


@pytest.mark.parametrize("text", ["[]", "7", "{", '{"a": 1, "a": 2}', "1" * 5000])
def test_whatever_is_no_object_is_a_fault(text: str) -> None:
    with pytest.raises(WrongFile) as error:
        object_in(text, "policy.json")
    assert all(isinstance(fault, Fault) for fault in error.value.faults)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"grace_seconds": -1}, "应不小于 0"),
        ({"extension_days": 251}, "应不大于 250"),
        ({"extensions": "two"}, "应为整数"),
        ({"extensions": 1.5}, "应为整数"),
        ({"version": 7}, "应为文字"),
        ({"version": "x" * 101}, "最多 100 个字"),
        ({"office_day_end": "late"}, "应为时刻"),
        ({"limits": []}, "应为 JSON 对象"),
        ({"ladder": 5}, "应为列表"),
        ({"ladder": ["reminder"]}, "应为 JSON 对象"),
        ({"office_hours": [["08:30", "12:00", "13:30"]]}, "最多 2 项"),
    ],
    ids=str,
)
def test_the_rules_that_a_policy_may_break_are_known_in_chinese(change: dict[str, Any], rule: str) -> None:
    content = {**json.loads(builtin_policy().model_dump_json()), **change}
    with pytest.raises(ValidationError) as error:
        TypeAdapter(CompletePolicy).validate_python(content)
    (fault,) = faults_of(error.value, "规定", "zh")
    assert rule in fault and next(iter(change)) in fault
