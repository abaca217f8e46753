"""The parameters of an operation in docs/openapi.json, and how its lists are paged."""

import re
from itertools import pairwise
from typing import Any

from switchyard import openapi_examples
from switchyard.http.models import Model
from switchyard.http.operation import Operation
from switchyard.openapi_shared import changes_tasks, changes_versions
from switchyard.surfaces.projects.run_stream import EVENT_STREAM

Json = dict[str, Any]

#: What a parameter of a path is, by what stands before it there. A test names those that are missing.
PATHS = {
    "agents/{id}": "Id of the agent.",
    "schedules/{id}": "UUID of the schedule.",
    "unsubscribe/{secret}": "What the link in a mail ends with: whose mails end, and their secret.",
    "feeds/{feed}": "Id of the feed to revoke; to read one, the secret of its address and `.ics`.",
    "imports/{id}": "Id of the import.",
    "console/{screen}": "Which screen to open.",
    "{screen}/{id}": "Id of what the screen shows.",
    "{id}/{part}": "Which part of it to show.",
    "deliveries/{deliveryId}": "Id of the delivery: `delivery_` and a UUID.",
    "executions/{id}": "Id of the execution: `exec_`, the task's UUID, a dot and the run's UUID.",
    "objectives/{objectiveId}": "Id of the objective: `obj_` and a UUID, or the UUID alone.",
    "push_tokens/{device_id}": "UUID of the device, as registering it answered.",
    "projects/{project}": (
        "Number or UUID of a project, `@current` for the tenant's first, or `-` for whichever the task is in."
    ),
    "projects/{id}": "UUID of the project.",
    "run_logs/{address}": "Signed address of the run's log, as the run's `log_url` has it; good for an hour.",
    "comments/{comment_id}": "UUID of the comment.",
    "questions/{question_id}": "UUID of the question.",
    "runs/{run_id}": "UUID of the run.",
    "runs/{task_id}": "UUID of the task that the run is an attempt at.",
    "{task_id}/{run_id}": "UUID of the run.",
    "sessions/{id}": "UUID of the session.",
    "tasks/{id}": "Id of the task, in any surface's form: a UUID, or `task_` and a UUID.",
    "tasks/{task_id}": "Id of the task, in any surface's form: a UUID, or `task_` and a UUID.",
    "tokens/{id}": "UUID of the token, which is not the secret.",
    "tracks/{id}": "UUID of the task or goal.",
    "users/{user}": "`@me`: any other user is refused.",
    "webhooks/{id}": "Id of the endpoint: `hook_` and a UUID.",
    "workspaces/{workspaceId}": "UUID of the workspace, which is the token's own tenant: any other is not found.",
}


def parameters(operation: Operation, path: str, schemas: dict[type[Model], Json]) -> list[Json]:
    """Return what an operation takes beside its body."""
    found = [_in_path(operation, before, name) for before, name in in_path(path)]
    if operation.query:
        schema = schemas[operation.query]
        required = schema.get("required", ())
        asked = openapi_examples.of_query(operation)
        for name, each in schema["properties"].items():
            shown = {"example": asked[name]} if name in asked else {}
            found.append(_in_query(name, each, name in required) | shown)
    if operation.surface.workspace_parameter:
        workspace = {"type": "string", "description": "The token's own workspace; any other is not found."}
        found.append(_in_query(operation.surface.workspace_parameter, workspace, required=False))
    if operation.media == EVENT_STREAM:
        found.append(_shared("LastEventId"))
    if changes_versions(operation):
        found.append(_shared("IfMatch"))
    if operation.method == "GET" and operation.reply and not operation.versioned:
        found.append(_shared("IfNoneMatch"))
    if operation.keyed:
        found.append(_shared("IdempotencyKey"))
    if changes_tasks(operation):
        found.append(_shared("ClaimFence"))
    return found


def in_path(path: str) -> list[tuple[str, str]]:
    """Return the parameters of a path, each with what stands before it: `tasks`, or another parameter."""
    found = []
    for before, part in pairwise(path.split("/")):
        for name in re.findall(r"\{(\w+)\+?\}", part):
            found.append((before, name))
    return found


def _shared(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _in_path(operation: Operation, before: str, name: str) -> Json:
    made: Json = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if text := PATHS.get(f"{before}/{{{name}}}"):
        made["description"] = text
    if (example := openapi_examples.of_path(operation, name)) is not None:
        made["example"] = example
    return made


def _in_query(name: str, schema: Json, required: bool) -> Json:
    said = " ".join(each for each in (schema.get("description"), _LISTED[schema.get("type") == "array"]) if each)
    shown = {key: value for key, value in schema.items() if key != "description"}
    made: Json = {"name": name, "in": "query", "schema": shown}
    if said:
        made["description"] = said
    if required:
        made["required"] = True
    if schema.get("type") == "array":
        made |= {"style": "form", "explode": True}
    return made


_LISTED = {True: "Repeat it, or separate values by commas.", False: None}


def paging(operation: Operation, schemas: dict[type[Model], Json], components: Json) -> Json | None:
    """Return how a list goes on: the parameters that ask for a page, and where its answer has entries and the next."""
    if not operation.query or not operation.reply:
        return None
    asked = schemas[operation.query]["properties"].keys()
    if "limit" not in asked:
        return None
    by = {"limit": "limit"} | {name: name for name in ("cursor", "offset") if name in asked}
    shown = components.get(schemas[operation.reply].get("$ref", "").rpartition("/")[2], {})
    if shown.get("type") == "array" and "cursor" not in asked:
        return {**by, "entries": "$"}
    if shown.get("type") == "array":
        return {**by, "entries": "$", "next": "the header Link, rel=next"}
    names = shown.get("properties", {})
    entries = next((name for name in ("items", "results", "data", "tasks") if name in names), None)
    follow = next((name for name in ("nextCursor", "next_cursor", "next") if name in names), None)
    if follow is None and "pagination" in names:
        follow = "pagination.nextCursor"
    return {**by, "entries": f"$.{entries}", "next": f"$.{follow}"} if entries and follow else None
