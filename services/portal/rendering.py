"""Templates become pages: one environment a language, with the words, macros and addresses that every page uses."""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from services.portal.assets import Assets
from services.portal.languages import TAGS, words_in
from services.portal.session import LANGUAGES
from services.portal.times import instant
from services.portal.words import phrase

HERE = Path(__file__).parent


class Templates:
    """What is in ``templates`` and, by the folder's name, beside the pages of each role."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def render(self, language: str, name: str, context: dict[str, Any]) -> str:
        """One page or a part of one; raises for a name that its template does not find."""
        return self._environments[language].get_template(name).render(context)

    def _environment(self, language: str) -> Environment:
        made = Environment(
            loader=FileSystemLoader([HERE / "templates", HERE / "desks"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        made.install_gettext_translations(words_in(language), newstyle=True)  # type: ignore[attr-defined]
        made.globals |= {"asset": self._assets.address, "icon": self._icon, "lang": TAGS[language]}
        made.globals |= {"phrase": phrase, "instant": instant, "iso": datetime.fromisoformat}
        return made

    def _icon(self, name: str) -> Markup:
        """A sign beside a word that says the same."""
        place = escape(f"{self._assets.address('icons.svg')}#{name}")
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>').format(place)
