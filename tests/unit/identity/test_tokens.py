"""Tokens: who was signed is read, and whatever else somebody sends is a WrongToken that repeats nothing of it."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from joserfc import jws, jwt
from joserfc.jwk import KeySet, OKPKey

from shared.contract.words import Role
from shared.identity.keys import ALGORITHM, issuers, make_keys, signing_key
from shared.identity.tokens import (
    LEEWAY,
    LIFETIME,
    MOST_CHARS,
    MOST_REMEMBERED,
    Caller,
    Tokens,
    WrongToken,
    sign,
    staff_caller,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY, FOREIGN = (OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}) for _ in range(2))
KEY.ensure_kid()
FOREIGN.ensure_kid()
PUBLIC = KEY.as_dict(private=False)
ISSUERS = KeySet([OKPKey.import_key(PUBLIC)])
CHEN = staff_caller("chen", [Role.OFFICE], "huzhou")
LI = Caller(
    sub="5f0c", roles=(Role.ENTREPRENEUR,), jurisdiction="huzhou", session="s", person="0af1", issue="A"
)
SOON = timedelta(seconds=1)


class Clock:
    """An instant that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def reader(clock: Clock | None = None) -> Tokens:
    return Tokens(ISSUERS, "huzhou", clock or Clock())


def refused(token: str, tokens: Tokens | None = None) -> str:
    """Why it is not believed; nothing of it stands there."""
    with pytest.raises(WrongToken) as error:
        (tokens or reader()).read(token)
    said = str(error.value)
    assert len(said) < 40
    assert not [part for part in token.split(".") if len(part) > 3 and part in said]
    return said


def b64(raw: bytes | str) -> str:
    return base64.urlsafe_b64encode(raw.encode() if isinstance(raw, str) else raw).rstrip(b"=").decode()


def claims_of(caller: Caller = CHEN, **changed: Any) -> dict[str, Any]:
    seconds = int(NOW.timestamp())
    named = caller.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {**named, "aud": "huzhou", "iat": seconds, "exp": seconds + 900, **changed}


def signed(claims: dict[str, Any], **header: Any) -> str:
    """These claims under the deployment's own key, as a signer with a bug would do."""
    return jwt.encode({"alg": ALGORITHM, "kid": KEY.kid, **header}, claims, KEY, algorithms=[ALGORITHM])


@pytest.mark.parametrize("caller", [CHEN, LI], ids=["official", "link"])
def test_who_was_signed_is_read(caller: Caller) -> None:
    tokens = reader()
    token = sign(KEY, caller, now=NOW)
    assert tokens.read(token) == caller
    assert tokens.read(token) == caller  # once more, from what is remembered


def test_keys_in_a_folder_sign_and_check(tmp_path: Path) -> None:
    make_keys(tmp_path)
    token = sign(signing_key(tmp_path), CHEN)
    assert Tokens(issuers(tmp_path), "huzhou").read(token) == CHEN


def test_a_token_of_another_key_is_refused_also_under_our_keys_name() -> None:
    assert refused(sign(FOREIGN, CHEN, now=NOW)) == "InvalidKeyIdError"
    forged = jwt.encode({"alg": ALGORITHM, "kid": KEY.kid}, claims_of(), FOREIGN, algorithms=[ALGORITHM])
    assert refused(forged) == "BadSignatureError"
    nameless = jwt.encode({"alg": ALGORITHM}, claims_of(), FOREIGN, algorithms=[ALGORITHM])
    assert refused(nameless) == "BadSignatureError"


def test_a_changed_claim_is_found() -> None:
    header, payload, signature = sign(KEY, CHEN, now=NOW).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for name, value in {
        "sub": "wang",
        "roles": ["operator"],
        "exp": claims["exp"] + 1,
        "department": "x",
    }.items():
        changed = b64(json.dumps({**claims, name: value}))
        assert refused(f"{header}.{changed}.{signature}") == "BadSignatureError"


def test_any_changed_character_is_found() -> None:
    token, tokens = sign(KEY, CHEN, now=NOW), reader()
    for place, character in enumerate(token[:-1]):  # the very last one has bits that stand for nothing
        other = "A" if character != "A" else "B"
        refused(f"{token[:place]}{other}{token[place + 1 :]}", tokens)


