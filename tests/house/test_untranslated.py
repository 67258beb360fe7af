"""Whatever a template or a page's code says stands in the catalogs: text that nobody wrapped is found here."""

import ast
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
CHINESE = re.compile(r"[\u3400-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}")
WRAPPED = {"N_", "say", "_say", "gettext", "ngettext", "Fault"}
SHOWING = {"wrong", "show", "draw"}
"""What hands a sentence on to a page."""
IN_BOTH_LANGUAGES = {
    "figures/definitions.py": "names and rules of figures, each in both languages side by side",
    "figures/honours.py": "the same of the lists of honours",
    "network.py": "what a browser that has not joined is shown, before it has a language",
    "projection/routes.py": "what programs are answered",
    "projection/terms.py": "the range of Chinese characters",
    "desks/talks/leaders.py": "how the four bodies are written in the field",
    "desks/talks/records.py": "how yes and no are written in a table",
}
"""The files of the portal whose code has Chinese in it, and why."""
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


def literals(code: str) -> Iterator[tuple[str, str]]:
    """Every text in a file's code but docstrings and what is translated, with the function it is handed to, if any."""

    def look(node: ast.AST, taker: str) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Call):
            called = node.func
            taker = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if taker in WRAPPED:
                return
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield taker, node.value
        for child in ast.iter_child_nodes(node):
            yield from look(child, taker)

    return look(ast.parse(code), "")


def test_no_code_of_a_page_says_anything_that_is_not_in_the_catalogs() -> None:
    portal = ROOT / "services" / "portal"
    found = {
        str(path.relative_to(portal)): [*literals(path.read_text(encoding="utf-8"))]
        for path in tracked()
        if path.suffix == ".py" and portal in path.parents
    }
    chinese = {place for place, said in found.items() if any(CHINESE.search(text) for _, text in said)}
    assert chinese == IN_BOTH_LANGUAGES.keys()
    assert not [
        (place, text)
        for place, said in found.items()
        for taker, text in said
        if taker in SHOWING and SENTENCE.search(text)
    ]


def test_a_literal_that_nobody_wrapped_is_found_in_code() -> None:
    code = '''
"""A page that says too little."""
def show(page, form):
    """Say it."""
    form.wrong("text", "Write what is wrong")
    form.wrong("text", page.say("Write a title"))
    page.show("a.html", title=f"第{1}页", lead=N_("Here it is"))
'''
    found = [*literals(code)]
    assert ("wrong", "Write what is wrong") in found and ("show", "第") in found
    assert not [text for _, text in found if text.startswith(("Say", "A page", "Write a", "Here"))]
