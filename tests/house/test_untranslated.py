"""Whatever a template says stands in the catalogs: text in it that nobody wrapped is found here."""

import re
from collections.abc import Iterator

from jinja2 import Environment

from tests.house.repository import ROOT, name, tracked

LEXER = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
LETTERS = re.compile(r"[A-Za-z\u4e00-\u9fff]")
SAID = re.compile(r"\b(?:aria-label|title|placeholder|alt)=\"([^\"]*)\"")
"""Attributes that are read to somebody or shown."""
NO_WORDS = re.compile(r"<!--.*?-->|<kbd\b[^>]*>.*?</kbd>|<[^>]*>|&#?\w+;", re.DOTALL)
"""Tags and signs, and the keys of a keyboard, which are called the same in every language."""
VALUE = "\0"
THE_SAME_IN_EVERY_LANGUAGE = {
    "亲": "the seal beside the system's name",
    "中文": "the name of a language, in that language",
    "English": "the name of a language, in that language",
    "kB": "a unit",
    "B": "a unit",
    "f": "a key of the keyboard, in the field that it leads to",
    "Message-ID": "the name of a header of a mail",
    "xlsx, ods, csv": "the ends of files' names",
}


def texts(template: str) -> Iterator[str]:
    """What a template says by itself, outside of what is translated and of values."""
    plain, tag, is_translated = "", "", False
    for _, kind, text in LEXER.lex(template):
        if kind == "data" and not is_translated:
            plain += text
        elif kind == "block_begin":
            tag = ""
        elif kind == "name" and not tag:
            tag = text
            is_translated = text in ("trans", "pluralize")
        elif kind == "variable_begin":
            plain += VALUE
            tag = VALUE
    for said in (*SAID.findall(plain), NO_WORDS.sub(VALUE, plain)):
        yield from (part.strip() for part in said.split(VALUE) if LETTERS.search(part))


def test_no_template_says_anything_that_is_not_in_the_catalogs() -> None:
    found = [
        (name(path), said)
        for path in tracked()
        if path.suffix == ".html" and ROOT / "services" / "portal" in path.parents
        for said in texts(path.read_text(encoding="utf-8"))
    ]
    assert not [one for one in found if one[1] not in THE_SAME_IN_EVERY_LANGUAGE]
    assert {said for _, said in found} == THE_SAME_IN_EVERY_LANGUAGE.keys(), "some of these are said no more"


def test_what_nobody_wrapped_is_found_in_text_and_in_what_is_read_out() -> None:
    template = """<p title="Since when">{% if late %}<b>逾期</b>{% endif %}{{ gettext("Late") }} {{ one }}d left</p>
        {% trans %}In time{% endtrans %}<kbd>j</kbd>"""
    assert sorted(texts(template)) == ["Since when", "d left", "逾期"]
