"""The OpenAPI documents name every status and problem type, for all routes from one table, and the headers we read."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from shared.after import HEADER
from shared.answers import BLANK, CONFLICT, PROBLEM, REFUSED, STATUS, CommandOutcome, Pending, Problem
from shared.domain.decisions import Reason

JSON = "application/json"
SAYS = {
    200: "Done",
    201: "Done: registered",
    202: "Taken; the outcome is not known yet and is read later at the place in Location",
    400: "The body is no JSON that everybody reads alike",
    401: "Nobody is signed in: bring the token of a person of this deployment",
    403: "Not for this role or person, or sent by another site's page",
    404: "There is no such thing",
    409: "Not possible in its present state",
    413: "The body is too large",
    415: "The body is not called application/json, or a file of a kind that is not taken",
    421: "Sent to the name of another host",
    422: "A field, parameter or header is wrong, or the content is not acceptable",
    429: "Too many tries; Retry-After says for how many seconds",
    500: "Handling failed; it was set aside for an operator",
    503: "The store or the bus did not answer: ask again; under the same Idempotency-Key a command is the same one",
}
AFTER = (
    "A command's outcome says in `published` how far its aggregate has published, such as `/huzhou/intake=5`. "
    f"A command about the same thing that brings this as `{HEADER}` waits until it is known here; after two seconds "
    "the answer is 409 with Retry-After, and the same request may be sent again."
)
OF_COMMANDS = (202, 403, 404, 409, 422, 500, 503)
"""How a command may be answered beside that it was done, and so the question for its outcome."""
OF_BODIES = (400, 413, 415, 422)
OF_LINKS = (403, 404, 429, 503)
"""How it may be answered that somebody brings a link."""
ACTING = ("commands", "operators")
"""Tags of the routes by which somebody asks for a change, or for what became of it."""
PEOPLE = "people"
"""The tag of the routes that show who somebody is, by right alone."""


SHAPES = {shape.__name__: TypeAdapter(shape) for shape in (Problem, CommandOutcome, Pending)}


def name_answers(app: FastAPI) -> None:
    """Let the application's OpenAPI document name every status with its shape, and the headers that are read."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = written()  # FastAPI keeps this very object
            document["info"]["description"] = AFTER
            shapes = document.setdefault("components", {}).setdefault("schemas", {})
            for own in ("HTTPValidationError", "ValidationError"):  # what nothing here answers
                shapes.pop(own, None)
            shapes |= _definitions()
            for operation in _operations(document):
                _name(*operation)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _definitions() -> dict[str, Any]:
    inputs = [(name, "serialization", shape) for name, shape in SHAPES.items()]
    _, definitions = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return dict(definitions["$defs"])


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _name(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add to one operation what may be answered, by its tag, its parameters and its body."""
    tag, responses = operation["tags"][0], operation["responses"]
    responses.pop("422", None)  # FastAPI's own shape
    if tag == "commands":
        (done,) = responses
        responses[done] = _response(int(done), JSON, _ref("CommandOutcome"))
    if tag in ACTING:
        location = {"Location": {"required": True, "schema": {"type": "string"}}}
        responses["202"] = {**_response(202, JSON, _ref("Pending")), "headers": location}
    if tag in (*ACTING, PEOPLE) and method == "post":
        operation.setdefault("parameters", []).extend(_headers())
    statuses = {403, 500} | ({404} if "{" in path else set())
    statuses |= {422} if operation.get("parameters") else set()
    statuses |= {401} if operation.get("security") else set()
    statuses |= set() if tag == "operations" else {421}
    statuses |= {*OF_COMMANDS} if tag in ACTING else set()
    statuses |= {409} if tag == PEOPLE or (method == "post" and "{id}" in path) else set()
    statuses |= {503} if tag in ("reading", "attachments", "alerts", PEOPLE) else set()
    statuses |= {429} if (tag, method) == ("attachments", "post") else set()
    statuses |= {*OF_LINKS} if tag == "links" else set()
    statuses |= {*OF_BODIES} if method == "post" else set()
    for status in sorted(statuses):
        responses.setdefault(str(status), _response(status, PROBLEM, _problem_of(status)))


def _headers() -> list[dict[str, Any]]:
    return [
        {"name": "Accept-Language", "in": "header", "description": "zh or en", "schema": {"type": "string"}},
    ]


def _problem_of(status: int) -> dict[str, Any]:
    """The problem document under one status: which types and reasons it may have is a closed list."""
    reasons = [reason.value for reason in Reason if STATUS.get(reason, CONFLICT) == status]
    reasons += [Reason.MALFORMED.value] if status == 400 else []
    said: dict[str, Any] = {
        "status": {"const": status},
        "type": {"enum": [BLANK, *[f"{REFUSED}{reason}" for reason in reasons]]},
        "reason": {"enum": reasons} if reasons else False,
    }
    return {"allOf": [_ref("Problem"), {"properties": said}]}


def _response(status: int, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": SAYS[status], "content": {media_type: {"schema": schema}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
