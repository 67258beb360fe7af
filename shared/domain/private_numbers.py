"""What a few groups of digits are: a mobile, a landline, an identity card, or nothing that is anybody's own.

Each rule looks at the digits, at how they are grouped, and at a few characters before and behind them.
"""

import re
from datetime import date
from enum import StrEnum
from typing import NamedTuple

WINDOW = 12
"""How many characters before and behind a number say what it is."""
GAP = r"[-. ()/_]{0,3}"
"""What may stand between two digits of one number."""
DONE = "\x1f"
"""Stands for each character of a number that is masked already."""


class NumberKind(StrEnum):
    """What a number is that is masked."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    IDENTITY_CARD = "identity_card"


class Candidate(NamedTuple):
    """Some groups of digits that stand side by side as one of the numbers is written."""

    text: str
    """All of it, in ASCII forms."""
    digits: str
    places: tuple[int, ...]
    """Of the digits in the text."""
    lengths: tuple[int, ...]
    """Of the groups."""
    gaps: str
    """Everything that stands between the groups."""
    last: int
    """Where the number before it ended."""

    @property
    def before(self) -> str:
        """What leads up to it within the sentence: a few characters."""
        return re.split(r"[。;!?\n]", self.text[max(0, self.places[0] - WINDOW) : self.places[0]])[-1]

    @property
    def behind(self) -> str:
        """The few characters behind it."""
        end = self.places[-1] + 1
        return self.text[end : end + WINDOW]


class Hit(NamedTuple):
    """What a candidate is, and which of its places are hidden."""

    kind: NumberKind
    places: tuple[int, ...]
    hidden: slice


_PHONE = re.compile(r"电话|座机|固话|手机|热线|联系|致电|拨|来电|传真|号码|tel|phone|mobile|fax|call", re.I)
_PHONE_AT_ONCE = re.compile(rf"(?:{_PHONE.pattern})[号为是: (]{{0,3}}$", re.I)
_PERSON = re.compile(r"(?:先生|女士|小姐|经理|同志|师傅|主任|科长|局长|老师)[: ]{0,2}$")
_CALLED = re.compile(r"\D{0,2}(?:[打来]\D{0,2}电|[这那][个一]电话|手机)", re.ASCII)
_OFFICE = re.compile(r"[局镇乡区所站科室办股处院校会心队]\($")
_CODE = re.compile(
    r"(?:编号|[单订案文字税户卡警工学批序型同水证书册]号|订单|流水|发票|字第|ICP备|备案|证书|许可证|执照|代码|编码|识别码"
    r"|QQ|ISBN)[^,。;、\n\d]{0,4}$",
    re.I,
)
_IDENTITY = re.compile(r"身份证|证件|居住证|居留")
_OTHER_UNIT = re.compile(r" ?(?:[元亿%㎡亩吨号]|万元|平方|平米)|\. ?\d{1,2}(?![\d月日年点号时:.])", re.ASCII)
_LATIN_BEFORE = re.compile(r"[A-Za-z][-_#]?$")
_CALL_BEFORE = re.compile(r"(?:tel|phone|mobile|mob|fax|call|wx|vx|wechat|weixin)[-_#]?$", re.I)
_LATIN_BEHIND = re.compile(r"[-_]?(?!ext|x\d)[A-Za-z]", re.I | re.ASCII)
_IN_FOURS = re.compile(r"\d{4}[ -]$", re.ASCII)
"""Before four digits and four and four: a bank card goes on so."""
_BESIDE = re.compile(r"[ 、,/或和及与]{1,3}$")

_MOBILE = re.compile(r"(?:0|(?:00)?86)?1[3-9]\d{9}", re.ASCII)
_AREA = re.compile(r"0(?:10|2\d)(?=\d{8}$)|0[03-9]\d\d(?=\d{7,8}$)", re.ASCII)
_AREA_ABROAD = re.compile(r"(?:00)?86(?:(?:10|2\d)(?=\d{8}$)|[3-9]\d\d(?=\d{7,8}$))", re.ASCII)
_PUBLIC = re.compile(r"[48]00\d{7}", re.ASCII)

_MOBILES = {(11,), (3, 4, 4), (4, 3, 4), (3, 8), (7, 4), (3, 3, 5), (5, 6), (3, 4, 2, 2), (1,) * 11}
_LOCALS = {(7,), (8,), (3, 4), (4, 4), (4, 3)}
_PUBLICS = {(10,), (3, 7), (3, 3, 4), (3, 4, 3), (4, 3, 3), (4, 6), (6, 4)}
_CARDS = {(18,), (6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (3, 3, 4, 4, 4), (6, 12), (14, 4), (10, 8)}
_OLD_CARDS = {(15,), (6, 6, 3), (6, 9)}
GROUPINGS = frozenset(
    _LOCALS
    | _PUBLICS
    | _CARDS
    | {(*card[:-1], card[-1] - 1) if card[-1] > 1 else card[:-1] for card in _CARDS}
    | _OLD_CARDS
    | {(first + prefix, *others) for first, *others in _MOBILES for prefix in (0, 1, 2, 4)}
    | {(area, *local) for area in (3, 4) for local in _LOCALS}
    | {(10,), (11,), (12,)}
    | {(*abroad, *local) for abroad in ((2, 2), (2, 3), (4, 2), (4, 3)) for local in _LOCALS}
    | {(prefix + area + local,) for prefix in (2, 4) for area in (2, 3) for local in (7, 8)}
)
"""How the digits of a number are grouped, as the lengths of the groups; a card that ends in X has one digit less."""
BEGINNINGS = frozenset(groups[:count] for groups in GROUPINGS for count in range(1, len(groups) + 1))

_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]", re.ASCII)
"""GB/T 2260; 81 to 83 stand on residence permits."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_OLDEST = "20"
"""The earliest year of birth, without its century, of a card of 15 digits that no word names: business licences
have small numbers there, and who was born before 1920 writes no more."""


