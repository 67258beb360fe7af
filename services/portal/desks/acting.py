"""Which actions the pages of each role have to offer on an issue."""

from collections.abc import Awaitable, Callable, Mapping

from services.portal.actions import Action
from services.portal.desks.board import lifting, looking
from services.portal.desks.department import permitted
from services.portal.desks.documents import signing
from services.portal.desks.entrepreneur import pages as entrepreneur
from services.portal.desks.instructions import pages as instructions
from services.portal.desks.office import pages as office
from services.portal.pages import Page
from services.portal.reading import Known
from shared.contract.words import Role


async def _of_a_department(page: Page, about: Known) -> tuple[Action, ...]:
    answers = (*signing.answering(page, about), *instructions.reporting(page, about))
    return (*answers, *await permitted.actions(page, about))


async def _of_who_oversees(page: Page, about: Known) -> tuple[Action, ...]:
    return (
        *looking.actions(page, about),
        *await lifting.actions(page, about),
        *instructions.offered(page, about),
        *signing.offered(page, about),
    )


_ACTIONS: Mapping[Role, tuple[Action, ...]] = {
    Role.ENTREPRENEUR: entrepreneur.ACTIONS,
    Role.OFFICE: office.ACTIONS,
}
_ASKED: Mapping[Role, Callable[[Page, Known], Awaitable[tuple[Action, ...]]]] = {
    Role.HANDLER: _of_a_department,
    Role.DEPARTMENT_LEADER: _of_a_department,
    Role.SUPERVISOR: _of_who_oversees,
    Role.LEADER: _of_who_oversees,
}
"""Of roles for whom more decides than where the issue stands."""


async def actions(page: Page, about: Known) -> tuple[Action, ...]:
    """What somebody may find on the page of an issue."""
    role = page.person().role
    if role in _ASKED:
        return await _ASKED[role](page, about)
    return _ACTIONS.get(role, ())


def ever_offered(role: Role) -> tuple[Action, ...]:
    """What somebody in this role may find there of any issue, wherever that stands; for docs/desks.md."""
    found = {**_ACTIONS, **permitted.BY_ROLE, **lifting.BY_ROLE}.get(role, ())
    more = (looking.BY_ROLE, signing.BY_ROLE, instructions.BY_ROLE)
    return (*found, *(action for by_role in more for action in by_role.get(role, ())))
