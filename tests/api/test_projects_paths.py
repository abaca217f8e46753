"""What the paths of the projects surface name, and how its errors look (contract: projects.md §1)."""

import json
from typing import Annotated, Any, Literal

import pytest

from switchyard.domain import clock
from switchyard.domain.errors import (
    Busy,
    Conflict,
    FieldError,
    Invalid,
    SwitchyardError,
    WrongContentType,
)
from switchyard.domain.ids import new_id
from switchyard.domain.tenants import Project
from switchyard.http.models import Field
from switchyard.http.parsing import parse_body
from switchyard.http.request import Request
from switchyard.http.statuses import EndpointRefusal, MethodNotAllowed
from switchyard.store import staged
from switchyard.store.table import Table
from switchyard.surfaces.projects import surface
from switchyard.surfaces.projects.inputs import Body, Paging, Uuid
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.projects import a_task, a_tenant


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box", "Other")[0]


def not_found(detail: str = "Not found.") -> dict[str, Any]:
    return {"type": "invalid_request", "code": "not_found", "detail": detail, "attr": None}


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("spelled", ["1", "@current", "-", "id", "id without dashes"])
def test_a_project_goes_by_number_id_or_current_and_a_trailing_slash_is_optional(
    api: Api, table: Table, project: Project, spelled: str, slash: str
) -> None:
    task = a_task(table, project)
    named = {"id": project.id, "id without dashes": project.id.replace("-", "")}.get(spelled, spelled)
    answer = api.get(f"/api/projects/{named}/tasks/{task.id}{slash}")
    assert (answer.status, answer.json["id"]) == (200, task.id)


@pytest.mark.parametrize("spelled", ["2", "3", "0", "-1", "nowhere", new_id()])
def test_a_task_is_not_found_under_another_project(api: Api, table: Table, project: Project, spelled: str) -> None:
    task = a_task(table, project)
    answer = api.get(f"/api/projects/{spelled}/tasks/{task.id}/")
    assert (answer.status, answer.json) == (404, not_found())


def test_a_task_of_several_projects_is_in_its_first(api: Api, table: Table, project: Project) -> None:
    task = a_task(table, project, project_ids=("docs", project.id))
    assert api.get(f"/api/projects/1/tasks/{task.id}/").status == 404
    assert api.get(f"/api/projects/-/tasks/{task.id}/").status == 200


def test_a_task_without_a_project_is_found_under_any(api: Api, table: Table, project: Project) -> None:
    task = a_task(table, project, project_ids=())
    assert api.get(f"/api/projects/1/tasks/{task.id}/").status == 404
    assert api.get(f"/api/projects/-/tasks/{task.id}/").status == 200


@pytest.mark.parametrize("spelled", [new_id(), "7", "no-id", "%00"])
def test_an_invalid_task_id_is_not_found(api: Api, project: Project, spelled: str) -> None:
    answer = api.get(f"/api/projects/1/tasks/{spelled}/")
    assert (answer.status, answer.json) == (404, not_found())


def test_goals_and_personal_tasks_of_others_are_not_found(
    api: Api, caller: Caller, table: Table, project: Project
) -> None:
    goal = a_task(table, project, kind="goal")
    personal = a_task(table, project, owner="user_ada")
    assert api.get(f"/api/projects/-/tasks/{goal.id}/").status == 404
    assert api.get(f"/api/projects/1/tasks/{personal.id}/").status == 200
    assert caller("user_bob").get(f"/api/projects/1/tasks/{personal.id}/").json == not_found()


@pytest.mark.parametrize(("spelled", "cold"), [("1", "batch_get_item"), ("id", "query"), ("-", "query")])
def test_a_task_is_read_in_one_round_trip_also_by_a_new_container(
    api: Api, table: Table, project: Project, spelled: str, cold: str
) -> None:
    task = a_task(table, project)
    url = f"/api/projects/{project.id if spelled == 'id' else spelled}/tasks/{task.id}/"
    api.get("/v1/tracks?limit=1")  # the token is known from here on
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert api.get(url).status == 200
    assert calls == [cold]
    calls.clear()
    assert api.get(url).status == 200
    assert calls == ["query"]