def is_public(one: Candidate) -> bool:
    """Whether it is a 400 or 800 number, which only organisations have."""
    return _PUBLIC.fullmatch(one.digits) is not None


def number(one: Candidate) -> Hit | None:
    """What it is of that which is masked; None for everything else."""
    return _identity_card(one) or _mobile(one) or _landline(one) or _local(one)


def check_digit(digits: str) -> str:
    """The last character of an identity-card number, from its first 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return "10X98765432"[total % 11]


def _identity_card(one: Candidate) -> Hit | None:
    """18 characters of which the last one checks the others, a foreigner's from 9 on too; 15 digits of an old card."""
    digits = one.digits
    if len(digits) == 17 and re.match(r"[Xx](?![A-Za-z0-9])", one.behind):
        digits, one = digits + "X", one._replace(places=(*one.places, one.places[-1] + 1))
    if len(digits) not in (15, 18) or set(one.gaps) - set(" -"):
        return None
    old = len(digits) == 15
    foreign = not old and digits[0] == "9"
    if not _PROVINCE.match(digits, foreign) or not _is_date("19" + digits[6:12] if old else digits[6:14]):
        return None
    named = _IDENTITY.search(one.before) is not None
    sure = digits[6:8] >= _OLDEST if old else check_digit(digits) == digits[17]
    if not named and not (sure and _is_free(one)):
        return None
    return Hit(NumberKind.IDENTITY_CARD, one.places, slice(4, -4))


def _mobile(one: Candidate) -> Hit | None:
    digits = one.digits
    if not _MOBILE.fullmatch(digits):
        return None
    lengths = (one.lengths[0] - (len(digits) - 11), *one.lengths[1:])
    if lengths not in _MOBILES or ("." in one.gaps and lengths != (3, 4, 4)) or not _is_free(one):
        return None
    return Hit(NumberKind.MOBILE, one.places, slice(-8, -4))


def _landline(one: Candidate) -> Hit | None:
    """With its area code, written apart or in one; or as one calls it from abroad."""
    digits = one.digits
    if area := _AREA.match(digits):
        apart = one.lengths[0] == area.end() and one.lengths[1:] in _LOCALS
        if one.lengths == (4, 4, 4) and _IN_FOURS.search(one.before):
            return None
        if digits[1] == "0":  # what stands for an area in texts that were made public
            apart = one.lengths in ((4, 7), (4, 8)) and one.gaps == "-"
        in_one = len(one.lengths) == 1 and digits[1] != "0" and digits[area.end()] in "2345678"
        if not (apart or in_one):
            return None
    elif not ((area := _AREA_ABROAD.match(digits)) and (digits[0] == "0" or one.before.endswith("+"))):
        return None
    return Hit(NumberKind.LANDLINE, one.places, slice(area.end(), -3)) if _is_free(one) else None


def _local(one: Candidate) -> Hit | None:
    """Without an area code: only where words say that it is a phone number, or where it stands beside one."""
    digits, before, behind = one.digits, one.before, one.behind
    if one.lengths not in _LOCALS or one.gaps not in ("", " ", "-") or digits[0] not in "2345678":
        return None
    in_brackets = _OFFICE.search(before) and behind.startswith(")")
    said = _PHONE.search(before) or _PERSON.search(before) or _CALLED.match(behind)
    if not (said or in_brackets or _is_beside_another(one)):
        return None
    at_once = _PHONE_AT_ONCE.search(before) is not None
    looks_like_days = _is_date(digits) or {digits[:2], digits[4:6]} <= {"19", "20"}
    if (looks_like_days and not at_once) or not _is_free(one, named=at_once):
        return None
    return Hit(NumberKind.LANDLINE, one.places, slice(0, -3))


def _is_beside_another(one: Candidate) -> bool:
    beside = _BESIDE.search(one.before)
    if beside is None:
        return False
    return one.places[0] - len(beside.group()) == one.last or one.before[: beside.start()].endswith(DONE)


def _is_free(one: Candidate, *, named: bool = True) -> bool:
    """Whether what stands around it does not say that it is an amount, a code, or a part of one.

    Where ``named`` counts, a word for a phone before it outweighs what stands behind it.
    """
    before, behind = one.before, one.behind
    code = _CODE.search(before)
    if code and not _PHONE.search(code.group()):
        return False
    if _LATIN_BEFORE.search(before) and not _CALL_BEFORE.search(before):
        return False
    if named and _PHONE.search(before):
        return True
    return not (_OTHER_UNIT.match(behind) or _LATIN_BEHIND.match(behind))


def _is_date(digits: str) -> bool:
    """Whether eight digits are a day of 1850 to 2049."""
    if len(digits) != 8 or not "1850" <= digits[:4] < "2050":
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
