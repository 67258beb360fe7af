"""What the office decides about what others did: a return, an appeal, another round; and what it takes back itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.office.beside import PLACE, beside, office_issue
from services.portal.desks.office.triage import suggested
from services.portal.doing import ask_for, do, given, not_too_long, number
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.queries import issues, names
from services.portal.reading import Known, words_of
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
YES, NO = "yes", "no"


def decided(page: Page, form: Form, name: str) -> bool:
    """What was chosen of two; says so where neither was."""
    if form.text(name) not in (YES, NO):
        form.wrong(name, page.say("Choose one of the two"))
    return form.text(name) == YES


def why(page: Page, form: Form, sentence: str) -> None:
    if not form.text("reason"):
        form.wrong("reason", sentence)
    not_too_long(page, form, "reason", MAX_REASON_CHARS)


# ------------------------------------------------------------------ return


@router.get(f"{PLACE}/issues/{{id}}/rule")
async def rule(id: str, page: Asked) -> Response:
    """Why the department gave it back, and whose matter it seems to be instead."""
    return await ask_for(page, office_issue(page, id), "rule", _rule)


@router.post(f"{PLACE}/issues/{{id}}/rule")
async def send_ruling(id: str, page: Asked) -> Response:
    """Rule, once: it goes to another department, or stays for good."""
    form, about = (await page.form()).form, office_issue(page, id)
    upheld = decided(page, form, "upheld")
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    code = form.text("other") or form.text("department")
    if upheld and (not code or code == about.issue["holder"]):
        form.wrong("other", page.say("Choose the other department that gets it"))
    if not upheld and not form.errors:
        why(page, form, page.say("Say why it stays: the department reads it"))
    body: dict[str, Any] = {"assignment": form.text("assignment"), "upheld": upheld, **given(form, "reason")}
    return await do(page, about, "rule", body | ({"department": code} if upheld else {}), form, _rule)


async def _rule(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    (found,) = await suggested(page, [await words_of(page, about.issue)])
    returned = issues.assignment(page.reads, about.id, about.issue["assignment"] or "")
    others = [one for one in found if one.department.code != about.issue["holder"]]
    if "department" not in form.values and others:
        form.values["department"] = others[0].department.code
    departments = names.assignable(page.reads, page.at, page.view.language)
    more = {"returned": returned, "suggestions": others, "departments": departments}
    return await beside(page, "office/rule.html", about, form, status, **more)


# ------------------------------------------------------------------ recall


@router.get(f"{PLACE}/issues/{{id}}/recall")
async def recall(id: str, page: Asked) -> Response:
    """Take an assignment back that should not have been made."""
    return await ask_for(page, office_issue(page, id), "recall", _recall)


@router.post(f"{PLACE}/issues/{{id}}/recall")
async def send_recall(id: str, page: Asked) -> Response:
    """It waits for a department again."""
    form, about = (await page.form()).form, office_issue(page, id)
    why(page, form, page.say("Say why it is taken back: the department reads it"))
    return await do(page, about, "recall", given(form, "assignment", "reason"), form, _recall)


async def _recall(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return await beside(page, "office/recall.html", about, form, status)


# ------------------------------------------------------------------ appeal


@router.get(f"{PLACE}/issues/{{id}}/decide-appeal")
async def appeal(id: str, page: Asked) -> Response:
    """Why it was not accepted, and what who raised it says to that."""
    return await ask_for(page, office_issue(page, id), "decide_appeal", _appeal)


@router.post(f"{PLACE}/issues/{{id}}/decide-appeal")
async def send_appeal(id: str, page: Asked) -> Response:
    """Upheld, then it is as good as raised again; or the rejection stands for good."""
    form, about = (await page.form()).form, office_issue(page, id)
    upheld = decided(page, form, "upheld")
    why(page, form, page.say("Say why: who appealed reads it"))
    body = {"upheld": upheld, "reason": form.text("reason")}
    return await do(page, about, "decide_appeal", body, form, _appeal)


async def _appeal(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    answer = await page.look("intake", f"/issues/{about.id}")  # it is sealed like the words
    appealed: dict[str, Any] = dict(answer.body.get("appeal") or {})
    own = about.issue["rejected_by"] == page.person().kept.account
    more = {"appeal": appealed.get("reason", ""), "is_own": own}
    return await beside(page, "office/appeal.html", about, form, status, **more)


# ------------------------------------------------------------ another round


@router.get(f"{PLACE}/issues/{{id}}/decide-rework")
async def rework(id: str, page: Asked) -> Response:
    """The reply, and why who raised it is not content."""
    return await ask_for(page, office_issue(page, id), "decide_rework", _rework)


@router.post(f"{PLACE}/issues/{{id}}/decide-rework")
async def send_rework(id: str, page: Asked) -> Response:
    """Another round begins; or there is none, and who raised it is told why."""
    form, about = (await page.form()).form, office_issue(page, id)
    granted = decided(page, form, "granted")
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    if not granted and not form.errors:
        why(page, form, page.say("Say why not: who raised it reads this"))
    body = {"round": number(form, "round"), "granted": granted, **given(form, "reason")}
    return await do(page, about, "decide_rework", body, form, _rework)


async def _rework(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    rating = issues.rating(page.reads, about.id, about.issue["feedback_round"] or 0)
    return await beside(page, "office/rework.html", about, form, status, rating=rating)
