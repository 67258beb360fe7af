"""What an entrepreneur does about talks: see those to come, sign up with the question they bring, take it back."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.entrepreneur.raising import check_words, id_of
from services.portal.desks.talks.about import PATH, TO_FIELDS, Row, calls, known, left
from services.portal.desks.talks.naming import of_talk
from services.portal.doing import given
from services.portal.forms import Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import issues, own_issues, talks
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Role, TakesPart
from shared.domain.talks import rules_of

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


def coming(page: Page, done: str) -> Response:
    """The talks to come: first those in which one takes part."""
    mine = talks.of_person(page.reads, page.person().kept.person)
    found = talks.coming(page.reads, page.at)
    return page.show(
        "talks/coming.html",
        mine=[talk for talk in found if talk["id"] in mine],
        others=[talk for talk in found if talk["id"] not in mine],
        done=done,
        **calls(page),
    )


def invitation(page: Page, talk: Row, done: str) -> Response:
    """One talk, what one has to know to come, and how one takes part in it."""
    own = talks.of_person(page.reads, page.person().kept.person).get(talk["id"])
    question = issues.issue(page.reads, own["issue"]) if own and own["issue"] else None
    said = own_issues.said_at(page.reads, talk["id"], page.person().kept.person)
    return page.show(
        "talks/invitation.html", talk=talk, own=own, question=question, said=said, done=done, **calls(page)
    )


def _open_to(page: Page, id: str) -> Row | Response:
    """A talk for which one can still sign up or stay away; else its page, which says that one cannot."""
    if page.person().role is not Role.ENTREPRENEUR:
        raise NotHere
    talk = known(page, id)
    if talk["state"] != "announced":
        return page.to(f"{PATH}/{id}?done=not_now")
    invited = id in talks.of_person(page.reads, page.person().kept.person)
    return page.to(f"{PATH}/{id}") if rules_of(talk["series"]).by_invitation and not invited else talk


@router.get(f"{PATH}/{{id}}/sign-up")
async def write(id: str, page: Asked) -> Response:
    """The form: who signs up is known, the question may be left out."""
    talk = _open_to(page, id)
    return talk if isinstance(talk, Response) else _form(page, talk, page.draft())


@router.post(f"{PATH}/{{id}}/sign-up")
async def sign_up(id: str, page: Asked) -> Response:
    """Take a place, then write the question down as an issue of this talk, then say that it is brought.

    In this order: a question is never left without the place that was asked for with it. Sent again, each is done once.
    """
    form = (await page.form()).form
    talk = _open_to(page, id)
    if isinstance(talk, Response):
        return talk
    page.keep(form)
    if form.text("title") or form.text("text"):
        check_words(page, form)
    if form.text("enterprise") and len(form.text("enterprise")) != 18:
        said = page.say("The unified social credit code has 18 characters; it may be left out")
        form.wrong("enterprise", said)
    if form.errors:
        return _form(page, talk, form, 422)
    key, own = form.sending(), given(form, "enterprise")
    answer = await _sign_up(page, id, own, key)
    if answer.is_done and form.text("title"):
        body = {**given(form, "title", "text", "enterprise"), **of_talk(talk)}
        answer = await page.ask("intake", "/issues", body, key=f"{key}-issue")
        if answer.is_done:
            answer = await _sign_up(page, id, {**own, "issue": id_of(answer)}, f"{key}-question")
    if not answer.is_done:
        status = page.explain(form, answer, {**TO_FIELDS, "talk_full": "", "by_invitation": ""})
        page.keep(form)
        return _form(page, known(page, id), form, status)
    page.forget()
    return page.to(f"{PATH}/{id}?done={page.became(answer, 'sign_up')}")


async def _sign_up(page: Page, id: str, body: dict[str, Any], key: str) -> Answer:
    return await page.ask("intake", f"/talks/{id}/sign-up", body, key=key, subject=f"talk:{id}")


@router.get(f"{PATH}/{{id}}/stay-away")
async def sure(id: str, page: Asked) -> Response:
    """What becomes of the place and of the question."""
    talk = _open_to(page, id)
    return talk if isinstance(talk, Response) else _stay_away(page, talk, Form())


@router.post(f"{PATH}/{{id}}/stay-away")
async def stay_away(id: str, page: Asked) -> Response:
    """The place is free again."""
    form = (await page.form()).form
    talk = _open_to(page, id)
    if isinstance(talk, Response):
        return talk
    answer = await page.ask("intake", f"/talks/{id}/stay-away", {}, key=form.sending(), subject=f"talk:{id}")
    if answer.is_done:
        return page.to(f"{PATH}/{id}?done={page.became(answer, 'stay_away')}")
    return _stay_away(page, talk, form, page.explain(form, answer))


def _stay_away(page: Page, talk: Row, form: Form, status: int = 200) -> Response:
    return page.show("talks/stay_away.html", status, talk=talk, form=form, **calls(page))


def _form(page: Page, talk: Row, form: Form, status: int = 200) -> Response:
    own = talks.of_person(page.reads, page.person().kept.person).get(talk["id"])
    has_place = own is not None and own["how"] != TakesPart.WRITTEN
    return page.show(
        "talks/sign_up.html",
        status,
        talk=talk,
        form=form,
        has_place=has_place,
        is_full=not has_place and not left(talk),
        most_title=MAX_TITLE_CHARS,
        most=MAX_TEXT_CHARS,
        **calls(page),
    )
