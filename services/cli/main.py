"""The command `qinqing`: one typer application, with each command in a module of its own beside this one."""

import typer

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
# Further commands, one module each: `from services.cli.submit import submit` above and `app.command()(submit)` here,
# or `app.add_typer(deadletters.app, name="deadletters")`. Import heavy things (the bus, the store) inside the
# functions: this module is also what supervises the running system, and its memory counts.


@app.callback()
def _root() -> None:
    """亲清: every issue an enterprise raises is assigned, handled, answered and rated."""


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
