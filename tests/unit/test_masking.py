"""Phone and identity-card numbers in free text are masked, and nothing else is."""

import re
import sys
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contract.event import FREE_TEXT
from shared.contract.registry import COMMANDS, CONTROL
from shared.domain import masking, private_numbers
from shared.domain.masking import Found, Masked, NumberKind, mask
from shared.domain.private_numbers import check_digit

CARD = "11010519491231002X"  # the example of GB 11643 itself
OLD_CARD = "330501670401001"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("请打13812345678找我", "请打138****5678找我"),
        ("+86 138-1234-5678", "+86 138-****-5678"),
        ("008613812345678", "0086138****5678"),
        ("8613812345678", "86138****5678"),
        ("013812345678", "0138****5678"),
        ("138 1234 5678，或139.1234.5678", "138 **** 5678，或139.****.5678"),
        ("138一1234一5678", "138一****一5678"),
        ("1 3 8 1 2 3 4 5 6 7 8", "1 3 8 * * * * 5 6 7 8"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("**13812345678**", "**138****5678**"),
        ("微信13812345678，邮箱13812345678@example.com", "微信138****5678，邮箱138****5678@example.com"),
        ("手机:13812345678/13912345678", "手机:138****5678/139****5678"),
        ("张三13812345678李四13912345678", "张三138****5678李四139****5678"),
    ],
)
def test_a_mobile_keeps_three_digits_and_four(text: str, left: str) -> None:
    assert mask(text).text == left
    assert {found.kind for found in mask(text).found} == {NumberKind.MOBILE}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("0572-2039817", "0572-****817"),
        ("(0572)2039817", "(0572)****817"),
        ("（０５７２）２０３９８１７", "（０５７２）****８１７"),
        ("0572 2039817转801", "0572 ****817转801"),
        ("05722039817", "0572****817"),
        ("0572—2039817-801", "0572—****817-801"),
        ("010-65123456、021 6512 3456", "010-*****456、021 **** *456"),
        ("+86 572 2039817", "+86 572 ****817"),
        ("0086-571-85123456", "0086-571-*****456"),
        ("电话2039817、2039818或2039819", "电话****817、****818或****819"),
        ("座机：8512-3456。", "座机：****-*456。"),
        ("联系我们2039817", "联系我们****817"),
        ("他用7223315打电话给我", "他用****315打电话给我"),
        ("可咨询县国土局（4233768）", "可咨询县国土局（****768）"),
        ("电话：20191231", "电话：*****231"),
    ],
)
def test_a_landline_keeps_its_area_and_three_digits(text: str, left: str) -> None:
    assert mask(text).text == left
    assert {found.kind for found in mask(text).found} == {NumberKind.LANDLINE}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (CARD, "1101**********002X"),
        (CARD.lower(), "1101**********002x"),
        ("110105 19491231 002X", "1101** ******** 002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "１１０１**********００２Ｘ"),
        ("440524188001010014", "4405**********0014"),
        ("身份证号：330501199001011239", "身份证号：3305**********1239"),  # mistyped: a word says what it is
        (f"姓名张三 {OLD_CARD}", "姓名张三 3305*******1001"),
        ("身份证330501120401001", "身份证3305*******1001"),
    ],
)
def test_an_identity_card_keeps_four_digits_and_four(text: str, left: str) -> None:
    assert mask(text).text == left
    kinds = {NumberKind.IDENTITY_CARD} if text != left else set()
    assert {found.kind for found in mask(text).found} == kinds


@pytest.mark.parametrize("body", ["81000019900101123", "83000019900101123", "91564319900101123"])
def test_residence_permits_and_foreigners_cards_are_known_by_the_same_check(body: str) -> None:
    card = body + check_digit(body)
    assert mask(card).text == f"{body[:4]}{'*' * 10}{card[-4:]}"


@pytest.mark.parametrize(
    "text",
    [
        "请拨12345、12366、12333、96345、110或10086",
        "0572-12345或0572—96111",
        "400-820-3982、4008203982、4008-203-982、800 820 3982，客服电话400 8203982",
        "统一社会信用代码91330500MA2B4C5D6X",
        "统一社会信用代码：913305001234567898",
        "11330500002547345F",
        "12330500471234567X",
        "52330500MJ87654321",
        "注册号330501000012345",
        "湖政发〔2026〕12号、（2017）234号、2019民初12345678号",
        "订单号13812345678，流水号：13912345678，案号 13712345678",
        "DD13812345678、HT-13812345678、SN_13812345678",
        "合计13812345678元、5024662平方米、电量8476560度",
        "其他费用0572-2039817.56元",
        "6222021205001234567、6217 0000 1234 5678 901",
        "坐标30.894178,120.086881和120.0868812 30.8941781",
        "2026-11-26 14:30、2018-01-01至2019-12-31、20190101",
        "联系时间20191231，拨打时间2018-2019",
        "编号J1XC-HRJE-MN1H-GS、0572-2039-8171-AB、6217 0572 1234 5678",
        "110105194912310021、990105194912310028、110105194913310021",
        "电话号码见附件。面积2039817",
        "1234567、7654321",
        "138123456789",
        "公交63、138、226、262路",
    ],
)
def test_what_is_nobodys_own_stays(text: str) -> None:
    assert mask(text) == Masked(text, ())


