"""What a department's people find in the bar on top, and all their pages."""

from fastapi import APIRouter

from services.portal.desks.department import (
    co_handling,
    drafting,
    explaining,
    more_time,
    queue,
    signing_off,
    taking,
)
from services.portal.languages import N_
from services.portal.menus import Link, Menu

router = APIRouter()
for part in (queue, taking, drafting, signing_off, explaining, more_time, co_handling):
    router.routes.extend(part.router.routes)

HANDLER_MENU = Menu(
    queue.HANDLING,
    N_("Handler"),
    N_("See what is due first, sign for it, write the reply"),
    "clipboard-list",
    (Link(queue.HANDLING, N_("To do"), queue.to_do),),
)
LEADER_MENU = Menu(
    queue.SIGNING,
    N_("Department leader"),
    N_("Read the draft beside the question, sign it off or send it back"),
    "writing-sign",
    (
        Link(queue.SIGNING, N_("To sign off"), queue.unsigned),
        Link(queue.HANDLING, N_("What we have to do"), queue.nobodys),
    ),
)
