"""The whole system while people work on its pages: each part is killed in the middle; afterwards all is there, once."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from bench.parts import free_base_port
from services.cli.embedded import Child, Embedded
from services.portal.languages import words_in
from tests.embedded.test_scenario import complaints, records, settled
from tests.keys import bearer
from tests.portal.crawling import Document, Form
from tests.simulation.checker import Clause

pytestmark = [pytest.mark.integration, pytest.mark.prove]

PATIENCE_SECONDS = 180.0
KILLED = (
    "portal",
    "intake",
    "dispatch",
    "store-intake",
    "supervision",
    "feedback",
    "store-dispatch",
    "store-supervision",
    "kafka",
    "store-feedback",
    "portal",
)
"""In this order, each while people work; what is asked meanwhile is asked again."""
BETWEEN = 4
"""So much is done between two of them."""
AT_ONCE = 4
"""So many issues are on their way from raising to rating at any time."""
PAUSE_SECONDS = 0.4
RAISER, OFFICE, HANDLER, LEADER = "entrepreneur:wu", "office:chen", "handler:li", "department_leader:zhou"
CLOSED = re.compile(rf'class="status[^>]*>[^/]*{words_in("zh").gettext("Closed")}')


class Step(NamedTuple):
    """What somebody does about an issue on a page of theirs, and which events tell of it."""

    who: str
    page: str
    fields: Mapping[str, str]
    told: tuple[str, ...]


STEPS = (
    Step(
        OFFICE,
        "/office/issues/{}/accept",
        {"do": "accept_and_assign", "other": "housing"},
        ("issue.accepted.v1", "issue.assigned.v1"),
    ),
    Step(HANDLER, "/issues/{}/sign", {"mine": "1"}, ("assignment.signed.v1",)),
    Step(
        HANDLER,
        "/issues/{}/draft",
        {"do": "send", "outcome": "solved", "text": "您好：路灯已于本周装好并亮灯。"},
        ("reply.drafted.v1",),
    ),
    Step(LEADER, "/issues/{}/sign-off", {"do": "sign_off"}, ("reply.signed_off.v1",)),
    Step(OFFICE, "/office/issues/{}/check", {"do": "release"}, ("reply.checked.v1", "reply.released.v1")),
    Step(
        RAISER,
        "/issues/{}/rate",
        {"satisfaction": "satisfied", "solved": "yes"},
        ("reply.rated.v1", "issue.closed.v1"),
    ),
)
TOLD = ("issue.registered.v1", *(type for step in STEPS for type in step.told))


class People:
    """Everybody of the plain path, each at a browser: whatever got no answer they look at and do once more."""

    def __init__(self, url: str, first: int = 1) -> None:
        """``first``: the number of the first lamp they name."""
        self._first = first
        self.browsers = {
            who: httpx.AsyncClient(base_url=url, timeout=20.0, trust_env=False, follow_redirects=True)
            for who in (RAISER, OFFICE, HANDLER, LEADER)
        }
        self.raised: dict[str, str] = {}
        """Title -> issue."""
        self.acknowledged: list[tuple[str, Step]] = []
        self.done = asyncio.Condition()
        self.enough = asyncio.Event()
        self._raising = asyncio.Lock()

    @property
    def done_so_far(self) -> int:
        """How much was acknowledged."""
        return len(self.raised) + len(self.acknowledged)

    async def close(self) -> None:
        """Close the browsers."""
        for browser in self.browsers.values():
            await browser.aclose()

    async def sign_in(self) -> None:
        """Become who they are."""
        for who in self.browsers:
            await self._until(lambda who=who: self._sent(who, "/sign-in", {"do": who}))

    async def work(self) -> None:
        """Raise an issue and take it to its end, one after the other, until there were enough."""
        while not self.enough.is_set():
            async with self._raising, asyncio.timeout(PATIENCE_SECONDS):  # there is one draft a person
                id = await self._raise()
            async with asyncio.timeout(PATIENCE_SECONDS):
                for step, after in zip(STEPS, (*STEPS[1:], None), strict=True):
                    await self._do(step, after, id)

    async def open(self, path: str) -> str:
        """A page of the raiser's, as soon as somebody answers."""
        return (await self._until(lambda: self._asked(RAISER, path))).text

    async def listed(self) -> list[str]:
        """The titles of all that was raised, page by page."""
        titles: list[str] = []
        path: str | None = "/mine"
        while path:
            shown = await self.open(path)
            titles += re.findall(r"<b>(.*?)</b>", shown)
            onward = re.search(r'href="(/mine\?after=[^"]+)"', shown)
            path = unescape(onward[1]) if onward else None
        return titles

    async def _raise(self) -> str:
        title = f"第{self._first + len(self.raised)}盏路灯不亮"
        said = {"do": "check", "title": title, "text": "夜班职工骑电动车摔过两次。"}
        await self._until(lambda: self._sent(RAISER, "/raise", said))
        confirmed = await self._until(lambda: self._sent(RAISER, "/raise/check", {}))
        found = re.search(r"/issues/(\w{13})\b", f"{confirmed.url.path} {confirmed.text}")
        assert found, confirmed.text
        self.raised[title] = found[1]
        await self._tell()
        return found[1]

    async def _do(self, step: Step, after: Step | None, id: str) -> None:
        """Send its form until that is acknowledged, or what comes after it can be done: then its answer was lost."""
        while True:
            answer = await self._sent(step.who, step.page.format(id), step.fields)
            if _is_done(answer):
                self.acknowledged.append((id, step))
                return await self._tell()
            if after is None and CLOSED.search((await self._asked(step.who, f"/issues/{id}")).text):
                return None
            if after is not None and await self._is_offered(after, id):
                return None
            await asyncio.sleep(PAUSE_SECONDS)  # as a person would: try again

    async def _is_offered(self, step: Step, id: str) -> bool:
        page = step.page.format(id)
        return _form(await self._asked(step.who, page), page) is not None

    async def _tell(self) -> None:
        async with self.done:
            self.done.notify_all()

    async def _sent(self, who: str, page: str, fields: Mapping[str, str]) -> httpx.Response:
        """What the form of this page is answered with; the page where it has none: it was taken, or is not there."""
        shown = await self._asked(who, page)
        form = _form(shown, page)
        if form is None:
            return shown
        try:
            return await self.browsers[who].post(form.action, data={**form.fixed, **fields})
        except httpx.TransportError:
            return httpx.Response(503, request=shown.request)

    async def _asked(self, who: str, path: str) -> httpx.Response:
        try:
            return await self.browsers[who].get(path)
        except httpx.TransportError:
            return httpx.Response(503, request=httpx.Request("GET", path))

    async def _until(self, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (answer := await ask()).status_code != 200:
                await asyncio.sleep(PAUSE_SECONDS)
            return answer


def _is_done(answer: httpx.Response) -> bool:
    """Whether a form was sent and taken; what was not taken is shown again under another status."""
    sent = [one for one in (*answer.history, answer) if one.request.method == "POST"]
    return bool(sent) and answer.status_code == 200 and answer.url.params.get("done") != "pending"


def _form(shown: httpx.Response, page: str) -> Form | None:
    """The form of this page; where a reply was checked and not let out, that which does the rest."""
    actions = (page, page.replace("/check", "/release"))
    return next((one for one in Document(shown.text).forms if one.action in actions), None)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Embedded]:
    """All of it."""
    async with Embedded(tmp_path, free_base_port()) as running:
        yield running


