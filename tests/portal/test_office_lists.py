"""The office's lists: counted in the bar, narrowed by their address, in pages, and never by reading all issues."""

import pytest

from services.portal.addresses import Place, read_place
from services.portal.queries import worklists
from services.portal.queries.worklists import ALL, ASKED, TO_READ, Filters
from tests.portal.given import Given
from tests.portal.office_given import clerk, directory, held, raised, runs, signed_off

IDS = [f"{n:013d}" for n in range(1, 8)]


def plans(given: Given, ask: object) -> list[str]:
    """How SQLite goes about everything that ``ask`` asks of the projection."""
    asked: list[str] = []
    reads = given.shown.reader()
    reads.set_trace_callback(asked.append)
    ask(reads)  # type: ignore[operator]
    reads.set_trace_callback(None)
    return [row[3] for sql in asked for row in reads.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize("only", [ALL, TO_READ])
def test_no_list_of_what_waits_reads_all_issues(given: Given, only: str) -> None:
    states = ("registered", "accepted")
    for after in (Place(), Place(5, "x")):
        found = plans(given, lambda reads, after=after: worklists.waiting(reads, states, after, only))
        found += plans(given, lambda reads: worklists.count_waiting(reads, states, only))
        assert any("issue_by_state" in step for step in found)
        assert not [step for step in found if step.startswith("SCAN issue")], found


def test_what_more_time_is_asked_for_is_found_without_reading_all_that_is_worked_on(given: Given) -> None:
    states, asked = ("appealed",), ("in_progress", "reviewing")
    for after in (Place(), Place(5, "x")):
        found = plans(given, lambda reads, after=after: worklists.waiting(reads, states, after, asked=asked))
        found += plans(given, lambda reads: worklists.count_waiting(reads, asked, ASKED))
        assert any("issue_asked" in step for step in found), found
        assert not [step for step in found if step.startswith("SCAN issue")], found


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(state="closed"),
        Filters(department="housing"),
        Filters(source="hotline"),
        Filters(urgent=True),
        Filters("closed", "housing", "hotline", True),
        Filters(due_first=True),
        Filters("assigned", "housing", "hotline", True, True),
    ],
)
def test_the_register_reads_no_more_than_it_shows_whatever_narrows_it(given: Given, filters: Filters) -> None:
    for after in (Place(), Place(5, "x")):
        found = plans(given, lambda reads, after=after: worklists.register(reads, filters, after))
        found += plans(given, lambda reads: worklists.count_register(reads, filters))
        assert not [step for step in found if step.startswith("SCAN issue")], found


def test_pages_of_what_waits_are_whole_and_in_order(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklists, "PAGE", 2)
    for place, id in enumerate(IDS):
        raised(given, id) if place % 2 else held(given, id)
        if place not in (0, 1):
            runs(given, "promise", id, hours=-place)
    given.registered("ZZZZZZZZZZZZZ")
    reads, after, seen = given.shown.reader(), Place(), []
    while True:
        found = worklists.waiting(reads, ("registered", "in_progress"), after)
        seen += [(row["next_due_at"] or 0, row["id"]) for row in found.rows]
        if not found.next:
            break
        after = read_place(found.next) or Place()
    assert seen == sorted(seen) and len(seen) == len(IDS) + 1 == len(set(seen))
    for filters in (Filters(), Filters(due_first=True), Filters(state="registered")):
        after, ids = Place(), []
        while True:
            page = worklists.register(reads, filters, after)
            ids += [row["id"] for row in page.rows]
            if not page.next:
                break
            after = read_place(page.next) or Place()
        assert len(ids) == len(set(ids)) == worklists.count_register(reads, filters)


async def test_the_bar_counts_what_waits_and_says_where_nothing_does(given: Given) -> None:
    directory(given)
    raised(given, "AAAAAAAAAAAAA")
    signed_off(given)
    browser = clerk(given)
    await browser.open("/office/returns")
    assert "待交办 1" in browser.text and "待审核 1" in browser.text and "没有部门退回" in browser.text
    assert browser.text.count("待审核 1") == 2, "on a phone the bar is behind the own name"
    await browser.open("/office/decisions")
    assert "没有人要求重新办理" in browser.text


async def test_the_register_is_narrowed_by_its_address(given: Given) -> None:
    directory(given)
    raised(given, "AAAAAAAAAAAAA", "供电不足", urgent=True)
    held(given)
    browser = clerk(given)
    await browser.open("/office/all")
    assert "2 件" in browser.text
    for query, count, there in (
        ("state=in_progress&department=housing", 1, "园区北门外没有路灯"),
        ("urgent=1", 1, "供电不足"),
        ("order=due", 2, "供电不足"),
        ("source=hotline", 0, "没有符合条件的问题"),
        ("state=%27&department=x&source=y&after=z.z", 2, "供电不足"),
    ):
        await browser.open(f"/office/all?{query}")
        assert f"{count} 件" in browser.text and there in browser.text, query
    await browser.open("/office/all?state=in_progress")
    assert '<option value="in_progress" selected>' in browser.page.text


async def test_who_comes_from_the_office_begins_with_what_waits(given: Given) -> None:
    directory(given)
    browser = given.browser()
    await browser.sign_in("office:wang")
    assert browser.page.url.path == "/office/triage"
