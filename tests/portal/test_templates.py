"""What a template says is translated when it is read, and means what it meant when it was translated on each page."""

import sqlite3
from datetime import timedelta
from types import SimpleNamespace

import pytest
from babel.support import Translations
from jinja2.exceptions import UndefinedError

from services.portal.languages import words_in
from services.portal.rendering import OneLanguage
from services.portal.times import Times
from shared.domain.calendar import Calendar
from tests.portal.given import TEMPLATES
from tests.portal.projection.given import AT


class _Words(Translations):
    """A catalog of a few texts."""

    def __init__(self, **texts: str) -> None:
        super().__init__()
        self._texts = texts

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)


def _environment(**texts: str) -> OneLanguage:
    return OneLanguage(_Words(**texts), autoescape=True, extensions=["jinja2.ext.i18n"])


def _drawn(template: str, texts: dict[str, str] | None = None, **context: object) -> str:
    return _environment(**(texts or {})).from_string(template).render(context)


def test_a_text_without_values_is_in_the_compiled_template() -> None:
    made = _environment(Urgent="加急")
    source = made.compile("{% trans %}Urgent{% endtrans %}{{ gettext('Urgent') }}", raw=True)
    assert "加急加急" in source
    assert "gettext" not in source


def test_a_value_stands_where_its_language_has_it_and_is_escaped() -> None:
    template = "{% trans name=who %}by {{ name }} alone{% endtrans %}"
    assert (
        _drawn(template, {"by %(name)s alone": "<b>%(name)s</b> 100%%"}, who="<Wu>")
        == "<b>&lt;Wu&gt;</b> 100%"
    )


def test_a_text_that_counts_or_formats_is_translated_as_it_is_shown() -> None:
    assert _drawn('{{ ngettext("%(num)d issue", "%(num)d issues", many) }}', many=2) == "2 issues"
    assert _drawn('{{ gettext("%(share).1f of %(all)s", share=1.25, all="<") }}') == "1.2 of &lt;"
    assert _drawn("{{ gettext(which) }}", {"Late": "逾期"}, which="Late") == "逾期"


def test_a_text_is_a_value_like_any_other() -> None:
    assert _drawn("{% set said = {'a': gettext('Late')} %}{{ said.a ~ '<' }}", {"Late": "逾期"}) == "逾期&lt;"


def test_a_macro_and_what_it_is_given_are_called_as_ever() -> None:
    template = "{% macro one(a, b=2) %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}"
    template += "{% for n in (1, 2) %}{% call one(n) %}<i>{% endcall %}{% endfor %}"
    assert _drawn(template) == "12<i>22<i>"


def test_what_a_page_does_not_have_is_an_error_as_ever() -> None:
    with pytest.raises(UndefinedError):
        TEMPLATES.render("zh", "problem.html", {})


def test_a_row_is_read_by_its_columns() -> None:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    row = database.execute("SELECT '<' AS title, 1 AS count").fetchone()
    assert _drawn("{{ row.title }}{{ row.count }}{{ row.keys() | length }}", row=row) == "&lt;12"


def test_a_value_of_a_closed_list_is_said_in_words_and_any_other_as_it_is() -> None:
    made = TEMPLATES.environment("zh")
    template = made.from_string("{% for one in found %}{{ one | word('clock') }} {% endfor %}")
    assert (
        template.render(found=["promise", "<b>"]) == f"{words_in('zh').gettext('Promised reply')} &lt;b&gt; "
    )


def test_an_instant_is_said_with_the_whole_of_it_beside() -> None:
    times = Times(words_in("en"), AT, Calendar(0, ()))
    made = TEMPLATES.environment("en").from_string("{{ at | moment }} {{ at | left }}")
    said = made.render(
        page=SimpleNamespace(times=times, once=lambda _, make: make()), at=int(AT.timestamp() * 1000) + 60_000
    )
    whole = times.whole(AT + timedelta(minutes=1))
    assert f'title="{whole}">today ' in said
    assert f'<span class="left soon" title="{whole}">today ' in said
