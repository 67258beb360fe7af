"""Files and functions stay small, in the tail above all: it is the tail that separates calm code from the rest."""

import pytest

from tests.house.repository import CODE, functions, name, python

FILE_LINES, FUNCTION_LINES = 300, 55


@pytest.mark.parametrize("folders", [CODE, ("tests",)], ids=["code", "tests"])
def test_nine_files_in_ten_are_under_300_lines(folders: tuple[str, ...]) -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python(*folders)}
    long = {path: length for path, length in lengths.items() if length >= FILE_LINES}
    assert len(long) <= len(lengths) / 10, long


@pytest.mark.parametrize("folders", [CODE, ("tests",)], ids=["code", "tests"])
def test_99_functions_in_100_are_under_55_lines(folders: tuple[str, ...]) -> None:
    lengths = {
        f"{name(path)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in python(*folders)
        for function in functions(path)
    }
    long = {place: length for place, length in lengths.items() if length >= FUNCTION_LINES}
    assert len(long) <= len(lengths) / 100, long
