"""Every page of the portal as a browser comes to it: by address and by whom one has to be, and forms that are wrong."""

from collections.abc import Iterator

from playwright.sync_api import Page

from tests.browser import papered, talked
from tests.browser.conftest import (
    APPEALED,
    DISSATISFIED,
    DRAFTED,
    FRESH,
    GOING,
    NEWEST,
    PASSED,
    REFUSED,
    RETURNED,
    SIGNED_OFF,
    WAITING,
    press,
    sign_in,
)
from tests.browser.overseen import (
    ASKED,
    CO_HANDLED,
    EXTENDING,
    OBJECTED,
    PAUSING,
    PLANNER,
    TRACKED,
)
from tests.house.repository import ROOT
from tests.portal.operated import OPERATOR, PLACE
from tests.portal.projection.given import ISSUE

INVENTED = ROOT / "docs/examples/invented-notice-2027.csv"
PATHS = (
    "/mine",
    "/mine?q=路灯",
    "/mine?q=没有这回事",
    "/raise",
    f"/issues/{ISSUE}",
    f"/issues/{GOING}",
    f"/issues/{REFUSED}",
    f"/issues/{GOING}/registered",
    f"/issues/{ISSUE}/rate",
    f"/issues/{GOING}/correct-words",
    f"/issues/{GOING}/withdraw",
    f"/issues/{GOING}/make-link",
    f"/issues/{GOING}/revoke-link",
    f"/issues/{REFUSED}/revoke-link",
    f"/issues/{REFUSED}/appeal",
    f"/issues/{ASKED}",
    f"/issues/{ASKED}/supply-material",
    *talked.OWN,
    "/mailbox",
    "/lan",
    "/nowhere",
    "/link/x",
    "/sign-in",
)
OFFICE = "/office/issues"
OFFICIALS = {
    "office:chen": (
        "/office/triage",
        f"/office/triage?issue={WAITING}",
        "/office/triage?show=accepted",
        "/office/returns",
        "/office/replies",
        "/office/decisions",
        "/office/all",
        "/office/all?source=hotline",
        "/office/raise",
        f"/issues/{WAITING}",
        f"{OFFICE}/{WAITING}/accept",
        f"{OFFICE}/{WAITING}/reject",
        f"{OFFICE}/{WAITING}/refer",
        f"{OFFICE}/{WAITING}/withdraw",
        f"{OFFICE}/{RETURNED}/rule",
        f"{OFFICE}/{RETURNED}/recorded",
        f"{OFFICE}/{GOING}/recall",
        f"{OFFICE}/{SIGNED_OFF}/check",
        f"{OFFICE}/{APPEALED}/decide-appeal",
        f"{OFFICE}/{DISSATISFIED}/decide-rework",
        f"{OFFICE}/{DISSATISFIED}/correct",
        f"{OFFICE}/{DISSATISFIED}/disclose",
        f"{OFFICE}/{ISSUE}/restore",
        f"{OFFICE}/{EXTENDING}/decide-extension",
        f"{OFFICE}/{PAUSING}/decide-pause",
        f"{OFFICE}/{CO_HANDLED}/add-co-handler",
        f"{OFFICE}/{CO_HANDLED}/release-co-handler",
        *talked.ASSIGNED,
        *papered.PLACES,
    ),
    "handler:li": (
        "/handling",
        "/ways",
        f"/handling?list=free&chosen={NEWEST}",
        "/handling?list=later",
        f"/issues/{GOING}",
        f"/issues/{GOING}/draft",
        f"/issues/{GOING}/return",
        f"/issues/{GOING}/name-handler",
        f"/issues/{GOING}/notes",
        f"/issues/{GOING}/explain",
        f"/issues/{GOING}/ask-extension",
        f"/issues/{GOING}/ask-pause",
        f"/issues/{GOING}/ask-enterprise",
        f"/issues/{ASKED}/end-pause",
        f"/issues/{GOING}/instructions/1/report",
        f"/issues/{GOING}/documents/d1/answer",
        f"/issues/{NEWEST}/sign",
        f"/issues/{DRAFTED}/take-back",
    ),
    PLANNER: ("/handling", f"/issues/{CO_HANDLED}", f"/issues/{CO_HANDLED}/give-opinion"),
    "department_leader:zhou": (
        "/signing",
        "/handling",
        f"/issues/{DRAFTED}/sign-off",
        f"/issues/{DRAFTED}",
        f"/issues/{OBJECTED}/sign-off",
    ),
    "supervisor:zhao": (
        "/board",
        "/board?due=late&department=housing",
        "/board?level=county",
        "/board?step=1",
        "/board?step=any",
        f"/board/lift?issue={GOING}&issue={FRESH}",
        "/board/lift",
        f"/board/order?issue={GOING}&issue={FRESH}",
        "/board/order",
        "/board/departments/housing",
        "/look-backs",
        "/look-backs?due=soon",
        f"/issues/{TRACKED}",
        f"/issues/{TRACKED}/record-look-back",
        "/documents",
        "/documents?waiting=to_lift",
        f"/issues/{GOING}/documents/d1",
        f"/issues/{GOING}/documents/d1/lift",
        f"/issues/{GOING}/documents/d2",
        f"/issues/{GOING}/documents/d2/sign",
        f"/issues/{GOING}/issue-document",
        "/renewals",
        f"/issues/{GOING}",
        f"/issues/{GOING}/lift-ladder",
        f"/issues/{PASSED}",
        "/search?q=路灯",
        "/search",
        "/search?q=没有这回事",
    ),
    "leader:qian": (
        "/overview",
        "/overview?month=all",
        "/instructions",
        "/instructions?open=1",
        f"/issues/{GOING}/give-instruction",
        f"/issues/{GOING}/instructions/1/take-back",
        "/handovers?month=2026-03",
        "/handovers/of-all?month=2026-03&department=housing",
        "/figures",
        "/figures/on_time_reply",
        "/figures/rejected?part=x",
    ),
    **talked.PLACES,
    OPERATOR: (
        "/operator",
        "/operator/dead-letters",
        PLACE,
        f"{PLACE}/discard",
        "/operator/held",
        f"/operator/held/dispatch/{ISSUE}/intake.events/3/skip",
        "/operator/publish-again",
        "/operator/projection",
        "/operator/notices",
    ),
}
"""The pages of others, by whom one has to be."""


