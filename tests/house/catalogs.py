"""Keeps the portal's catalogs in step with its pages: `make docs` adds new phrases, untranslated, and drops old ones.

A phrase is what stands in ``say(...)``, ``N_(...)``, ``gettext(...)``, ``ngettext(...)`` or ``{% trans %}``, and in
``Fault(...)`` of the shared code: what is wrong in a file that somebody wrote by hand.
"""

import io
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from services.portal.languages import DOMAIN, LOCALE, NAMES
from tests.house.repository import ROOT

PORTAL = ROOT / "services" / "portal"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
FAULTS = (ROOT / "shared", [("**.py", "python")], {}, {"Fault": None})
KEYWORDS = {"N_": None, "say": None, "_say": None, "gettext": None, "ngettext": (1, 2)}
TOP = "# The words of the portal; `make docs` keeps the phrases, people the translations."
HOLES = re.compile(r"%\(\w+\)[sd]")


@cache
def phrases() -> dict[str, str | tuple[str, ...]]:
    """Every phrase in the portal's code and templates and of faults, by its first form."""
    found: dict[str, str | tuple[str, ...]] = {}
    places = chain(extract_from_dir(PORTAL, METHODS, OPTIONS, KEYWORDS), extract_from_dir(*FAULTS))
    for _, _, phrase, _, _ in places:
        found[phrase if isinstance(phrase, str) else phrase[0]] = phrase
    return found


def file_of(language: str) -> Path:
    """The catalog of ``zh`` or ``en``."""
    return LOCALE / NAMES[language] / "LC_MESSAGES" / f"{DOMAIN}.po"


def catalog(language: str) -> Catalog:
    """A catalog as it is written."""
    with file_of(language).open("rb") as file:
        return read_po(file, locale=NAMES[language], domain=DOMAIN)


def updated(language: str) -> str:
    """The catalog as it should be: exactly the phrases there are, with the translations that are known."""
    known, made = catalog(language), Catalog(locale=NAMES[language], domain=DOMAIN, fuzzy=False)
    for first in sorted(phrases()):
        message = known.get(first)
        own = phrases()[first] if language == "en" else None  # a phrase is English
        made.add(phrases()[first], message.string if message is not None else own)
    written = io.BytesIO()
    write_po(written, made, width=10_000, omit_header=True, sort_output=True)
    return f"{_head(language)}{written.getvalue().decode()}"


def untranslated(language: str) -> Iterator[str]:
    """Phrases of a catalog without a translation, or with other holes than the phrase has."""
    for message in catalog(language):
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        holes = {hole for id in ids for hole in HOLES.findall(id)}
        if not all(forms) or any(set(HOLES.findall(form)) - holes for form in forms):
            yield str(ids[0])


def _head(language: str) -> str:
    plural = {"zh": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}[language]
    lines = (
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Language: {NAMES[language]}",
        f"Plural-Forms: {plural}",
    )
    head = "".join(f'"{line}\\n"\n' for line in lines)
    return f'{TOP}\nmsgid ""\nmsgstr ""\n{head}\n'
