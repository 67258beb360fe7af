"""Each role begins with its one primary action, or with a list that leads to one; boards and overviews are read."""

import pytest

from services.portal.desks import menus
from shared.contract.words import Role
from tests.browser.conftest import PHONE, WIDE, Window, press, sign_in
from tests.browser.places import OFFICIALS
from tests.browser.visiting import primary_actions

pytestmark = pytest.mark.browser
TO_READ = (Role.SUPERVISOR, Role.LEADER, Role.OPERATOR)
"""Whose first page is a board or an overview: it is read, and leads to what is late or wrong."""
LISTED = {
    PHONE: (Role.OFFICE, Role.HANDLER, Role.DEPARTMENT_LEADER),
    WIDE: (Role.DEPARTMENT_LEADER,),
}
"""Whose first page is a list alone: what is to be done stands with the issue or the draft that is opened."""


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_each_role_begins_with_one_primary_action_or_with_a_list_that_leads_to_one(
    window: Window, site: str, size: tuple[int, int]
) -> None:
    page, people = window(size), ("entrepreneur:wu", "clerk:lu", *OFFICIALS)
    roles = {Role(who.partition(":")[0]): who for who in reversed(people)}
    assert set(roles) == set(menus())
    for role, who in roles.items():
        sign_in(page, site, who)
        page.goto(f"{site}{menus()[role].home}")
        many = len(primary_actions(page, size))
        if role in LISTED[size]:
            assert not many, f"{role} has an action beside its list, and is named as if it had none"
            press(page, "#main a.t:visible")
            many = len(primary_actions(page, size))
        assert many == (role not in TO_READ), (role, many)
