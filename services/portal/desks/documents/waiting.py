"""How many documents wait, for the bar on top."""

from services.portal.menus import MOST_SAID
from services.portal.pages import Page
from services.portal.queries import documents


def to_sign(page: Page) -> int:
    """How many wait for a signature."""
    return documents.count(page.reads, documents.TO_SIGN, MOST_SAID + 1)
