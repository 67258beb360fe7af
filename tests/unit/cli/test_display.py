"""What is printed is what stands there: no markup, no control characters, JSON that every program reads."""

import io
import json

import pytest
from rich.table import Table

from services.cli.display import Terminal, print_json

TEXTS = ("[/x]", "[red]", ":smile:", "[link=http://x]y[/link]", "水管漏水\n第二行")
HIDDEN = ("\x1b[2J", "\x9b31m", "\u202e", "\r", "\b", "\ud800", "\x00")


def printed(*what: object) -> str:
    terminal = Terminal()
    terminal.file = io.StringIO()
    terminal.print(*what)
    return terminal.file.getvalue()


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_printed_as_it_stands_also_in_a_table(text: str) -> None:
    table = Table("column", title=text.splitlines()[0])
    table.add_row(text)
    lines = text.splitlines()
    assert all(line in printed(text) and line in printed(table) for line in lines)


@pytest.mark.parametrize("text", HIDDEN)
def test_what_would_move_a_terminal_is_not_printed(text: str) -> None:
    table = Table("column")
    table.add_row(text)
    assert text[0] not in printed(text) + printed(table)
    assert "\ufffd" in printed(text)


@pytest.mark.parametrize(
    ("value", "read"), [("\ud800", "\ud800"), (float("inf"), None), ("水", "水"), ("\x9b", "\x9b")]
)
def test_json_is_json_whatever_stands_in_it(
    value: object, read: object, capsys: pytest.CaptureFixture[str]
) -> None:
    print_json({"a": value})
    assert json.loads(capsys.readouterr().out) == {"a": read}
