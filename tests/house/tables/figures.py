"""The figures as tables: what each is called, what it counts, and as what share (services/portal/figures)."""

from services.portal.figures.definitions import COUNTS, RATES, SPANS
from services.portal.figures.honours import CASES_EN, CASES_ZH, RULES
from services.portal.words import WORDS
from tests.house.tables.markdown import code, table


def counts() -> str:
    """The counts of issues."""
    rows = [(code(one.name), one.zh, one.en, one.meaning) for one in COUNTS]
    return "\n" + table(("name", "中文", "English", "which issues"), rows)


def rates() -> str:
    """The rates, with the unit of their denominator."""
    rows = [(code(one.name), one.zh, one.en, one.unit, one.meaning) for one in RATES]
    return "\n" + table(("name", "中文", "English", "unit", "of what it is a share"), rows)


def spans() -> str:
    """How long something took."""
    rows = [(code(one.name), one.zh, one.en, one.meaning) for one in SPANS]
    return "\n" + table(("name", "中文", "English", "from when to when"), rows)


def honours() -> str:
    """The lists of papers, and the rule of the typical cases: in both languages, with the numbers beside each name."""
    rows = [
        (
            code(rule.list.value),
            f"{WORDS['honours'][rule.list]}: {rule.zh}。{rule.en}",
            ", ".join(f"{one.zh} {one.en}" for one in rule.numbers),
        )
        for rule in RULES
    ]
    rows.append(("typical cases", f"{CASES_ZH}。{CASES_EN}", "co-handlers, hours to the first reply"))
    return "\n" + table(("list", "who, and who before whom", "numbers beside each"), rows)
