"""What tests of pages begin with: a portal whose projection holds events of ours, services that answer as a test says,
and a browser that keeps its cookies and fills in the forms of the pages it was shown.
"""

import asyncio
import atexit
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from shutil import copyfile, rmtree
from sqlite3 import Connection
from tempfile import mkdtemp
from typing import Any

import httpx

from services.cli.mailbox import Mailbox as KeptMails
from services.portal import desks
from services.portal.app import application
from services.portal.asking import Services
from services.portal.assets import Assets
from services.portal.errands import Errands
from services.portal.joining import Joining
from services.portal.mailbox import Mailbox
from services.portal.network import OF_ALL, OF_ONE, WINDOW_SECONDS
from services.portal.once import Once
from services.portal.own import Own
from services.portal.pages import Portal
from services.portal.projection.batch import Applier, Changed, Positions, positions_of
from services.portal.projection.building import Checked, Table
from services.portal.projection.builds import Builds
from services.portal.projection.database import create, open_reader, open_writer
from services.portal.projection.projection import Standing
from services.portal.rendering import Templates
from services.portal.sending import Sending
from services.portal.settings import PortalSettings
from services.portal.viewers import Viewers
from shared.bus.records import Record
from shared.identity.keys import signing_key
from shared.identity.tokens import sign
from shared.mail import Mail, message_of
from shared.throttle import Throttle
from tests.keys import KEYS, REFERENCES
from tests.portal.projection.given import AT, ISSUE, JURISDICTION, Topics
from tests.unit.reference import builtin_events

NAMES = ("intake", "dispatch", "supervision", "feedback")
ORIGIN = "http://127.0.0.1"
WU = REFERENCES.person("wu")
NUMBER = "7K3M-9QXT-2B4N-6X"
TITLE, TEXT = "园区北门外没有路灯", "夜班职工骑电动车摔过两次。\n请先装临时的。"
DONE = {"status": "done"}
SIGNING = signing_key(KEYS)
ASSETS = Assets()
TEMPLATES = Templates(ASSETS)


