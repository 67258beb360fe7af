"""The clerk's desk in a talk's room: one post an issue, claims and answers in the name of who is there, a line cut."""

from datetime import timedelta
from typing import Any

import pytest

from tests.portal import department
from tests.portal.given import DONE, WU, Browser, Forms, Given, refused
from tests.portal.projection.given import ISSUE
from tests.portal.talks_given import TALK, WEDNESDAY, announced, held, of_the_talk, signed_up

LU, FENG = "clerk:lu", "federation:feng"
PATH = f"/talks/{TALK}/room"
WORDS = "我们厂扩产，隔壁三十亩地空了两年。能不能先租给我们？"


@pytest.fixture
def town(given: Given) -> Given:
    """A talk that has begun, with somebody who signed up and a department that is there."""
    given.officials(feng="federation", lu="clerk", chen="office", qian="leader")
    department.people(given)
    announced(given)
    signed_up(given)
    given.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{TALK}")
    given.now = WEDNESDAY + timedelta(hours=1)
    given.asked.answers["POST /issues"] = 201, {**DONE, "id": ISSUE, "number": "7K3M-9QXT-2B4N-6X"}
    return given


async def at_the_talk(town: Given, who: str = LU) -> Browser:
    browser = town.browser()
    await browser.sign_in(who)
    await browser.open(PATH)
    return browser


def paths(town: Given) -> list[str]:
    return [one.url.path for one in town.asked.requests if one.method == "POST"]


async def sent(browser: Browser, path: str, **fields: str) -> Any:
    """As the script of the page sends it."""
    form = {
        **Forms(browser.page.text).fields[PATH],
        "key": "k1",
        "by": "clerk:lu",
        "do": "from-device",
        **fields,
    }
    return await browser.client.post(path, data=form)


# ------------------------------------------------------------ as a plain form


async def test_one_post_records_takes_on_and_writes_down_who_has_come(town: Given) -> None:
    browser = await at_the_talk(town)
    await browser.send(PATH, speaker=WU, text=WORDS)
    assert paths(town) == ["/issues", f"/issues/{ISSUE}/accept", f"/talks/{TALK}/attend"]
    (body,) = town.asked.bodies("/issues")
    assert body == {
        "title": "我们厂扩产，隔壁三十亩地空了两年",
        "text": WORDS,
        "kind": "problem",
        "phase": "at",
        "origin": "talk",
        "occasion": {"id": TALK},
        "person": WU,
    }
    assert town.asked.bodies(f"/talks/{TALK}/attend") == [{"attendees": [{"person": WU, "enterprise": ""}]}]
    assert "已记录。" in browser.text
    assert Forms(browser.page.text).fields[PATH]["speaker"] == WU  # several issues a person


async def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(town: Given) -> None:
    browser = await at_the_talk(town)
    answer = await browser.send(PATH, text=WORDS)
    assert answer.status_code == 422
    assert "请选择发言人" in browser.text
    assert Forms(answer.text).fields[PATH]["text"] == WORDS
    assert not paths(town)


async def test_somebody_who_is_not_on_the_list_is_known_by_their_phone(town: Given) -> None:
    town.asked.answers["POST /people/find"] = 200, {"person": None}
    town.asked.answers["POST /people"] = 201, {**DONE, "person": "cd" * 16}
    browser = await at_the_talk(town)
    answer = await browser.send(PATH, speaker="other", text=WORDS)
    assert "凭电话认人" in browser.text
    answer = await browser.send(PATH, speaker="other", text=WORDS, phone="13900000000")
    assert answer.status_code == 422  # nobody is known by it: a name is needed
    await browser.send(PATH, speaker="other", text=WORDS, phone="13900000000", name="钱某")
    (body,) = town.asked.bodies("/issues")
    assert body["person"] == "cd" * 16
    assert "13900000000" not in str(body)


async def test_who_may_not_take_issues_on_records_all_the_same(town: Given) -> None:
    browser = await at_the_talk(town, FENG)
    await browser.send(PATH, speaker=WU, text=WORDS, kind="suggestion", urgent="1")
    assert paths(town) == ["/issues", f"/talks/{TALK}/attend"]
    (body,) = town.asked.bodies("/issues")
    assert (body["kind"], body["urgent"]) == ("suggestion", True)


async def test_names_are_shown_when_they_are_asked_for_which_intake_writes_down(town: Given) -> None:
    town.asked.answers[f"POST /people/{WU}/contact"] = 200, {"name": "吴某", "phone": "1", "mail": ""}
    browser = await at_the_talk(town)
    assert "吴某" not in browser.text
    await browser.open(f"{PATH}?named=1")
    assert "吴某" in browser.text
    assert town.asked.bodies(f"/people/{WU}/contact") == [{"why": f"恳谈会 {TALK} 现场记录"}]


