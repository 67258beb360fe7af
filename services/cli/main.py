"""The command `qinqing`: one typer application, with each command in a module of its own beside this one."""

import typer

from services.cli import calendar, deadletters, departments, follow, policy
from services.cli.replay import replay
from services.cli.report import report
from services.cli.submit import submit
from services.cli.system import status, stop, up

app = typer.Typer(
    name="qinqing",
    help="亲清: every issue an enterprise raises is assigned, handled, answered and rated.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)

app.command()(up)
app.command()(stop)
app.command()(status)
app.command()(submit)
app.add_typer(follow.app, name="follow")
app.command()(replay)
app.command()(report)
app.add_typer(departments.app, name="departments")
app.add_typer(calendar.app, name="calendar")
app.add_typer(policy.app, name="policy")
app.add_typer(deadletters.app, name="deadletters")
# Heavy things (the bus, the store) are imported inside the commands' functions: this module is also what
# supervises the running system, and its memory counts.


@app.callback()
def _root() -> None:
    """亲清: every issue an enterprise raises is assigned, handled, answered and rated."""


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