class Asked:
    """What the portal asked the services, and what they answer: ``answers`` by method and path, else done."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, tuple[int, Any]] = {}
        self.suggests: list[Any] = []
        self.away: set[str] = set()
        self.is_away = False
        self.to_changes: tuple[int, Any] | None = None
        """What every request for a change is answered, where a test says so."""
        self._of: dict[str, dict[str, tuple[int, Any]]] = {}

    def of(self, service: str) -> dict[str, tuple[int, Any]]:
        """What one service alone answers."""
        return self._of.setdefault(service, {})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if self.is_away or request.url.host in self.away:
            raise httpx.ConnectError("nobody is there")
        self.requests.append(request)
        if request.url.path == "/suggestions":  # for each issue that is asked about the same
            found = [self.suggests for _ in json.loads(request.content)["issues"]]
            if "POST /suggestions" not in self.answers:
                return httpx.Response(200, json={"rules": "1", "issues": found})
        asked = f"{request.method} {request.url.path}"
        if asked == "GET /reading/issues":  # of each what is answered about it alone
            alone = [self.answers.get(f"GET /issues/{id}") for id in request.url.params.get_list("id")]
            return httpx.Response(200, json={"found": [one[1] for one in alone if one and one[0] == 200]})
        status, body = {**self.answers, **self.of(request.url.host)}.get(asked, (200, DONE))
        if self.to_changes is not None and request.method == "POST":
            status, body = self.to_changes
        if isinstance(body, bytes):
            return httpx.Response(status, stream=httpx.ByteStream(body))
        return httpx.Response(status, json=body)

    def bodies(self, path: str) -> list[Any]:
        """The JSON of everything that was sent there."""
        return [json.loads(one.content) for one in self.requests if one.url.path == path and one.content]

    def keys(self, path: str) -> list[str]:
        """Under which idempotency keys."""
        return [one.headers["Idempotency-Key"] for one in self.requests if one.url.path == path]


@cache
def empty() -> Path:
    """A folder with both databases of a portal, without a row: each test begins with a copy, which is sooner there."""
    folder = Path(mkdtemp(prefix="qinqing-portal-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    create(folder / "projection.db").close()
    own = Own(folder / "own.db")
    Errands(own)
    own.close()
    return folder


class Shown:
    """A projection in one file, made of the records that a test tells."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "projection.db"
        copyfile(empty() / "projection.db", self._file)
        self._applier = Applier(open_writer(self._file), JURISDICTION)
        self._readers = threading.local()
        self._heard: list[Callable[[Changed], None]] = []
        self.topics, self._applied, self._waits = Topics(), 0, False
        self.waited: list[tuple[str, dict[str, int], float]] = []
        """What was waited for: of whom, which positions, for how many seconds at most."""
        self.is_behind = False
        """Whether waiting is in vain."""
        self.stands, self.is_same, self.may_end = Standing(0, AT), True, asyncio.Event()
        self.may_end.set()

    def tell(self, owner: str, type: str, data: Mapping[str, Any], subject: str = ISSUE, **how: Any) -> None:
        """One event, in the rows at once."""
        self.topics.tell(owner, type, data, subject, **how)
        self.apply()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is told meanwhile becomes rows together, behind it: a whole city is there sooner."""
        self._waits = True
        yield
        self._waits = False
        self.apply()

    def read(self, records: Sequence[Record]) -> None:
        """What others have recorded, in the rows at once."""
        self._applier.apply(records)

    def apply(self) -> None:
        """What was told since the last time becomes rows."""
        if self._waits:
            return
        new, self._applied = self.topics.records[self._applied :], len(self.topics.records)
        changed = self._applier.apply(new)
        for heard in list(self._heard):
            heard(changed)

    def reader(self) -> Connection:
        """As pages ask for it."""
        kept: tuple[Path, Connection] | None = getattr(self._readers, "kept", None)
        if kept is None or kept[0] != self._file:
            kept = self._readers.kept = (self._file, open_reader(self._file))
        return kept[1]

    def build_anew(self) -> None:
        """Everything that was told is applied to a new file, which pages read from now on."""
        self._file = self._file.with_suffix(".new.db")
        self._applier, self._applied = Applier(create(self._file), JURISDICTION), 0
        self.apply()

    async def wait_for(self, subject: str, seen: Mapping[str, int], seconds: float) -> bool:
        """Everything that was told is there, unless a test says that it is behind."""
        self.waited.append((subject, dict(seen), seconds))
        return not self.is_behind

    def listen(self, heard: Callable[[Changed], None]) -> Callable[[], object]:
        """As live pages ask for it."""
        loop = asyncio.get_running_loop()

        def aside(changed: Changed) -> None:
            loop.call_soon_threadsafe(heard, changed)

        self._heard.append(aside)
        return lambda: self._heard.remove(aside)

    def not_ready(self) -> list[str]:
        """Nothing is missing."""
        return []

    def standing(self) -> Standing:
        """As a test says."""
        return self.stands

    async def namespaces(self) -> list[str]:
        """The live one, and a replay."""
        return ["", "replay-1"]

    def positions(self) -> Positions:
        """How far it goes."""
        return positions_of(self.reader())

    def beside(self, namespace: str) -> Positions:
        """Nothing is being built."""
        return {}

    async def check(self, namespace: str | None = None) -> list[Checked]:
        """What a test says is found, in each namespace that was asked for, once it may end."""
        await self.may_end.wait()
        asked = await self.namespaces() if namespace is None else [namespace]
        return [Checked(name, 7, 0.1, {"issue": Table(1, self.is_same)}) for name in asked]

    async def rebuild(self, namespace: str | None = None) -> Checked:
        """The same of one, and after it all is the same."""
        (found,) = await self.check(namespace or "")
        self.is_same = True
        return found


class Forms(HTMLParser):
    """The forms of a page: for each action its fields as they were filled in, and the texts of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str]] = {}
        self.texts: list[str] = []
        self._current: dict[str, str] | None = None
        self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Begin a form, or fill a field in."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._current = self.fields.setdefault(given["action"], {})
        elif self._current is not None and tag == "input" and "name" in given:
            kind = given.get("type", "text")
            if kind not in ("radio", "checkbox", "file") or "checked" in given:
                self._current[given["name"]] = given.get("value", "")
        elif self._current is not None and tag == "textarea":
            self._area = given["name"]
            self._current[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        """End a form or a field."""
        if tag == "form":
            self._current = None
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        """What stands between tags."""
        if self._area and self._current is not None:
            self._current[self._area] += data
        self.texts.append(data)


class Browser:
    """Somebody's browser: cookies, the page that is open, and its forms."""

    def __init__(self, transport: httpx.AsyncBaseTransport, origin: str = ORIGIN) -> None:
        self.client = httpx.AsyncClient(
            transport=transport, base_url=origin, headers={"Accept-Language": "zh-CN"}
        )
        self.page = httpx.Response(200)

    @property
    def text(self) -> str:
        """What stands on the page, without tags and with single spaces."""
        return " ".join(" ".join(Forms(self.page.text).texts).split())

    async def open(self, path: str, **how: Any) -> httpx.Response:
        """Open a page, redirects followed."""
        self.page = await self.client.get(path, follow_redirects=True, **how)
        return self.page

    async def send(self, action: str, *, files: Any = None, **fields: str) -> httpx.Response:
        """Send a form of the page that is open, with these fields filled in; redirects followed."""
        form = {**Forms(self.page.text).fields[action], **fields}
        self.page = await self.client.post(action, data=form, files=files, follow_redirects=True)
        return self.page

    async def sign_in(self, who: str = "entrepreneur:wu") -> None:
        """Become somebody."""
        await self.open("/sign-in")
        await self.send("/sign-in", do=who)


class Given:
    """A portal to be asked, what it shows, whom it asks, and what time it is there."""

    def __init__(self, folder: Path) -> None:
        self.shown, self.asked, self.now = Shown(folder), Asked(), AT + timedelta(hours=1)
        self.mails = KeptMails(folder / "mailbox")
        if not (folder / "own.db").exists():
            copyfile(empty() / "own.db", folder / "own.db")
        self.own = Own(folder / "own.db")
        self.file = folder / "own.db"
        services = Services(
            {name: f"http://{name}" for name in NAMES},
            partial(sign, SIGNING),
            JURISDICTION,
            httpx.MockTransport(self.asked),
        )
        self.sending = Sending(self.own, services, clock=lambda: self.now)
        self.portal = Portal(
            JURISDICTION,
            self.own,
            services,
            self.sending,
            self.shown,
            REFERENCES,
            TEMPLATES,
            desks.menus(),
            Once(),
            Viewers(),
            Builds(self.shown),
            Throttle(OF_ONE, OF_ALL, WINDOW_SECONDS, lambda: self.now.timestamp()),
            mailbox=Mailbox(folder / "mailbox"),
            clock=lambda: self.now,
        )
        self.app = application(self.portal, ASSETS, PortalSettings(portal_dir=str(folder), embedded=True))

    def without_mailbox(self) -> None:
        """From here on it is a portal whose mail goes to people."""
        self.portal = self.portal._replace(mailbox=None)
        self.app = application(self.portal, ASSETS, PortalSettings(embedded=True))

    def on_a_network(self) -> None:
        """From here on phones may join; this machine's browsers are answered as before."""
        joining = Joining(self.own.database, "http://192.0.2.5:18404", "7K3M9QXT2B")
        self.portal = self.portal._replace(joining=joining)
        self.app = application(self.portal, ASSETS, PortalSettings(embedded=True))

    def browser(self) -> Browser:
        """Another browser."""
        return Browser(httpx.ASGITransport(self.app))

    def mailed(self, mail: Mail, sender: str = "qinqing@huzhou.example") -> str:
        """A mail has come into the embedded mailbox; its name there."""
        return self.mails.keep(bytes(message_of(sender, mail, self.now)))

    # ------------------------------------------------------------ what happened

    def registered(self, id: str = ISSUE, **more: Any) -> None:
        """An issue of the entrepreneur wu, with its promise."""
        number = NUMBER if id == ISSUE else f"{id[:4]}-{id[4:8]}-{id[8:12]}-{id[12:]}X"
        data = {"number": number, "kind": "problem", "origin": "online_column", "person": WU, **more}
        self.shown.tell("intake", "issue.registered.v1", data, id)
        promise = {"started_at": stamp(AT), "due_at": stamp(AT + timedelta(days=14, hours=8, minutes=30))}
        promise |= {"limit": "10wd", "policy": "default-1", "calendar": "2026-1"}
        self.shown.tell("intake", "promise.started.v1", promise, id)

    def accepted(self, id: str = ISSUE, title: str = TITLE) -> None:
        """It is taken on, so that its words stand on the topic."""
        self.shown.tell("intake", "issue.accepted.v1", {"title": title, "text": TEXT, "by": "wang"}, id)

    def assigned(self, id: str = ISSUE) -> None:
        """The housing department has it and signed for it."""
        self._names()
        given = {"assignment": f"{id}.1", "department": "housing", "head": "局长", "by": "wang"}
        self.shown.tell("dispatch", "issue.assigned.v1", given, id)
        signed = {"assignment": f"{id}.1", "department": "housing", "by": "li"}
        self.shown.tell("dispatch", "assignment.signed.v1", signed, id)

    def replied(self, outcome: str = "solved") -> None:
        """A reply is out, and the raiser is asked to rate it."""
        draft = {
            "assignment": f"{ISSUE}.1",
            "department": "housing",
            "round": 1,
            "draft": 1,
            "sha256": "a" * 64,
        }
        self.shown.tell("dispatch", "reply.drafted.v1", {**draft, "outcome": outcome, "by": "li"})
        out = {**draft, "outcome": outcome, "outcome_class": "A", "text": "路灯已经装好。", "by": "chen"}
        self.shown.tell("dispatch", "reply.released.v1", out)
        until = {"round": 1, "open_until": stamp(AT + timedelta(days=14))}
        self.shown.tell("feedback", "rating.invited.v1", until)

    def answered(self) -> None:
        """All of that."""
        self.registered()
        self.accepted()
        self.assigned()
        self.replied()

    def officials(self, **roles: str) -> None:
        """Officials of these roles, by account, and the operator yan."""
        entry = {"version": "1", "in_force_from": stamp(datetime(2011, 1, 1, tzinfo=UTC)), "by": "system"}
        for account, role in ({"yan": "operator"} | roles).items():
            one = {**entry, "name": f"某{account}", "roles": [role], "level": "city", "department": ""}
            self.shown.topics.version("dispatch", "staff.published.v1", f"staff:{account}", one)
        self.shown.apply()

    def _names(self) -> None:
        entry = {"version": "1", "in_force_from": stamp(datetime(2011, 1, 1, tzinfo=UTC)), "by": "system"}
        housing = {**entry, "name_zh": "市建设局", "name_en": "Housing", "level": "city", "head": "局长"}
        self.shown.topics.version("dispatch", "department.published.v1", "dept:housing", housing)
        li = {**entry, "name": "李强", "roles": ["handler"], "level": "city", "department": "housing"}
        self.shown.topics.version("dispatch", "staff.published.v1", "staff:li", li)
        self.shown.apply()


def stamp(at: datetime) -> str:
    """An instant as events have it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def refused(reason: str, title: str) -> tuple[int, Any]:
    """A refusal as services answer it."""
    return 409, {"type": f"urn:qinqing:refused:{reason}", "title": title, "status": 409, "reason": reason}


def known_versions(given: Given, **limits: str) -> None:
    """The built-in policy and calendar are published; or a newer policy, with other limits."""
    for subject, event in builtin_events():
        told = event.model_dump(mode="json")
        if limits and subject.startswith("policy:"):
            policy = {**told["policy"], "version": "other", "limits": {**told["policy"]["limits"], **limits}}
            told |= {"version": "other", "in_force_from": stamp(AT), "policy": policy}
        if subject.startswith(("policy:",) if limits else ("policy:", "calendar:")):
            given.shown.topics.version("supervision", event.type, subject, told, seq=2 if limits else 1)
    given.shown.apply()


@contextmanager
def at_another_time(given: Given, later: timedelta) -> Iterator[None]:
    """The same portal, some time later."""
    before, given.now = given.now, given.now + later
    yield
    given.now = before
