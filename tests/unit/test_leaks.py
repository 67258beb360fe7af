"""Who looks for leaks finds every kind of them, and takes nothing else for one."""

import base64
import json

import pytest

from shared.identity.keys import REFERENCE, SIGNING, VAULT, secret
from tests.contacts import CALLED_FROM, CARD, LI, SAID, WANG
from tests.keys import KEYS, bearer
from tests.leaks import finder, keys_of

OF_A_PERSON = bytes([251]) * 32
OURS = finder(KEYS, [OF_A_PERSON])
PRIVATE = json.loads((KEYS / SIGNING).read_text())["d"]
KEY = secret(KEYS, VAULT)
PLANTED = {
    "a key as it is": (b'{"key":"' + KEY + b'"}', "a key"),
    "a key in hexadecimal": (f"vault={KEY.hex()}", "a key"),
    "a key in capitals": ((KEYS / REFERENCE).read_text().upper(), "a key"),
    "a key in base64": (f'"k":"{base64.b64encode(KEY).decode()}"', "a key"),
    "a key of the vault": (f'"k":"{base64.urlsafe_b64encode(OF_A_PERSON).decode()}"', "a key"),
    "the private part of the signing key": (f'{{"crv":"Ed25519","d":"{PRIVATE}"}}', "a key"),
    "the file of the signing key": ((KEYS / SIGNING).read_text(), "a key"),
    "a token": (bearer("office:chen")["Authorization"], "a signed token"),
    "a token in an address": (
        f"GET /issues?token={bearer('office:chen')['Authorization'][7:]} 401",
        "a signed token",
    ),
    "a link": ("GET /links/7K3M9QXT2B4N6.1.00112233445566778899aabbccddeeff", "a link"),
    "a mobile": (f"请回电{SAID}。", "a mobile"),
    "a mobile from abroad": (f'"phone":"+86{CALLED_FROM}"', "a mobile"),
    "a mobile in groups": ("请回电138 1234 5679。", "a mobile"),
    "a mobile as a key of a request": (f"http/office:chen/accept/X/{WANG.phone}", "a mobile"),
    "an identity card": (f"身份证{CARD}。", "an identity card"),
    "an identity card with a small x": (CARD.lower(), "an identity card"),
    "a mail address": ("邮箱 somebody@example.net。", "a mail address"),
    "a name": (f"{LI.name}来电", "the name of 李秀英"),
    "a name as JSON writes it": (json.dumps({"name": WANG.name}), "the name of 王春花"),
    "a name in base64": (base64.b64encode(LI.name.encode()), "the name of 李秀英"),
}
HARMLESS = {
    "a masked number": "请回电138****5678，身份证3305**********123X。",
    "a hash": "sha256=c317380032608e8482d9af5c37264a7790a1b2c3d4e5f60718293a4b5c6d7e8f",
    "an instant": "qinqing_outcomes_created 1.7956719553250353e+09 1795671955325",
    "a part of a longer number": "91330100799655058B 2138123456789",
    "a card that does not check": "330501199001011239",
    "an id": "7K3M9QXT2B4N6.1",
    "a version of reference data": "staff:chen@2",
    "the public key": json.dumps(dict.fromkeys(("x", "kid"), "A" * 43)),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_leak_is_found(what: str) -> None:
    planted, name = PLANTED[what]
    raw = planted if isinstance(planted, bytes) else planted.encode()
    assert name in {leak.what for leak in OURS.leaks("here", b"before " + raw + b" behind")}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_only_looks_like_one_is_none(what: str) -> None:
    assert OURS.leaks("here", HARMLESS[what].encode()) == []


def test_a_leak_names_its_place_and_what_stands_around_it() -> None:
    (mobile,) = OURS.leaks("intake.dlq 0/7", f"warn: {CALLED_FROM} is wrong".encode())
    assert (mobile.place, mobile.around) == ("intake.dlq 0/7", f"warn: {CALLED_FROM} is wrong")


def test_three_keys_of_a_deployment_are_looked_for() -> None:
    assert len(set(keys_of(KEYS))) == 3
