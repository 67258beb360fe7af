"""What all forms of the office about one issue have in common: the question stands beside what is done about it."""

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response

from services.portal.errands import UNDO, Errand, Said, Step
from services.portal.forms import WHOLE, Form
from services.portal.pages import NotHere, Page, local
from services.portal.queries import issues, names
from services.portal.reading import Known, files_of, known, words_of
from shared.contract.words import Role

PLACE = "/office"
"""Below it stand the office's pages."""


def office(page: Page) -> None:
    """Raises NotHere for whoever is not of the office."""
    if page.person().role is not Role.OFFICE:
        raise NotHere


def office_issue(page: Page, id: str) -> Known:
    """An issue that the office reads; raises NotHere for everybody else."""
    office(page)
    return known(page, id)


async def beside(
    page: Page, template: str, about: Known, form: Form, status: int = 200, **more: Any
) -> Response:
    """A form of the office, with the question in full beside it."""
    code = about.issue["enterprise"]
    page.unread.opened(about.issue)
    shared: Mapping[str, Any] = {
        "about": about,
        "issue": about.issue,
        "form": form,
        "words": await words_of(page, about.issue),
        "files": files_of(about.issue),
        "enterprise": names.enterprise(page.reads, code) if code else "",
        "clocks": issues.running_clocks(page.reads, about.id),
        "rounds": issues.replies(page.reads, about.id),
    }
    return page.show(template, status, **shared, **more)


def later(page: Page, about: Known, said: Said, steps: tuple[Step, ...], form: Form) -> Response | None:
    """Keep what is asked for ten seconds and go on; None where another thing is under way, which the form says."""
    errand = Errand(
        form.sending(),
        page.person(),
        page.view.language,
        about.id,
        said._replace(form=page.request.url.path, typed=typed(form)),
        page.now + UNDO,
        steps,
    )
    other = page.portal.sending.errands.open_on([about.id]).get(about.id)
    if other is not None and other.id != errand.id:
        who = page.say("You") if other.owner == errand.owner else other.visitor.kept.name
        form.wrong(
            WHOLE,
            page.say("%(who)s did something about this issue a moment ago: see first what") % {"who": who},
        )
        page.keep(form)
        return None
    page.portal.sending.keep(errand)
    page.forget()
    return page.to(local(form.text("back")) or f"/issues/{about.id}")


def typed(form: Form) -> dict[str, Any]:
    """What somebody typed, without what says which sending of it this was."""
    return {name: value for name, value in form.values.items() if name != "back"}