def pages(page: Page, site: str) -> Iterator[str]:
    """Open every page, and some forms with what is wrong in them; yields where one is."""
    for path in PATHS:
        page.goto(f"{site}{path}")
        yield path
    page.goto(f"{site}/mailbox")
    press(page, "a.whole")
    yield "/mailbox, one mail"
    page.goto(f"{site}/raise")
    page.fill("#title", "")  # an earlier visit left a draft
    press(page, 'button[value="check"]')
    yield "/raise, with nothing filled in"
    page.fill("#title", "园区北门外没有路灯")
    page.fill("#text", "夜班职工骑电动车摔过两次。")
    press(page, 'button[value="check"]')
    yield "/raise/check"
    page.goto(f"{site}/issues/{ISSUE}/rate")
    press(page, ".stick button")
    yield "rating, with nothing chosen"
    for who, paths in OFFICIALS.items():
        sign_in(page, site, who)
        for path in paths:
            page.goto(f"{site}{path}")
            yield f"{path} as {who}"
    sign_in(page, site, "department_leader:zhou")
    page.goto(f"{site}/issues/{DRAFTED}/sign-off")
    press(page, 'button[value="send_back"]')
    yield "sending back, without a reason"
    yield from previews(page, site)
    yield from by_link(page, site)


def previews(page: Page, site: str) -> Iterator[str]:
    """What would go out or move is shown before it does; a form that is wrong says so."""
    sign_in(page, site, "supervisor:zhao")
    order = f"{site}/board/order?issue={GOING}&issue={FRESH}"
    page.goto(order)
    for field in ("#words", "#signature"):
        page.fill(field, "")  # an earlier visit left a draft
    press(page, ".stick button")
    yield "orders to many, with nothing filled in"
    page.fill("#words", "请书面说明办理情况。")
    page.fill("#signature", "赵敏")
    press(page, ".stick button")
    yield "orders to many, before they go out"
    page.goto(f"{site}/issues/{GOING}/documents/d2/sign")
    press(page, ".stick button")
    yield "the record of an interview, with nothing filled in"
    sign_in(page, site, "federation:feng")
    page.goto(f"{site}/talks/rotation/publish")
    page.fill("#content", "周次,地区")
    press(page, ".stick button")
    yield "a rotation without its columns"
    page.fill("#content", "周次,地区,姓名,职务,班子\n12,湖州市,周明,市长,政府")
    press(page, ".stick button")
    yield "what a rotation would change"
    page.goto(f"{site}/talks/announce")
    page.fill("#theme", "")
    press(page, ".stick button")
    yield "a talk without a theme"
    sign_in(page, site, "supervisor:zhao")
    page.goto(f"{site}/renewals")
    page.fill("#content", "date,kind,name,source\n")
    press(page, ".stick button")
    yield "a notice without a row"
    page.fill("#content", INVENTED.read_text())
    press(page, ".stick button")
    yield "what a notice would move"


def by_link(page: Page, site: str) -> Iterator[str]:
    """A private link is made, opened by whoever is signed in, and shows its issue and nothing else."""
    sign_in(page, site, "office:chen")
    page.goto(f"{site}{OFFICE}/{RETURNED}/make-link")
    press(page, "button[data-once]")
    yield "a link, shown once"
    page.goto(page.locator("#secret").inner_text())
    yield "a link, opened by who is signed in"
    press(page, 'form[action="/link"] button')
    assert page.url == f"{site}/issues/{RETURNED}"
    yield "an issue, by link"
    page.goto(f"{site}/mine")
    yield "another page, by link"
    sign_in(page, site)
