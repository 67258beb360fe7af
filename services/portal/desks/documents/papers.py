"""A document as it is read: heading, whom it is to, its sentences, who signed it; as a page and as an editable file."""

import json
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from docxtpl import DocxTemplate

from services.portal.languages import N_
from services.portal.pages import Page
from services.portal.queries.documents import IN_FORCE, Row
from services.portal.times import instant
from services.portal.words import phrase
from shared.contract.words import ClockName, DocumentKind
from shared.domain.clocks import SHANGHAI
from shared.domain.documents import number_text

TEMPLATE = Path(__file__).with_name("paper.docx")
_SENTENCES = {
    DocumentKind.REMINDER: N_(
        "The promised date of issue %(issue)s has passed. Please handle it and reply at once."
    ),
    DocumentKind.SUPERVISION_ORDER: N_(
        "Issue %(issue)s is overdue. Please handle it, and answer this order in time."
    ),
    DocumentKind.YELLOW_CARD: N_(
        "Issue %(issue)s has had no reply since the supervision order: a yellow card."
    ),
    DocumentKind.RED_CARD: N_("Issue %(issue)s has had no reply, or dissatisfied again: a red card."),
    DocumentKind.INTERVIEW: N_("About issue %(issue)s your department is called in. What was said:"),
    DocumentKind.CIRCULAR: N_("How issue %(issue)s was handled is made known:"),
    DocumentKind.MATTERS_ENTRY: N_("Issue %(issue)s is listed as a matter to be supervised:"),
}
_REMINDERS = {
    ClockName.RULING: N_(
        "The time to rule on the return of issue %(issue)s is over. Please rule on it at once."
    ),
    ClockName.INSTRUCTION: N_(
        "The report on a leader's instruction on issue %(issue)s is overdue. Please report at once what was done."
    ),
}
"""Of what else than a promise a reminder may remind."""
_UNASSIGNED = N_(
    "The promised date of issue %(issue)s has passed, and no department holds it. Please assign it at once."
)
"""To the assigning office, which has what nobody holds."""
_REMINDED = N_("You are reminded of issue %(issue)s. Please handle it, and reply in time.")
"""By a person, who need not wait until it is late."""
_PRAISE = N_("How issue %(issue)s was handled is praised:")


class Paper(NamedTuple):
    """What stands on one document, in the words of its page."""

    title: str
    number: str
    to: str
    sentence: str
    words: str
    marks: list[str]
    answer_by: str
    signed_by: str
    on: str
    state: str
    """Empty for one that is out; a draft, and what counts no longer, say so on their face."""


def paper(page: Page, document: Row, issue: Row) -> Paper:
    """The document in the language of the page."""
    kind, say = document["kind"], page.say
    department = page.departments.get(document["department"] or "", document["department"] or "")
    sentence = _PRAISE if document["praise"] else _SENTENCES.get(kind, "%(issue)s")
    if kind == DocumentKind.REMINDER:
        sentence = _REMINDED if document["issued_by"] else _REMINDERS.get(document["clock"], sentence)
    if not document["department"]:
        if kind in (DocumentKind.REMINDER, DocumentKind.SUPERVISION_ORDER) and sentence == _SENTENCES[kind]:
            sentence = _UNASSIGNED
        department = say(N_("The assigning office"))
    signer = document["issued_by"] or ""
    at = document["issued_at"] or document["drafted_at"] or document["ended_at"]
    due = document["answer_due_at"]
    return Paper(
        title=say(N_("Circular of praise")) if document["praise"] else say(phrase("document", kind)),
        number=number_text(kind, document["year"], document["number"]),
        to=" · ".join(filter(None, (department, document["head"]))),
        sentence=say(sentence) % {"issue": issue["number"]},
        words=document["words"] or "",
        marks=_marks(page, document),
        answer_by=f"{page.times.with_year(_local(due).date())} {_local(due):%H:%M}" if due else "",
        signed_by=page.officials.get(signer, signer),
        on=page.times.with_year(_local(at).date()),
        state="" if document["state"] in IN_FORCE else say(phrase("document state", document["state"])),
    )


def as_file(paper: Paper, page: Page) -> bytes:
    """The same as an editable document (docx)."""
    template = DocxTemplate(TEMPLATE)
    said = {
        "to_": page.say(N_("To:")),
        "answer_by_": page.say(N_("To be answered by:")),
        "signed_by_": page.say(N_("Signed by:")),
        "lines": paper.words.split("\n") if paper.words else [],
    }
    template.render({**paper._asdict(), **said}, autoescape=True)
    made = BytesIO()
    template.save(made)
    return made.getvalue()


def _marks(page: Page, document: Row) -> list[str]:
    """Who acts together, and what it reaches across."""
    joint, offices = document["joint"], json.loads(document["offices"] or "[]")
    found = [page.say(phrase("across", one)) for one in json.loads(document["across"] or "[]")]
    if joint:
        together = page.say(", ").join(page.say(phrase("joint office", one)) for one in offices)
        found.insert(0, f"{page.say(phrase('joint', joint))}: {together}")
    return found


def _local(at: int) -> datetime:
    return instant(at).astimezone(SHANGHAI)
