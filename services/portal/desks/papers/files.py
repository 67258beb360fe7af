"""A paper as an editable file (docx): the words of the page, each figure with its link, and beside each rate a bar."""

import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate, InlineImage, RichText

from services.portal.desks.papers.shown import Line, Shown
from services.portal.languages import N_
from services.portal.pages import Page
from services.portal.times import instant
from shared.domain.clocks import SHANGHAI

TEMPLATE = Path(__file__).with_name("paper.docx")
BAR, HEIGHT = 400, 26
"""Pixels of a bar."""
BAR_WIDTH = 46 * 36_000
"""46 mm, as the format counts."""
BLUE = "1d5fb8"
SIZE = 21
"""Half points of a figure's numbers."""
_EMPTY, _FILLED = bytes.fromhex("e3e8ef"), bytes.fromhex(BLUE)


def as_file(paper: Shown, page: Page, published_at: int, signed_by: str) -> bytes:
    """The paper in the language of the page."""
    template = DocxTemplate(TEMPLATE)
    said: dict[str, list[str]] = {"bars": []}

    def bar(line: Line) -> Any:
        if line.rate is None:
            return ""
        said["bars"].append(f"{line.name}: {line.percent}")
        return InlineImage(template, BytesIO(bar_of(round(BAR * line.rate))), width=BAR_WIDTH)

    def linked(line: Line) -> RichText:
        if not line.address:
            return RichText(_said(page, line), size=SIZE)
        place = template.build_url_id(f"{str(page.request.base_url).rstrip('/')}{line.address}")
        return RichText(_said(page, line), size=SIZE, color=BLUE, underline=True, url_id=place)

    context = {
        **paper._asdict(),
        "for_": page.say(N_("For: %(meeting)s")) % {"meeting": paper.meeting},
        "edition_": page.say(N_("Edition %(edition)d")) % {"edition": paper.edition},
        "as_of_": page.say(
            N_("Counted as of %(at)s. The numbers are frozen; what they open is as it stands now.")
        )
        % {"at": page.times.whole(paper.as_of)[:16]},
        "signed_by": signed_by,
        "on": page.times.with_year(instant(published_at).astimezone(SHANGHAI).date()),
        "prefaces": paper.preface.split("\n") if paper.preface else [],
        "rows": [{"name": one.name, "said": linked(one), "bar": bar(one)} for one in paper.lines],
        "heads": [figure.zh if page.view.language == "zh" else figure.en for figure in paper.columns],
        "tables": _tables(page, paper, linked),
        "figures_": page.say(N_("Figures")),
        "cases_": page.say(N_("Typical cases")),
        "rule_": page.say(N_("Rule:")),
        "few_": page.say(N_("Below five there are counts only, no rate.")),
    }
    template.render(context, autoescape=True)
    _describe(template, said["bars"])
    made = BytesIO()
    template.save(made)
    return made.getvalue()


def _tables(page: Page, paper: Shown, linked: Callable[[Line], RichText]) -> list[dict[str, Any]]:
    """The figures of departments and of months, each as rows of texts."""
    groups = ((N_("By department"), paper.departments), (N_("By month"), paper.months))
    return [
        {
            "title": page.say(title),
            "rows": [
                {
                    "name": one.name,
                    "cells": [
                        linked(one.lines[figure.name])
                        if figure.name in one.lines
                        else RichText("–", size=SIZE)
                        for figure in paper.columns
                    ],
                }
                for one in found
            ],
        }
        for title, found in groups
        if found
    ]


def _said(page: Page, line: Line) -> str:
    """A figure in one text: 98.5 % (65 / 66)."""
    return f"{line.percent}（{line.counts}）" if line.percent else line.counts


@lru_cache(maxsize=BAR + 1)
def bar_of(filled: int) -> bytes:
    """A bar of which so many pixels are filled, as PNG: two colours of a palette, every row the same."""
    row = b"\x00" + b"\x01" * filled + b"\x00" * (BAR - filled)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", BAR, HEIGHT, 8, 3, 0, 0, 0)),
        (b"PLTE", _EMPTY + _FILLED),
        (b"IDAT", zlib.compress(row * HEIGHT, 9)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(data)) + kind + data + _checked(kind + data) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _checked(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def _describe(template: DocxTemplate, words: list[str]) -> None:
    """Say of each picture in words what it shows, for who does not see it."""
    everything = template.docx.element.body.iter()
    places = [one for one in everything if str(one.tag).endswith("}docPr")]
    for place, said in zip(places, words, strict=True):
        place.set("descr", said)
