"""docs/openapi.json against the handlers: what it allows is taken, what it forbids is refused, answers are as told.

Schemathesis makes the requests: the bounds of each parameter and field, both sides of them (coverage), and mixtures of
them (fuzzing). They are the same in each run. Paths carry the ids of records that are there, so that requests get past
the 404.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from switchyard.aws.objects import ObjectStore
from switchyard.http.operation import Operation
from switchyard.store.table import Table
from switchyard.surfaces.projects.inputs import Paging
from tests.api.conftest import Caller
from tests.support import world
from tests.support.http import route
from tests.support.openapi import openapi
from tests.support.samples import sample
from tests.support.wsgi import application

CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        # The requests carry a token of their own; other tests leave it out.
        "generation": {"deterministic": True, "max-examples": 5, "no-shrink": True, "with-security-parameters": False},
        "phases": {"examples": {"enabled": False}, "stateful": {"enabled": False}},
        # What is well formed may still be refused for what the ledger holds: 412 for a version, 422 for a reference.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "303", "403", "404", "409", "412", "422"]},
        },
    }
)
schema = schemathesis.openapi.from_dict(openapi(), config=CONFIG)
schema.app = application

#: Words of answers 400 to requests that fit their schema: rules for which JSON Schema has no words.
RULES = (
    # Values that only an earlier answer gives.
    "is damaged, or belongs to another list",
    "Artifact storage path is invalid for this",
    "Invalid resume_from_run_id",
    "Invalid sandbox_environment_id",
    "Some pending_user_artifact_ids are invalid",
    "has no checksum: prepare its upload with checksum_sha256",
    # The state of the record.
    "No active sandbox for this task run",
    "Run is already active in cloud",
    "only a completed task has one",
    "A relationship needs a signal_report",
    "A run has at most",
    # Several parameters of a query, or several fields, together.
    "is given with a bound of the due date",
    "lies before",
    "is a filter for",
    "is given with a page",
    "is given with the scope personal",
    "is personal and names projects",
    "names no project",
    "both related_resource_type and related_resource_id, or neither",
    "differs from the one in the query",
    "has only one of type and id",
    "has both task and goal",
    "a task has no goal object",
    "a goal has no task object",
    r"has \d+ drafts",
    "external ids",
    "is used twice",
    "is given with other filters",
    "is given for a track that is not done",
    "is before createdAt",
    r"status: .{1,50} is unknown",
    "for runtime_adapter",
    "This field requires",
    "This field is required when selecting a cloud runtime.",
    "user_message requires content or artifact_ids",
    "is not a field of :cancel",
    # The same value in two spellings, the same file in two entries.
    "names a value twice",
    "is there twice",
    # What a text says: a time that is over, a host inside, what shows nothing.
    "is not a time in the future",
    "is not in the past",
    "stands for no time",
    "not public",
    "is blank",
    "names no way in, or two",
    "Invalid base64 content",
    "has more than 100 parameters",
    # When a schedule is due, and what of three things it begins.
    r"is no (expression|rate|time)",
    "has no occurrence in the future",
    "is due every",
    r"has '.{1,20}' as ",
    r"has \d+ fields",
    "has both a day of month",
    "is not after the start",
    r"says \d things to begin",
    "is allow for a goal",
    # What a rule of recurrence says.
    "has a part twice",
    "has numbered days of the week",
    "has no real date after UNTIL",
    "has no occurrence",
)

_RULES = re.compile("|".join(RULES))

#: Checks that are wrong about an operation, each with the reason.
WRONG = {
    # HTTP APIs choose a route by method and path: DELETE of /tasks/ready goes to /tasks/{id}, and Allow says so.
    checks.allow_header_conformance: {
        "GET /api/projects/{project}/tasks/repositories",
        "POST /api/projects/{project}/tasks/summaries",
        "GET /api/v1/tasks/ready",
        "POST /api/v1/tasks/claim",
        "POST /v1/tracks/apply",
        "POST /v1/tracks/search",
        "POST /api/users/{user}/push_tokens/unregister",
        # Methods that are described only to say that they are refused.
        "DELETE /mcp",
        "GET /mcp",
        "DELETE /mcp/search",
        "GET /mcp/search",
    },
    # A secret that nobody was given signs nobody in: 401.
    checks.positive_data_acceptance: {
        "DELETE /mcp",
        "GET /mcp",
        "DELETE /mcp/search",
        "GET /mcp/search",
        "POST /v1/session",
        # Nor do a client, a code, a refresh token or the proof of a form that nobody was given.
        "GET /oauth/authorize",
        "POST /oauth/authorize",
        "POST /oauth/token",
        "GET /v1/session/oidc/callback",
    },
}


#: Drafts of one request name each other by labels, and who signs in has a secret: what is generated never fits.
UNREACHED = frozenset({"planning.apply_tracks", "sessions.sign_in", "oauth.issue_tokens"})
#: Parameters that hardly any query may have which has all the others: left out of those that have the first.
EXCLUDED = {"pool.list_tasks": ("dueDateFrom", "sort")}
#: Fields of bodies that name what is there: the sample events have the ids and the paths of it.
NAMED = frozenset({"id", "name", "storage_path", "device_id", "taskId", "redirect_uris", "expression", "timeZone"})


class Prepared:
    """A tenant with the records that the sample events name, and a token."""

    def __init__(self, table: Table, bucket: ObjectStore, tenant: str, caller: Caller) -> None:
        world.build(table, tenant)
        world.build_files(bucket, tenant)
        self.headers, self.tenant = {"Authorization": f"Bearer {caller().token}"}, tenant
        #: The operation under test, and the statuses that it answered with.
        self.operation: Operation | None = None
        self.seen: set[int] = set()

    def place(self, operation: Operation, case: Any) -> None:
        """Put the ids of records in the path, where the case is not about a wrong path, and the key in one place."""
        if not case.meta.is_negative_at(ParameterLocation.PATH):
            known = sample(operation.name, tenant=self.tenant).get("pathParameters", {})
            # Where an operation has several paths, the sample is of the first.
            case.path_parameters = {**(case.path_parameters or {}), **known}
        if not case.meta.is_negative_at(ParameterLocation.QUERY) and operation.name in EXCLUDED:
            present, excluded = EXCLUDED[operation.name]
            if present in (case.query or {}):
                case.query.pop(excluded, None)
        if operation.key_field and isinstance(case.body, dict) and operation.key_field in case.body:
            case.headers.pop("Idempotency-Key", None)
        if isinstance(case.body, dict) and not case.meta.is_negative_at(ParameterLocation.BODY):
            given = json.loads(
                (not operation.form and sample(operation.name, tenant=self.tenant).get("body")) or "null"
            )
            case.body = _with(case.body, {name: each for name, each in _fields(given) if name in NAMED})


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each field of a JSON value, however deep."""
    for name, each in value.items() if isinstance(value, dict) else ():
        yield name, each
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _fields(each)


