"""Which actions the pages of each role have to offer on an issue."""

from collections.abc import Mapping

from services.portal.actions import Action
from services.portal.desks.entrepreneur import pages as entrepreneur
from shared.contract.words import Role

_ACTIONS: Mapping[Role, tuple[Action, ...]] = {Role.ENTREPRENEUR: entrepreneur.ACTIONS}


def actions(role: Role) -> tuple[Action, ...]:
    """What somebody in this role may find on the page of an issue."""
    return _ACTIONS.get(role, ())
