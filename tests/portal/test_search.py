"""The search: by number, words, reply, enterprise and department; nobody finds what they may not read."""

import re
from datetime import timedelta

import pytest

from services.portal.addresses import Place
from services.portal.desks.search.hits import Marker
from services.portal.own import Kept
from services.portal.queries import issues, search
from services.portal.reach import reach_of
from services.portal.session import Visitor
from services.portal.sight import sight_of
from shared.contract.words import Role
from tests.keys import REFERENCES
from tests.portal.given import ISSUE, NUMBER, TEXT, TITLE, Browser, Given
from tests.portal.projection.given import AT
from tests.portal.test_board import official

OTHER, SEALED, ANONYMOUS = "A" * 13, "C" * 13, "D" * 13
CODE = "91330500MA28C1234X"
NAME = "湖州恒丰纺织有限公司"


def town(given: Given) -> None:
    """An issue that housing answered; of an enterprise one that nobody has, one not accepted, one anonymous."""
    given.answered()
    enterprise = {
        "name": NAME,
        "trade": "textile",
        "size": "small",
        "district": "",
        "revision": 1,
        "by": "wang",
    }
    given.shown.tell("intake", "enterprise.registered.v1", enterprise, f"enterprise:{CODE}")
    given.registered(OTHER, enterprise=CODE, recorded_by="shen")
    given.accepted(OTHER, "厂门口<b>积水</b>，也没有路灯")
    given.registered(SEALED, enterprise=CODE)
    given.registered(ANONYMOUS, anonymous=True, enterprise=CODE)
    given.accepted(ANONYMOUS, "检查太频繁")


def found_by(browser: Browser) -> list[str]:
    """The ids of what was found, in their order."""
    return re.findall(r'class="t" href="/issues/(\w+)"', browser.page.text)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        (NUMBER, [ISSUE]),
        ("7k3m 9qxt", [ISSUE]),
        ("7K3M9QXT2B4N6", [ISSUE]),
        ("CCCC", [SEALED]),
        ("夜班职工", [ISSUE, OTHER, ANONYMOUS]),
        ("积水", [OTHER]),
        ("路灯已经装好", [ISSUE]),
        ("积水 路灯", [OTHER]),
        ("没有这回事", []),
        ("。！？", []),
    ],
)
async def test_it_finds_numbers_words_and_replies(given: Given, typed: str, ids: list[str]) -> None:
    town(given)
    browser = official(given)
    await browser.open("/search", params={"q": typed})
    assert sorted(found_by(browser)) == sorted(ids)
    assert bool(ids) or "没有找到" in browser.text


async def test_what_was_typed_is_marked_and_nothing_of_it_is_a_tag(given: Given) -> None:
    town(given)
    browser = official(given)
    await browser.open("/search", params={"q": "积水"})
    assert "厂门口&lt;b&gt;<mark>积水</mark>&lt;/b&gt;" in browser.page.text
    await browser.open("/search", params={"q": "装好"})
    assert "答复： 路灯已经<mark>装好</mark>。" in re.sub(r"\s+", " ", browser.page.text)
    await browser.open("/search", params={"q": '<script>"x'})
    assert "<script>&#34;" not in browser.page.text and "&lt;script&gt;" in browser.page.text


async def test_departments_lead_to_the_board_and_enterprises_to_their_issues(given: Given) -> None:
    town(given)
    browser = official(given)
    await browser.open("/search", params={"q": "建设局"})
    assert 'href="/board?department=housing"' in browser.page.text
    for typed in ("恒丰", CODE.lower()):
        await browser.open("/search", params={"q": typed})
        assert f"{NAME}" in browser.text and "2 件" in browser.text
    await browser.open(f"/search?enterprise={CODE}")
    assert sorted(found_by(browser)) == [OTHER, SEALED], "an anonymous one is nobody's"


async def test_an_enterprise_of_which_nothing_may_be_read_is_not_there(given: Given) -> None:
    town(given)
    browser = official(given, Role.HANDLER, "housing")
    await browser.open("/search", params={"q": "恒丰"})
    assert "没有找到" in browser.text
    assert (await browser.open(f"/search?enterprise={CODE}")).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_the_reach_of_a_role_is_what_its_sight_says_of_each_issue(given: Given, role: Role) -> None:
    town(given)
    reads = given.shown.reader()
    visitor = Visitor(Kept("shen", role, "housing", "", REFERENCES.person("wu")), "")
    reach = reach_of(visitor, ["housing"])
    if role in (Role.ENTREPRENEUR, Role.OPERATOR, Role.ADMINISTRATOR, Role.EXPERT):
        assert reach is None
        return
    assert reach is not None
    query = f"SELECT i.id FROM issue i WHERE {reach.condition}"
    mine = {row[0] for row in reads.execute(query, reach.values)}
    every = [issues.issue(reads, id) for id in (ISSUE, OTHER, SEALED, ANONYMOUS)]
    assert mine == {row["id"] for row in every if row is not None and sight_of(visitor, row, REFERENCES)}