async def kill(child: Child) -> None:
    """End one program in whatever it does, and wait until it was started again."""
    restarts = child.restarts
    child.kill()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while child.restarts == restarts or child.state != "ready":
            await asyncio.sleep(0.1)  # another process; it says so by nothing else


async def test_whatever_is_killed_in_the_middle_of_anything_afterwards_all_is_there_once_and_shown(
    system: Embedded,
) -> None:
    people, children = People(system.portal_url), {child.program.name: child for child in system.children}
    await people.sign_in()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(people.work())
        for name in KILLED:
            more = people.done_so_far + BETWEEN
            async with people.done:
                await people.done.wait_for(lambda most=more: people.done_so_far >= most)
            await kill(children[name])
        people.enough.set()
    assert sorted(await people.listed()) == sorted(people.raised), "each was raised once"
    await settled(system.parts)
    await happened_once(system, people)
    pages = await _pages(system, people)
    await kill(children["portal"])
    assert await _pages(system, people) == pages
    await people.close()


async def happened_once(system: Embedded, people: People) -> None:
    """Every issue went its whole way, each step of it once, whether it was acknowledged or its answer was lost."""
    found = await records(system.parts)
    told = {
        (event["id"], event["subject"], event["type"])
        for record in found
        if record.topic.endswith(".events")
        for event in [json.loads(record.value or b"")]
    }
    counted = Counter((subject, type) for _, subject, type in told)
    assert {(id, type): counted[id, type] for id in people.raised.values() for type in TOLD} == {
        (id, type): 1 for id in people.raised.values() for type in TOLD
    }
    assert {step.page for _, step in people.acknowledged} == {step.page for step in STEPS}
    assert len(people.raised) >= AT_ONCE
    # Nobody reads here what the mail server has: that is the only thing that the checker misses.
    found_wrong = await complaints(system.parts, found)
    assert [one for one in found_wrong if one.clause is not Clause.NOTICE_SENT] == []


async def _pages(system: Embedded, people: People) -> list[str]:
    """What the pages of all issues tell, once the projection was built anew and is the same."""
    found = await checked(system)
    assert found and all(one["same"] for one in found)
    return [_told(await people.open(f"/issues/{id}")) for id in people.raised.values()]


def _told(page: str) -> str:
    """What happened, as the page tells it, without how long ago that was."""
    return page.partition('<ol class="tl">')[2].partition("</ol>")[0]


async def checked(system: Embedded) -> list[dict[str, object]]:
    """The projection built anew and compared, as `qinqing rebuild --check` asks for it."""
    headers = bearer("operator:yan", keys=system.parts.keys_dir)
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        url = f"{system.portal_url}/api/projection/rebuild"
        answer = await client.post(url, params={"check": True}, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json())
