"""Documents of supervision: in which register each kind stands, and how its number is written.

Source: clocks.md, The ladder. A register is one kind's and one year's, and has no gap.
"""

from datetime import datetime

from shared.contract.subjects import subject_of
from shared.contract.words import DocumentKind
from shared.domain.clocks import SHANGHAI

LIFTED_WITH_THE_ISSUE = (
    DocumentKind.SUPERVISION_ORDER,
    DocumentKind.YELLOW_CARD,
    DocumentKind.RED_CARD,
)
"""What counts no longer when its issue has ended or was lifted; the others are records of what was said."""
NEEDS_WORDS = (DocumentKind.INTERVIEW, DocumentKind.CIRCULAR, DocumentKind.MATTERS_ENTRY)
"""What nobody can sign without words of their own: what was said, what is made known, what is listed."""
_SIGNS = {
    DocumentKind.REMINDER: "催办",
    DocumentKind.SUPERVISION_ORDER: "督办",
    DocumentKind.YELLOW_CARD: "黄牌",
    DocumentKind.RED_CARD: "红牌",
    DocumentKind.INTERVIEW: "约谈",
    DocumentKind.CIRCULAR: "通报",
    DocumentKind.MATTERS_ENTRY: "清单",
}


def year_of(at: datetime) -> int:
    """The Shanghai year of an instant."""
    return at.astimezone(SHANGHAI).year


def register_of(jurisdiction: str, kind: str, year: int) -> str:
    """The subject of the register: ``register:huzhou.yellow_card.2026``."""
    return subject_of("register", f"{jurisdiction}.{kind}.{year}")


def number_text(kind: str, year: int, number: int) -> str:
    """How a number is written, in every language: ``督办〔2026〕12号``; "" as long as there is none."""
    return f"{_SIGNS.get(kind, '')}〔{year}〕{number}号" if number else ""  # type: ignore[call-overload]
