"""`qinqing keys`: the keys of a deployment that `qinqing up` did not start."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.asking import fail
from services.cli.display import Terminal, new_table, print_json
from services.cli.system import WRONG_USE, JsonOption


def keys(
    folder: Annotated[Path, typer.Argument(help="Where they are made; what is there stays.")],
    as_json: JsonOption = False,
) -> None:
    """Make the keys of a deployment, and say which service needs which."""
    from shared.identity.keys import ISSUERS, REFERENCE, SIGNING, VAULT, NoKeys, make_keys

    try:
        make_keys(folder)
    except (NoKeys, OSError) as error:
        fail(str(error), as_json, WRONG_USE)
    needed = {
        SIGNING: "the command line, no service",
        ISSUERS: "every service",
        REFERENCE: "intake and feedback; back it up apart",
        VAULT: "intake; back it up apart",
    }
    if as_json:
        print_json({"folder": str(folder.resolve()), "files": needed})
        return
    table = new_table("file", "who needs it", title=str(folder.resolve()), whole=("file",))
    for name, who in needed.items():
        table.add_row(name, who)
    Terminal().print(table)
