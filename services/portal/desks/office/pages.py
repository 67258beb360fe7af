"""The office's bar, and what may be asked of an issue: from taking it on to putting a reply right that is out."""

from fastapi import APIRouter

from services.portal.actions import Action
from services.portal.desks.office import (
    assigning_many,
    batches,
    co_handling,
    deciding,
    disclosing,
    lists,
    more_time,
    outside,
    raising,
    replying,
    triage,
    undoing,
)
from services.portal.desks.office.beside import PLACE
from services.portal.languages import N_
from services.portal.menus import Link, Menu

router = APIRouter()
for part in (
    triage,
    assigning_many,
    batches,
    lists,
    replying,
    deciding,
    more_time,
    co_handling,
    outside,
    raising,
    disclosing,
    undoing,
):
    router.routes.extend(part.router.routes)


MENU = Menu(
    triage.PATH,
    N_("Assigning office"),
    N_("Take issues on, give them to departments, check replies before they go out"),
    "inbox",
    (
        Link(triage.PATH, N_("To assign"), triage.to_assign),
        Link(lists.RETURNS.path, N_("Returns"), lists.counted(lists.RETURNS)),
        Link(lists.REPLIES.path, N_("To check"), lists.counted(lists.REPLIES)),
        Link(lists.DECISIONS.path, N_("To decide"), lists.counted(lists.DECISIONS)),
        Link(lists.ALL_PATH, N_("All issues")),
        Link(raising.PATH, N_("Write down")),
        Link("/talks", N_("Talks")),
    ),
)
_NOT_SIGNED_OFF = N_("You cannot check yet: no draft is signed off.")
_ANSWERED = N_("It cannot be withdrawn any more: a reply is out.")
ACTIONS = (
    Action("accept", N_("Accept and assign"), "check", True, under=PLACE),
    Action("assign", N_("Assign it"), "send", True, under=PLACE),
    Action("rule", N_("Rule on the return"), "flag", True, under=PLACE),
    Action(
        "check",
        N_("Check the reply"),
        "clipboard-check",
        True,
        dict.fromkeys(("assigned", "in_progress", "suspended", "drafted"), _NOT_SIGNED_OFF),
        under=PLACE,
    ),
    Action("release", N_("Release the reply"), "send", True, under=PLACE),
    Action("decide_appeal", N_("Decide on the appeal"), "flag", True, under=PLACE),
    Action("decide_rework", N_("Decide on another round"), "refresh", True, under=PLACE),
    *more_time.ACTIONS,
    Action(
        "send_back",
        N_("Send the draft back"),
        "arrow-left",
        only=lambda issue: issue["dispatch_state"] in replying.READ,
        under=PLACE,
    ),
    co_handling.ADD,
    co_handling.RELEASE,
    Action("recall", N_("Take the assignment back"), "arrow-left", under=PLACE),
    Action("correct", N_("Correct the reply"), "edit", under=PLACE),
    disclosing.DISCLOSE,
    disclosing.RESTORE,
    Action("record_receipt", N_("Write the receipt down"), "file-text", True, under=PLACE),
    triage.MATERIAL,
    Action("reject", N_("Do not accept"), "x", only=triage.may_reject, under=PLACE),
    Action("refer", N_("Refer to another body"), "building", under=PLACE),
    Action("withdraw", N_("Record a withdrawal"), "x", why_not={"answered": _ANSWERED}, under=PLACE),
    Action(
        "make_link",
        N_("A new link for who raised it"),
        "link",
        only=lambda issue: bool(issue["recorded_by"]) and issue["ended_at"] is None,
        under=PLACE,
    ),
)
