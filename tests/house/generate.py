"""Writes everything that documents take from the code: `make docs`; with `--check` it only says what is stale.

In Markdown it stands between markers: ``<!-- [[[cog cog.out(...) ]]] -->`` and ``<!-- [[[end]]] -->``; cog runs what
is between the brackets, with every module of tests/house/tables at hand.
"""

import contextlib
import io
import sys
from functools import partial
from pathlib import Path

from cogapp import Cog

from services.portal.desks.operator.dashboards import NAMES
from services.portal.session import LANGUAGES
from shared.contract import asyncapi
from tests.house import assets, catalogs, grafana
from tests.house.repository import ROOT, documents, name
from tests.house.tables import lives, settings

MODULES = "clocks, contract, desks, figures, guarantees, lives, measured, metrics, rights, settings"
WHOLE = {
    "docs/asyncapi.json": asyncapi.text,
    "deploy/service.env.example": settings.example,
    "services/portal/moves.json": lives.moves_of_issues,
    "services/portal/static/assets.lock": assets.lock,
    **{f"deploy/grafana/{one}.json": partial(grafana.text, one) for one in NAMES},
    **{name(catalogs.file_of(language)): partial(catalogs.updated, language) for language in LANGUAGES},
}
"""Files that are generated from the first line to the last."""


def generated(path: Path) -> str:
    """What a file should hold now."""
    if name(path) in WHOLE:
        return WHOLE[name(path)]()
    cog = Cog()
    cog.options.prologue = f"from tests.house.tables import {MODULES}"
    with contextlib.redirect_stdout(io.StringIO()):
        return str(cog.process_string(path.read_text(encoding="utf-8"), name(path)))


def files() -> list[Path]:
    """Every file with something generated in it."""
    marked = [path for path in documents() if "[[[end]]]" in path.read_text(encoding="utf-8")]
    return [*(ROOT / whole for whole in WHOLE), *marked]


def main() -> int:
    """Write what is stale, or with ``--check`` name it and return 1."""
    stale = [path for path in files() if path.read_text(encoding="utf-8") != generated(path)]
    for path in stale:
        print("stale:" if "--check" in sys.argv else "written:", name(path))
        if "--check" not in sys.argv:
            path.write_text(generated(path), encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
