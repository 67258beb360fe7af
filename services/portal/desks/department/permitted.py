"""What somebody of a department can do about an issue, and why what the table of moves allows is not for them.

The rules are dispatch's (docs/loop.md): here they only spare people buttons that would be refused.
"""

import sqlite3
from collections.abc import Iterator

from services.portal.actions import Action
from services.portal.desks.department.drafts import Drafts, account_of, drafts_of
from services.portal.languages import N_
from services.portal.moves import is_legal
from services.portal.opinions import waited_for
from services.portal.pages import Page
from services.portal.queries import handling, names
from services.portal.reading import Known, ladder_of
from shared.contract.words import Role

_SIGN_FIRST = N_("You cannot draft a reply yet: sign for it first.")
_NO_DRAFT = N_("You cannot sign off: there is no draft yet.")
_NOT_SIGNED = N_("You cannot sign off: nobody has signed for it yet.")
_DRAFTED = N_("You cannot return it: a reply was drafted already.")


def _waits(issue: sqlite3.Row) -> bool:
    """Whether a pause is asked for, or the raiser is asked something: one thing at a time."""
    return issue["pause"] is not None or issue["question"] is not None


SIGN = Action("sign", N_("Sign for it"), "clipboard-check", True)
DRAFT = Action(
    "draft",
    N_("Draft the reply"),
    "edit",
    True,
    {"assigned": _SIGN_FIRST, "drafted": N_("A draft is with your leader: take it back to change it.")},
)
TAKE_BACK = Action("send_back", N_("Take the draft back"), "arrow-left", at="take_back")
NAME = Action("name_handler", N_("Who handles it"), "users")
HAND_OVER = NAME._replace(phrase=N_("Hand it over"))
RETURN = Action(
    "return",
    N_("Give it back"),
    "x",
    why_not={"drafted": _DRAFTED, "signed_off": _DRAFTED, "checked": _DRAFTED},
)
MORE_TIME = Action(
    "ask_extension",
    N_("Ask for more time"),
    "clock",
    only=lambda issue: issue["extension"] is None,
    why_not={
        "suspended": N_("It is paused. Go on with it first, then draft, give it back or ask for more time.")
    },
)
PAUSE = Action("ask_pause", N_("Ask for a pause"), "clock", only=lambda issue: not _waits(issue))
ASK = Action(
    "ask_enterprise", N_("Ask the enterprise"), "message-circle", only=lambda issue: not _waits(issue)
)
GO_ON = Action(
    "end_pause", N_("Go on with it"), "refresh", True, only=lambda issue: issue["paused"] is not None
)
TAKE_QUESTION_BACK = Action(
    "end_pause",
    N_("Take the question back"),
    "x",
    only=lambda issue: issue["question"] is not None and issue["paused"] is None,
)
EXPLAIN = Action("explain", N_("Explain why it is late"), "message-circle")
OPINION = Action("give_opinion", N_("Give our opinion"), "message-circle", True)
SIGN_OFF = Action(
    "sign_off",
    N_("Sign off the draft"),
    "writing-sign",
    True,
    {"assigned": _NOT_SIGNED, "in_progress": _NO_DRAFT, "returned": _NO_DRAFT},
)
SEND_BACK = Action("send_back", N_("Send the draft back"), "arrow-left", at="sign_off")
TIME = (GO_ON, ASK, TAKE_QUESTION_BACK, MORE_TIME, PAUSE)
HANDLER_ACTIONS = (OPINION, SIGN, DRAFT, TAKE_BACK, EXPLAIN, NAME, *TIME, RETURN)
LEADER_ACTIONS = (
    *(OPINION, SIGN_OFF, SIGN, NAME, DRAFT._replace(is_main=False, why_not={}), SEND_BACK, EXPLAIN),
    *(*TIME, RETURN),
)

BY_ROLE = {Role.HANDLER: HANDLER_ACTIONS, Role.DEPARTMENT_LEADER: LEADER_ACTIONS}


def offered(page: Page, about: Known) -> tuple[Action, ...]:
    """What may be offered to who asks before more is known than the projection says."""
    found = BY_ROLE[page.person().role]
    left_out = [EXPLAIN] if ladder_of(page, about.issue).explaining is None else []
    if not waited_for(page, about, page.person().kept.department):
        left_out.append(OPINION)
    return tuple(
        HAND_OVER if one is NAME and about.issue["handler"] else one for one in found if one not in left_out
    )


async def actions(page: Page, about: Known) -> tuple[Action, ...]:
    """What may be offered on the page of an issue; why not, where dispatch alone knows it."""
    drafts = await drafts_of(page, about)
    return tuple(_narrowed(page, about, drafts))


def _narrowed(page: Page, about: Known, drafts: Drafts) -> Iterator[Action]:
    for action in offered(page, about):
        reason = why_not(page, about, action.verb, drafts) if is_legal(about.issue, action.verb) else ""
        yield action._replace(cannot=reason)


def why_not(page: Page, about: Known, verb: str, drafts: Drafts) -> str:
    """Why who asks may not do what is legal where the issue stands, in one sentence; "" where they may."""
    match verb:
        case "return":
            return _not_returned(page, about, drafts)
        case "draft":
            return _not_drafted(page, about)
        case "name_handler":
            return _not_named(page, about)
        case "sign_off":
            return _not_signed_off(page, about)
    return ""


def _not_returned(page: Page, about: Known, drafts: Drafts) -> str:
    if drafts.is_kept:
        return page.say("You cannot return it: the office has ruled that it stays with you.")
    if any(draft.assignment == about.issue["assignment"] for draft in drafts.all):
        return page.say(_DRAFTED)
    if drafts.return_until is not None and page.now > drafts.return_until:
        said = page.say("You cannot return it any more: that was possible until %(moment)s.")
        return said % {"moment": page.times.moment(drafts.return_until)}
    return ""


def _not_drafted(page: Page, about: Known) -> str:
    handler, substitute = about.issue["handler"], about.issue["substitute"]
    entry = handling.entry(page.reads, about.issue["holder"], page.at)
    if not handler or _me(page) in entry.with_substitutes((handler, substitute, *entry.leaders)):
        return ""
    said = page.say("You cannot draft: %(name)s handles it.")
    return said % {"name": name_of(page, handler)}


def _not_named(page: Page, about: Known) -> str:
    handler = about.issue["handler"]
    leaders = handling.entry(page.reads, about.issue["holder"], page.at).may_sign_off
    if not handler or not leaders or _me(page) in {handler, *leaders}:
        return ""
    said = page.say("%(name)s handles it: only they or your leader can hand it over.")
    return said % {"name": name_of(page, handler)}


def _not_signed_off(page: Page, about: Known) -> str:
    leaders = handling.entry(page.reads, about.issue["holder"], page.at).may_sign_off
    if leaders and _me(page) not in leaders:
        return page.say("You cannot sign off: the directory names others for that.")
    draft = handling.drafts(page.reads, about.id).get(about.issue["draft"])
    if draft is not None and account_of(draft["drafted_by"]) == _me(page):
        return page.say("You cannot sign off: you drafted it yourself, so somebody else does.")
    waits = [row for row in waited_for(page, about) if page.at <= (row["due_at"] or 0)]
    if waits:
        said = page.say("You cannot sign off yet: %(names)s still has time for its opinion.")
        return said % {"names": ", ".join(page.departments.get(row["department"], "") for row in waits)}
    return ""


def _me(page: Page) -> str:
    return page.person().kept.account


def name_of(page: Page, account: str) -> str:
    """What an official is called."""
    found = names.official(page.reads, account, page.at)
    return found.name if found else account
