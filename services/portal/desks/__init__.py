"""The pages of each role: the only places that write HTML. A role's folder has ``pages.py`` and its templates."""

from collections.abc import Iterator, Mapping

from fastapi import APIRouter

from services.portal.desks.board import lamps, lifting, lifting_many, looking, ordering_many, renewing
from services.portal.desks.board import pages as board
from services.portal.desks.department import pages as department
from services.portal.desks.documents import pages as documents
from services.portal.desks.documents import signing
from services.portal.desks.entrepreneur import pages as entrepreneur
from services.portal.desks.figures import pages as figures
from services.portal.desks.instructions import pages as instructions
from services.portal.desks.issue import internal_notes, linked
from services.portal.desks.issue import pages as issue
from services.portal.desks.joining import pages as joining
from services.portal.desks.leader import handovers
from services.portal.desks.leader import pages as leader
from services.portal.desks.link import pages as link
from services.portal.desks.mailbox import pages as mailbox
from services.portal.desks.office import pages as office
from services.portal.desks.operator import pages as operator
from services.portal.desks.papers import pages as papers
from services.portal.desks.search import pages as search
from services.portal.desks.signing_in import pages as signing_in
from services.portal.desks.talks import pages as talks
from services.portal.desks.ways import pages as ways
from services.portal.menus import Menu
from shared.contract.words import Role

_MENUS: Mapping[Role, Menu] = {
    Role.ENTREPRENEUR: entrepreneur.MENU,
    Role.OFFICE: office.MENU,
    Role.HANDLER: department.HANDLER_MENU,
    Role.DEPARTMENT_LEADER: department.LEADER_MENU,
    Role.SUPERVISOR: board.MENU,
    Role.LEADER: leader.MENU,
    Role.FEDERATION: talks.FEDERATION_MENU,
    Role.CLERK: talks.CLERK_MENU,
    Role.OPERATOR: operator.MENU,
}


def menus() -> Mapping[Role, Menu]:
    """What each role finds in the bar on top; a role without one has no pages yet, and nobody signs in as it."""
    return _MENUS


def routers() -> Iterator[APIRouter]:
    """The routes of all pages, those that are asked for most first: a request looks through them in this order."""
    yield issue.router
    yield search.router
    yield board.router
    yield leader.router
    yield department.router
    yield office.router
    yield entrepreneur.router
    yield talks.router
    yield signing_in.router
    yield link.router
    yield internal_notes.router
    yield lifting.router
    yield documents.router
    yield signing.router
    yield instructions.router
    yield lifting_many.router
    yield looking.router
    yield ordering_many.router
    yield lamps.router
    yield handovers.router
    yield renewing.router
    yield linked.router
    yield figures.router
    yield papers.router
    yield operator.router
    yield mailbox.router
    yield joining.router
    yield ways.router