async def test_nobody_but_those_who_keep_the_record_comes_in(town: Given) -> None:
    for who in ("entrepreneur:wu", "leader:qian", "handler:li"):
        browser = town.browser()
        await browser.sign_in(who)
        assert (await browser.open(PATH)).status_code == 404


async def test_after_the_end_what_is_added_says_from_when_it_runs(town: Given) -> None:
    held(town)
    browser = await at_the_talk(town)
    assert "补录" in browser.text
    assert "从登记的这一刻起计时" in browser.text
    await browser.send(PATH, speaker=WU, text=WORDS)
    assert town.asked.bodies("/issues")[0]["phase"] == "after"
    assert f"/talks/{TALK}/attend" not in paths(town)


async def test_of_a_talk_that_was_called_off_nothing_is_recorded(town: Given) -> None:
    browser = await at_the_talk(town)
    town.shown.tell("intake", "talk.cancelled.v1", {"reason": "台风", "by": "feng"}, f"talk:{TALK}")
    answer = await sent(browser, PATH, speaker=WU, text=WORDS)
    assert (answer.status_code, answer.json()["why"]) == (
        422,
        "恳谈会已取消，不能再记录；请改用其他来源登记。",
    )
    await browser.open(PATH)
    assert "恳谈会已取消（台风）" in browser.text
    assert not paths(town)


# ---------------------------------------------------------------- by a device


async def test_what_a_device_sends_twice_is_asked_under_the_same_keys(town: Given) -> None:
    browser = await at_the_talk(town)
    for _ in range(2):
        answer = await sent(browser, PATH, speaker=WU, text=WORDS)
        assert answer.json() == {"issue": ISSUE, "number": "7K3M-9QXT-2B4N-6X"}
    assert len(set(town.asked.keys("/issues"))) == 1
    assert len(set(town.asked.keys(f"/issues/{ISSUE}/accept"))) == 1


async def test_a_device_is_told_to_send_again_until_all_of_it_is_done(town: Given) -> None:
    browser = await at_the_talk(town)
    town.asked.answers[f"POST /issues/{ISSUE}/accept"] = 503, {}
    assert (await sent(browser, PATH, speaker=WU, text=WORDS)).status_code == 503
    town.asked.answers[f"POST /issues/{ISSUE}/accept"] = refused("illegal_move", "已受理")
    assert (
        await sent(browser, PATH, speaker=WU, text=WORDS)
    ).status_code == 200  # the office took it on meanwhile
    town.asked.is_away = True
    assert (await sent(browser, PATH, speaker=WU, text=WORDS)).status_code == 503


async def test_what_is_refused_says_why_and_leaves_no_draft_behind(town: Given) -> None:
    browser = await at_the_talk(town)
    town.asked.answers["POST /issues"] = refused("unknown_person", "没有这个人")
    answer = await sent(browser, PATH, speaker=WU, text=WORDS)
    assert (answer.status_code, answer.json()) == (422, {"why": "没有这个人"})
    await browser.open(PATH)
    assert Forms(browser.page.text).fields[PATH]["text"] == ""


async def test_who_has_to_sign_in_again_is_told_so_and_somebody_else_sends_nothing_of_theirs(
    town: Given,
) -> None:
    browser = await at_the_talk(town)
    assert (await sent(browser, PATH, speaker=WU, text=WORDS, by="federation:feng")).status_code == 401
    town.now += timedelta(days=30)  # the session is over, the cookie is not
    assert (await sent(browser, PATH, speaker=WU, text=WORDS)).status_code == 401
    assert not paths(town)


async def test_what_was_said_in_the_room_and_comes_after_its_end_was_said_at_the_talk(town: Given) -> None:
    browser = await at_the_talk(town)
    held(town)
    assert (await sent(browser, PATH, speaker=WU, text=WORDS)).status_code == 200
    assert town.asked.bodies("/issues")[0]["phase"] == "at"


# ------------------------------------------------------- claimed and answered


def recorded(town: Given) -> None:
    """One issue that was recorded there and taken on."""
    of_the_talk(town, ISSUE, phase="at", recorded_by="lu")
    town.accepted()


async def test_a_claim_is_written_down_in_the_name_of_somebody_of_a_department_that_is_there(
    town: Given,
) -> None:
    recorded(town)
    browser = await at_the_talk(town)
    claim = f"/talks/{TALK}/claim/{ISSUE}"
    await browser.open(claim)
    assert "李强" in browser.text
    assert (await browser.send(claim)).status_code == 422
    await browser.send(claim, official="li")
    assert town.asked.bodies(f"/issues/{ISSUE}/claim") == [{"official": "li"}]
    (asked,) = (one for one in town.asked.requests if one.url.path == f"/issues/{ISSUE}/claim")
    assert asked.headers["Qinqing-After"] == "/huzhou/intake=3"  # what its talk told it is among it
    assert "已当场领办。" in browser.text


