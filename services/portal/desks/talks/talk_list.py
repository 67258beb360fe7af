"""The list of a talk's issues, as it goes round when the talk is over: as a page to print, and as an editable file.

Who may not read an issue reads its number, who has it and where it stands. Who reads it, but not who raised it, reads
that it was raised without a name.
"""

from io import BytesIO
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import quote

from docxtpl import DocxTemplate
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.talks.about import PATH, Row, calls, known, led_by, official, place_name, when
from services.portal.languages import N_
from services.portal.moves import may_ask
from services.portal.pages import Page, page_of
from services.portal.queries import names, talks
from services.portal.sight import sight_of
from services.portal.times import instant
from services.portal.words import phrase
from shared.contract.words import MediaType, Role

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
TEMPLATE = Path(__file__).with_name("talk_list.docx")
PRAISING = (Role.SUPERVISOR, Role.LEADER)


class Line(NamedTuple):
    """One issue as it stands on the list. ``may_praise``: whether who reads may propose a circular of praise."""

    id: str
    number: str
    speaker: str
    title: str
    text: str
    department: str
    due: str
    state: str
    may_open: bool
    may_praise: bool


@router.get(f"{PATH}/{{id}}/list")
async def show(id: str, page: Asked) -> Response:
    """As a page."""
    official(page)
    talk, visitor = known(page, id), page.person()
    lines = lines_of(page, talk)
    drawn = await page.drawn_once(
        "talks/list_lines.html",
        lines,
        *(id, visitor.role, visitor.kept.department),
        context=lambda: {"lines": lines, "talk": talk},
    )
    return page.show("talks/list.html", talk=talk, drawn=drawn, **calls(page))


@router.get(f"{PATH}/{{id}}/files/list.docx")
async def file(id: str, page: Asked) -> Response:
    """The same as an editable document."""
    official(page)
    talk = known(page, id)
    name = quote(f"{page.say(N_('List of the talk'))} {talk['theme']}.docx")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(as_file(page, talk), media_type=MediaType.DOCX, headers=headers)


def lines_of(page: Page, talk: Row) -> list[Line]:
    """The issues of the talk in the order in which they were registered."""
    rows = talks.members(page.reads, talk["id"])
    enterprises = names.enterprises(page.reads, {row["enterprise"] for row in rows if row["enterprise"]})
    return [_line(page, row, enterprises) for row in rows]


def _line(page: Page, row: Row, enterprises: dict[str, str]) -> Line:
    sight = sight_of(page.person(), row, page.portal.references, page.successor)
    is_read = sight is not None and sight.words and row["title"] is not None
    due = row["due_at"] or row["expected_at"]
    return Line(
        id=row["id"],
        number=row["number"],
        speaker=_speaker(page, row, enterprises) if sight is not None and sight.raiser else "",
        title=(row["corrected_title"] or row["title"]) if is_read else "",
        text=(row["corrected_text"] or row["text"]) if is_read else "",
        department=page.departments.get(row["holder"] or "", row["holder"] or ""),
        due=page.times.day_of(instant(due)) if due else "",
        state=page.say(phrase("state", row["state"])),
        may_open=sight is not None,
        may_praise=sight is not None
        and page.person().role in PRAISING
        and bool(row["holder"])
        and may_ask(sight.asker, "issue_document", sight.belongs),
    )


def _speaker(page: Page, row: Row, enterprises: dict[str, str]) -> str:
    """Whose question it is, as far as that stands on the topics: the name of a person does not."""
    if row["anonymous"]:
        return page.say("Without a name")
    return enterprises.get(row["enterprise"], "") or page.say("Somebody without an enterprise")


def as_file(page: Page, talk: Row) -> bytes:
    """The list as an editable document (docx)."""
    template = DocxTemplate(TEMPLATE)
    template.render(
        {
            "title": page.say(N_("List of the talk")),
            "theme": talk["theme"],
            "about": " · ".join(
                filter(
                    None,
                    (
                        when(page, talk),
                        place_name(page, talk["jurisdiction"]),
                        talk["place"],
                        led_by(page, talk),
                    ),
                )
            ),
            "heads": [
                page.say(one)
                for one in (
                    N_("Number"),
                    N_("Who raised it"),
                    N_("What was said"),
                    N_("Department"),
                    N_("Due"),
                    N_("Where it stands"),
                )
            ],
            "lines": lines_of(page, talk),
        },
        autoescape=True,
    )
    made = BytesIO()
    template.save(made)
    return made.getvalue()
