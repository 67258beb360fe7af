"""A portal for each test of pages."""

from pathlib import Path

import pytest

from shared.logs import configure
from tests.portal.given import Given


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """A portal of one's own."""
    return Given(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """As the running portal writes it: without the values of every variable, which takes seconds for each error."""
    configure("portal", "INFO")
