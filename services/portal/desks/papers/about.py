"""What every page about papers begins with: who may see them, which paper, and how it is called."""

from services.portal.languages import N_
from services.portal.pages import NotHere, Page
from services.portal.queries import papers
from services.portal.queries.selecting import Row
from services.portal.words import phrase
from shared.contract.words import PaperKind
from shared.domain.papers import Period, paper_id, period_of, read_period
from shared.domain.rights import granted

PATH = "/papers"
_PERIODS = {
    PaperKind.MONTHLY: N_("%(month)d/%(year)d"),
    PaperKind.YEARLY: N_("the year %(year)d"),
}
_HALVES = (N_("the first half of %(year)d"), N_("the second half of %(year)d"))


def reader(page: Page) -> None:
    """Raises NotHere for whoever reads no papers."""
    if page.person().role not in granted("paper", "read"):
        raise NotHere


def publishes(page: Page) -> bool:
    """Whether who asks may publish papers and record meetings."""
    return page.person().role in granted("paper", "publish")


def publisher(page: Page) -> None:
    """Raises NotHere for whoever may not."""
    if not publishes(page):
        raise NotHere


def asked_for(page: Page, id: str) -> Period:
    """The period of a paper that may be published now; raises NotHere for a name that is none, or is not over."""
    period = period_of(id, page.portal.jurisdiction)
    if period is None or not period.is_over(page.now):
        raise NotHere
    return period


def editions(page: Page, id: str) -> list[Row]:
    """The editions of a paper, the newest first; raises NotHere where none was published."""
    found = papers.editions(page.reads, id)
    if not found:
        raise NotHere
    return found


def id_of(page: Page, period: Period) -> str:
    """The id of the paper of a period, here."""
    return paper_id(page.portal.jurisdiction, period)


def called(page: Page, kind: str, name: str) -> str:
    """How a paper is called: 2026年10月 月度分析."""
    return f"{period_words(page, kind, name)} {page.say(phrase('paper', kind))}"


def period_words(page: Page, kind: str, name: str) -> str:
    """How its period is called; as it is written, where this version does not know the kind."""
    period = read_period(kind, name)
    if period is None:
        return name
    year, month = divmod(period.place, 12)
    said = _HALVES[month // 6] if period.kind is PaperKind.HALF_YEARLY else _PERIODS[period.kind]
    return page.say(said) % {"year": year, "month": month + 1}
