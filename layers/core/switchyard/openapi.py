"""The OpenAPI description of the whole service, made from the endpoints themselves: `python -m switchyard.openapi`.

Writes docs/openapi.json; with `--check` writes nothing and exits with 1 when that file is stale.
"""

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from switchyard import __version__
from switchyard.catalogue import ROOT, endpoints
from switchyard.domain.actors import SCOPES
from switchyard.domain.errors import (
    Busy,
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
    Unauthorized,
    UnknownReference,
    WrongContentType,
)
from switchyard.http.operation import Operation
from switchyard.http.request import BODY_MAX, Request
from switchyard.http.surface import Surface
from switchyard.store.idempotency import KEEP_SECONDS, KEY_MAX

Json = dict[str, Any]

PATH = ROOT / "docs" / "openapi.json"

_SAMPLE_ID = "01981f5c-7a00-7000-8000-000000000001"
_SAMPLE_REQUEST = Request("GET", "/path", "", {"host": "api.example"}, {}, "request-id", {})


def document(operations: Iterable[Operation]) -> Json:
    """Return the OpenAPI 3.1 document of the operations."""
    found = list(operations)
    schemas, components = _schemas(found)
    paths: dict[str, Json] = {}
    for operation in found:
        for position, path in enumerate(operation.paths):
            described = _operation(operation, path, schemas)
            if position:  # another spelling of the same path: an operationId is given once
                del described["operationId"]
            paths.setdefault(path, {})[operation.method.lower()] = described
    surfaces = {operation.surface.name: operation.surface for operation in found}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchyard",
            "version": __version__,
            "description": "One ledger of work for AI agents and people: several task APIs over one set of records.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in surfaces],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"bearer": _bearer()},
            "headers": _HEADERS,
            "parameters": _PARAMETERS,
            "responses": _refusals(surfaces.values(), schemas),
            "schemas": components,
        },
    }


# ---------------------------------------------------------------- schemas