@pytest.mark.parametrize(
    ("role", "department", "ids"),
    [
        (Role.HANDLER, "housing", [ISSUE]),
        (Role.DEPARTMENT_LEADER, "education", []),
        (Role.OBSERVER, "", [OTHER]),
        (Role.OFFICE, "", [ISSUE, OTHER]),
    ],
)
async def test_only_what_one_may_read_is_found(
    given: Given, role: Role, department: str, ids: list[str]
) -> None:
    town(given)
    browser = official(given, role, department)
    await browser.open("/search", params={"q": "路灯"})
    assert sorted(found_by(browser)) == sorted(ids)


async def test_entrepreneurs_and_operators_have_no_search(given: Given) -> None:
    raiser = given.browser()
    await raiser.sign_in()
    await raiser.open("/mine")
    assert 'action="/search"' not in raiser.page.text
    assert (await raiser.open("/search?q=x")).status_code == 404
    assert (await official(given, Role.OPERATOR).open("/search?q=x")).status_code == 404
    assert (await given.browser().open("/search?q=x")).url.path == "/sign-in"


async def test_pages_of_hits_follow_each_other_and_the_newest_stands_on_top(given: Given) -> None:
    for number in range(120):
        id, at = f"{number:013}", AT + timedelta(hours=number)
        data = {"number": id, "kind": "problem", "origin": "online_column", "person": "p"}
        given.shown.tell("intake", "issue.registered.v1", data, id, at=at)
        given.shown.tell("intake", "issue.accepted.v1", {"title": TITLE, "text": TEXT, "by": "w"}, id, at=at)
    browser, found, address = official(given), list[str](), "/search?q=路灯"
    while address:
        await browser.open(address)
        assert "120" in browser.text
        found += found_by(browser)
        following = re.search(r'href="([^"]+)" rel="next"', browser.page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert found == [f"{number:013}" for number in reversed(range(120))]


async def test_many_hits_are_not_counted_to_their_end(given: Given) -> None:
    for number in range(search.MOST_COUNTED + 3):
        given.registered(f"{number:013}")
        given.accepted(f"{number:013}")
    browser = official(given)
    await browser.open("/search?q=路灯")
    assert "200 件以上" in browser.text


async def test_without_anything_typed_it_says_what_can_be(given: Given) -> None:
    browser = official(given, language="en")
    await browser.open("/search")
    assert "Type a number or its beginning" in browser.text and 'role="search"' in browser.page.text
    await browser.open("/search?q=x&after=x")
    assert "Nothing found" in browser.text
    assert (await browser.open("/search", params={"q": "路" * 5000})).status_code == 200


def test_no_search_reads_the_table_of_issues_from_end_to_end(given: Given) -> None:
    town(given)
    asked: list[str] = []
    reads = given.shown.reader()
    for role in (Role.SUPERVISOR, Role.HANDLER, Role.OBSERVER):
        reach = reach_of(Visitor(Kept("shen", role, "housing", "", ""), ""), ["housing"])
        assert reach is not None
        whose = search.Reached(reach.condition, reach.values)
        reads.set_trace_callback(asked.append)
        search.by_number(reads, whose, "7K3M", 10)
        search.by_words(reads, whose, '"路灯"', 5)
        search.counted(reads, whose, '"路灯"')
        search.of_enterprise(reads, whose, CODE, Place(AT.year, "A"))
        search.enterprises(reads, whose, "恒")
        reads.set_trace_callback(None)
    for query in (
        one for one in asked if one.lstrip().startswith("SELECT")
    ):  # the full text asks itself, too
        for *_, plan in reads.execute(f"EXPLAIN QUERY PLAN {query}").fetchall():
            assert not re.match(r"SCAN i\b", plan), (plan, query)


def test_what_is_marked_stands_there_as_it_was_written() -> None:
    assert str(Marker("ＡＰＰ").marked("用 app 和APP")) == "用 <mark>app</mark> 和<mark>APP</mark>"
    assert str(Marker("路灯不亮").marked("路灯都不亮")) == "<mark>路灯</mark>都<mark>不亮</mark>"
    assert str(Marker("").marked("a<b")) == "a&lt;b"
    long = "前" * 100 + "路灯" + "后" * 200
    line = Marker("路灯").line([long])
    assert (
        line is not None and line.startswith("…前") and line.endswith("后…") and "<mark>路灯</mark>" in line
    )
    assert Marker("路灯").line(["没有", ""]) is None