def test_what_an_office_publishes_stays_however_it_is_written() -> None:
    public = {"05722039817", "057185123456"}
    text = "请拨0572-2039817、(0572)2039817、+86 572 2039817，电话2039817、8512 3456"
    assert mask(text, lambda: public) == Masked(text, ())
    assert mask("0573-2039817、13812345678", lambda: public).text == "0573-****817、138****5678"


def test_places_are_those_of_the_text() -> None:
    text = f"电话０５７２-２０３９８１７，手机138 1234 5678，证件{CARD}"
    assert mask(text).found == (
        Found(NumberKind.LANDLINE, 2, 14),
        Found(NumberKind.MOBILE, 17, 30),
        Found(NumberKind.IDENTITY_CARD, 33, 51),
    )


NUMBERS = """0572 2039817 13812345678 138 1234 5678 86 +86 0086 0 400 8203982 330501 19900101 1234 2019 1
２０３９８１７ ０ ****817 138****5678 * ** ****"""
WORDS = "电话 联系 打电话 身份证 编号 局（ QQ 元 号 X x 、 或 ， 。 - -- . ( ) （ ） / 一 :"
PIECES = st.sampled_from([*NUMBERS.split(), *WORDS.split(), " ", "\n", "\x1f", CARD, OLD_CARD])
TEXTS = st.lists(PIECES | st.text(max_size=3) | st.text("0123456789*- ", max_size=12), max_size=14).map(
    "".join
)


@given(TEXTS)
@example("0572-2039817 2017")
@example("2039 05722039817 电话")
@example("联系 2039 0086138 1234 5678")
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask(text)
    assert mask(once.text) == (once.text, ())


@given(TEXTS)
def test_length_stays_and_nothing_outside_of_what_was_found_changes(text: str) -> None:
    done = mask(text)
    assert len(done.text) == len(text)
    places = {place for found in done.found for place in range(found.start, found.end)}
    changed = {place for place, (was, is_) in enumerate(zip(text, done.text, strict=True)) if was != is_}
    assert changed <= places
    assert {done.text[place] for place in changed} <= {"*"}
    assert all(before.end <= after.start for before, after in zip(done.found, done.found[1:], strict=False))


HOSTILE = {
    "digits": "1",
    "spaced": "1 ",
    "gaps": "1---",
    "stars": "*",
    "stars and digits": "138****",
    "half numbers": "0572-203",
    "half cards": "330501 1990",
    "words": "电话",
    "words and digits": "电话2039-",
    "numbers": "13812345678 ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_the_work_grows_as_the_text_does(piece: str) -> None:
    def steps(chars: int) -> int:
        """How many calls it takes, the C functions' too."""
        calls = 0

        def count(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        text = (piece * chars)[:chars]
        sys.setprofile(count)
        try:
            mask(text)
        finally:
            sys.setprofile(None)
        return calls

    assert steps(20_000) <= 10.5 * steps(2_000) + 100


def _repeats(pattern: Any) -> Iterator[tuple[int, int, bool]]:
    """Each repetition of a parsed pattern: least, most, and whether one without an end is in it."""
    for operation, argument in pattern:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            least, most, inner = argument
            inside = list(_repeats(inner))
            yield least, most, any(one[1] == _constants.MAXREPEAT for one in inside)
            yield from inside
        elif operation is _constants.BRANCH:
            for branch in argument[1]:
                yield from _repeats(branch)
        elif operation is _constants.SUBPATTERN:
            yield from _repeats(argument[-1])
        elif operation in (_constants.ASSERT, _constants.ASSERT_NOT):
            yield from _repeats(argument[1])


def test_no_pattern_repeats_without_end_but_runs_and_groups_of_digits() -> None:
    endless = set()
    for module in (masking, private_numbers):
        for name, pattern in vars(module).items():
            if isinstance(pattern, re.Pattern):
                repeats = list(_repeats(_parser.parse(pattern.pattern, pattern.flags)))
                assert not any(nested for _, _, nested in repeats), name
                endless |= {name for _, most, _ in repeats if most == _constants.MAXREPEAT}
    assert endless == {"_RUN", "_GROUP"}


def test_every_long_text_of_a_command_is_free_text_or_known_to_be_none() -> None:
    no_words = {"Redeliver.value", "RefuseMessage.detail", "RefuseMessage.message", "RefuseMessage.reason"}
    no_words |= {"AssignInBatch.by"}
    no_words |= {"Redeliver.topic", "Skip.topic", "Skip.source", "Discard.command", "FireDeadline.name"}
    for shape in [*COMMANDS.values(), *CONTROL.values()]:
        for name, field in shape.model_fields.items():
            most = next((m.max_length for m in field.metadata if hasattr(m, "max_length")), 1_000_000)
            bounded = most <= 100 or any(getattr(m, "pattern", None) for m in field.metadata)
            if field.annotation is str and not bounded and FREE_TEXT not in field.metadata:
                assert f"{shape.__name__}.{name}" in no_words
