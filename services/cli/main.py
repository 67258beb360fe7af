"""The command `qinqing`: one typer application, with each command in a module of its own beside this one."""

import typer

app = typer.Typer(
    name="qinqing",
    help="亲清: every issue an enterprise raises is assigned, handled, answered and rated.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.callback()
def _root() -> None:
    """亲清: every issue an enterprise raises is assigned, handled, answered and rated."""


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
