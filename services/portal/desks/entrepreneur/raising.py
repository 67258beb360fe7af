"""Raising an issue: the form, its files, the answers to check, and the number with the promised date."""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.attaching import files_in, take
from services.portal.doing import link_to, not_too_long
from services.portal.forms import WHOLE, Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import issues
from services.portal.reading import known
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Kind, Role

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/raise"
FIELDS = ("kind", "title", "text", "enterprise", "urgent", "anonymous")
TO_FIELDS = {"wrong_credit_code": "enterprise", "attachments": "files"}
"""What a service complains of -> our field."""
PAUSES = (1, 2, 4, 8, 15, 30)
"""Seconds after which a page looks again for an issue that is on its way: ever longer, and not for ever."""


class Again(NamedTuple):
    """In how many seconds a browser opens which address, also without scripts."""

    seconds: int
    address: str


@router.get(PATH)
async def write(page: Asked) -> Response:
    """The form, as far as it was filled in before."""
    form = _draft(page)
    if "sent" in form.values:
        form = Form()
    form.values.setdefault("kind", Kind.PROBLEM)
    return _write(page, form)


@router.post(PATH)
async def keep(page: Asked) -> Response:
    """Keep what was written and the files; go on to the answers when all is there."""
    sent = await page.form()
    form = _merged(sent.form, _draft(page))
    for file in sent.form.uploads:
        await take(page, form, file)
    if sent.pressed.startswith("remove:"):
        form.values["files"] = [one for one in files_in(form) if one["sha256"] != sent.pressed[7:]]
        page.keep(form)
        return _write(page, form)
    if sent.pressed == "keep":
        page.keep(form)
        return page.to("/mine")
    if sent.pressed != "quietly":
        _check(page, form)
    page.keep(form)
    if form.errors:
        return _write(page, form, 422)
    return Response(status_code=204) if sent.pressed == "quietly" else page.to(f"{PATH}/check")


@router.post(f"{PATH}/drop")
async def drop(page: Asked) -> Response:
    """Throw the draft away."""
    await page.form()
    page.forget(PATH)
    return page.to("/mine")


@router.get(f"{PATH}/check")
async def check(page: Asked) -> Response:
    """Everything once more, to be checked before it is sent."""
    form = _draft(page)
    if sent := form.text("sent"):  # it was raised, and only the answer was lost on its way
        return page.to(f"/issues/{sent}/registered")
    if not form.text("title"):
        return page.to(PATH)
    return _checked(page, form)


@router.post(f"{PATH}/check")
async def send(page: Asked) -> Response:
    """Raise the issue, and make a first private link to it; sent twice it is one."""
    await page.form()
    form = _draft(page)
    if sent := form.text("sent"):
        return page.to(f"/issues/{sent}/registered")
    _check(page, form)
    if form.errors:
        return _write(page, form, 422)
    key = form.sending()
    answer = await page.ask("intake", "/issues", _body(form), key=key)
    if answer.is_done:
        id = id_of(answer)
        page.portal.own.keep_draft(page.owner, PATH, {"sent": id}, page.now)
        return await _confirmed(page, id, key)
    status = page.explain(form, answer, TO_FIELDS)
    page.portal.own.keep_draft(page.owner, PATH, form.kept(), page.now)
    return _checked(page, form, status) if WHOLE in form.errors else _write(page, form, status)


async def _confirmed(page: Page, id: str, key: str) -> Response:
    """The confirmation with a private link, which is shown in this answer alone; without one where it takes a while."""
    confirmation = f"/issues/{id}/registered"
    if issues.issue(page.reads, id) is None:
        return page.to(confirmation)
    link = await link_to(page, id, f"{key}-link")
    if not isinstance(link, str):
        return page.to(confirmation)
    return page.show("entrepreneur/registered.html", own=known(page, id), form=Form(), link=link)


@router.get("/issues/{id}/registered")
async def registered(id: str, page: Asked, look: str = "") -> Response:
    """Its number, the promised date, and what happens next; until that is here, a page that looks again by itself."""
    page.person()
    if issues.issue(page.reads, id) is None:  # the event is still on its way here
        return page.show("entrepreneur/registered.html", own=None, again=again(page.request.url.path, look))
    own = known(page, id)
    if not own.sight.is_own:
        raise NotHere
    return page.show("entrepreneur/registered.html", own=own, form=Form(), link="")


def again(path: str, look: str) -> Again | None:
    """When a page looks again that has looked so often; None once it has looked for a minute."""
    many = int(look) if look.isascii() and look.isdecimal() and len(look) < 3 else 0
    return Again(PAUSES[many], f"{path}?look={many + 1}") if many < len(PAUSES) else None


def check_words(page: Page, form: Form) -> None:
    """That there are a title and a text, neither too long."""
    if not form.text("title"):
        form.wrong("title", page.say("Say in one line what it is about"))
    if not form.text("text"):
        form.wrong("text", page.say("Tell what happens, where, and since when"))
    not_too_long(page, form, "title", MAX_TITLE_CHARS)
    not_too_long(page, form, "text", MAX_TEXT_CHARS)


def _check(page: Page, form: Form) -> None:
    check_words(page, form)
    if form.text("kind") not in set(Kind):
        form.values["kind"] = Kind.PROBLEM
    if form.text("enterprise") and len(form.text("enterprise")) != 18:
        form.wrong(
            "enterprise", page.say("The unified social credit code has 18 characters; it may be left out")
        )


def _body(form: Form) -> dict[str, Any]:
    body: dict[str, Any] = {name: form.text(name) for name in ("kind", "title", "text", "enterprise")}
    body |= {name: True for name in ("urgent", "anonymous") if form.is_ticked(name)}
    if files := files_in(form):
        body["attachments"] = [one["receipt"] for one in files]
    return {name: value for name, value in body.items() if value}


def id_of(answer: Answer) -> str:
    """Of the issue; where its outcome is not known yet from the place where that is read."""
    return str(answer.body.get("id") or str(answer.body.get("look", "")).split("/")[2])


# ---------------------------------------------------------------- the draft


def _draft(page: Page) -> Form:
    visitor = page.person()
    if visitor.role is not Role.ENTREPRENEUR:
        raise NotHere
    return Form(page.portal.own.draft(page.owner, PATH))


def _merged(sent: Form, draft: Form) -> Form:
    """What the browser sent, with the files that were handed in before."""
    form = Form({name: sent.values[name] for name in FIELDS if name in sent.values})
    form.key = sent.key
    if files := files_in(draft):
        form.values["files"] = files
    return form


def _write(page: Page, form: Form, status: int = 200) -> Response:
    return page.show(
        "entrepreneur/raise.html",
        status,
        form=form,
        files=files_in(form),
        title_most=MAX_TITLE_CHARS,
        most=MAX_TEXT_CHARS,
    )


def _checked(page: Page, form: Form, status: int = 200) -> Response:
    return page.show("entrepreneur/check.html", status, form=form, files=files_in(form))