def test_no_algorithm_is_no_signature() -> None:
    payload = b64(json.dumps(claims_of()))
    for name in ("none", "None", "NONE", "nOnE", ""):
        header = b64(json.dumps({"alg": name, "kid": KEY.kid, "typ": "JWT"}))
        for signature in ("", b64(bytes(64))):
            refused(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("secret", [PUBLIC["x"], json.dumps(PUBLIC), KEY.as_pem(private=False).decode()])
def test_the_public_key_is_nobodys_secret(secret: str) -> None:
    for alg, digest in (("HS256", "sha256"), ("HS512", "sha512")):
        header = b64(json.dumps({"alg": alg, "kid": KEY.kid}))
        body = f"{header}.{b64(json.dumps(claims_of()))}"
        refused(f"{body}.{b64(hmac.digest(secret.encode(), body.encode(), digest))}")


def test_the_older_name_of_the_algorithm_is_not_taken() -> None:
    header = b64(json.dumps({"alg": "EdDSA", "kid": KEY.kid}))
    refused(".".join([header, *sign(KEY, CHEN, now=NOW).split(".")[1:]]))


@pytest.mark.parametrize(
    "kid", ["", "other", "../../etc/passwd", "' OR 1=1 --", FOREIGN.kid, [], {}, 0, None]
)
def test_an_unknown_key_is_not_looked_for(kid: object) -> None:
    header = b64(json.dumps({"alg": ALGORITHM, "kid": kid}))
    payload = b64(json.dumps(claims_of()))
    signature = jws.serialize_compact({"alg": ALGORITHM}, b"x", FOREIGN, algorithms=[ALGORITHM]).split(".")[2]
    refused(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("kid", [KEY.kid, FOREIGN.kid])
def test_a_key_that_a_token_brings_along_is_not_believed(kid: str) -> None:
    brought = FOREIGN.as_dict(private=False)
    pem = b64(FOREIGN.as_der(private=False))
    for more in (
        {"jwk": brought},
        {"x5c": [pem]},
        {"jku": "https://example.com/jwks"},
        {"x5u": "https://example.com/pem", "x5t": pem},
    ):
        header = b64(json.dumps({"alg": ALGORITHM, "kid": kid, **more}))
        body = f"{header}.{b64(json.dumps(claims_of()))}"
        signature = b64(FOREIGN.private_key.sign(body.encode()))  # type: ignore[union-attr]
        refused(f"{body}.{signature}")


def test_an_extension_that_changes_what_is_signed_is_not_understood() -> None:
    refused(f"{b64(json.dumps({'alg': ALGORITHM, 'b64': False, 'crit': ['b64']}))}.{{}}.{b64(bytes(64))}")
    refused(".".join(["e30"] * 5))  # an encrypted one has five parts


def test_it_ends_a_quarter_of_an_hour_later_also_where_it_is_remembered() -> None:
    clock = Clock()
    tokens, token = reader(clock), sign(KEY, CHEN, now=NOW)
    for passed in (timedelta(), LIFETIME, LIFETIME + LEEWAY - SOON):
        clock.now = NOW + passed
        assert tokens.read(token) == CHEN
    clock.now = NOW + LIFETIME + LEEWAY
    assert refused(token, tokens) == "expired"
    assert refused(token, reader(clock)) == "ExpiredTokenError"


def test_it_begins_when_it_says_with_the_same_leeway() -> None:
    for begins in ("iat", "nbf"):
        seconds = int((NOW + LEEWAY).timestamp())
        assert reader().read(signed(claims_of(**{begins: seconds}))) == CHEN
        refused(signed(claims_of(**{begins: seconds + 1})))


@pytest.mark.parametrize("name", ["exp", "iat", "aud", "sub", "roles", "jurisdiction", "session"])
def test_what_a_token_lacks_makes_it_none(name: str) -> None:
    claims = claims_of()
    del claims[name]
    refused(signed(claims))
    refused(signed({**claims, name: None}))


def test_nothing_is_good_for_longer_than_a_quarter_of_an_hour_whoever_signed_it() -> None:
    assert refused(sign(KEY, CHEN, now=NOW, lifetime=LIFETIME + SOON)) == "good for too long"
    assert reader().read(sign(KEY, CHEN, now=NOW, lifetime=LIFETIME)) == CHEN


@pytest.mark.parametrize(
    "changed",
    [
        {"jurisdiction": "wuxing"},
        {"aud": "wuxing"},
        {"aud": ["wuxing"]},
        {"aud": []},
        {"aud": ""},
        {"jurisdiction": ["huzhou"]},
        {"jurisdiction": "HUZHOU"},
        {"roles": []},
        {"roles": ["king"]},
        {"roles": "office"},
        {"roles": ["office"] * 100},
        {"sub": ""},
        {"sub": "a/b"},
        {"sub": "a:b"},
        {"sub": "a b"},
        {"sub": "chen\n"},
        {"sub": "x" * 81},
        {"department": "Housing"},
        {"department": "a/b"},
        {"person": "not hex"},
        {"session": "x" * 81},
        {"issue": "x" * 91},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 10**400},
        {"exp": 1e308},
        {"iat": -(10**400)},
        {"nbf": []},
    ],
    ids=str,
)
def test_claims_that_are_not_ours_are_refused_also_well_signed(changed: dict[str, Any]) -> None:
    refused(signed(claims_of(**changed)))


def test_a_token_of_another_deployment_is_refused_although_the_key_is_shared() -> None:
    elsewhere = staff_caller("chen", [Role.OFFICE], "wuxing")
    assert refused(sign(KEY, elsewhere, now=NOW)) == "InvalidClaimError"


def test_what_is_too_long_is_not_looked_at() -> None:
    assert refused("x" * (MOST_CHARS + 1)) == "too long"
    assert refused(sign(KEY, CHEN, now=NOW) + "A" * MOST_CHARS) == "too long"


def test_deep_nesting_stops_nobody() -> None:
    for opening in ("[", '{"a":'):
        nested = b64(opening * (2_900 // len(opening)))
        refused(f"{nested}.e30.AAAA")
        refused(f"{b64(json.dumps({'alg': ALGORITHM}))}.{nested}.AAAA")


def test_only_what_was_believed_is_remembered_and_no_more_than_a_service_can_hold() -> None:
    tokens = reader()
    refused("nothing", tokens)
    assert not tokens._known
    tokens._known.update({str(number): None for number in range(MOST_REMEMBERED)})  # type: ignore[misc]
    tokens.read(sign(KEY, CHEN, now=NOW))
    assert len(tokens._known) == 1


parts = some.one_of(
    some.text(max_size=40),
    some.binary(max_size=120).map(b64),
    some.recursive(
        some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
        lambda inner: (
            some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=6), inner, max_size=3)
        ),
        max_leaves=6,
    ).map(lambda value: b64(json.dumps(value))),
    some.dictionaries(
        some.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5c", "cty", "enc", "zip"]),
        some.none() | some.sampled_from([ALGORITHM, "none", "HS256", KEY.kid, True, [], {}, 1]),
    ).map(lambda value: b64(json.dumps(value))),
)
READER = reader()


@settings(max_examples=400, deadline=None)
@given(some.text(max_size=300), some.lists(parts, min_size=6, max_size=6))
def test_thousands_of_odd_strings_are_wrong_tokens_and_nothing_else(text: str, odd: list[str]) -> None:
    for token in (text, *[".".join(odd[:count]) for count in range(1, 7)], ".".join(odd[3:])):
        with pytest.raises(WrongToken):
            READER.read(token)


changes = some.dictionaries(
    some.sampled_from([*claims_of(), "nbf", "person", "issue", "department", "jti", "iss"]),
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=True, allow_infinity=True)
    | some.text(some.characters(codec="utf-8"), max_size=20)
    | some.lists(some.text(some.characters(codec="utf-8"), max_size=5), max_size=3)
    | some.dictionaries(some.text(some.characters(codec="utf-8"), max_size=5), some.integers(), max_size=2),
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(changes)
def test_odd_claims_that_are_well_signed_are_a_caller_or_a_wrong_token(changed: dict[str, Any]) -> None:
    try:
        caller = READER.read(signed(claims_of(**changed)))
    except WrongToken:
        return
    assert isinstance(caller, Caller)
    assert caller.jurisdiction == "huzhou"
    assert caller.roles
