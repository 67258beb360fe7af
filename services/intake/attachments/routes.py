"""Attachments over HTTP: hand a file in, and read one that an issue lists."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, BinaryIO

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.requests import ClientDisconnect
from typing_extensions import TypedDict

from services.intake.attachments.content import EXTENSIONS, MOST_PIXELS, PICTURES, TAKEN, Fault, NotTaken
from services.intake.attachments.folder import Folder
from services.intake.attachments.uploads import Uploads
from services.intake.consumer import ISSUE
from services.intake.issue.life import Issue
from shared.answers import come_later, problem
from shared.contract.commands.intake import RegisterIssue, SupplyMaterial
from shared.contract.words import MediaType
from shared.domain.rights import Asker, may
from shared.identity.callers import Requires, askers_of, caller_of
from shared.identity.raisers import Raisers
from shared.identity.tokens import Caller
from shared.problems import MALFORMED
from shared.store import Aggregates
from shared.throttle import Throttle
from shared.web import Id, readable_fields

log = structlog.get_logger(__name__)

PLACE = "/attachments"
CHUNK_BYTES = 256 * 1024
NAME_CHARS = 12
OF_ONE_PERSON, OF_ALL, WINDOW_SECONDS = 100, 10_000, 3600.0
"""So many files in an hour: each is looked at before the next one, and stays for a day though no issue lists it."""
UNKNOWN = "application/octet-stream"
HANDED_IN = [*PICTURES, MediaType.PDF, MediaType.DOCX, MediaType.XLSX]
BINARY: Mapping[str, Any] = {"schema": {"type": "string", "format": "binary"}}
Hash = Annotated[str, InPath(pattern=r"^[0-9a-f]{64}$")]


class Uploaded(TypedDict):
    """A file that was taken, as it is kept. ``receipt`` lists it on an issue, which has another hash of it."""

    sha256: str
    media_type: MediaType
    bytes: int
    receipt: str


def routes(folder: Folder, uploads: Uploads, store: Aggregates, raisers: Raisers) -> APIRouter:
    """``POST /attachments``, of an issue too, ``GET /issues/{id}/attachments/{hash}``; none holds a file in memory."""
    router = APIRouter()
    handed_in = Throttle(OF_ONE_PERSON, OF_ALL, WINDOW_SECONDS)

    @router.post(
        PLACE,
        status_code=201,
        tags=["attachments"],
        response_model=Uploaded,
        openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(HANDED_IN, BINARY)}},
    )
    async def upload(
        asker: Annotated[Asker, Depends(Requires("issue", RegisterIssue.verb))], request: Request
    ) -> Any:
        """Hand a file in, as the whole body; what it is called does not count, only what it is.

        Pictures are written anew without where and when they were taken. The answer's receipt lists the file on an
        issue, within a day.
        """
        return await taken(asker, request)

    @router.post(
        "/issues/{id}/attachments",
        status_code=201,
        tags=["attachments"],
        response_model=Uploaded,
        openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(HANDED_IN, BINARY)}},
    )
    async def upload_later(
        id: Id, asker: Annotated[Asker, Depends(Requires("issue", SupplyMaterial.verb))], request: Request
    ) -> Any:
        """Hand a file in for an answer to what a department asks; a link to the issue is good for that."""
        return await taken(asker, request)

    async def taken(asker: Asker, request: Request) -> Any:
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > uploads.most_bytes:
            return _refused(Fault.TOO_LARGE, uploads.most_bytes)
        if wait := handed_in.wait_seconds(asker.actor):
            return come_later(429, "上传过多，请稍后再试 / too many files from you: wait", wait)
        handed_in.begin(asker.actor)
        try:
            file = await uploads.take(request.stream())
            receipt = await asyncio.to_thread(folder.receipt, file.sha256)
        except NotTaken as error:
            return _refused(error.fault, uploads.most_bytes)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except OSError as error:
            log.warning("a file could not be kept", error=f"{type(error).__name__}: {error}"[:300])
            return problem(503, "附件暂时无法保存，请稍后再试 / the file cannot be kept now: try again later")
        return Uploaded(sha256=file.sha256, media_type=file.media_type, bytes=file.bytes, receipt=receipt)

    @router.get(
        "/issues/{id}/attachments/{hash}",
        tags=["reading"],
        response_class=StreamingResponse,
        responses={200: {"content": dict.fromkeys([*EXTENSIONS, UNKNOWN], BINARY)}},
    )
    async def read(id: Id, hash: Hash, request: Request) -> Response:
        """One file of an issue, to be saved and not to be shown in place."""
        listed = await _may_have(store, raisers, id, hash, caller_of(request))
        try:
            if listed is None:
                raise FileNotFoundError
            file = await asyncio.to_thread(folder.path_of(id, hash).open, "rb")
        except FileNotFoundError:  # also of what was deleted with its words
            return problem(404, "这件问题没有这份附件 / the issue has no such attachment")
        media_type = listed if listed in EXTENSIONS else UNKNOWN
        headers = {
            "Content-Length": str(os.fstat(file.fileno()).st_size),
            "Content-Disposition": f'attachment; filename="{name_of(hash, media_type)}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private",
        }
        return StreamingResponse(_chunks(file), media_type=media_type, headers=headers)

    return router


def not_there(place: int) -> JSONResponse:
    """What a registration is answered that lists a file which is not there."""
    errors = [{"field": f"attachments.{place}", "rule": f"POST {PLACE}"}]
    title = "附件不存在或已过期，请重新上传 / the attachment is not there, or no longer: hand it in again"
    return problem(422, title, errors=errors, **MALFORMED)


def name_of(hash: str, media_type: str) -> str:
    """The name under which a file is saved: the beginning of its hash, and the ending of what it is."""
    return f"{hash[:NAME_CHARS]}.{EXTENSIONS.get(media_type, 'bin')}"


async def _may_have(store: Aggregates, raisers: Raisers, issue: str, hash: str, caller: Caller) -> str | None:
    """The media type of a file that this issue lists for whoever asks; None where it lists none for them.

    Rights on files are judged here: who reads the issue's words (shared/domain/rights.py) may have its files. Intake
    does not know which department holds an issue; but the hash is told to that one alone, by its order, so whoever of
    a department names it may have the file, once the issue is taken on.
    """
    document = await store.get(issue)
    if document is None or (state := document.get("state")) is None:
        return None
    fields = readable_fields(ISSUE, document, raisers.known(issue, caller, document))
    belongs = ISSUE.belongs(Issue.model_validate(state))
    if not belongs.sealed and any(may(asker, "issue", "fetch", belongs) for asker in askers_of(caller)):
        fields = state
    listed = fields.get("attachments", ())
    return next((str(file["media_type"]) for file in listed if file["hash"] == hash), None)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


def _refused(fault: Fault, most_bytes: int) -> JSONResponse:
    status, title, rule = {
        Fault.TOO_LARGE: (413, "附件太大 / the file is too large", f"at most {most_bytes} bytes"),
        Fault.NOT_TAKEN: (415, "不支持这种附件 / a file of this kind is not taken", TAKEN),
        Fault.TOO_MANY_PIXELS: (
            422,
            "图片像素太多 / the picture has too many pixels",
            f"at most {MOST_PIXELS} pixels",
        ),
        Fault.UNREADABLE: (422, "附件无法读取 / the file cannot be read", "a whole file"),
    }[fault]
    more = MALFORMED if status == 422 else {}
    return problem(status, title, errors=[{"field": "body", "rule": rule}], **more)
