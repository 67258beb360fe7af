"""What a template imports is made anew for each page, so that it imports only what it uses."""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from tests.house.repository import ROOT

PORTAL = ROOT / "services" / "portal"


def _unused(template: Path) -> Iterator[str]:
    """The names that this template imports and never says."""
    read = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"]).parse(template.read_text("utf-8"))
    said = {name.name for name in read.find_all(nodes.Name) if name.ctx == "load"}
    for whole in read.find_all(nodes.Import):
        if whole.target not in said:
            yield whole.target
    for some in read.find_all(nodes.FromImport):
        for name in some.names:
            if (name if isinstance(name, str) else name[1]) not in said:
                yield str(name)


def test_a_template_imports_only_what_it_uses() -> None:
    found = {
        str(template.relative_to(PORTAL)): unused
        for template in sorted(PORTAL.rglob("*.html"))
        if (unused := list(_unused(template)))
    }
    assert not found
