"""What is made from the endpoints themselves: `make openapi` (`python -m switchyard.openapi`).

Writes docs/openapi.json, the routes in template.yaml, the table of $default and MCP's tool list; with `--check` writes
nothing and exits with 1 when one of them is stale.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from switchyard import __version__, openapi_examples, routes
from switchyard.catalogue import ROOT, endpoints
from switchyard.http.models import Model
from switchyard.http.operation import Operation
from switchyard.http.request import BODY_MAX, FORM
from switchyard.mcp import listing
from switchyard.openapi_parameters import paging, parameters
from switchyard.openapi_schemas import published
from switchyard.openapi_shared import (
    HEADERS,
    PARAMETERS,
    SAMPLE_REQUEST,
    bearer,
    changes_tasks,
    errors,
    refusal_name,
    refusals,
    takes_scope,
)
from switchyard.store.idempotency import KEEP_SECONDS
from switchyard.surfaces.pool.payload_models import EVENTS
from switchyard.surfaces.projects.run_stream import EVENT_STREAM

Json = dict[str, Any]

PATH = ROOT / "docs" / "openapi.json"


def document(operations: Iterable[Operation]) -> Json:
    """Return the OpenAPI 3.1 document of the operations."""
    found = list(operations)
    schemas, components = published(found)
    paths: dict[str, Json] = {}
    for operation in found:
        for position, path in enumerate(operation.paths):
            described = _operation(operation, path, schemas)
            if pages := paging(operation, schemas, components):
                described["x-pagination"] = pages
            if position:  # another form of the same path: each has an id of its own
                described["operationId"] += f"_{position + 1}"
            paths.setdefault(path, {})[operation.method.lower()] = described
    surfaces = dict.fromkeys(operation.surface for operation in found)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchyard",
            "version": __version__,
            "description": (
                "One ledger of work for AI agents and people: several task APIs over one set of records. "
                'A path may end in "/": it is answered like the one without. HEAD is answered like GET without the '
                "body, and OPTIONS with the methods of the path. An empty query parameter says as much as one left out."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(surface.name for surface in surfaces)],
        "paths": dict(sorted(paths.items())),
        "webhooks": {kind: _webhook(kind, schemas[model]) for kind, model in EVENTS.items()},
        "components": {
            "securitySchemes": {"bearer": bearer()},
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "responses": refusals(surfaces, schemas),
            "schemas": components,
        },
    }


# ---------------------------------------------------------------- one operation


def _operation(operation: Operation, path: str, schemas: dict[type[Model], Json]) -> Json:
    described: Json = {
        "operationId": operation.name.replace(".", "_"),
        "tags": [operation.surface.name],
        "summary": operation.summary.rstrip("."),
        "parameters": parameters(operation, path, schemas),
        "responses": _responses(operation, schemas),
        "security": [] if operation.public else _security(operation),
    }
    if operation.keyed:
        described["x-idempotency"] = {"header": "Idempotency-Key", "seconds": KEEP_SECONDS}
    if operation.body:
        content: Json = {"schema": schemas[operation.body]}
        if (example := openapi_examples.of_body(operation)) is not None:
            content["example"] = example
        described["requestBody"] = {
            "required": not operation.body_optional,
            "description": f"At most {BODY_MAX} bytes. Unknown fields are {_unknown_fields(operation.body)}.",
            "content": {FORM if operation.form else "application/json": content},
        }
    return described


def _security(operation: Operation) -> list[Json]:
    return [{"bearer": [scope, *operation.also]} for scope in operation.scopes] or [{"bearer": []}]


def _unknown_fields(body: type[Model]) -> str:
    return "ignored" if body.model_config.get("extra") == "ignore" else "refused"


def _responses(operation: Operation, schemas: dict[type[Model], Json]) -> Json:
    names = ["X-Request-Id"]
    names += ["ETag"] if operation.reply and (operation.versioned or operation.method == "GET") else []
    names += ["Idempotency-Replayed"] if operation.keyed else []
    names += ["Dependencies-Overruled"] if changes_tasks(operation) else []
    names += ["Projects-Unknown"] if takes_scope(operation) else []
    answer: Json = {
        "description": operation.summary,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if operation.reply:
        content: Json = {"schema": schemas[operation.reply]}
        if (example := openapi_examples.of_answer(operation)) is not None:
            content["example"] = example
        answer["content"] = {"application/json": content}
    if operation.media:
        # OpenAPI 3.1 has no words for events of a stream.
        schema = {} if operation.media == EVENT_STREAM else {"schema": {"type": "string"}}
        answer["content"] = {operation.media: schema}
    responses = {str(operation.status): answer}
    if operation.method == "GET" and operation.reply and not operation.versioned:
        responses["304"] = {"description": _EMPTY[304], "headers": answer["headers"]}
    if operation.empty:
        responses[str(operation.empty)] = {"description": _EMPTY[operation.empty], "headers": answer["headers"]}
    for error in errors(operation):
        status, _, _ = operation.surface.refuse(error, SAMPLE_REQUEST)
        responses[str(status)] = {"$ref": f"#/components/responses/{refusal_name(operation.surface, status)}"}
    return dict(sorted(responses.items()))


def _webhook(kind: str, schema: Json) -> Json:
    """Return what is posted to the endpoints of a tenant when a task, a goal or a run changed."""
    content: Json = {"schema": schema}
    if kind == "task":
        content["example"] = openapi_examples.of_webhook()
    signed = ("webhook-id", "webhook-timestamp", "webhook-signature", "x-correlation-id")
    described = {
        "operationId": f"{kind}_changed",
        "tags": ["pool"],
        "summary": f"A {kind} changed: posted to the endpoints that want its events",
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in signed],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "Taken. Anything else is tried again, for about a day."},
            "410": {"description": "Not wanted any more: the endpoint is disabled."},
        },
        "security": [],
    }
    return {"post": described}


#: What an answer without a body means, by its status.
_EMPTY = {
    202: "Accepted; the answer has no body.",
    204: "There is none.",
    304: "The client has it already, as If-None-Match says.",
    303: "What was asked for is at the URL in the header Location.",
}


def rendered() -> str:
    """Return the text of docs/openapi.json as it should be."""
    made = document(endpoint.operation for endpoint in endpoints())
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def files(root: Path = ROOT) -> dict[Path, str]:
    """Return every file that is made here, with the text that it should have."""
    operations = [endpoint.operation for endpoint in endpoints()]
    template = root / "template.yaml"
    return {
        root / "docs/openapi.json": rendered(),
        root / "functions/service/answer_unmatched/routes.json": routes.table(operations),
        **{root / path.relative_to(ROOT): text for path, text in listing.files().items()},
        template: routes.placed(template.read_text(encoding="utf-8"), routes.body(operations)),
    }


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write the files, or check them; returns the exit status."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m switchyard.openapi [--check]", file=sys.stderr)
        return 2
    try:
        made = files(root)
    except routes.MarkersMissing as error:
        print(error, file=sys.stderr)
        return 1
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if arguments:
        for path in stale:
            print(f"{path.relative_to(root)} is stale: run make openapi", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
