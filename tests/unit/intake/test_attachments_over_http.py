"""Attachments over real HTTP, against intake's own application: handed in, listed, read; and what stays on the disk."""

import asyncio
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic_core import from_json

from services.intake.attachments import uploads
from services.intake.attachments.content import EXTENSIONS, TAKEN, Fault, NotTaken
from services.intake.attachments.folder import SWEPT_AFTER_SECONDS, Folder
from services.intake.attachments.routes import OF_ONE_PERSON, WINDOW_SECONDS
from shared.contract.events.intake import IssueRegistered
from shared.contract.words import MediaType
from shared.identity.keys import signing_key
from shared.identity.tokens import sign
from tests.fuzz import in_memory
from tests.keys import KEYS, REFERENCES, bearer, caller
from tests.serving import served
from tests.unit.intake.files import PDF, REFUSED, WELCOME, bomb, docx, heic, jpeg, png

MOST = 20_000_000
CHUNK = b" " * 65_536
WORDS = {"title": "漏水", "text": "水管漏水"}


class Intake(NamedTuple):
    """Intake's application behind an address, its parts in memory, its files in a folder."""

    client: httpx.AsyncClient
    service: in_memory.ServiceInMemory
    folder: Path

    async def hand_in(self, content: Any, status: int = 201, **headers: str) -> dict[str, Any]:
        """Hand a file in and be answered so."""
        answer = await self.client.post("/attachments", content=content, headers=headers)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def register(self, *receipts: str, status: int = 201, key: str = "1") -> dict[str, Any]:
        """Raise an issue with these files and be answered so."""
        body = {**WORDS, "attachments": list(receipts)}
        answer = await self.client.post("/issues", json=body, headers={"Idempotency-Key": key})
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def there(self) -> list[str]:
        """Every file of the folder but the key."""
        return sorted(
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and path.name != "key"
        )


@pytest.fixture
async def intake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Intake]:
    made: list[in_memory.ServiceInMemory] = []

    class Kept(in_memory.ServiceInMemory):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            made.append(self)

    monkeypatch.setattr(in_memory, "ServiceInMemory", Kept)
    folder = tmp_path / "files"
    app = in_memory.in_memory("intake", monkeypatch, attachments_dir=str(folder), attachment_bytes=MOST)
    async with (
        served(app, log_level="critical") as url,
        httpx.AsyncClient(base_url=url, headers=bearer("entrepreneur:li")) as client,
    ):
        yield Intake(client, made[0], folder)


def listed_as(issue: str, file: dict[str, Any]) -> str:
    """The hash by which an issue lists a file."""
    return REFERENCES.attachment(issue, file["sha256"])


