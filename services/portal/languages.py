"""The portal's words in both languages: a phrase of English in the code, its Chinese in ``locale``.

Catalogs are gettext's, made with Babel; they are read as they are written (``.po``), once. A phrase that a catalog
does not have stays English; a test finds those.
"""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LOCALE = Path(__file__).with_name("locale")
DOMAIN = "portal"
NAMES = {"zh": "zh_CN", "en": "en"}
TAGS = {"zh": "zh-CN", "en": "en"}
"""What stands in ``lang`` of a page."""


def N_(phrase: str) -> str:
    """Marks a phrase of a table for the catalogs; it is translated where it is shown."""
    return phrase


@cache
def words_in(language: str) -> Translations:
    """The catalog of ``zh`` or ``en``."""
    name = NAMES[language]
    with (LOCALE / name / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalog = read_po(file, locale=name, domain=DOMAIN)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)