def _with(value: Any, known: dict[str, Any]) -> Any:
    """Return a JSON value with these values in its fields of these names, where it has any."""
    if isinstance(value, list):
        return [_with(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: known[name] if name in known else _with(each, known) for name, each in value.items()}


def is_lenient(operation: Operation, case: Any) -> bool:
    """Tell whether the API takes what the schema forbids, on purpose; clients need not know."""
    values = [*(case.query or {}).values(), *case.headers.values()]
    # An empty parameter says as much as one left out, and headers that nobody knows are let pass.
    if any(value in ("", None, {}, []) for value in values) or "x-schemathesis-unknown-property" in case.headers:
        return True
    # The projects contract: a limit or an offset that is no number is the default.
    pages = (operation.query and issubclass(operation.query, Paging)) or operation.name == "projects.list_notifications"
    return bool(pages) and any(not str(case.query.get(name, 1)).isdecimal() for name in ("limit", "offset"))


@pytest.fixture
def prepared(table: Table, bucket: ObjectStore, tenant: str, caller: Caller) -> Iterator[Prepared]:
    """Yield the tenant; after the last request, each operation must have done once what it is there for."""
    made = Prepared(table, bucket, tenant, caller)
    yield made
    assert made.operation
    if made.operation.name not in UNREACHED:
        assert {made.operation.status, made.operation.empty} & made.seen, made.seen


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_the_operation_keeps_its_contract(case: Any, prepared: Prepared) -> None:
    found = route(case.operation.method.upper(), case.operation.path)
    assert found, case.operation.label
    operation = found[0].operation
    prepared.place(operation, case)
    response = case.call(headers=prepared.headers)
    prepared.operation = operation
    prepared.seen.add(response.status_code)
    excluded = [check for check, labels in WRONG.items() if case.operation.label in labels]
    if response.status_code == 400 and _RULES.search(response.text):
        excluded.append(checks.positive_data_acceptance)
    if is_lenient(operation, case):
        excluded.append(checks.negative_data_rejection)
    case.validate_response(response, excluded_checks=excluded, headers=prepared.headers)