def pdf_of(size: int) -> Iterator[bytes]:
    """A file of this size, a piece at a time."""
    yield PDF
    for _ in range((size - len(PDF)) // len(CHUNK)):
        yield CHUNK


async def slowly(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same without a length said before."""
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("handed_in", WELCOME)
async def test_what_was_handed_in_and_listed_is_read_again_as_an_attachment(
    intake: Intake, handed_in: str
) -> None:
    make, stored = WELCOME[handed_in]
    file = await intake.hand_in(make(), **{"Content-Type": handed_in})
    issue = (await intake.register(file["receipt"]))["id"]
    answer = await intake.client.get(f"/issues/{issue}/attachments/{listed_as(issue, file)}")
    assert answer.status_code == 200
    assert sha256(answer.content).hexdigest() == file["sha256"]
    assert len(answer.content) == file["bytes"] == int(answer.headers["content-length"])
    assert answer.headers["content-type"] == file["media_type"] == stored
    name = f"{listed_as(issue, file)[:12]}.{EXTENSIONS[stored]}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private"


async def test_hash_kind_and_size_stand_on_the_command_the_event_and_the_issue_and_no_receipt_or_name(
    intake: Intake,
) -> None:
    files = [await intake.hand_in(jpeg()), await intake.hand_in(PDF)]
    issue = (await intake.register(*(file["receipt"] for file in files)))["id"]
    listed = [
        {"hash": listed_as(issue, file), "media_type": file["media_type"], "bytes": size}
        for file, size in zip(files, (1024, 128), strict=True)
    ]
    asked, told = (
        next(from_json(out.value) for out in intake.service.log if type in (out.value or b"").decode())
        for type in ("intake.register.v1", IssueRegistered.type)
    )
    assert asked["data"]["attachments"] == told["data"]["attachments"] == listed
    assert (await intake.client.get(f"/issues/{issue}")).json()["attachments"] == listed
    for out in intake.service.log:
        for file in files:
            assert file["sha256"].encode() not in (out.value or b"")


async def test_two_issues_with_the_same_file_have_nothing_of_it_in_common_on_any_topic(
    intake: Intake,
) -> None:
    """Else two anonymous issues of one person were linked by a photo, and whoever has it found both."""
    file = await intake.hand_in(jpeg())
    issues = [(await intake.register(file["receipt"], key=key))["id"] for key in "12"]
    hashes = [(await intake.client.get(f"/issues/{issue}")).json()["attachments"][0] for issue in issues]
    assert hashes[0].pop("hash") != hashes[1].pop("hash")
    assert hashes[0] == hashes[1] and file["bytes"] < hashes[0]["bytes"] < 2 * file["bytes"]


async def test_the_memory_of_the_service_does_not_grow_with_the_file(intake: Intake) -> None:
    """The client of this test streams in the same process: what both hold is counted."""
    peaks = []
    for size in (1_000_000, MOST - 100_000):
        tracemalloc.start()
        file = await intake.hand_in(slowly(pdf_of(size)))
        issue = (await intake.register(file["receipt"], key=str(size)))["id"]
        read = 0
        async with intake.client.stream(
            "GET", f"/issues/{issue}/attachments/{listed_as(issue, file)}"
        ) as answer:
            async for chunk in answer.aiter_raw():
                read += len(chunk)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert read == file["bytes"] > size * 0.9
    assert peaks[1] < peaks[0] + 2_000_000, peaks


@pytest.mark.parametrize("declared", [True, False])
async def test_a_file_over_the_limit_is_413_with_the_limit_and_nothing_of_it_is_left(
    intake: Intake, declared: bool
) -> None:
    content: Any = b"".join(pdf_of(MOST + 200_000)) if declared else slowly(pdf_of(MOST + 200_000))
    answer = await intake.hand_in(content, 413)
    assert "附件太大 / the file is too large" in answer["title"]
    assert str(MOST) in answer["errors"][0]["rule"]
    assert intake.there() == []


@pytest.mark.parametrize("what", ["nothing", "a page with a script", "a document with macros"])
async def test_a_file_of_another_kind_is_415_with_the_list_of_those_that_are_taken(
    intake: Intake, what: str
) -> None:
    answer = await intake.hand_in(REFUSED[what], 415, **{"Content-Type": "image/jpeg"})
    assert answer["errors"] == [{"field": "body", "rule": TAKEN}]
    assert intake.there() == []


@pytest.mark.parametrize(
    ("content", "title"), [(bomb(), "图片像素太多"), (png()[:80], "附件无法读取")], ids=["bomb", "cut off"]
)
async def test_a_picture_that_cannot_be_unpacked_is_422_and_nothing_of_it_is_left(
    intake: Intake, content: bytes, title: str
) -> None:
    assert title in (await intake.hand_in(content, 422))["title"]
    assert intake.there() == []


async def test_a_file_at_which_its_reader_dies_is_422_and_the_next_one_is_taken(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(uploads, "PROGRAM", "no.such.program")
        await intake.hand_in(PDF, 422)
    await intake.hand_in(PDF)


async def test_a_disk_that_is_nearly_full_is_503(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.attachments.folder.LEAST_FREE_BYTES", 2**63)
    assert "try again later" in (await intake.hand_in(PDF, 503))["title"]
    assert intake.there() == []


async def test_who_brings_too_many_files_waits_and_nobody_else_does(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose files are not taken: each of them is looked at."""
    monkeypatch.setattr(uploads.Uploads, "_look_at", not_taken)
    statuses = [
        (await intake.client.post("/attachments", content=b"x")).status_code for _ in range(OF_ONE_PERSON + 1)
    ]
    assert statuses == [415] * OF_ONE_PERSON + [429]
    late = await intake.client.post("/attachments", content=b"x")
    assert 0 < int(late.headers["retry-after"]) <= WINDOW_SECONDS
    await intake.hand_in(b"x", 415, **bearer("entrepreneur:wu"))


async def not_taken(*_: object) -> MediaType:
    raise NotTaken(Fault.NOT_TAKEN)


async def test_the_same_content_twice_at_once_or_on_two_issues_is_one_file(intake: Intake) -> None:
    files = await asyncio.gather(*[intake.hand_in(jpeg()) for _ in range(3)])
    assert files[0] == files[1] == files[2]
    issues = [(await intake.register(files[0]["receipt"], key=key))["id"] for key in "12"]
    hash = files[0]["sha256"]
    assert intake.there() == sorted(
        [f"content/{hash}.jpg", *(f"issues/{issue}/{listed_as(issue, files[0])}" for issue in issues)]
    )
    assert len({(intake.folder / place).stat().st_ino for place in intake.there()}) == 1


async def test_the_same_registration_again_is_the_same_issue_with_the_same_files(intake: Intake) -> None:
    receipts = [(await intake.hand_in(make()))["receipt"] for make in (jpeg, docx)]
    first = await intake.register(*receipts, receipts[0])
    assert await intake.register(*receipts, receipts[0]) == first
    state = (await intake.client.get(f"/issues/{first['id']}")).json()
    assert len(state["attachments"]) == 2


async def test_a_hash_that_was_read_somewhere_lists_no_file(intake: Intake) -> None:
    one, other = await intake.hand_in(PDF), await intake.hand_in(heic())
    mac = one["receipt"].partition(".")[2]
    for wrong in (f"{other['sha256']}.{mac}", f"{one['sha256']}.{'0' * 32}", f"{'0' * 64}.{mac}"):
        answer = await intake.register(one["receipt"], wrong, status=422)
        assert answer["errors"][0]["field"] == "attachments.1"
        assert "附件不存在" in answer["title"]
    assert not any(out.topic == "intake.commands" for out in intake.service.log)
    await intake.register(one["sha256"], status=422)


async def test_more_than_twenty_files_are_too_many(intake: Intake) -> None:
    receipt = (await intake.hand_in(PDF))["receipt"]
    await intake.register(*[receipt] * 21, status=422)
    await intake.register(*[receipt] * 20)


async def test_a_file_is_read_only_from_the_issue_that_lists_it(intake: Intake) -> None:
    file, other = await intake.hand_in(PDF), await intake.hand_in(docx())
    issue = (await intake.register(file["receipt"]))["id"]
    bare = (await intake.register(key="2"))["id"]
    for place in (
        f"{bare}/attachments/{listed_as(issue, file)}",
        f"{issue}/attachments/{listed_as(issue, other)}",
        f"0000000000000/attachments/{listed_as(issue, file)}",
        f"../attachments/{listed_as(issue, file)}",
        f"%2e%2e/attachments/{listed_as(issue, file)}",
        f"{issue}/attachments/..%2f..%2fkey",
        f"{issue}/attachments/{file['sha256'].upper()}",
    ):
        answer = await intake.client.get(f"/issues/{place}")
        assert answer.status_code in (404, 422), place
        assert PDF not in answer.content


async def test_a_file_is_for_those_who_read_the_words_of_its_issue_and_handed_in_by_those_who_may_raise_one(
    intake: Intake,
) -> None:
    file = await intake.hand_in(PDF)
    issue = (await intake.register(file["receipt"]))["id"]
    place = f"/issues/{issue}/attachments/{listed_as(issue, file)}"
    for early in ("supervisor:he", "handler:planning/xu"):
        assert (await intake.client.get(place, headers=bearer(early))).status_code == 404
    accepted = await intake.client.post(f"/issues/{issue}/accept", json={}, headers=bearer("office:chen"))
    assert accepted.status_code == 200, accepted.text
    for actor, status in (
        ("entrepreneur:li", 200),
        ("office:chen", 200),
        ("supervisor:he", 200),
        ("entrepreneur:wu", 404),
        ("township:gu", 404),
        ("operator:sun", 404),
        ("handler:planning/xu", 200),  # by its hash, which an order told
    ):
        assert (await intake.client.get(place, headers=bearer(actor))).status_code == status, actor
    await intake.hand_in(PDF, 403, **bearer("operator:sun"))
    await intake.hand_in(PDF, 201, **bearer("township:gu"))


async def test_the_files_of_a_complaint_about_an_official_are_deleted_with_its_words(intake: Intake) -> None:
    alone, shared = await intake.hand_in(PDF), await intake.hand_in(docx())
    issue = (await intake.register(alone["receipt"], shared["receipt"]))["id"]
    other = (await intake.register(shared["receipt"], key="2"))["id"]
    body, office = {"body": "discipline_inspection", "addressee": "市纪委"}, bearer("office:chen")
    for _ in range(2):
        referred = await intake.client.post(f"/issues/{issue}/refer", json=body, headers=office)
        assert referred.status_code in (200, 409), referred.text
        assert intake.there() == [
            f"content/{shared['sha256']}.docx",
            f"issues/{other}/{listed_as(other, shared)}",
        ]
    gone = await intake.client.get(f"/issues/{issue}/attachments/{listed_as(issue, shared)}", headers=office)
    assert gone.status_code == 404


async def test_a_file_is_linked_before_anybody_hears_of_the_issue(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever dies after this, the file that the event names is there."""
    file = await intake.hand_in(PDF)
    linked: list[list[str]] = []
    publish = intake.service.gateway._publish

    async def look_first(outgoing: Any) -> Any:
        linked.append([place for place in intake.there() if place.startswith("issues/")])
        return await publish(outgoing)

    monkeypatch.setattr(intake.service.gateway, "_publish", look_first)
    issue = (await intake.register(file["receipt"]))["id"]
    assert linked == [[f"issues/{issue}/{listed_as(issue, file)}"]]


def grow_old(folder: Path) -> None:
    """Every file there was last touched a day and an hour ago."""
    then = time.time() - SWEPT_AFTER_SECONDS - 3600
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


async def test_what_no_issue_lists_for_a_day_is_swept_and_what_one_lists_never(intake: Intake) -> None:
    listed, left, back = [await intake.hand_in(make()) for make in (jpeg, docx, heic)]
    issue = (await intake.register(listed["receipt"]))["id"]
    (intake.folder / "arriving" / "half").write_bytes(PDF)
    grow_old(intake.folder)
    await intake.hand_in(heic())  # brought again: young again
    young = await intake.hand_in(PDF)
    folder = Folder(intake.folder, REFERENCES.attachment)
    assert folder.sweep() == 2
    assert intake.there() == sorted(
        [
            f"content/{back['sha256']}.jpg",
            f"content/{listed['sha256']}.jpg",
            f"content/{young['sha256']}.pdf",
            f"issues/{issue}/{listed_as(issue, listed)}",
        ]
    )
    assert folder.sweep() == 0
    answer = await intake.register(left["receipt"], status=422, key="2")
    assert "hand it in again" in answer["title"]


async def test_an_issue_keeps_its_file_though_the_name_under_its_hash_was_swept(intake: Intake) -> None:
    """As where a sweep and a registration cross, or a backup came back without its links."""
    file = await intake.hand_in(PDF)
    issue = (await intake.register(file["receipt"]))["id"]
    (intake.folder / f"content/{file['sha256']}.pdf").unlink()
    answer = await intake.client.get(f"/issues/{issue}/attachments/{listed_as(issue, file)}")
    assert answer.content == PDF


async def test_who_brings_a_file_sweeps_first_but_not_each_time(intake: Intake) -> None:
    await intake.hand_in(PDF)
    grow_old(intake.folder)
    await intake.hand_in(jpeg())
    assert len(intake.there()) == 2
    fresh = uploads.Uploads(Folder(intake.folder, REFERENCES.attachment), MOST)
    await fresh.take(slowly(iter([docx()])))
    assert sum(place.endswith(".pdf") for place in intake.there()) == 0


async def test_an_upload_that_is_broken_off_leaves_nothing(intake: Intake) -> None:
    begun = asyncio.Event()

    async def broken() -> AsyncIterator[bytes]:
        yield PDF + CHUNK
        while not (intake.folder / "arriving").exists() or not intake.there():
            await asyncio.sleep(0.01)  # another process' file: nothing to await
        begun.set()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await intake.client.post("/attachments", content=broken())
    assert begun.is_set()
    while intake.there():
        await asyncio.sleep(0.01)
    await intake.hand_in(PDF)


KILLED = """
import asyncio, sys
from pathlib import Path
from services.intake.attachments.folder import Folder
from services.intake.attachments.uploads import Uploads

async def half():
    yield b"%PDF-1.7" + bytes(1_000_000)
    print("half", flush=True)
    await asyncio.Event().wait()

asyncio.run(Uploads(Folder(Path(sys.argv[1]), None), 20_000_000).take(half()))
"""


def test_a_service_that_is_killed_in_the_middle_of_an_upload_leaves_no_half_file_under_a_hash(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"half\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert list((tmp_path / "content").iterdir()) == []
    (left,) = (tmp_path / "arriving").iterdir()
    grow_old(tmp_path)
    assert Folder(tmp_path, REFERENCES.attachment).sweep() == 1
    assert not left.exists()


async def test_a_link_to_an_issue_is_good_for_a_file_that_its_answer_lists_and_for_no_other(
    intake: Intake,
) -> None:
    issue = (await intake.register())["id"]
    link = caller("entrepreneur:li").model_copy(update={"issue": issue})
    headers = {"Authorization": f"Bearer {sign(signing_key(KEYS), link)}"}
    for place, status in ((f"/issues/{issue}/attachments", 201), ("/attachments", 403)):
        answer = await intake.client.post(place, content=PDF, headers=headers)
        assert answer.status_code == status, answer.text
    other = await intake.client.post("/issues/0000000000000/attachments", content=PDF, headers=headers)
    assert other.status_code == 403
