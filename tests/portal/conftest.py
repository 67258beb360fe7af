"""A portal for each test of pages."""

from pathlib import Path

import pytest

from tests.portal.given import Given


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """A portal of one's own."""
    return Given(tmp_path)
