"""Templates of replies: a few that are built in for each outcome, and those that a department's people saved."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from services.portal.doing import not_too_long
from services.portal.forms import Form
from services.portal.pages import Page

BLANK = "＿＿"
"""What is still to be filled in; official numbers have brackets of their own."""
MOST_NAME_CHARS = 40
BUILT_IN = json.loads(Path(__file__).with_name("templates.json").read_bytes())
"""outcome -> templates, each with its name and text in both languages."""


class Offered(NamedTuple):
    """A template as a page offers it; ``id`` is 0 for one that is built in."""

    button: str
    name: str
    id: int = 0
    by: str = ""


def offered(page: Page, outcomes: Sequence[str]) -> list[Offered]:
    """The department's own, then those that are built in for these outcomes."""
    kept = page.person().kept
    own = [
        Offered(f"template:{one.id}", one.name, one.id, page.officials.get(one.account, one.account))
        for one in page.portal.own.inside.templates(kept.department)
    ]
    language = page.view.language
    built_in = [
        Offered(f"template:{fitting}/{place}", one["name"][language])
        for fitting in outcomes
        for place, one in enumerate(BUILT_IN[fitting])
    ]
    return own + built_in


def press(page: Page, form: Form, pressed: str) -> None:
    """What one of the buttons about templates does to the form."""
    department, inside = page.person().kept.department, page.portal.own.inside
    verb, _, which = pressed.partition(":")
    if verb == "template-save":
        _save(page, form)
    elif verb == "template-drop" and which.isascii() and which.isdecimal() and len(which) < 9:
        inside.drop(department, int(which))
    elif verb == "template" and (text := _text(page, which)):
        form.values["text"] = f"{form.text('text')}\n\n{text}".strip()
        if which.partition("/")[0] in BUILT_IN:
            form.values.setdefault("outcome", which.partition("/")[0])


def _save(page: Page, form: Form) -> None:
    if not form.text("text"):
        form.wrong("text", page.say("Write the text first that is to become a template"))
    if not form.text("template_name"):
        form.wrong("template_name", page.say("Give the template a name"))
    not_too_long(page, form, "template_name", MOST_NAME_CHARS)
    if form.errors:
        return
    kept, name = page.person().kept, form.text("template_name")
    page.portal.own.inside.save(kept.department, name, form.text("text"), kept.account, page.now)
    form.values.pop("template_name")


def _text(page: Page, which: str) -> str:
    """The text of ``<outcome>/<place>`` or of a saved one's id; "" for anything else."""
    outcome, _, place = which.partition("/")
    for number, one in enumerate(BUILT_IN.get(outcome, ())):
        if str(number) == place:
            return str(one["text"][page.view.language])
    saved = page.portal.own.inside.templates(page.person().kept.department)
    return next((one.text for one in saved if str(one.id) == which), "")