class _Schemas(GenerateJsonSchema):
    """No titles that repeat a field's name, and no defaults that only mean `left out`."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base's signature
        return False

    def default_schema(self, schema: Any) -> Json:
        shown = super().default_schema(schema)
        if not shown.get("default"):
            shown.pop("default", None)
        return shown


def _schemas(operations: Iterable[Operation]) -> tuple[dict[type[BaseModel], Json], Json]:
    """Return a reference for each model (the schema itself for queries), and the components they refer to."""
    modes: dict[type[BaseModel], Any] = {}
    queries = set()
    for operation in operations:
        for model in (operation.body, operation.query):
            if model:
                modes[model] = "validation"
        for model in (operation.reply, operation.surface.error):
            if model:
                modes[model] = "serialization"
        if operation.query:
            queries.add(operation.query)
    wanted = sorted(modes.items(), key=lambda item: (item[0].__module__, item[0].__name__))
    made, definitions = models_json_schema(
        wanted, ref_template="#/components/schemas/{model}", schema_generator=_Schemas
    )
    references: dict[Any, Json] = {model: schema for (model, _), schema in made.items()}
    components = definitions["$defs"]
    for query in queries:
        references[query] = components.pop(references[query]["$ref"].rpartition("/")[2])
    return references, dict(sorted(components.items()))


# ---------------------------------------------------------------- one operation


def _operation(operation: Operation, path: str, schemas: dict[type[BaseModel], Json]) -> Json:
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.surface.name],
        "summary": operation.summary.rstrip("."),
        "parameters": _parameters(operation, path, schemas),
        "responses": _responses(operation, schemas),
        "security": [] if operation.public else [{"bearer": [scope]} for scope in operation.scopes] or [{"bearer": []}],
    }
    if operation.body:
        content = {"application/json": {"schema": schemas[operation.body]}}
        described["requestBody"] = {
            "required": not operation.body_optional,
            "description": f"At most {BODY_MAX} bytes. Unknown fields are {_unknown_fields(operation.body)}.",
            "content": content,
        }
    return described


def _unknown_fields(body: type[BaseModel]) -> str:
    return "ignored" if body.model_config.get("extra") == "ignore" else "refused"


def _parameters(operation: Operation, path: str, schemas: dict[type[BaseModel], Json]) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\+?\}", path)
    ]
    if operation.query:
        schema = schemas[operation.query]
        required = schema.get("required", ())
        found += [_query(name, each, name in required) for name, each in schema["properties"].items()]
    if operation.surface.workspace_parameter:
        workspace = _query(operation.surface.workspace_parameter, {"type": "string"}, required=False)
        found.append(workspace | {"description": "The token's own workspace; any other is not found."})
    if _changes_versions(operation):
        found.append({"$ref": "#/components/parameters/IfMatch"})
    if operation.keyed:
        found.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if operation.keyed and "tasks:write" in operation.scopes:
        found.append({"$ref": "#/components/parameters/ClaimFence"})
    return found


def _query(name: str, schema: Json, required: bool) -> Json:
    parameter: Json = {"name": name, "in": "query", "schema": schema}
    if required:
        parameter["required"] = True
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": True, "description": "Repeat it, or separate values by commas."}
    return parameter


def _changes_versions(operation: Operation) -> bool:
    return operation.versioned and operation.method in ("PATCH", "PUT", "DELETE")


def _responses(operation: Operation, schemas: dict[type[BaseModel], Json]) -> Json:
    names = ["X-Request-Id"]
    names += ["ETag"] if operation.versioned and operation.reply else []
    names += ["Idempotency-Replayed"] if operation.keyed else []
    answer: Json = {
        "description": operation.summary,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if operation.reply:
        answer["content"] = {"application/json": {"schema": schemas[operation.reply]}}
    if operation.media:
        answer["content"] = {operation.media: {"schema": {"type": "string"}}}
    responses = {str(operation.status): answer}
    if operation.empty:
        responses[str(operation.empty)] = {"description": _EMPTY[operation.empty], "headers": answer["headers"]}
    for error in _errors(operation):
        status, _, _ = operation.surface.refuse(error, _SAMPLE_REQUEST)
        responses[str(status)] = {"$ref": f"#/components/responses/{_refusal_name(operation.surface, status)}"}
    return dict(sorted(responses.items()))


#: What an answer without a body means, by its status.
_EMPTY = {
    202: "Taken without an answer.",
    204: "There is none.",
    303: "It is too large for this answer: read it from the URL in the header Location.",
}

# ---------------------------------------------------------------- refusals

_FIELD = FieldError("field", "is refused", "what would be right")
_EVERY_ERROR: tuple[SwitchyardError, ...] = (
    Invalid(_FIELD),
    MalformedBody(_FIELD),
    Unauthorized(),
    MissingScope("tasks:read"),
    NotFound(),
    IdempotencyConflict("key"),
    PreconditionFailed(),
    TooLarge(),
    WrongContentType(),
    UnknownReference(_FIELD),
    Cycle("dependsOn", [_SAMPLE_ID, _SAMPLE_ID]),
    SwitchyardError(),
    Busy(),
)


def _errors(operation: Operation) -> list[SwitchyardError]:
    """Return one of each kind of error that the operation can answer with."""
    has_path = any("{" in path for path in operation.paths)
    needs = {
        Invalid: bool(operation.body or operation.query or has_path or operation.keyed),
        MalformedBody: bool(operation.body),
        Unauthorized: not operation.public,
        MissingScope: bool(operation.scopes),
        NotFound: has_path or operation.surface.workspace_parameter is not None,
        IdempotencyConflict: operation.keyed,
        PreconditionFailed: _changes_versions(operation),
        TooLarge: bool(operation.body),
        WrongContentType: bool(operation.body),
        UnknownReference: bool(operation.body) and operation.keyed,
        Cycle: bool(operation.body) and operation.keyed,
        Busy: not operation.public,
    }
    return [error for error in _EVERY_ERROR if needs.get(type(error), True)]


def _refusals(surfaces: Iterable[Surface], schemas: dict[type[BaseModel], Json]) -> Json:
    """Return the error answers of each surface by status, as the surface itself words them."""
    found: Json = {}
    for surface in surfaces:
        for error in _EVERY_ERROR:
            status, headers, body = surface.refuse(error, _SAMPLE_REQUEST)
            name = _refusal_name(surface, status)
            if name not in found:
                found[name] = _refusal(surface, headers, schemas)
            response = found[name]
            response["description"] = "; ".join(filter(None, (response["description"], error.title)))
            (content,) = response["content"].values()
            content["examples"][error.code] = {"value": json.loads(body)}
    return found


def _refusal(surface: Surface, headers: Any, schemas: dict[type[BaseModel], Json]) -> Json:
    shown = [name for name in _HEADERS if name.lower() in headers or name == "X-Request-Id"]
    content: Json = {"schema": schemas[surface.error] if surface.error else {}, "examples": {}}
    return {
        "description": "",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in shown},
        "content": {headers["content-type"]: content},
    }


def _refusal_name(surface: Surface, status: int) -> str:
    return f"{surface.name}-{status}"


# ---------------------------------------------------------------- what all operations share


def _bearer() -> Json:
    scopes = "\n".join(f"- `{name}`: {opens}" for name, opens in SCOPES.items())
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sy_…",
        "description": f"An access token. Any one of an operation's scopes is enough:\n{scopes}",
    }


def _text_header(description: str, **schema: Any) -> Json:
    return {"description": description, "schema": {"type": "string", **schema}}


_HEADERS: Json = {
    "X-Request-Id": _text_header("Names the request in logs and in the audit trail."),
    "ETag": _text_header("The track's version, in quotes, for If-Match.", pattern='^"[0-9]+"$'),
    "Idempotency-Replayed": _text_header(
        "Present when the answer is the first one to this Idempotency-Key.", const="true"
    ),
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "X-Should-Retry": _text_header("Tells a client that the same request will be refused again.", const="false"),
    "WWW-Authenticate": _text_header("How to authenticate (RFC 6750)."),
}

_PARAMETERS: Json = {
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "ETags, separated by commas, or `*`: the change is refused with 412 unless one is the track's.",
        "schema": {"type": "string"},
    },
    "ClaimFence": {
        "name": "Claim-Fence",
        "in": "header",
        "description": (
            "The fence of the lease under which the caller changes a claimed task: refused with 409 when that lease "
            "is over. It counts for every existing task that the request changes."
        ),
        "schema": {"type": "integer", "minimum": 0},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes a repeated request harmless: the first final answer is given again for "
            f"{KEEP_SECONDS // 3600} hours. With another request the same key is refused. One key space per actor."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX},
    },
}


def rendered() -> str:
    """Return the text of docs/openapi.json as it should be."""
    made = document(endpoint.operation for endpoint in endpoints())
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the document, or check it; returns the exit status."""
    text = rendered()
    if arguments == ["--check"]:
        fresh = PATH.exists() and PATH.read_text(encoding="utf-8") == text
        if not fresh:
            print("docs/openapi.json is stale: run python -m switchyard.openapi", file=sys.stderr)
        return 0 if fresh else 1
    if arguments:
        print("usage: python -m switchyard.openapi [--check]", file=sys.stderr)
        return 2
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