async def test_an_answer_names_a_leader_what_came_of_it_and_the_words(town: Given) -> None:
    recorded(town)
    browser = await at_the_talk(town)
    answer = f"/talks/{TALK}/answer/{ISSUE}"
    await browser.open(answer)
    assert "李强" not in browser.text  # no leader
    assert (
        await browser.send(answer, official="zhou", outcome="planned", text="年内办成")
    ).status_code == 422
    await browser.send(answer, official="zhou", outcome="explained", text="方案已公示")
    said = {"official": "zhou", "outcome": "explained", "text": "方案已公示"}
    assert town.asked.bodies(f"/issues/{ISSUE}/answer-on-the-spot") == [said]


async def test_a_claim_of_a_department_that_is_not_there_is_refused_with_its_words(town: Given) -> None:
    recorded(town)
    town.asked.answers[f"POST /issues/{ISSUE}/claim"] = refused("not_at_the_talk", "部门不在场")
    browser = await at_the_talk(town)
    answer = await sent(browser, f"/talks/{TALK}/claim/{ISSUE}", official="li")
    assert (answer.status_code, answer.json()["why"]) == (422, "部门不在场")
    assert (await sent(browser, f"/talks/{TALK}/claim/{ISSUE}", official="sun1")).status_code == 422
    assert (await sent(browser, f"/talks/{TALK}/claim/NOSUCHISSUE00", official="li")).status_code == 422


async def test_who_sits_there_claims_on_their_own_phone_and_reads_what_was_said(town: Given) -> None:
    recorded(town)
    browser = town.browser()
    await browser.sign_in("handler:li")
    await browser.open(f"/talks/{TALK}")
    assert f"/talks/{TALK}/claim/{ISSUE}" in browser.page.text
    assert f"/talks/{TALK}/answer/{ISSUE}" not in browser.page.text  # a leader's
    await browser.open(f"/talks/{TALK}/claim/{ISSUE}")
    await browser.send(f"/talks/{TALK}/claim/{ISSUE}")
    assert town.asked.bodies(f"/issues/{ISSUE}/claim") == [{}]
    others = {"theme": "用工", "place": "会议室", "capacity": 2, "departments": ["transport"], "by": "feng"}
    town.shown.tell("intake", "talk.changed.v1", others, f"talk:{TALK}")
    assert (await browser.open(f"/talks/{TALK}/claim/{ISSUE}")).status_code == 404


async def test_a_leader_who_sits_there_answers_on_their_own_page(town: Given) -> None:
    recorded(town)
    browser = town.browser()
    await browser.sign_in("department_leader:zhou")
    await browser.open(f"/talks/{TALK}")
    answer = f"/talks/{TALK}/answer/{ISSUE}"
    assert answer in browser.page.text
    await browser.open(answer)
    assert (await browser.send(answer, outcome="solved")).status_code == 422  # without a word
    await browser.send(answer, outcome="solved", text="已经装好。")
    said = {"outcome": "solved", "text": "已经装好。"}
    assert town.asked.bodies(f"/issues/{ISSUE}/answer-on-the-spot") == [said]


async def test_the_room_shows_who_claimed_and_offers_what_is_still_open(town: Given) -> None:
    recorded(town)
    browser = await at_the_talk(town)
    assert "data-claim" in browser.page.text.partition("recorded-rows")[2]
    about = {"assignment": f"{ISSUE}.1", "department": "housing", "by": "housing/li"}
    town.shown.tell("dispatch", "issue.assigned.v1", {**about, "head": "局长", "chosen_by": "claim"})
    town.shown.tell("dispatch", "issue.claimed.v1", {**about, "talk": TALK, "recorded_by": "lu"})
    town.shown.tell("dispatch", "assignment.signed.v1", about)
    await browser.open(PATH)
    rows = browser.page.text.partition("recorded-rows")[2]
    assert "已当场领办" in rows
    assert "data-claim" not in rows
    assert "data-answer" in rows


# ------------------------------------------------------------- who has said it


async def test_who_said_it_is_asked_on_the_phone_whether_that_is_what_they_said(town: Given) -> None:
    recorded(town)
    browser = town.browser()
    await browser.sign_in()
    for page in ("/mine", f"/talks/{TALK}"):
        await browser.open(page)
        assert "请核对记录的原话" in browser.text, page
    assert f"/issues/{ISSUE}/confirm-words" in browser.page.text
    town.shown.tell("intake", "words.confirmed.v1", {"version": 1, "person": WU})
    for page in ("/mine", f"/talks/{TALK}"):
        await browser.open(page)
        assert "请核对记录的原话" not in browser.text, page
