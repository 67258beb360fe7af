"""One-key assignment: the accepted issues of a talk or a filter, previewed, chosen otherwise, left out, taken back."""

import gzip

import pytest

from services.portal.desks.office.assigning_many import EACH, PATH
from shared.contract.words import Role
from tests.portal.given import Browser, Given, refused
from tests.portal.office_given import DEPARTMENTS, clerk, directory, runs, sent, suggests
from tests.portal.talks_given import TALK, announced, of_the_talk

LAMPS, POWER, ROAD = "AAAAAAAAAAAAA", "BBBBBBBBBBBBB", "CCCCCCCCCCCCC"
SUGGESTED = [{"department": "urban_management", "terms": ["路灯", "照明"]}]
LATER_BYTES = 25_000
"""As much as a page may weigh that is not a browser's first."""


@pytest.fixture(autouse=True)
def _known(given: Given) -> None:
    directory(given)


def accepted(given: Given, id: str, title: str, **more: str) -> None:
    """An issue that waits for a department."""
    given.registered(id, **more)
    given.accepted(id, title)
    runs(given, "assign", id)


def of_a_talk(given: Given, *ids: str) -> None:
    """A talk with these issues, accepted, and one that is not."""
    announced(given)
    for id in (*ids, "ZZZZZZZZZZZZZ"):
        of_the_talk(given, id, phase="at")
    for id in ids:
        given.accepted(id, f"路灯{id[:1]}")


def asked_id(given: Given) -> str:
    """The id of the batch that was kept."""
    (errand,) = given.sending.errands.of("office:wang", given.now)
    return errand.subject.removeprefix("batch:")


def begun(given: Given, id: str) -> None:
    """Dispatch tells that it began."""
    (body,) = given.asked.bodies(f"/batches/{id}/assign")
    given.shown.tell("dispatch", "batch.begun.v1", {**body, "by": "wang"}, f"batch:{id}")


async def opened(given: Given, address: str) -> Browser:
    """The clerk wang at this address."""
    browser = clerk(given)
    await browser.open(address)
    return browser


async def test_a_talks_accepted_issues_go_each_to_its_suggested_department_after_ten_seconds(
    given: Given,
) -> None:
    of_a_talk(given, LAMPS, POWER)
    suggests(given, "urban_management")
    browser = await opened(given, f"/talks/{TALK}")
    assert "一键交办 2 件已受理问题" in browser.text
    await browser.open(f"{PATH}?talk={TALK}")
    assert "交办 2 件？" in browser.text and "路灯、照明" in browser.text and "先装临时的" in browser.text
    assert "1 件尚未受理" in browser.text
    await browser.send(PATH, do="assign")
    id = asked_id(given)
    assert browser.page.url.path == f"/office/batches/{id}" and "10 秒" in browser.text
    assert not given.asked.bodies(f"/batches/{id}/assign")
    await sent(given)
    (body,) = given.asked.bodies(f"/batches/{id}/assign")
    assert body["talk"] == TALK
    assert body["members"] == [{"issue": one, "department": "urban_management"} for one in (LAMPS, POWER)]


async def test_another_department_and_an_exception_count_and_a_rule_that_is_silent_asks_for_a_choice(
    given: Given,
) -> None:
    for id, title in ((LAMPS, "路灯"), (POWER, "用电"), (ROAD, "道路")):
        accepted(given, id, title)
    given.asked.answers["POST /suggestions"] = (200, {"rules": "1", "issues": [SUGGESTED, [], SUGGESTED]})
    browser = await opened(given, "/office/all?state=accepted")
    assert f'href="{PATH}?source="' in browser.page.text
    await browser.open(f"{PATH}?source=")
    assert browser.page.text.index(POWER) < browser.page.text.index(
        LAMPS
    )  # what needs a choice stands on top
    answer = await browser.send(PATH, do="assign", **{f"leave-{ROAD}": "1", f"to-{LAMPS}": "planning"})
    assert answer.status_code == 422 and "或者先不交办" in browser.text
    assert f'name="leave-{ROAD}" value="1" checked' in browser.page.text  # nothing chosen is lost
    await browser.send(PATH, do="assign", **{f"to-{POWER}": "housing", f"to-{LAMPS}": "planning"})
    await sent(given)
    (body,) = given.asked.bodies(f"/batches/{asked_id(given)}/assign")
    assert {(one["issue"], one["department"]) for one in body["members"]} == {
        (POWER, "housing"),
        (LAMPS, "planning"),
    }
    assert "talk" not in body


async def test_what_was_chosen_is_kept_from_page_to_page_and_all_pages_go_in_one_command(
    given: Given,
) -> None:
    ids = [f"{place:013}" for place in range(EACH + 5)]
    for id in ids:
        accepted(given, id, f"路灯{id}")
    suggests(given, "housing")
    browser = await opened(given, f"{PATH}?source=")
    assert f"1–{EACH}" in browser.text
    await browser.send(PATH, do="2", **{f"leave-{ids[0]}": "1", f"to-{ids[0]}": "housing"})
    assert browser.page.url.params["page"] == "2" and "其中 1 件先不交办" in browser.text
    await browser.send(PATH, do="assign", **{f"to-{ids[-1]}": "planning"})
    await sent(given)
    (body,) = given.asked.bodies(f"/batches/{asked_id(given)}/assign")
    found = {one["issue"]: one["department"] for one in body["members"]}
    assert len(found) == EACH + 4 and ids[0] not in found
    assert found[ids[-1]] == "planning" and found[ids[1]] == "housing"


