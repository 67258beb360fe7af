"""The article's table on a terminal: each round and the whole, every rate with what it is a share of."""

from collections.abc import Iterator, Sequence
from datetime import date

from rich.console import RenderableType

from services.cli.display import new_table
from services.cli.figures.figures import FEWEST
from services.cli.figures.rates import Part, participated, replied, satisfied
from services.cli.scenario.huzhou.article import DOES_NOT_FIT, ROUNDS_REPORTED
from services.cli.scenario.huzhou.counting import LEVELS, Counted
from shared.contract.words import Level

OF = {Level.CITY: "市本级 / city", Level.COUNTY: "区县 / counties"}


def shown(counted: Counted, where: str) -> Iterator[RenderableType]:
    """The table, and what of the article does not fit."""
    table = new_table(
        *("场次 / round", "", "恳谈会 / talks", "企业家 / people", "问题 / issues"),
        *("按时答复 / in time", "满意 / satisfied", "参评 / rated"),
        title=f"湖州六个周三 / six Wednesdays in Huzhou, {where}",
    )
    first = counted.days[:ROUNDS_REPORTED]
    rows: list[tuple[str, Sequence[date]]] = [(f"{on:%m-%d}", [on]) for on in counted.days]
    rows += [(f"第 1-{ROUNDS_REPORTED} 轮 / rounds 1-{ROUNDS_REPORTED}", first), ("合计 / all", ())]
    for name, on in rows:
        for level in LEVELS:
            talks, issues = counted.count(level, *on)
            rates = (counted.part(rate, [level], *on) for rate in (replied, satisfied, participated))
            people = counted.people(level, *on)
            table.add_row(name, OF[level], str(talks), str(people), str(issues), *map(_share, rates))
    yield table
    yield "与原文不符之处 / what of the article does not fit:"
    yield from (f"  · {one}" for one in DOES_NOT_FIT)


def _share(part: Part) -> str:
    top, bottom = part
    return f"{top}/{bottom}" if bottom < FEWEST else f"{top / bottom:.1%}  {top}/{bottom}"
