"""A real Chromium, and a portal over real HTTP with an issue in each of the states that an entrepreneur meets."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from services.portal.inside import InternalNote
from shared.mail import Mail
from tests.browser.overseen import overseen
from tests.browser.papered import papered
from tests.browser.talked import talked
from tests.keys import REFERENCES
from tests.portal import department, office_given
from tests.portal.given import Given, known_versions, stamp
from tests.portal.operated import dead_letters, missing, well
from tests.portal.projection.given import AT, AT_MS, ISSUE
from tests.serving import served_aside
from tests.unit.reference import builtin_reference

POLICY, CALENDAR = (
    builtin_reference().policies.all()[-1].version,
    builtin_reference().calendars.all()[-1].version,
)
PHONE, WIDE, SMALL = (390, 844), (1440, 900), (360, 740)
NEWEST, DRAFTED = "NNNNNNNNNNNNN", "PPPPPPPPPPPPP"
"""What a department has not signed for yet, and of what a draft waits for its leader."""
GOING, REFUSED, FRESH = "GGGGGGGGGGGGG", "RRRRRRRRRRRRR", "FFFFFFFFFFFFF"
WAITING, RETURNED, SIGNED_OFF = "AAAAAAAAAAAAA", "BBBBBBBBBBBBB", "CCCCCCCCCCCCC"
APPEALED, DISSATISFIED, PASSED = "DDDDDDDDDDDDD", "EEEEEEEEEEEEE", "HHHHHHHHHHHHH"
MAIL = Mail(
    "9c56cc51b374c3ba",
    "wu.jing.zongjingli@huzhou-nantaihu-sichou.example",
    "您反映的问题 7K3M-9QXT-2B4N-6X 已有答复，请您评价",
    f"您好：\n\n您反映的问题已有答复。\n\n查看答复并评价：http://127.0.0.1:18404/issues/{ISSUE}\n\n亲清直通车\n",
    "zh-CN",
)
TITLES = {
    GOING: "技改项目用电增容申请两个月没有答复，设备到了不能开",
    REFUSED: "与供应商的货款官司什么时候能判",
    FRESH: "高层次人才子女入学按什么标准认定",
}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's browser; `.ci/run` installs it.

    Of this folder: as long as Playwright runs, this thread has an event loop that runs, and no other test its own.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium here: apt-get install chromium fonts-wqy-zenhei")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """What the portal shows: one issue answered, one going, one not accepted, one just raised."""
    found = Given(tmp_path_factory.mktemp("portal"))
    found.answered()
    for id in (GOING, REFUSED, FRESH):
        found.registered(id)
        words = {"id": id, "title": TITLES[id], "text": "我们厂在织里镇利济路。\n请帮助协调。"}
        found.asked.answers[f"GET /issues/{id}"] = (200, words)
    link = {"serial": 1, "made_by": "", "made_at": stamp(AT), "revoked_at": None}
    found.asked.answers[f"GET /issues/{GOING}"][1]["link"] = link
    found.accepted(GOING, TITLES[GOING])
    found.assigned(GOING)
    until = stamp(AT + timedelta(days=30))
    no = {
        "ground": "litigation",
        "explanation": "该事项已由法院立案受理。",
        "by": "wang",
        "appeal_until": until,
    }
    found.shown.tell("intake", "issue.rejected.v1", no, REFUSED)
    _for_many(found, until)
    _on_the_ladder(found)
    _handed_on(found)
    _of_a_department(found)
    _for_the_office(found)
    overseen(found, GOING)
    talked(found)
    papered(found)
    _with_links(found)
    found.on_a_network()
    found.mailed(MAIL)
    found.officials()
    well(found)
    dead_letters(found, {}, {"origin": "dept.housing.replies/0/7", "reason": "长" * 400})
    missing(found, {})
    return found


def _for_many(given: Given, until: str) -> None:
    """Clocks that run, and who looks at all of them."""
    runs = {"round": 1, "started_at": stamp(AT), "limit": "10wd", "policy": POLICY, "calendar": CALENDAR}
    for id, clock, due_at in (
        (GOING, "promise", stamp(AT)),
        (GOING, "holding", stamp(AT + timedelta(hours=3))),
        (FRESH, "assign", until),
    ):
        given.shown.tell("supervision", "clock.started.v1", {**runs, "clock": clock, "due_at": due_at}, id)
    since = stamp(AT - timedelta(days=99))
    for account, name, role in (("zhao", "赵敏", "supervisor"), ("qian", "钱江", "leader")):
        official = {"version": "1", "in_force_from": since, "by": "system", "name": name}
        official |= {"roles": [role], "level": "city", "department": ""}
        given.shown.topics.version("dispatch", "staff.published.v1", f"staff:{account}", official)
    given.shown.apply()


def _on_the_ladder(given: Given) -> None:
    """The promise of the one that goes on is broken, and it came to the first step."""
    known_versions(given)
    late = {"clock": "promise", "round": 1, "due_at": stamp(AT), "late_seconds": 1.0}
    given.shown.tell("supervision", "clock.breached.v1", late, GOING)
    terms = {"department": "housing", "policy": POLICY, "calendar": CALENDAR}
    step = {"step": 1, "called": "reminder", "because": "breach", "due_at": stamp(AT), **terms}
    given.shown.tell("supervision", "ladder.raised.v1", step, GOING)


def _handed_on(given: Given) -> None:
    """One that the transport office had for twenty minutes before it went to another one."""
    given.registered(PASSED, person="0" * 32)
    given.accepted(PASSED, "公交线路要不要延伸到新厂区")
    about = {"head": "局长", "by": "wang"}
    first = {"assignment": f"{PASSED}.1", "department": "transport"}
    given.shown.tell(
        "dispatch", "issue.assigned.v1", {**about, **first}, PASSED, at=AT + timedelta(minutes=10)
    )
    before = {"previous_assignment": f"{PASSED}.1", "previous_department": "transport", "why": "return"}
    second = {"assignment": f"{PASSED}.2", "department": "urban_management", "transfers": 1, **before}
    given.shown.tell(
        "dispatch", "assignment.transferred.v1", {**about, **second}, PASSED, at=AT + timedelta(minutes=30)
    )


def _with_links(given: Given) -> None:
    """Intake makes a link to what was written down for somebody, and takes it."""
    link = f"{RETURNED}.1.{'0' * 32}"
    given.asked.answers[f"POST /issues/{RETURNED}/links"] = (
        201,
        {"status": "done", "serial": 1, "link": link},
    )
    given.asked.answers["POST /links/redeem"] = (200, {"issue": RETURNED, "person": "0" * 32, "serial": 1})


def _of_a_department(given: Given) -> None:
    """Its people, and its issues: one that came back to its handler, one that is new, one that waits for its leader."""
    department.people(given)
    department.named(given, "li", "sun", id=GOING)
    department.clock(given, "holding", timedelta(days=6), GOING)
    department.drafted(given, 1, id=GOING)
    department.sent_back(given, "没有写什么时候办完", 1, GOING)
    somebody = REFERENCES.person("he")
    department.assigned(given, NEWEST, "厂区门口道路一下雨就积水，货车进不来", person=somebody)
    department.assigned(given, DRAFTED, "城建配套费收取比例过高，建议分期", person=somebody, urgent=True)
    signed = {"assignment": f"{DRAFTED}.1", "department": "housing", "by": "housing/li"}
    given.shown.tell("dispatch", "assignment.signed.v1", signed, DRAFTED)
    department.drafted(given, 1, id=DRAFTED)
    written = InternalNote("housing", "li", "handler", "已和移交办通过电话，下周三出结果。", AT_MS)
    given.own.inside.write(GOING, written, "1")
    ways = [
        {"name": "mail", "kind": "mail", "label_zh": "邮件", "label_en": "Mail"},
        {"name": "group", "kind": "wecom", "label_zh": "建设局企业微信群", "label_en": "Housing group"},
    ]
    given.asked.of("dispatch")["GET /staff/li/ways"] = (200, {"offered": ways, "chosen": ["mail"]})
    unsent = {"issue": GOING, "about": "assigned", "to": "li", "way": "group", "tries": 3, "why": "refused"}
    given.shown.tell("dispatch", "notice.staff_given_up.v1", {**unsent, "said": "errcode 400102"}, "notice:1")


def _for_the_office(given: Given) -> None:
    """What waits for the office, of somebody else than wu: one issue on each of its lists."""
    office_given.directory(given)
    somebody = {"person": "0" * 32}
    office_given.raised(given, WAITING, "厂区门口道路一下雨就积水，货车进不来", urgent=True, **somebody)
    office_given.returned(given, RETURNED, **somebody)
    office_given.signed_off(given, SIGNED_OFF, **somebody)
    office_given.appealed(given, APPEALED, **somebody)
    office_given.dissatisfied(given, DISSATISFIED, **somebody)
    two = [{"department": code, "terms": ["路灯", "积水"]} for code in ("urban_management", "housing")]
    given.asked.suggests = two


@pytest.fixture(scope="module")
def site(given: Given) -> Iterator[str]:
    """Where the portal answers."""
    with served_aside(given.app, timeout_graceful_shutdown=2) as address:
        yield address


def context_of(chromium: Browser, size: tuple[int, int], *, scripts: bool = True) -> BrowserContext:
    """A browser window of its own: of what size, and whether scripts run in it."""
    width, height = size
    made = chromium.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", java_script_enabled=scripts
    )
    made.set_default_timeout(15_000)
    return made


def sign_in(page: Page, site: str, who: str = "entrepreneur:wu") -> None:
    """Become somebody."""
    page.goto(f"{site}/sign-in")
    press(page, f'button[value="{who}"]')


def press(page: Page, what: str) -> None:
    """Press what leads to another page, and be there."""
    with page.expect_navigation():
        page.locator(what).first.click()


Window = Callable[..., Page]


@pytest.fixture
def window(site: str, chromium: Browser) -> Iterator[Window]:
    """Opens a window of its own: of what size, and whether scripts run in it."""
    opened: list[BrowserContext] = []

    def _open(size: tuple[int, int], *, scripts: bool = True) -> Page:
        opened.append(context_of(chromium, size, scripts=scripts))
        return opened[-1].new_page()

    yield _open
    for context in opened:
        context.close()
