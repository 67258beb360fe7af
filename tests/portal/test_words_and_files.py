"""Every phrase is translated, and every file of a page is the one that was committed, with its licence."""

import json
from hashlib import sha256

import pytest

from services.portal.assets import STATIC, TYPES
from services.portal.words import WORDS
from shared.contract import words as contract
from tests.house import catalogs
from tests.house.catalogs import catalog, file_of, phrases, untranslated, updated

LOCK = json.loads((STATIC / "assets.lock").read_text())
CLOSED = {
    "kind": contract.Kind,
    "source": contract.Source,
    "phase": contract.Phase,
    "role": contract.Role,
    "outcome": contract.Outcome,
    "satisfaction": contract.Satisfaction,
    "solved": contract.Solved,
    "clock": contract.ClockName,
    "ground": contract.RejectionGround,
    "body": contract.Body,
    "confirmation": contract.Confirmation,
    "closed": contract.CloseReason,
    "provisional": contract.Provisional,
    "recalculated": contract.Recalculation,
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_phrase_of_a_page_is_missing_from_a_catalog_or_untranslated(language: str) -> None:
    assert file_of(language).read_text(encoding="utf-8") == updated(language), "make docs"
    assert not list(untranslated(language))


def test_a_catalog_has_no_phrase_that_no_page_has() -> None:
    assert {str(m.id if isinstance(m.id, str) else m.id[0]) for m in catalog("zh") if m.id} == set(phrases())


def test_a_phrase_in_a_template_is_found() -> None:
    assert {"Rate the reply", "%(count)d working day left", "Solved"} <= set(catalogs.phrases())


@pytest.mark.parametrize("kind", sorted(CLOSED))
def test_every_value_of_a_closed_list_has_words(kind: str) -> None:
    assert set(WORDS[kind]) == set(CLOSED[kind])


def test_every_file_of_a_page_is_locked_with_its_hash_its_origin_and_its_licence() -> None:
    files = {path.name for path in STATIC.iterdir() if path.suffix in TYPES}
    assert files == set(LOCK)
    for name, entry in LOCK.items():
        assert entry["sha256"] == sha256((STATIC / name).read_bytes()).hexdigest(), name
        assert entry["from"] == "ours" or (STATIC / "licences" / entry["licence"]).exists()
