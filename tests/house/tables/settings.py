"""The settings of a service and of the portal: the table of docs/settings.md, and the example file of deploy/."""

from collections.abc import Iterable, Iterator

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from services.portal.settings import PortalSettings
from shared.settings import Settings
from tests.house.tables.markdown import code, table

HEAD = "# Every setting of a service with its default; docs/settings.md explains them. Copy it to one file a service.\n"


def settings() -> str:
    """Every setting of a service with its default and meaning."""
    return _table(_fields(Settings))


def portal() -> str:
    """What the portal alone has; the rest it shares with the services."""
    own = {name for name, _ in _fields(PortalSettings)} - {name for name, _ in _fields(Settings)}
    return _table((name, field) for name, field in _fields(PortalSettings) if name in own)


def _table(fields: Iterable[tuple[str, FieldInfo]]) -> str:
    rows = [
        (code(variable), code(_text(field.default)) or "empty", field.description or "")
        for variable, field in fields
    ]
    return table(("variable", "default", "meaning"), rows)


def example() -> str:
    """deploy/service.env.example, whole."""
    lines = [
        f"# {field.description}\n{variable}={_text(field.default)}\n" for variable, field in _fields(Settings)
    ]
    return HEAD + "\n" + "".join(lines)


def _fields(of: type[BaseSettings]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in of.model_fields.items():
        yield f"QINQING_{name.upper()}", field


def _text(default: object) -> str:
    return "" if default is None else str(default)
