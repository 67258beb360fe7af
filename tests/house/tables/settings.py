"""The settings of a service: the table of docs/settings.md, and the example file of deploy/."""

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from shared.settings import Settings
from tests.house.tables.markdown import code, table

HEAD = "# Every setting of a service with its default; docs/settings.md explains them. Copy it to one file a service.\n"


def settings() -> str:
    """Every setting of a service with its default and meaning."""
    rows = [
        (code(variable), code(_text(field.default)) or "empty", field.description or "")
        for variable, field in _fields()
    ]
    return table(("variable", "default", "meaning"), rows)


def example() -> str:
    """deploy/service.env.example, whole."""
    lines = [f"# {field.description}\n{variable}={_text(field.default)}\n" for variable, field in _fields()]
    return HEAD + "\n" + "".join(lines)


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    for name, field in Settings.model_fields.items():
        yield f"QINQING_{name.upper()}", field


def _text(default: object) -> str:
    return "" if default is None else str(default)
