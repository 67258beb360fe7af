"""What is new to somebody is looked up once for a list, however many issues it has."""

import re

import pytest

from shared.contract.words import Role
from tests.portal.given import Given
from tests.portal.test_board import official
from tests.portal.test_search import CODE, town


@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.SUPERVISOR, "/search?q=夜班职工"),
        (Role.SUPERVISOR, f"/search?enterprise={CODE}"),
        (Role.LEADER, "/figures/registered?part=numerator"),
    ],
)
async def test_the_marks_of_a_list_are_looked_up_once(given: Given, role: Role, address: str) -> None:
    town(given)
    browser = official(given, role)
    asked: list[str] = []
    given.own.database.set_trace_callback(asked.append)
    await browser.open(address)
    given.own.database.set_trace_callback(None)
    assert len(re.findall(r'href="/issues/\w+"', browser.page.text)) > 1
    assert len([sql for sql in asked if "FROM seen_issue" in sql]) == 1