async def test_it_can_be_taken_back_and_meanwhile_nobody_assigns_one_of_them_alone(given: Given) -> None:
    accepted(given, LAMPS, "路灯")
    suggests(given, "housing")
    browser, other = await opened(given, f"{PATH}?source="), clerk(given, "chen")
    await browser.send(PATH, do="assign")
    await other.open(f"/office/triage?show=accepted&issue={LAMPS}")
    assert "王芳" in other.text and f'action="/office/issues/{LAMPS}/assign"' not in other.page.text
    await other.open(f"{PATH}?source=")
    assert "没有待交办的问题" in other.text
    (errand,) = given.sending.errands.of("office:wang", given.now)
    await browser.send(f"/errands/{errand.id}/undo")
    assert (
        browser.page.url.path == PATH and "已撤销，没有送出" in browser.text and "交办 1 件？" in browser.text
    )
    await sent(given)
    assert not [one for one in given.asked.requests if one.url.path.startswith("/batches")]
    await browser.open(f"{PATH}?source=")
    await browser.send(PATH, do="assign")
    await sent(given)
    assert len([one for one in given.asked.requests if one.url.path.startswith("/batches")]) == 1


async def test_the_same_form_sent_twice_is_one_batch(given: Given) -> None:
    accepted(given, LAMPS, "路灯")
    suggests(given, "housing")
    browser = await opened(given, f"{PATH}?source=")
    first = browser.page
    await browser.send(PATH, do="assign")
    place, browser.page = browser.page.url.path, first
    await browser.send(PATH, do="assign")
    assert browser.page.url.path == place


async def test_afterwards_it_says_which_are_assigned_and_which_were_refused_and_why(given: Given) -> None:
    of_a_talk(given, LAMPS, POWER)
    suggests(given, "urban_management")
    browser = await opened(given, f"{PATH}?talk={TALK}")
    await browser.send(PATH, do="assign")
    id = asked_id(given)
    await sent(given)
    begun(given, id)
    await browser.open(f"/office/batches/{id}")
    assert "已交办 0 / 2 件" in browser.text and "等待" in browser.text
    answered(given, id)
    await browser.open(f"/office/batches/{id}")
    assert "已交办 1 / 2 件" in browser.text and "当前状态不允许这样做" in browser.text
    assert browser.page.text.index(f"/issues/{POWER}") < browser.page.text.index(f"/issues/{LAMPS}")
    assert "市城管局" in browser.text and "用地与用能" in browser.text


def answered(given: Given, id: str) -> None:
    """Of two the second one is refused."""
    (body,) = given.asked.bodies(f"/batches/{id}/assign")
    first, second = body["members"]
    to = {"assignment": f"{first['issue']}.1", "department": first["department"], "head": "局长"}
    given.shown.tell("dispatch", "issue.assigned.v1", {**to, "round": 1, "by": "wang"}, first["issue"])
    ended = {"members": [first, {**second, "refused": "illegal_move"}], "assigned": 1}
    given.shown.tell("dispatch", "batch.done.v1", ended, f"batch:{id}")


async def test_a_refusal_of_the_whole_leaves_what_was_chosen(given: Given) -> None:
    accepted(given, LAMPS, "路灯")
    suggests(given, "housing")
    given.asked.to_changes = refused("forbidden", "无权这样做")
    browser = await opened(given, f"{PATH}?source=")
    await browser.send(PATH, do="assign", **{f"to-{LAMPS}": "planning"})
    await sent(given)
    await browser.open(f"{PATH}?source=")
    assert "没有办成：一键交办" in browser.text and "无权这样做" in browser.text
    assert '<option value="planning" selected>' in browser.page.text


@pytest.mark.parametrize("role", [Role.HANDLER, Role.FEDERATION, Role.SUPERVISOR, Role.ENTREPRENEUR])
async def test_it_is_the_offices_alone(given: Given, role: Role) -> None:
    accepted(given, LAMPS, "路灯")
    browser = clerk(given, "li", role)
    assert (await browser.open(f"{PATH}?source=")).status_code == 404
    assert (await browser.open("/office/batches/x")).status_code == 404


@pytest.mark.parametrize("query", ["?talk=nowhere", "?source=x&urgent=9&page=-1", "?page=99999&source=talk"])
async def test_an_odd_address_breaks_nothing(given: Given, query: str) -> None:
    accepted(given, LAMPS, "路灯")
    suggests(given, "housing")
    browser = await opened(given, f"{PATH}{query}")
    assert browser.page.status_code == 200
    assert (LAMPS in browser.page.text) == query.startswith("?source=x")


async def test_of_five_hundred_a_page_stays_light(given: Given) -> None:
    announced(given)
    for place in range(500):
        given.shown.topics.tell(
            "intake",
            "issue.registered.v1",
            {
                "number": f"{place:04}-AAAA-BBBB-CX",
                "kind": "problem",
                "origin": "talk",
                "phase": "at",
                "occasion": {"id": TALK},
                "person": "p",
            },
            f"{place:013}",
        )
        words = {
            "title": f"第 {place} 件：{'路灯与道路' * 4}{place * 7919}",
            "text": f"{place} 夜班" * 80,
            "by": "wang",
        }
        given.shown.topics.tell("intake", "issue.accepted.v1", words, f"{place:013}")
    given.shown.apply()
    suggests(given, "housing", "planning")
    browser = await opened(given, f"{PATH}?talk={TALK}")
    assert len(DEPARTMENTS) < EACH and "交办 500 件？" in browser.text
    assert len(gzip.compress(browser.page.content)) < LATER_BYTES
    await browser.send(PATH, do="assign")
    assert len(gzip.compress(browser.page.content)) < LATER_BYTES
    await sent(given)
    (body,) = given.asked.bodies(f"/batches/{asked_id(given)}/assign")
    assert len(body["members"]) == 500
