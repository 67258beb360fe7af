"""In which language a page speaks: what is left of its words once those of people, and of every language, are gone."""

import re
from collections.abc import Iterator

from tests.portal.city import SCRIPT
from tests.portal.crawling import Document

READ_OUT = re.compile(r"title|placeholder|alt|aria-label|aria-description|data-.*")
"""Attributes that are shown, read out, or shown by scripts."""
NOT_SHOWN = ("script", "style", "textarea")
OF_PEOPLE = re.compile(rf"\w*\s?{re.escape(SCRIPT)}")
"""Whatever people said in the city ends so."""
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}|\b[A-Z][a-z]{2,}")
"""A sentence, or the first word of one."""
GIVEN = {
    "en": re.compile(
        r"亲|中文|\w+〔\d+〕\d+号"
        r"|党委, 人大, 政府 or 政协|周明，副市长，政府|^，政府$"
        r"|周次,地区,姓名,职务,班子,账号"
    ),
    "zh": re.compile(
        r"\bEnglish\b|\bCtrl\b|\bEsc\b|\bqinqing status\b|\bxlsx, ods, csv\b|\bPrometheus\b|\bGrafana\b"
    ),
}
"""The seal; the other language's name; numbers that documents bear; what is typed as it stands; keys; ends of names;
programs."""


def strange(document: Document, language: str) -> Iterator[str]:
    """What a page says in another language than its own."""
    other = CHINESE if language == "en" else ENGLISH
    for said in _said(document):
        if other.search(GIVEN[language].sub("", OF_PEOPLE.sub("", said))):
            yield said


def _said(document: Document) -> Iterator[str]:
    yield from (text for tag, text in document.texts if tag not in NOT_SHOWN)
    for _, attributes in document.tags:
        yield from (value for name, value in attributes.items() if READ_OUT.fullmatch(name))
