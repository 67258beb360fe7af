"""The numbers of the article on the talks of Huzhou, and what does not fit in them (docs/huzhou.md)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from shared.domain.clocks import SHANGHAI

WEDNESDAYS = tuple(date(2022, 6, 8) + timedelta(weeks=week) for week in range(6))
UNTIL = date(2022, 8, 19)
"""The day on which the telling ends: all that was asked in time has been rated or has lapsed."""
ENDS_AT = datetime.combine(UNTIL, time(16), SHANGHAI)
ROUNDS_REPORTED = 3
"""The article tells of answers and ratings for the first three rounds alone."""
COUNTIES = 6
"""The counties, districts and the functional area that hold a talk each Wednesday, beside the city's."""
CITY_PEOPLE, COUNTY_PEOPLE = 59, 302
"""How many entrepreneurs came to the city's talks, and to those of the counties."""
CITY_REPORTED, COUNTY_REPORTED = (65, 66), (191, 195)
"""(satisfied, issues) of the first three rounds, everybody rating: one of three splits that fit its two rates."""
CITY_ISSUES, COUNTY_ISSUES = 123, 433
LATE_DEPARTMENTS = 7
"""In the last three rounds so many departments are late with one issue each; one of them does not answer at all."""

DOES_NOT_FIT = (
    "每周 8 位领导主持，而总数是 42 场、每周 7 场 / 8 leaders a week, and 42 talks in six weeks are 7 a week",
    "满意率 98.5 % 和 97.9 % 没有分母：59 人的百分比不会是 98.5 % / 98.5 % and 97.9 % have no denominator:"
    " of 59 people no share is 98.5 %",
    "按件计算，三种拆分都符合：65/66 + 191/195、66/67 + 190/194、67/68 + 189/193；这里用第一种 /"
    " by issue three splits fit both; the first is told here",
    "三种拆分都是 261 件全部评价、5 件不满意，没有未评价的 / each has all 261 rated, five dissatisfied, none not rated",
)


def spread(total: int, parts: int) -> tuple[int, ...]:
    """So many in so many parts, as evenly as can be: the larger ones first."""
    edges = [-(-total * part // parts) for part in range(parts + 1)]
    return tuple(after - before for before, after in pairwise(edges))


def issues_of(round: int) -> Sequence[int]:
    """How many issues come from each talk of a round (0 to 5): the city's, then those of the counties."""
    reported = round < ROUNDS_REPORTED
    city = CITY_REPORTED[1] if reported else CITY_ISSUES - CITY_REPORTED[1]
    county = COUNTY_REPORTED[1] if reported else COUNTY_ISSUES - COUNTY_REPORTED[1]
    rounds = ROUNDS_REPORTED if reported else len(WEDNESDAYS) - ROUNDS_REPORTED
    which = round % ROUNDS_REPORTED
    counties = spread(county, rounds * COUNTIES)[which * COUNTIES : (which + 1) * COUNTIES]
    return (spread(city, rounds)[which], *counties)


def people_at(round: int) -> Sequence[int]:
    """How many entrepreneurs come to each talk of a round: the city's, then those of the counties."""
    rounds = len(WEDNESDAYS)
    counties = spread(COUNTY_PEOPLE, rounds * COUNTIES)[round * COUNTIES : (round + 1) * COUNTIES]
    return (spread(CITY_PEOPLE, rounds)[round], *counties)
