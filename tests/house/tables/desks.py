"""The desks of the portal: of each role its pages, what it can do about an issue, and how that looks."""

from collections.abc import Iterator

from services.portal import desks
from services.portal.desks.acting import ever_offered
from services.portal.languages import words_in
from services.portal.menus import Menu
from shared.contract.words import Role
from tests import pictures
from tests.house.tables.markdown import code, table


def all_of_them() -> str:
    """A section for each role that has pages."""
    return "\n" + "\n".join(
        section for role, menu in desks.menus().items() for section in _section(role, menu)
    )


def _section(role: Role, menu: Menu) -> Iterator[str]:
    zh = words_in("zh").gettext
    yield f"## {zh(menu.name)} ({menu.name.lower()}, `{role}`)\n"
    yield f"{menu.says}. {zh(menu.says)}。\n"
    yield table(
        ("page", "in Chinese", "where"),
        [(link.phrase, zh(link.phrase), code(link.address)) for link in menu.links],
    )
    if said := [f"{action.phrase.lower()} ({zh(action.phrase)})" for action in ever_offered(role)]:
        yield f"On the page of an issue, where it is legal: {', '.join(said)}.\n"
    for picture in pictures.pictures():
        if picture.role == role:
            yield f"![{zh(menu.name)} {picture.address}](pictures/{picture.file})\n"