@pytest.mark.parametrize("waits", [False, True])
def test_a_task_is_read_with_its_newest_run(api: Api, table: Table, project: Project, waits: bool) -> None:
    task = a_task(table, project)
    url = f"/api/projects/1/tasks/{task.id}/"
    runs = [api.post(f"{url}run/", {"mode": "background"}).json["latest_run"]["id"] for _ in range(2)]
    if waits:
        entry = {"id": "a", "name": "n", "type": "context", "source": "", "size": 1, "content_type": ""}
        times = {"storage_path": "x", "uploaded_at": "2026-05-01T00:00:00+00:00"}
        table.write([staged.put(project.tenant_id, task.id, {**entry, **times}, clock.epoch() + 60)])
    api.get(url)
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert api.get(url).json["latest_run"]["id"] == runs[1]
    # A staged artifact's row lies between task and run: that one is read by its key.
    assert calls == (["query", "get_item"] if waits else ["query"])


def test_reading_needs_one_of_the_two_scopes_for_tasks(caller: Caller, table: Table, project: Project) -> None:
    task = a_task(table, project)
    url = f"/api/projects/1/tasks/{task.id}/"
    assert caller(scopes=["tasks:write"]).get(url).status == 200
    answer = caller(scopes=["user:write"]).get(url)
    assert answer.status == 403
    assert answer.json == {
        "type": "authentication_error",
        "code": "permission_denied",
        "detail": "API key missing required scope 'tasks:read'",
        "attr": None,
    }


def test_a_missing_token_and_a_wrong_one_are_distinguished(caller: Caller, table: Table) -> None:
    url = f"/api/projects/1/tasks/{new_id()}/"
    missing = Api(None).get(url)
    wrong = Api("sy_wrong").get(url)
    assert [missing.status, wrong.status] == [401, 401]
    assert (missing.json["code"], wrong.json["code"]) == ("not_authenticated", "authentication_failed")
    assert missing.json["detail"] == "Authentication credentials were not provided."
    assert {missing.json["type"], wrong.json["type"]} == {"authentication_error"}


# ---------------------------------------------------------------- errors


class _Item(Body):
    name: str
    size: int


class _Sample(Body):
    title: Annotated[str, Field(max_length=5)] = "x"
    text: Annotated[str, Field(min_length=1)] = "x"
    kind: Literal["a", "b"] = "a"
    flag: bool = False
    number: Annotated[int, Field(ge=1, le=9)] = 1
    device: Uuid | None = None
    names: list[Annotated[str, Field(max_length=3)]] = []
    artifacts: list[_Item] = []


REFUSED = [
    ('{"title": "abcdef"}', "max_length", "Ensure this field has no more than 5 characters.", "title"),
    ('{"title": null}', "null", "This field may not be null.", "title"),
    ('{"title": 3}', "invalid_input", "Not a valid string.", "title"),
    ('{"text": ""}', "blank", "This field may not be blank.", "text"),
    ('{"kind": "c"}', "invalid_choice", '"c" is not a valid choice.', "kind"),
    ('{"flag": "maybe"}', "invalid_input", "Must be a valid boolean.", "flag"),
    ('{"number": "many"}', "invalid_input", "A valid integer is required.", "number"),
    ('{"number": 10}', "max_value", "Ensure this value is less than or equal to 9.", "number"),
    ('{"number": 0}', "min_value", "Ensure this value is greater than or equal to 1.", "number"),
    ('{"device": "phone"}', "invalid_input", "Must be a valid UUID.", "device"),
    ('{"names": "abc"}', "not_a_list", 'Expected a list of items but got type "str".', "names"),
    ('{"names": ["abc", "abcd"]}', "max_length", "Ensure this field has no more than 3 characters.", "names__1"),
    (
        '{"artifacts": "abc"}',
        "not_a_list",
        'Expected a list of items but got type "str".',
        "artifacts__non_field_errors",
    ),
    ('{"artifacts": [{"name": "a"}]}', "required", "This field is required.", "artifacts__0__size"),
    (
        '{"artifacts": ["a"]}',
        "invalid_input",
        "Invalid data. Expected a dictionary, but got str.",
        "artifacts__0__non_field_errors",
    ),
    ("[]", "invalid_input", "Invalid data. Expected a dictionary, but got list.", "non_field_errors"),
]


