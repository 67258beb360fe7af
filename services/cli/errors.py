"""The one place where whatever goes wrong in a command becomes a sentence, a hint and an exit code."""

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

FAILED, WRONG_USE = 1, 2
EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 wrong use, 130 broken off by Ctrl-C."
DATA, JSON = "qinqing.data", "qinqing.json"
"""Under which names a command's --data and --json stand in click's context, for the sentence at its end."""
PARTS = {"aiokafka": "Kafka", "pymongo": "a store", "httpx": "a service"}
"""Whose client raised it, by the first word of its module: nothing heavy is imported to know that."""


def remember(name: str) -> Any:
    """A callback of an option that leaves its value where ``Commands`` finds it."""

    def keep(context: typer.Context, value: Any) -> Any:
        context.meta[name] = value
        return value

    return keep


class Commands(TyperGroup):
    """All commands: none of them ever ends with a traceback, unless --debug asks for it."""

    def invoke(self, context: Any) -> Any:  # the type that typer wants here is private to it
        """Run the command; an error that nobody thought of ends it with exit code 1."""
        try:
            return super().invoke(context)
        except (
            typer.TyperException,
            typer.Exit,
            typer.Abort,
            BrokenPipeError,
            KeyboardInterrupt,
            SystemExit,
        ):
            raise  # these are said already, or typer says them
        except BaseException as error:  # a cancelled task is no Exception
            if context.params.get("debug"):
                traceback.print_exc()
            _say(context, first(error))
            raise typer.Exit(FAILED) from None


def first(error: BaseException) -> BaseException:
    """The first error of a group of tasks; another error itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _say(context: typer.Context, error: BaseException) -> None:
    from services.cli.display import Terminal

    sentence = _sentence(error)
    if context.meta.get(JSON):
        print(json.dumps({"error": sentence}))
    lines = [f"{context.invoked_subcommand or 'qinqing'}: {sentence}"]
    logs = Path(context.meta.get(DATA) or "") / "logs"
    if logs.is_dir():
        lines.append(f"What runs: qinqing status; logs: {logs.resolve()}")
    if not context.params.get("debug"):
        again = " ".join(["qinqing --debug", *sys.argv[1:]])
        lines.append(f"Where it happened: {again[:200]}")
    Terminal(stderr=True, soft_wrap=True).print("\n".join(lines))


def _sentence(error: BaseException) -> str:
    kinds = [kind.__module__.partition(".")[0] for kind in type(error).__mro__]
    part = next((PARTS[kind] for kind in kinds if kind in PARTS), None)
    words = " ".join(str(error).split())[:300] or type(error).__name__
    if part is not None:
        return f"{part} did not do what it was asked: {words}"
    if isinstance(error, OSError):
        return words
    return f"the command line has a fault, please report it: {type(error).__name__}: {words}"
