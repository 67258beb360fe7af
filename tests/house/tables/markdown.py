"""Markdown tables, as the generators write them."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One table, ready to stand between two markers."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" if line[0] != "---" else _rule(line) for line in lines)


def _rule(line: Sequence[str]) -> str:
    return "|" + "|".join(line) + "|\n"


def code(word: str) -> str:
    """A word as code; nothing stays nothing."""
    return f"`{word}`" if word else ""


def first_line(documented: type) -> str:
    """The first line of a docstring: what a class says of itself."""
    return (documented.__doc__ or "").strip().splitlines()[0]
