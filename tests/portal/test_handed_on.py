"""The leader's hand-overs of a month: hours and counts by department, each number opening what it counts."""

import re
from datetime import timedelta

from services.portal.queries import board, handovers
from services.portal.queries.handovers import by_department
from shared.contract.words import Role
from tests.portal.given import Given
from tests.portal.projection.given import AT, AT_MS
from tests.portal.test_board import official
from tests.portal.test_the_picture import card

HOUR = timedelta(hours=1)
MONTH = "2026-03"
FIRST, SECOND, THIRD, FOURTH = (letter * 13 for letter in "ACDE")


def given_to(given: Given, id: str, number: int, department: str, hours: float, previous: str = "") -> None:
    """An assignment, so many hours after the registration: given by the office, or transferred."""
    about = {"assignment": f"{id}.{number}", "department": department, "head": "局长", "by": "wang"}
    if previous:
        before = {"previous_assignment": f"{id}.{number - 1}", "previous_department": previous}
        about |= {**before, "why": "return", "transfers": number - 1}
    type = "assignment.transferred.v1" if previous else "issue.assigned.v1"
    given.shown.tell("dispatch", type, about, id, at=AT + hours * HOUR)


def month(given: Given) -> None:
    """Housing hands on two of four, one of them to transport, which hands it on again; water answers its own."""
    for id in (FIRST, SECOND, THIRD, FOURTH):
        given.registered(id)
        given.accepted(id)
    given_to(given, FIRST, 1, "housing", 1)
    given_to(given, FIRST, 2, "transport", 11, "housing")
    given_to(given, FIRST, 3, "water", 16.5, "transport")
    given_to(given, SECOND, 1, "housing", 2)
    taken = {"assignment": f"{SECOND}.1", "department": "housing", "reason": "误", "by": "wang"}
    given.shown.tell("dispatch", "assignment.recalled.v1", taken, SECOND, at=AT + 5 * HOUR)
    given_to(given, SECOND, 2, "housing", 6)
    given_to(given, THIRD, 1, "housing", 3)
    given_to(given, FOURTH, 1, "water", 3)
    given._names()
    given.now = AT + 100 * HOUR


def test_hours_and_counts_are_those_of_the_pictures(given: Given) -> None:
    month(given)
    found = handovers.of_month(given.shown.reader(), MONTH, AT_MS + 360_000_000)
    assert [(one.department, one.tenths) for one in found.handed_on] == [
        ("housing", 100),
        ("transport", 55),
        ("housing", 30),
    ]
    assert [tuple(share) for share in by_department(found)] == [
        ("housing", 2, 4, 130, 100),
        ("transport", 1, 1, 55, 55),
    ]
    assert handovers.of_month(given.shown.reader(), "2026-02", AT_MS).handed_on == []


async def test_the_leader_s_screen_names_the_worst_and_each_number_opens_what_it_counts(given: Given) -> None:
    month(given)
    browser = official(given, Role.LEADER)
    await browser.open(f"/overview?month={MONTH}")
    card = browser.page.text.partition('id="passed"')[2].partition("</section>")[0]
    lines = re.findall(r'<tr id="passed-(\w+)">(.*?)</tr>', card, re.DOTALL)
    assert [code for code, _ in lines] == ["housing", "transport"]
    assert "13.0" in lines[0][1] and "最长 10.0" in lines[0][1] and ">4</a>" in lines[0][1]
    assert "共交办 7 次，其中 3 次" in card.replace("\n", "")
    for number, address in zip(("2", "4"), re.findall(r'href="(/handovers[^"]+)"', lines[0][1]), strict=True):
        assert f">{number}</a>" in lines[0][1]
        await browser.open(address.replace("&amp;", "&"))
        assert len(re.findall(r'class="t" href="/issues/', browser.page.text)) == int(number), address


async def test_below_each_that_waits_longest_stands_who_held_it_as_on_its_own_page(given: Given) -> None:
    month(given)
    browser = official(given, Role.LEADER)
    await browser.open("/overview")
    listed = browser.page.text.partition('class="worst"')[2].partition("</ol>")[0]
    below = dict(re.findall(r'id="waiting-(\w+)">(.*?)(?=<li class="one|$)', listed, re.DOTALL))
    assert list(below) == [FIRST, SECOND, THIRD, FOURTH]
    for id, shown in below.items():
        await browser.open(f"/issues/{id}")
        assert f'href="/issues/{id}"' in shown
        assert drawn(shown) == drawn(card(browser)) != ""
        assert sum(float(hours) for hours in re.findall(r"([\d.]+) 小时", shown)) == 100, "its life"


def drawn(page: str) -> str:
    """The lines for each holder that stand on it."""
    return page.partition('<ul class="lanes">')[2].partition("</ul>")[0]


def test_the_pictures_of_many_issues_are_read_at_once_and_by_key(given: Given) -> None:
    month(given)
    reads, asked = given.shown.reader(), list[str]()
    waiting = list(board.waiting_longest(reads, 5))
    reads.set_trace_callback(asked.append)
    assert len(handovers.of_issues(reads, waiting, AT_MS)) == 4
    reads.set_trace_callback(None)
    (query,) = asked
    plans = [row[3] for row in reads.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any(plan.startswith("SEARCH t USING PRIMARY KEY (subject=?") for plan in plans), plans


async def test_each_hand_over_is_a_line_the_longest_on_top(given: Given) -> None:
    month(given)
    browser = official(given)
    await browser.open(f"/handovers?month={MONTH}")
    assert re.findall(r"<td>([^<]+ → [^<]+)<small>", browser.page.text) == [
        "市建设局 → transport",
        "transport → water",
        "市建设局 → 交办办公室",
    ]
    assert "撤回交办" in browser.text and "转办" in browser.text
    await browser.open(f"/handovers?month={MONTH}&department=transport")
    assert re.findall(r"<td>([^<]+ → [^<]+)<small>", browser.page.text) == ["transport → water"]


async def test_pages_of_fifty_hand_overs_follow_each_other_without_a_gap(given: Given) -> None:
    for number in range(60):
        id = f"{number:013}"
        given.registered(id)
        given_to(given, id, 1, "housing", 1)
        given_to(given, id, 2, "water", 1 + number // 5, "housing")
        given_to(given, id, 3, "housing", 40, "water")
    given.now = AT + 100 * HOUR
    browser, found, address = official(given), list[str](), f"/handovers?month={MONTH}"
    while address:
        await browser.open(address)
        found += re.findall(r'class="t" href="/issues/(\w+)"', browser.page.text)
        following = re.search(r'href="([^"]+)" rel="next"', browser.page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == 55 + 60 and max(found.count(id) for id in found) == 2


async def test_only_who_reads_every_issue_opens_them_and_odd_addresses_are_answered(given: Given) -> None:
    month(given)
    for path in ("/handovers", "/handovers/of-all?department=housing"):
        assert (await official(given, Role.HANDLER, "housing").open(path)).status_code == 404
    browser = official(given)
    assert (await browser.open("/handovers?month=x&department=x&after=x")).status_code == 200
    assert (await browser.open("/handovers/of-all?department=x")).status_code == 404
    assert (await browser.open("/handovers?month=2026-03")).status_code == 200
    (await browser.open("/overview?month=all"))
    assert "未答复就转走" in browser.text
