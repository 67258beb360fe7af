"""What the tests of the house look at: the files of this checkout, and the functions and classes in them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("shared", "services", "bench")
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
TEXT = {".py", ".md", ".toml", ".json", ".txt", ".in", ".lock", ".csv", ".yml", ".yaml", ".html", ".css", ""}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git keeps here or would keep; without git, every file outside of hidden folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.splitlines() if listed.returncode == 0 else [str(path) for path in ROOT.rglob("*")]
    paths = (ROOT / name for name in names if not re.search(r"(^|/)\.(venv|git/|\w+_cache)|egg-info", name))
    return tuple(sorted(path for path in paths if path.is_file()))


def texts() -> list[Path]:
    """The tracked files that people wrote or read."""
    return [path for path in tracked() if path.suffix in TEXT]


def python(*folders: str) -> list[Path]:
    """The tracked Python files under these folders."""
    return [path for path in tracked() if path.suffix == ".py" and name(path).split("/")[0] in folders]


def documents() -> list[Path]:
    """Every tracked Markdown file."""
    return [path for path in tracked() if path.suffix == ".md"]


def name(path: Path) -> str:
    """A path as it is written in documents: from the root of the checkout."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, methods and nested ones included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def rows(text: str) -> list[list[str]]:
    """The rows of all tables in a Markdown text, without their heads."""
    found: list[list[str]] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if cells and all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            found.pop()  # the line before the rule was the head
        elif cells:
            found.append(cells)
    return found


def code_words(cell: str) -> list[str]:
    """What stands between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)
