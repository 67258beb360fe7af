"""One record of a talk's room: who said what, in their own words; raised in their name, taken on, and they have come.

Each step has a key that follows from the record's own, so that the whole may be sent again until all of it was done:
from the page, from a device that was cut off for an hour, or out of a spreadsheet.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.portal.asking import DONE, Answer
from services.portal.desks.entrepreneur.raising import id_of
from services.portal.desks.talks.about import Row
from services.portal.desks.talks.naming import MOST_CODE, MOST_NAME, MOST_PHONE, person_of
from services.portal.doing import given, not_too_long
from services.portal.forms import Form
from services.portal.pages import WAIT_SECONDS, Page
from services.portal.queries import issues
from shared.contract.envelope import write_seen
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS, epoch_of, owner_of
from shared.contract.words import Kind, Phase, Source, TakesPart
from shared.domain.rights import granted

OTHER = "other"
"""Chosen as speaker: somebody who is not on the list, known by their phone."""
PHASES: Mapping[str, tuple[Phase, ...]] = {"open": (Phase.AT,), "held": (Phase.AFTER, Phase.AT)}
"""By the state of a talk what may be recorded of it: what was said there also once it is over, for a line was cut."""
TITLE_CHARS = 40
_END = re.compile(r"[。！？；!?;\n]")
_LOOKS = 4


def title_of(text: str) -> str:
    """A title out of somebody's words: their first sentence, as far as it fits in a line."""
    first = next((part.strip() for part in _END.split(text) if part.strip()), "")
    return first if len(first) <= TITLE_CHARS else f"{first[: TITLE_CHARS - 1]}…"


def check(page: Page, form: Form, talk: Row, there: Sequence[Row]) -> None:
    """What is wrong with a record, at its field; what follows from the rest is filled in."""
    speaker = form.text("speaker")
    if speaker == OTHER:
        _check_other(page, form)
    elif speaker not in {one["person"] for one in there}:
        form.wrong("speaker", page.say("Choose who says it"))
    if not form.text("text"):
        form.wrong("text", page.say("Write what was said, in their own words"))
    if not form.text("title"):
        form.values["title"] = title_of(form.text("text"))
    for name, most in (("text", MAX_TEXT_CHARS), ("title", MAX_TITLE_CHARS)):
        not_too_long(page, form, name, most)
    if form.text("kind") not in set(Kind):
        form.values["kind"] = Kind.PROBLEM.value
    allowed = PHASES[talk["state"]]
    if form.text("phase") not in allowed:
        form.values["phase"] = allowed[0].value


def _check_other(page: Page, form: Form) -> None:
    if not form.text("phone"):
        form.wrong("phone", page.say("Write the phone of who says it: they are known by it"))
    if form.text("enterprise") and len(form.text("enterprise")) != MOST_CODE:
        said = page.say("The unified social credit code has 18 characters; it may be left out")
        form.wrong("enterprise", said)
    for name, most in (("name", MOST_NAME), ("phone", MOST_PHONE)):
        not_too_long(page, form, name, most)


async def record(page: Page, form: Form, talk: Row, there: Sequence[Row], key: str) -> Answer:
    """Do all of it; what intake answered to the registration, or why it did not come to that."""
    known = next((one for one in there if one["person"] == form.text("speaker")), None)
    if known is not None:
        person, enterprise = str(known["person"]), str(known["enterprise"] or "")
    else:
        found = await person_of(page, form, key)
        if not isinstance(found, str):
            return Answer("wrong", {}) if form.errors else found
        person, enterprise = found, form.text("enterprise")
    body: dict[str, Any] = given(form, "title", "text", "kind", "phase")
    body |= {"origin": Source.TALK.value, "occasion": {"id": talk["id"]}, "person": person}
    body |= {"enterprise": enterprise} if enterprise else {}
    body |= {"urgent": True} if form.is_ticked("urgent") else {}
    answer = await page.ask("intake", "/issues", body, key=f"{key}-issue")
    if answer.kind != "done":
        return answer
    id = id_of(answer)
    later = [await _accept(page, id, key)]
    # Also of a talk that is over: they sat there, whenever their words arrive.
    if form.text("phase") == Phase.AT and (known is None or _comes(known)):
        one = {"person": person, "enterprise": enterprise}
        path, about = f"/talks/{talk['id']}/attend", f"talk:{talk['id']}"
        later.append(await page.ask("intake", path, {"attendees": [one]}, key=f"{key}-attend", subject=about))
    # What is refused here was done already, or is done by the office: the words are registered.
    return next((one for one in later if one.kind in ("away", "pending")), answer)


async def _accept(page: Page, id: str, key: str) -> Answer:
    if page.person().role not in granted("issue", "accept"):
        return DONE
    return await page.ask("intake", f"/issues/{id}/accept", {}, key=f"{key}-accept", subject=id)


def _comes(known: Row) -> bool:
    """Whether it has to be written down still that they have come: who sent a question in writing has not."""
    return not known["attended"] and known["how"] != TakesPart.WRITTEN


async def until_its_talk_has_answered(page: Page, id: str) -> None:
    """Wait until the talk has told an issue who is there, and let dispatch be asked after that: two seconds at most."""
    intake = f"/{page.portal.jurisdiction}/intake"
    for _ in range(_LOOKS):
        row = issues.issue(page.reads, id)
        all_reached = issues.reached(page.reads, id)
        its = [source for source in all_reached if owner_of(source) == intake]
        source = max(its, key=epoch_of, default=intake)
        reached = all_reached.get(source, 0)
        if row is not None and (row["expected_at"] or row["promised_at"]):
            page.portal.own.remember_after(page.person().owner, id, write_seen({source: reached}), page.now)
            return
        await page.portal.projection.wait_for(id, {source: reached + 1}, WAIT_SECONDS / _LOOKS)
