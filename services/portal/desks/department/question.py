"""What every page of a department shows beside its form: what was said, how long there is, what happened last."""

from itertools import islice
from typing import Any

from services.portal.desks.department.permitted import name_of
from services.portal.desks.issue import internal_notes
from services.portal.desks.issue.pages import history
from services.portal.doing import asked_of
from services.portal.forms import Form
from services.portal.opinions import clocks_of
from services.portal.pages import Page
from services.portal.reading import Known, files_of, words_of
from shared.contract.words import Role

ROLES = (Role.HANDLER, Role.DEPARTMENT_LEADER)
MOST_LINES = 3
"""So many of the newest sentences of the history stand on a page about one action."""


def held(page: Page, id: str, verb: str) -> Known:
    """An issue that the department of who asks holds; raises NotHere for every other one, and for who never may."""
    return asked_of(page, id, verb, ROLES)


async def question(page: Page, about: Known, form: Form) -> dict[str, Any]:
    """For a template: the issue, its words and files, its clocks, the newest sentences, and the form."""
    issue = about.issue
    return {
        "about": about,
        "issue": issue,
        "form": form,
        "words": await words_of(page, issue),
        "files": files_of(issue),
        "clocks": clocks_of(page, about),
        "handler": name_of(page, issue["handler"]) if issue["handler"] else "",
        "substitute": name_of(page, issue["substitute"]) if issue["substitute"] else "",
        "lines": list(islice(history(page, about), MOST_LINES)),
        "internal_notes": internal_notes.readable(page, about),
    }
