"""The deployment's keys as files: made once, for the owner alone, and whatever is no key is named in one sentence."""

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from shared.identity import keys
from shared.identity.keys import ISSUERS, REFERENCE, SIGNING, VAULT, NoKeys, make_keys

READERS: dict[str, Callable[[Path], object]] = {
    SIGNING: keys.signing_key,
    ISSUERS: keys.issuers,
    REFERENCE: lambda folder: keys.secret(folder, REFERENCE),
    VAULT: lambda folder: keys.secret(folder, VAULT),
}
NO_KEYS = [
    "",
    "{",
    "[]",
    "null",
    "1",
    '"x"',
    "{}",
    "[" * 100_000,
    "\0",
    "\ufeff",
    "0" * 63,
    "zz" * 32,
    "00" * 33,
    json.dumps(OctKey.generate_key(256).as_dict(private=True)),
    json.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
    json.dumps(OKPKey.generate_key("X25519").as_dict(private=True)),
    '{"kty":"OKP","crv":"Ed25519","x":1}',
    '{"kty":"OKP","crv":"Ed25519","x":"AAAA"}',
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data" / "keys"
    make_keys(made)
    return made


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_keys_are_for_their_owner_alone_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_keys(tmp_path / "keys")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == dict.fromkeys(READERS, 0o600)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_keys_are_made_once_and_never_overwritten(folder: Path) -> None:
    first = contents(folder)
    make_keys(folder)
    assert contents(folder) == first


@pytest.mark.parametrize("name", READERS)
def test_a_key_that_is_missing_is_made_and_the_others_stay(folder: Path, name: str) -> None:
    first = contents(folder)
    (folder / name).unlink()
    if name == SIGNING:
        (folder / ISSUERS).unlink()
    make_keys(folder)
    again = contents(folder)
    changed = {which for which in READERS if again[which] != first[which]}
    assert changed == {SIGNING: {SIGNING, ISSUERS}, ISSUERS: set()}.get(name, {name})


def test_two_who_make_keys_at_once_have_the_same_ones(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            folder = tmp_path / f"keys-{number}"
            for done in [pool.submit(make_keys, folder) for _ in range(8)]:
                done.result()
            assert set(contents(folder)) == set(READERS)  # nothing half-written is left either


def test_every_deployment_has_keys_of_its_own(folder: Path, tmp_path: Path) -> None:
    make_keys(tmp_path / "other")
    assert not set(contents(folder).values()) & set(contents(tmp_path / "other").values())


def test_the_issuers_file_holds_nothing_secret(folder: Path) -> None:
    (issuer,) = json.loads((folder / ISSUERS).read_text())["keys"]
    signing = json.loads((folder / SIGNING).read_text())
    assert "d" not in issuer
    assert signing["d"] not in (folder / ISSUERS).read_text()
    assert issuer == {name: value for name, value in signing.items() if name != "d"}


@pytest.mark.parametrize("name", READERS)
def test_a_missing_key_is_named_with_what_to_do(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(NoKeys, match=r"No such file.*QINQING_KEYS_DIR.*docs/security\.md") as error:
        READERS[name](folder)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", NO_KEYS)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_key_is_said_to_be_none_and_not_repeated(folder: Path, name: str, text: str) -> None:
    wrapped = f'{{"keys":[{text}]}}' if name == ISSUERS else text
    (folder / name).write_text(wrapped)
    with pytest.raises(NoKeys) as error:
        READERS[name](folder)
    assert name in str(error.value)
    assert len(text) < 8 or text not in str(error.value)


@pytest.mark.parametrize("name", READERS)
def test_a_key_of_bytes_that_are_no_text_is_none(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NoKeys):
        READERS[name](folder)


@pytest.mark.parametrize("name", [REFERENCE, VAULT])
def test_a_half_written_secret_stops_the_start_and_stays_as_it_is(folder: Path, name: str) -> None:
    half = (folder / name).read_text()[:31]
    (folder / name).write_text(half)
    with pytest.raises(NoKeys, match=name):
        make_keys(folder)
    assert (folder / name).read_text() == half


def test_services_believe_no_key_that_could_sign(folder: Path) -> None:
    private = (folder / SIGNING).read_text()
    (folder / ISSUERS).write_text(f'{{"keys":[{private}]}}')
    with pytest.raises(NoKeys):
        keys.issuers(folder)


def test_a_public_key_does_not_sign(folder: Path) -> None:
    (public,) = json.loads((folder / ISSUERS).read_text())["keys"]
    (folder / SIGNING).write_text(json.dumps(public))
    with pytest.raises(NoKeys):
        keys.signing_key(folder)


def test_issuers_that_would_not_believe_the_signing_key_stop_the_start(folder: Path) -> None:
    (folder / SIGNING).unlink()  # and not the issuers with it
    with pytest.raises(NoKeys, match="remove it, and it is written again"):
        make_keys(folder)
    (folder / ISSUERS).unlink()
    make_keys(folder)


@pytest.mark.parametrize("name", [REFERENCE, VAULT])
def test_a_secret_is_not_made_anew_beside_data_that_was_written_under_it(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(NoKeys, match=f"{name} is missing.*put it back"):
        make_keys(folder, has_data=True)
    assert not (folder / name).exists()


@pytest.mark.parametrize("name", [SIGNING, ISSUERS])
def test_who_signs_may_be_replaced_beside_data(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / ISSUERS).unlink(missing_ok=True)
    make_keys(folder, has_data=True)
    keys.check_keys(str(folder), REFERENCE, VAULT)


def test_a_service_needs_the_issuers_and_its_own_secrets_and_no_other_file(folder: Path) -> None:
    (folder / SIGNING).unlink()
    (folder / VAULT).unlink()
    keys.check_keys(str(folder))
    keys.check_keys(str(folder), REFERENCE)
    with pytest.raises(NoKeys, match=r"vault\.key"):
        keys.check_keys(str(folder), REFERENCE, VAULT)


def test_a_service_without_a_folder_of_keys_is_told_which_setting_and_which_files() -> None:
    with pytest.raises(NoKeys, match=r"QINQING_KEYS_DIR is not set: .*tokens\.jwks, reference\.key"):
        keys.check_keys("", REFERENCE)
