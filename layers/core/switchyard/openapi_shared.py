"""What the operations of docs/openapi.json share: how to authenticate, headers, parameters, error answers."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from switchyard.domain.actors import SCOPES
from switchyard.domain.errors import (
    Busy,
    CrossSite,
    Cycle,
    FieldError,
    IdempotencyConflict,
    Invalid,
    MalformedBody,
    MissingScope,
    NotFound,
    PreconditionFailed,
    SwitchyardError,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    UnknownReference,
    WrongContentType,
)
from switchyard.http.models import Model
from switchyard.http.operation import Operation
from switchyard.http.reading import FENCE_DIGITS
from switchyard.http.request import Request
from switchyard.http.statuses import MethodNotAllowed
from switchyard.http.surface import Surface
from switchyard.store.idempotency import KEEP_SECONDS, KEY_MAX
from switchyard.surfaces.projects.run_stream import EVENT_ID

Json = dict[str, Any]

_SAMPLE_ID = "01981f5c-7a00-7000-8000-000000000001"
SAMPLE_REQUEST = Request("GET", "/path", "", {"host": "api.example"}, {}, "request-id", {})

# ---------------------------------------------------------------- refusals

_FIELD = FieldError("field", "is refused", "what would be right")
EVERY_ERROR: tuple[SwitchyardError, ...] = (
    Invalid(_FIELD),
    MalformedBody(_FIELD),
    Unauthorized(),
    MissingScope("tasks:read"),
    CrossSite(),
    NotFound(),
    MethodNotAllowed(("GET", "POST")),
    IdempotencyConflict("key"),
    PreconditionFailed(),
    TooLarge(),
    WrongContentType(),
    UnknownReference(_FIELD),
    Cycle("dependsOn", [_SAMPLE_ID, _SAMPLE_ID]),
    SwitchyardError(),
    TooManyRequests(60),
    Busy(),
)


def errors(operation: Operation) -> list[SwitchyardError]:
    """Return one of each kind of error that the operation can answer with."""
    has_path = any("{" in path for path in operation.paths)
    # Who signs in shows who they are in the body.
    signs_in = operation.public and (operation.body or operation.query) is not None
    # Where the query may name the workspace, it is read.
    reads_query = operation.query is not None or operation.surface.workspace_parameter is not None
    needs = {
        Invalid: bool(operation.body or reads_query or has_path or operation.keyed),
        MalformedBody: bool(operation.body),
        Unauthorized: signs_in or not operation.public,
        MissingScope: bool(operation.scopes),
        CrossSite: signs_in or not operation.public,
        # Under another method of the path; what always answers 405 says so itself.
        MethodNotAllowed: operation.status != HTTPStatus.METHOD_NOT_ALLOWED,
        # Query and body may name what is not there, too, and a token may belong to a tenant that is not.
        NotFound: has_path or not operation.public or operation.surface.workspace_parameter is not None,
        IdempotencyConflict: operation.keyed,
        PreconditionFailed: changes_versions(operation),
        TooLarge: bool(operation.body),
        WrongContentType: bool(operation.body),
        UnknownReference: bool(operation.body) and operation.keyed,
        Cycle: bool(operation.body) and operation.keyed,
        TooManyRequests: signs_in or not operation.public,
        Busy: signs_in or not operation.public,
    }
    return [error for error in EVERY_ERROR if needs.get(type(error), True)]


def changes_versions(operation: Operation) -> bool:
    return operation.versioned and operation.method in ("PATCH", "PUT", "DELETE")


def changes_tasks(operation: Operation) -> bool:
    return operation.keyed and "tasks:write" in operation.scopes


def takes_scope(operation: Operation) -> bool:
    """Return whether a request of the operation may put tracks into projects."""
    fields = operation.body.model_fields if operation.body and operation.keyed else {}
    inner = [getattr(each.annotation, "model_fields", {}) for each in fields.values()]
    scopes = [each["scope"] for each in (fields, *inner) if "scope" in each]
    return any("ids" in getattr(scope.annotation, "model_fields", {}) for scope in scopes)


def refusals(surfaces: Iterable[Surface], schemas: dict[type[Model], Json]) -> Json:
    """Return the error answers of each surface by status, as the surface itself words them: as JSON, or as pages."""
    found: Json = {}
    for surface in surfaces:
        for error in EVERY_ERROR:
            status, headers, body = surface.refuse(error, SAMPLE_REQUEST)
            response = found.setdefault(refusal_name(surface, status), _refusal(headers))
            titles = [*filter(None, response["description"].split("; ")), error.title]
            response["description"] = "; ".join(dict.fromkeys(titles))
            media = headers["content-type"].partition(";")[0]
            schema = schemas[surface.error] if surface.error else {"type": "string"}
            content = response["content"].setdefault(media, {"schema": schema, "examples": {}})
            content["examples"][error.code] = {"value": json.loads(body) if surface.error else body}
    return found


def _refusal(headers: Any) -> Json:
    shown = [name for name in HEADERS if name.lower() in headers or name == "X-Request-Id"]
    return {
        "description": "",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in shown},
        "content": {},
    }


def refusal_name(surface: Surface, status: int) -> str:
    return f"{surface.name}-{status}"


def bearer() -> Json:
    scopes = "\n".join(f"- `{name}`: {opens}" for name, opens in SCOPES.items())
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sy_…",
        "description": f"An access token. One of an operation's requirements is enough, with all its scopes:\n{scopes}",
    }


def _text_header(description: str, **schema: Any) -> Json:
    return {"description": description, "schema": {"type": "string", **schema}}


HEADERS: Json = {
    "Allow": _text_header("The methods of the path."),
    "X-Request-Id": _text_header("Names the request in logs and in the audit trail."),
    "ETag": _text_header(
        "Of one track its version, for If-Match; of any other answer to a GET a hash of it, for If-None-Match.",
        pattern='^"[0-9a-f]+"$',
    ),
    "Idempotency-Replayed": _text_header(
        "Present when the answer is the first one to this Idempotency-Key.", const="true"
    ),
    "Dependencies-Overruled": _text_header(
        "Open prerequisites that the caller, a person, overruled by beginning or completing the task."
    ),
    "Projects-Unknown": _text_header(
        "Ids in the scope that no project has: a List of Strings (RFC 9651), with the `id` of the project of that name "
        "as their parameter. A tenant's setting refuses such requests instead."
    ),
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "X-Should-Retry": _text_header("The same request would be refused again.", const="false"),
    "WWW-Authenticate": _text_header("How to authenticate (RFC 6750)."),
    "X-Amzn-Remapped-WWW-Authenticate": _text_header("The same, under the name that API Gateway gives it."),
}

PARAMETERS: Json = {
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "ETags, separated by commas, or `*`: the change is refused with 412 unless one is the track's.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "ETags, separated by commas: 304 without a body when the answer has one of them.",
        "schema": {"type": "string"},
    },
    "ClaimFence": {
        "name": "Claim-Fence",
        "in": "header",
        "description": (
            "The fence of the lease under which the caller changes a claimed task: refused with 409 when that lease "
            "is over. It counts for every existing task that the request changes."
        ),
        "schema": {"type": "integer", "minimum": 0, "maximum": 10**FENCE_DIGITS - 1},
    },
    "LastEventId": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The id of the last event that the client has: what came after it follows.",
        "schema": {"type": "string", "pattern": f"^{EVENT_ID}$"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes a repeated request harmless: the first final answer is given again for "
            f"{KEEP_SECONDS // 3600} hours. With another request the same key is refused. One key space per actor."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    },
    **{
        name: {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in {
            "webhook-id": "Id of the event, the same on every attempt.",
            "webhook-timestamp": "When this attempt was made: seconds since the epoch.",
            "webhook-signature": "Signatures by the endpoint's secrets (Standard Webhooks), separated by spaces.",
            "x-correlation-id": "Finds every log line about what led to the event.",
        }.items()
    },
}
