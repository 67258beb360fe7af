"""The terminals at which the runbooks of a play are followed; behind it the history is checked."""

from collections.abc import AsyncIterator

import pytest

from tests.operations.playing import Terminals, Town, following


@pytest.fixture
async def at(town: Town, request: pytest.FixtureRequest) -> AsyncIterator[Terminals]:
    """One for each alert that the test plays, in the town of its module."""
    with following(town, request.function.__name__) as terminals:
        yield terminals
    await town.nothing_is_lost()
