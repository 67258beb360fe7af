"""Topics do not wait for each other: what came before the registration of its issue stands on no page."""

from datetime import timedelta

import pytest

from shared.contract.words import Role
from tests.portal import department
from tests.portal.given import Given
from tests.portal.test_board import official

EARLY = "EEEEEEEEEEEEE"
PATHS = {
    Role.OFFICE: ("/office/triage", "/office/returns", "/office/replies", "/office/all?order=due"),
    Role.SUPERVISOR: ("/board", "/board?clock=holding"),
    Role.LEADER: ("/overview", "/overview?month=all", "/figures/sign_for?month=all"),
    Role.HANDLER: ("/handling",),
    Role.DEPARTMENT_LEADER: ("/signing",),
}


@pytest.mark.parametrize("role", PATHS)
async def test_what_came_before_it_stands_on_no_list_until_it_is_there(given: Given, role: Role) -> None:
    given.assigned(EARLY)
    department.clock(given, "holding", timedelta(hours=-1), EARLY)
    department.drafted(given, 1, id=EARLY)
    in_department = role in (Role.HANDLER, Role.DEPARTMENT_LEADER)
    browser = official(given, role, "housing" if in_department else "")
    for path in PATHS[role]:
        await browser.open(path)
        assert browser.page.status_code == 200, path
        assert EARLY not in browser.page.text, path
    await browser.open(f"/issues/{EARLY}")
    assert browser.page.status_code == 404
    given.registered(EARLY)
    await browser.open(PATHS[role][0])
    assert browser.page.status_code == 200