def told(error: SwitchyardError) -> tuple[int, Any]:
    status, headers, body = surface.PROJECTS.refuse(error, Request("POST", "/", "", {}, {}, "r", {}))
    assert headers["content-type"] == "application/json"
    surface.ProjectsError.model_validate_json(body)
    return status, json.loads(body)


@pytest.mark.parametrize(("raw", "code", "detail", "attr"), REFUSED)
def test_a_refused_field_is_reported_in_the_contracts_words(raw: str, code: str, detail: str, attr: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_body(_Sample, raw.encode())
    assert told(refused.value) == (
        400,
        {"type": "validation_error", "code": code, "detail": detail, "attr": attr},
    )


def test_only_the_first_refused_field_is_reported() -> None:
    with pytest.raises(Invalid) as refused:
        parse_body(_Sample, b'{"kind": "c", "number": 10}')
    assert len(refused.value.fields) == 2
    assert told(refused.value)[1]["attr"] == "kind"


def test_a_body_that_is_not_json_is_a_parse_error() -> None:
    with pytest.raises(Invalid) as refused:
        parse_body(_Sample, b"{no json")
    status, body = told(refused.value)
    assert (status, body["type"], body["code"], body["attr"]) == (400, "invalid_request", "parse_error", None)
    assert body["detail"].startswith("JSON parse error - ")


def test_unknown_keys_of_a_body_are_ignored() -> None:
    assert parse_body(_Sample, b'{"title": "a", "channel": 7}').title == "a"


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (MethodNotAllowed(), 405, "invalid_request", "method_not_allowed"),
        (WrongContentType(), 415, "invalid_request", "unsupported_media_type"),
        (Conflict("Busy with another."), 409, "invalid_request", "conflict"),
        (Busy(), 503, "server_error", "temporarily_unavailable"),
        (SwitchyardError(), 500, "server_error", "internal_error"),
        (Invalid(FieldError("x", "is wrong", "right")), 400, "validation_error", "invalid_input"),
    ],
)
def test_every_other_error_has_the_four_members_too(error: Any, status: int, kind: str, code: str) -> None:
    answered, body = told(error)
    assert answered == status
    assert (body["type"], body["code"]) == (kind, code)
    assert set(body) == {"type", "code", "detail", "attr"}


def test_an_endpoint_can_word_its_own_refusal() -> None:
    body = {"detail": "Some ids are invalid or expired", "missing_artifact_ids": ["a"]}
    assert told(EndpointRefusal(400, body)) == (400, body)
    assert told(EndpointRefusal(502, {"error": "Failed"})) == (502, {"error": "Failed"})


# ---------------------------------------------------------------- limit and offset


@pytest.mark.parametrize(
    ("given", "taken"),
    [("10", 10), ("100", 100), ("500", 100), ("0", 50), ("-1", 50), ("many", 50), ("", 50), ("9" * 30, 100)],
)
def test_a_limit_is_never_refused(given: str, taken: int) -> None:
    assert Paging.model_validate({"limit": given}).limit == taken


@pytest.mark.parametrize(("given", "taken"), [("10", 10), ("-1", 0), ("x", 0), ("", 0)])
def test_an_offset_is_never_refused(given: str, taken: int) -> None:
    assert Paging.model_validate({"offset": given}).offset == taken
