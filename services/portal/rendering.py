"""Templates become pages: one environment a language, with the words, signs and addresses that every page uses."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from services.portal.assets import Assets
from services.portal.languages import TAGS, words_in
from services.portal.session import LANGUAGES
from services.portal.times import Times, instant
from services.portal.translating import Translating
from services.portal.words import WORDS, phrase

HERE = Path(__file__).parent


class Templates:
    """What is in ``templates`` and, by the folder's name, beside the pages of each role."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environments = {language: self._environment(language) for language in LANGUAGES}

    def render(self, language: str, name: str, context: dict[str, Any]) -> str:
        """One page or a part of one; raises for a name that its template does not find."""
        return self._environments[language].get_template(name).render(context)

    def environment(self, language: str) -> Environment:
        """What reads the templates of one language."""
        return self._environments[language]

    def _environment(self, language: str) -> Environment:
        words = words_in(language)
        made = OneLanguage(
            words,
            loader=FileSystemLoader([HERE / "templates", HERE / "desks"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        made.globals |= {"asset": self._assets.address, "icon": cache(self._icon), "lang": TAGS[language]}
        made.globals |= {"phrase": phrase, "instant": instant, "iso": datetime.fromisoformat}
        made.filters |= {"word": _word(words), "left": _left, "moment": _moment}
        return made

    def _icon(self, name: str) -> Markup:
        """A sign beside a word that says the same."""
        place = escape(f"{self._assets.address('icons.svg')}#{name}")
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>').format(place)


class _Context(Context):
    """Calls what a template calls as Python does: whatever wants more than its arguments says so itself."""

    def call(self, called: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """Without a context of its own for each call, as Jinja makes one within a loop."""
        if hasattr(called, "jinja_pass_arg"):
            return super().call(called, *args, **named)
        named.pop("_block_vars", None)
        named.pop("_loop_vars", None)
        return called(*args, **named)


class OneLanguage(Environment):
    """One language: what its templates say is translated when they are read, and a row's columns are found at once."""

    context_class = _Context

    def __init__(self, words: Translations, **how: Any) -> None:
        super().__init__(**how)
        self.newstyle_gettext = True
        self._translating = Translating(words)
        self.globals |= {"gettext": self._translating.gettext, "ngettext": self._translating.ngettext}

    def _generate(self, source: nodes.Template, *args: Any, **named: Any) -> str:
        return super()._generate(self._translating.visit(source), *args, **named)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute, or an item; of a row of the projection its column first, for nearly everything is one."""
        try:
            return obj[attribute] if isinstance(obj, sqlite3.Row) else getattr(obj, attribute)
        except (IndexError, AttributeError):
            return super().getattr(obj, attribute)


def _word(words: Translations) -> Callable[[object, str], str]:
    """``{{ issue.state | word("state") }}``: a value of a closed list (words.py) in the words people use."""
    known = {
        (kind, str(value)): Markup(words.gettext(said))  # noqa: S704 - the catalog's own
        for kind, values in WORDS.items()
        for value, said in values.items()
    }
    return lambda value, kind: known.get((kind, str(value))) or str(value)


@pass_context
def _left(context: Context, due: datetime | int) -> Markup:
    """``{{ issue.next_due_at | left }}``: what is left until then, and which instant that is.

    Most of what is due on a day is due at its end, so that many rows of a page say the same.
    """
    page = context["page"]
    said: Markup = page.once(("left", due), lambda: _span(page.times, due))
    return said


def _span(times: Times, due: datetime | int) -> Markup:
    at = due if isinstance(due, datetime) else instant(due)
    said = times.left(at)
    return Markup(f'<span class="left {said.degree}" title="{times.whole(at)}">{escape(said.words)}</span>')  # noqa: S704


@pass_context
def _moment(context: Context, at: datetime | int) -> Markup:
    """``{{ issue.replied_at | moment }}``: an instant as one says it."""
    times, at = context["page"].times, at if isinstance(at, datetime) else instant(at)
    said = escape(times.moment(at))
    return Markup(f'<time datetime="{at.isoformat()}" title="{times.whole(at)}">{said}</time>')  # noqa: S704
