"""What templates say is translated once, when they are compiled: a page then only writes it.

Each language has templates of its own, so ``{% trans %}`` and ``gettext("...")`` mean one text there. What depends on a
number (``ngettext``), or is not known before, is translated as it is shown.
"""

import re
from typing import Any

from babel.support import Translations
from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

_VALUE = re.compile(r"%\((\w+)\)s")


class Translating(NodeTransformer):
    """Puts the texts of one language into a template that was parsed; each is markup, and its values are escaped."""

    def __init__(self, words: Translations) -> None:
        self._words = words

    def gettext(self, phrase: str, /, **values: Any) -> Markup:
        """What a page calls for a phrase that its template does not know."""
        return Markup(self._words.gettext(phrase)) % values  # noqa: S704 - the catalog's own

    def ngettext(self, one: str, many: str, num: int, /, **values: Any) -> Markup:
        """The same by a number, ``%(num)d``."""
        return Markup(self._words.ngettext(one, many, num)) % {"num": num, **values}  # noqa: S704

    def generic_visit(self, node: nodes.Node, *args: Any, **named: Any) -> nodes.Node:
        """What a text now stands beside is written together with it."""
        super().generic_visit(node, *args, **named)
        for name, value in node.iter_fields():
            if isinstance(value, list):
                setattr(node, name, _together(value))
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:
        """``gettext("Urgent")`` is its text."""
        self.generic_visit(node)
        phrase = _phrase(node)
        return (
            node if phrase is None or node.kwargs else nodes.Const(self.gettext(phrase), lineno=node.lineno)
        )

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        """``{% trans at=... %}raised {{ at }}{% endtrans %}`` is its text with the value between."""
        self.generic_visit(node)
        node.nodes = [part for one in node.nodes for part in self._parts(one)]
        return node

    def _parts(self, node: nodes.Expr) -> list[nodes.Expr]:
        phrase = _phrase(node) if isinstance(node, nodes.Call) else None
        if phrase is None or not isinstance(node, nodes.Call):
            return [node]
        values = {one.key: one.value for one in node.kwargs}
        texts = _VALUE.split(self._words.gettext(phrase))  # text, name, text, name, ..., text
        if any("%" in text.replace("%%", "") for text in texts[::2]):
            return [node]
        return [
            values[text] if place % 2 else nodes.TemplateData(text.replace("%%", "%"), lineno=node.lineno)
            for place, text in enumerate(texts)
        ]


def _together(found: list[Any]) -> list[Any]:
    joined: list[Any] = []
    for one in found:
        if isinstance(one, nodes.Output) and joined and isinstance(joined[-1], nodes.Output):
            joined[-1].nodes += one.nodes
        else:
            joined.append(one)
    return joined


def _phrase(node: nodes.Call) -> str | None:
    """What is to be translated, where the template says it itself."""
    is_gettext = isinstance(node.node, nodes.Name) and node.node.name == "gettext"
    phrase = node.args[0] if is_gettext and len(node.args) == 1 else None
    return phrase.value if isinstance(phrase, nodes.Const) and isinstance(phrase.value, str) else None
