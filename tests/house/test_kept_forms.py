"""Nothing typed is lost over a broken line: each form in which one types is kept on the device, or on the server."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.house.repository import ROOT

PORTAL = ROOT / "services" / "portal"
MACRO = re.compile(r"{% macro (\w+)\(.*?%}(.*?){% endmacro %}", re.DOTALL)
FORM = re.compile(r"<form\b(.*?)</form>", re.DOTALL)
CALLED = re.compile(r"\b(?:\w+\.)?(\w+)\(")
INPUT = re.compile(r'<textarea|<input\b(?![^>]*type="(?:hidden|radio|checkbox|file|button|submit)")')
NOT_KEPT = {
    "talks/room.html": "recording.js keeps each record on the device before it sends it: decision 0062",
}
"""Forms in which one types that are kept in another way, by their template."""


def _calls(text: str) -> set[str]:
    return {
        name
        for part in re.findall(r"{{(.*?)}}|{%(.*?)%}", text, re.DOTALL)
        for name in CALLED.findall("".join(part))
    }


@cache
def _typed() -> frozenset[str]:
    """The names of all macros that make a field in which one types, themselves or by another macro."""
    macros = [
        one for path in sorted(PORTAL.rglob("*.html")) for one in MACRO.findall(path.read_text("utf-8"))
    ]
    found = {name for name, text in macros if INPUT.search(text)}
    while more := {name for name, text in macros if _calls(text) & found} - found:
        found |= more
    return frozenset(found)


def _sent(path: Path) -> Iterator[str]:
    """The forms of a template in which one types and that change something, each as it is written."""
    for form in FORM.findall(path.read_text("utf-8")):
        if 'method="get"' not in form and (INPUT.search(form) or _calls(form) & _typed()):
            yield form


def test_each_form_in_which_one_types_is_kept() -> None:
    found = {
        path.relative_to(PORTAL / "desks").as_posix(): [*_sent(path)]
        for path in sorted((PORTAL / "desks").rglob("*.html"))
    }
    kept = {
        name: all(re.search(r" data-(keep|quiet)=", one) for one in forms) for name, forms in found.items()
    }
    assert {name for name, are_kept in kept.items() if not are_kept} == set(NOT_KEPT)
    assert sum(bool(forms) for forms in found.values()) > 50, "forms are not written as they were"


def test_what_the_server_keeps_loads_the_script_that_keeps_it_and_says_so() -> None:
    for path in sorted((PORTAL / "desks").rglob("*.html")):
        text = path.read_text("utf-8")
        needed = ("asset('keeping.js')", "kept_there()")
        assert [one in text for one in needed] == [" data-quiet=" in text] * 2, path.name
