"""The command `qinqing`: one typer application, with each command in a module of its own beside this one."""

import logging
import sys
from typing import Annotated

import typer

from services.cli import (
    calendar,
    deadletters,
    departments,
    enterprises,
    follow,
    ladder,
    namespaces,
    persons,
    policy,
    staff,
)
from services.cli.backup import backup, restore
from services.cli.errors import EXIT_CODES, Commands
from services.cli.keys import keys
from services.cli.rebuild import rebuild
from services.cli.replay import replay
from services.cli.report import report
from services.cli.restart import restart
from services.cli.scenario import command as scenario
from services.cli.submit import submit
from services.cli.system import status, stop, up
from services.cli.token import token
from services.cli.watch import watch
from services.cli.whatif import whatif

app = typer.Typer(
    name="qinqing",
    help="亲清: every issue an enterprise raises is assigned, handled, answered and rated.",
    epilog=EXIT_CODES,
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

app.command()(up)
app.command()(stop)
app.command()(restart)
app.command()(status)
app.command()(watch)
app.command()(submit)
app.command()(token)
app.command()(keys)
app.add_typer(follow.app, name="follow")
app.command()(replay)
app.add_typer(scenario.app, name="scenario")
app.command()(report)
app.command()(rebuild)
app.command()(backup)
app.command()(restore)
app.command()(whatif)
app.add_typer(departments.app, name="departments")
app.add_typer(staff.app, name="staff")
app.add_typer(calendar.app, name="calendar")
app.add_typer(policy.app, name="policy")
app.add_typer(ladder.app, name="ladder")
app.add_typer(persons.app, name="people")
app.add_typer(enterprises.app, name="enterprises")
app.add_typer(deadletters.app, name="deadletters")
app.add_typer(namespaces.app, name="namespaces")
# Heavy things (the bus, the store) are imported inside the commands' functions: this module is also what
# supervises the running system, and its memory counts.


@app.callback()
def _root(
    debug: Annotated[
        bool, typer.Option("--debug", envvar="QINQING_DEBUG", help="Show the traceback of an error too.")
    ] = False,
) -> None:
    """亲清: every issue an enterprise raises is assigned, handled, answered and rated."""
    # What libraries log, tracebacks among it, is for who asks for it.
    logging.basicConfig(handlers=None if debug else [logging.NullHandler()])


def main() -> None:
    """The console script; what a terminal cannot write it shows as an escape."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app()


if __name__ == "__main__":
    main()
