"""What a program is answered over HTTP: a command's outcome, or a problem document that says why not.

A refusal is an answer, not a crash: RFC 9457 problem documents name the field and the rule, in Chinese or
English as Accept-Language asks.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from shared.contract.subjects import KINDS, id_of, kind_of
from shared.domain.decisions import Reason
from shared.language import reason_text

PROBLEM = "application/problem+json"
BLANK, REFUSED = "about:blank", "urn:qinqing:refused:"
"""The type of a problem: of a refusal its reason behind the prefix, of every other one what its status says."""

STATUS = {
    Reason.UNKNOWN_ISSUE: 404,
    Reason.UNKNOWN_PERSON: 404,
    Reason.UNKNOWN_TALK: 404,
    Reason.LEADER_MISSING: 422,
    Reason.ID_REUSED: 422,
    Reason.MALFORMED: 422,
    Reason.WRONG_CREDIT_CODE: 422,
    Reason.NAMES_SOMEBODY: 422,
    Reason.DATE_MISSING: 422,
    Reason.DATE_PAST: 422,
    Reason.DATE_TOO_EARLY: 422,
    Reason.DATE_TOO_FAR: 422,
    Reason.NO_WORKING_DAY: 422,
    Reason.BASIS_MISSING: 422,
    Reason.REASON_MISSING: 422,
    Reason.ANSWER_MISSING: 422,
    Reason.SIGNATURE_MISSING: 422,
    Reason.UNKNOWN_DOCUMENT: 404,
    Reason.UNKNOWN_INSTRUCTION: 404,
    Reason.RECEIPT_MISSING: 422,
    Reason.CONFIRMATION_MISSING: 422,
    Reason.OUTCOME_NOT_FOR_KIND: 422,
    Reason.UNKNOWN_DEPARTMENT: 422,
    Reason.UNKNOWN_WAY: 422,
    Reason.WRONG_ROLE: 403,
    Reason.SAME_PERSON: 403,
    Reason.NOT_THE_HOLDER: 403,
    Reason.NOT_AT_THE_TALK: 403,
    Reason.FAILED: 500,
}
"""HTTP status of each refusal; everything else is 409, a conflict with the present state."""
CONFLICT = 409


class WrongField(TypedDict):
    """One field of a request and the rule that it breaks."""

    field: str
    rule: str


class Problem(TypedDict):
    """An RFC 9457 problem document. ``reason`` and ``legal`` stand in refusals, ``errors`` where fields are wrong."""

    type: str
    title: str
    status: int
    detail: NotRequired[str]
    reason: NotRequired[Reason]
    legal: Annotated[NotRequired[list[str]], Field(description="what would be possible in the present state")]
    errors: NotRequired[list[WrongField]]


class CommandOutcome(TypedDict):
    """What became of a command that was done. Which of the other fields there are depends on the command."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    status: Literal["done"]
    state: Annotated[NotRequired[str], Field(description="the new state")]
    id: Annotated[NotRequired[str], Field(description="of an issue that was registered")]
    number: Annotated[NotRequired[str], Field(description="of an issue that was registered")]
    due_at: Annotated[NotRequired[str], Field(description="the promised instant")]
    due_on: Annotated[NotRequired[str], Field(description="the promised date in Shanghai")]
    provisional_because: Annotated[NotRequired[str | None], Field(description="why that date may still move")]
    assignment: Annotated[NotRequired[str], Field(description="which piece of work of which department")]
    department: NotRequired[str]
    round: Annotated[NotRequired[int], Field(description="of replies")]
    draft: Annotated[NotRequired[int], Field(description="the draft's number")]
    sha256: Annotated[NotRequired[str], Field(description="the draft's hash; whoever signs it names both")]
    serial: Annotated[NotRequired[int], Field(description="of a link")]
    link: Annotated[NotRequired[str], Field(description="the link itself; it is never shown again")]
    version: Annotated[
        NotRequired[str | int], Field(description="the version that was published, or of a reply its number")
    ]
    published: Annotated[
        NotRequired[str],
        Field(
            description="the newest event of this aggregate; in Qinqing-After another service waits for it"
        ),
    ]
    in_force_from: NotRequired[str]
    masked: Annotated[
        NotRequired[int],
        Field(description="how many phone and identity-card numbers were masked in what was sent"),
    ]
    unchanged: Annotated[NotRequired[bool], Field(description="whether it was so before")]
    person: Annotated[NotRequired[str], Field(description="the reference of a person")]
    known: Annotated[NotRequired[bool], Field(description="whether the phone was that person's before")]
    revision: Annotated[
        NotRequired[int], Field(description="of an enterprise: who changes it names this one")
    ]


class Pending(TypedDict):
    """A command that was taken and whose outcome is not known yet."""

    status: Literal["pending"]
    look: Annotated[str, Field(description="where the outcome is read later, as in Location")]


class Reading(TypedDict):
    """What a service knows of one aggregate: beside these, its state field by field."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    id: str
    version: Annotated[int, Field(description="how often it changed")]
    due: Annotated[
        dict[str, str] | None, Field(description="name and instant of what happens next by itself")
    ]


class Readings(TypedDict):
    """What a service knows of several aggregates; what is not there, or not for the asker to read, is left out."""

    found: list[Reading]


class Readiness(TypedDict):
    """Whether a service can do its work: what is missing, nothing when it is ready."""

    service: str
    missing: list[str]


def language_of(request: Request) -> str:
    """``en`` when English is wanted more than Chinese, or named first where both are wanted alike; else ``zh``."""
    best, most = "zh", 0.0
    for part in request.headers.get("accept-language", "").replace(" ", "").lower().split(","):
        tag, _, weight = part.partition(";q=")
        name = tag.partition("-")[0]
        if name in ("zh", "en") and (wanted := _weight(weight)) > most:
            best, most = name, wanted
    return best


def _weight(text: str) -> float:
    """A quality value of RFC 9110; what is none counts as 1."""
    try:
        return min(1.0, float(text))
    except ValueError:
        return 1.0


def problem(status: int, title: str, **more: Any) -> JSONResponse:
    """One RFC 9457 problem document."""
    return JSONResponse({"type": BLANK, "title": title, "status": status, **more}, status, media_type=PROBLEM)


def come_later(status: int, title: str, seconds: int) -> JSONResponse:
    """The problem document of what may be asked again after so many seconds."""
    response = problem(status, title)
    response.headers["Retry-After"] = str(seconds)
    return response


def refusal(reason: Reason, language: str, **more: Any) -> JSONResponse:
    """The problem document of one refusal, under the status of its reason."""
    status = STATUS.get(reason, CONFLICT)
    return problem(status, reason_text(reason, language), type=f"{REFUSED}{reason}", reason=reason, **more)


def answer(
    outcome: Mapping[str, Any] | None, request: Request, place: str, *, created: bool = False
) -> JSONResponse:
    """A command's outcome as HTTP: done, refused with its reason, or 202 with a place to look."""
    if outcome is None:
        return JSONResponse({"status": "pending", "look": place}, 202, headers={"Location": place})
    if outcome["status"] == "refused":
        more = {key: outcome[key] for key in ("detail", "legal") if outcome.get(key)}
        return refusal(Reason(outcome["reason"]), language_of(request), **more)
    return JSONResponse(dict(outcome), 201 if created else 200)


def place_of(subject: str, command: str) -> str:
    """Where the outcome of a command is read later."""
    path = KINDS[kind_of(subject)].path
    return f"/{path}/{quote(id_of(subject), safe='')}/outcomes?command={quote(command, safe='')}"
