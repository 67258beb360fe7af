"""Files, functions and classes stay small, in the tail above all: the tail separates calm code from the rest."""

import ast
import re
from math import ceil

import pytest

from tests.house.repository import functions, name, python, tree

CODE, AROUND = ("shared", "services"), ("tests", "bench")
MOST_METHODS, MOST_LAID_OUT_BY_HAND = 10, 5


def over(lengths: dict[str, int], most: int, percentile: int) -> dict[str, int]:
    """What is longer than ``most``, where more is than the percentile leaves room for; else nothing."""
    long = {place: length for place, length in lengths.items() if length > most}
    allowed = len(lengths) - ceil(len(lengths) * percentile / 100)
    return long if len(long) > allowed else {}


def lengths_of_files(folders: tuple[str, ...]) -> dict[str, int]:
    return {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python(*folders)}


def lengths_of_functions(folders: tuple[str, ...]) -> dict[str, int]:
    return {
        f"{name(path)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in python(*folders)
        for function in functions(path)
    }


@pytest.mark.parametrize(("folders", "most"), [(CODE, 250), (AROUND, 299)], ids=["code", "tests and bench"])
def test_nine_files_in_ten_are_short(folders: tuple[str, ...], most: int) -> None:
    assert not over(lengths_of_files(folders), most, 90)


@pytest.mark.parametrize(("folders", "most"), [(CODE, 45), (AROUND, 54)], ids=["code", "tests and bench"])
def test_ninety_nine_functions_in_a_hundred_are_short(folders: tuple[str, ...], most: int) -> None:
    assert not over(lengths_of_functions(folders), most, 99)


def test_no_class_of_the_bus_has_more_than_ten_methods() -> None:
    for path in python("shared"):
        if not name(path).startswith("shared/bus/"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                methods = [
                    part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                ]
                assert len(methods) <= MOST_METHODS, f"{name(path)}: {node.name} has {len(methods)}"


def test_the_formatter_lays_the_code_out() -> None:
    form = re.compile(r"#\s*fmt:\s*(skip|off)")
    by_hand = [
        f"{name(path)}:{number}"
        for path in python(*CODE, *AROUND)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if form.search(line)
    ]
    assert len(by_hand) <= MOST_LAID_OUT_BY_HAND, by_hand
