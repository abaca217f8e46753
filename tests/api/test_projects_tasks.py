"""Create, change and delete tasks of a project (contract: projects.md §2, §4)."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.domain.tenants import Project
from switchyard.store import tenants
from switchyard.store.table import Table
from switchyard.surfaces.projects.tasks import derived_title, slug_prefix
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.projects import a_run, a_task, a_tenant

TASKS = "/api/projects/1/tasks/"


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box", "Other")[0]


def created(api: Api, **body: Any) -> Any:
    answer = api.post(TASKS, body)
    assert answer.status == 201, answer.text
    return answer.json


def refused(answer: Answer, attr: str, code: str, detail: str | None = None) -> None:
    assert answer.status == 400, answer.text
    told = answer.json
    assert (told["type"], told["code"], told["attr"]) == ("validation_error", code, attr), told
    if detail is not None:
        assert told["detail"] == detail


# ---------------------------------------------------------------- create


def test_a_new_task_has_every_field_of_the_contract(api: Api, project: Project) -> None:
    answer = api.post(
        TASKS,
        {
            "title": "  Fix login ",
            "description": "The page is blank.",
            "origin_product": "user_created",
            "repository": "Acme/Web",
            "json_schema": {"type": "object"},
            "internal": False,
            "ci_prompt": "Make it green.",
            "idle_seconds": 60,
            "timeout_seconds": 3600,
        },
    )
    assert answer.status == 201
    task = answer.json
    assert answer.headers["location"] == f"{TASKS}{task['id']}"
    assert answer.headers["etag"] == '"1"'
    created_by = task.pop("created_by")
    assert {name: task.pop(name) for name in ("id", "created_at", "updated_at")}["created_at"].endswith("Z")
    assert task == {
        "task_number": 0,
        "slug": "BUI-0",
        "title": "Fix login",
        "title_manually_set": True,
        "description": "The page is blank.",
        "origin_product": "user_created",
        "repository": "acme/web",
        "github_integration": None,
        "github_user_integration": None,
        "signal_report": None,
        "json_schema": {"type": "object"},
        "internal": False,
        "archived": False,
        "archived_at": None,
        "latest_run": None,
        "ci_prompt": "Make it green.",
        "idle_seconds": 60,
        "timeout_seconds": 3600,
    }
    assert (created_by["distinct_id"], created_by["email"]) == ("user_ada", "")
    assert api.get(TASKS + answer.json["id"]).json == answer.json


def test_an_empty_body_makes_an_empty_task(api: Api, project: Project) -> None:
    task = created(api)
    assert (task["title"], task["description"], task["origin_product"]) == ("", "", "")
    assert (task["repository"], task["title_manually_set"]) == (None, False)


def test_numbers_count_up_in_each_project_from_zero(api: Api, project: Project) -> None:
    first = [created(api)["task_number"] for _ in range(3)]
    other = api.post("/api/projects/2/tasks/", {}).json
    assert first == [0, 1, 2]
    assert (other["task_number"], other["slug"]) == (0, "OTH-0")


def test_a_refused_create_takes_no_number(api: Api, project: Project) -> None:
    created(api)
    assert api.post(TASKS, {"title": None}).status == 400
    assert created(api)["task_number"] == 1


def test_a_repeated_create_with_its_key_makes_one_task(api: Api, project: Project) -> None:
    answers = [api.post(TASKS, {"title": "Once"}, headers={"idempotency-key": "k1"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert created(api)["task_number"] == 1


def test_a_task_of_the_contract_is_in_the_pool_and_in_planning(api: Api, project: Project) -> None:
    task = created(api, title="Shared with all")
    assert api.get(f"/api/v1/tasks/task_{task['id']}").json["spaceId"] == project.id
    assert api.get(f"/v1/tracks/{task['id']}").status == 200
    assert [each["id"] for each in api.get("/api/v1/tasks/ready").json] == [f"task_{task['id']}"]


def test_a_task_of_another_surface_has_no_number(api: Api, table: Table, project: Project) -> None:
    task = api.get(TASKS + a_task(table, project).id).json
    assert (task["task_number"], task["slug"], task["archived"]) == (None, "", False)


@pytest.mark.parametrize("spelled", ["9", "-", "nowhere", new_id()])
def test_an_unknown_project_takes_no_task(api: Api, project: Project, spelled: str) -> None:
    answer = api.post(f"/api/projects/{spelled}/tasks/", {"title": "x"})
    assert (answer.status, answer.json["detail"]) == (404, "Not found.")


def test_a_create_is_one_write_while_nobody_else_draws_numbers(api: Api, table: Table, project: Project) -> None:
    first = created(api)  # token, project and number are known from here on
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert created(api, title="Counted")["task_number"] == first["task_number"] + 1
    assert calls == ["transact_write_items"]


def test_a_create_that_met_another_container_takes_the_next_number_and_looks_for_a_while(
    api: Api, table: Table, project: Project
) -> None:
    first = created(api)
    table.write([tenants.draw_number(project.tenant_id, project.id, first["task_number"] + 1)])
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    numbers = [created(api)["task_number"] for _ in range(2)]
    assert numbers == [first["task_number"] + 2, first["task_number"] + 3]
    # The transaction that was refused is not observed.
    assert calls == ["get_item", "transact_write_items"] * 2


def test_a_create_that_was_refused_burns_no_number(api: Api, project: Project) -> None:
    first = created(api)
    assert api.post(TASKS, {"title": "x", "json_schema": {"type": 7}}).status == 400
    assert created(api)["task_number"] == first["task_number"] + 1


def test_a_create_with_a_key_draws_one_number(api: Api, project: Project) -> None:
    first = created(api)
    sent = [api.post(TASKS, {"title": "Keyed"}, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert [each.json["task_number"] for each in sent] == [first["task_number"] + 1] * 2
    assert created(api)["task_number"] == first["task_number"] + 2


# ---------------------------------------------------------------- titles and slugs


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("The page is blank. It was fine before.", "The page is blank."),
        ("Is it down? Yes", "Is it down?"),
        ("Version 1.2 fails\n  on start", "Version 1.2 fails on start"),
        ("A heading\n\nand its text", "A heading"),
        ("", ""),
        ("   ", ""),
        ("word " * 40, ("word " * 15).strip() + "…"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_a_title_is_the_first_sentence_of_the_description(description: str, title: str) -> None:
    assert derived_title(description) == title


def test_a_blank_title_is_derived_and_counts_as_not_set(api: Api, project: Project) -> None:
    task = created(api, title=" ", description="Tidy up. Then rest.")
    assert (task["title"], task["title_manually_set"]) == ("Tidy up.", False)
    assert created(api, title="Mine", title_manually_set=False)["title_manually_set"] is False
    changed = api.patch(TASKS + task["id"], {"title": "Better"}).json
    assert (changed["title"], changed["title_manually_set"]) == ("Better", True)
    changed = api.patch(TASKS + task["id"], {"title": "Robot", "title_manually_set": False}).json
    assert (changed["title"], changed["title_manually_set"]) == ("Robot", False)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("Build Box", "BUI"), ("My Big Cool App", "MBC"), ("ab", "AB"), ("--", "TSK"), ("x-y z", "XYZ"), ("日本", "TSK")],
)
def test_a_slug_begins_with_three_letters_of_the_projects_name(project: Project, name: str, prefix: str) -> None:
    assert slug_prefix(Project(project.tenant_id, project.id, 1, name, "", "")) == prefix


# ---------------------------------------------------------------- what is refused

_BAD = [
    ("title", "x" * 256, "max_length", "Ensure this field has no more than 255 characters."),
    ("title", None, "null", "This field may not be null."),
    ("title", 5, "invalid_input", "Not a valid string."),
    ("title_manually_set", "perhaps", "invalid_input", "Must be a valid boolean."),
    ("description", None, "null", None),
    ("description", "x" * 20_001, "max_length", None),
    ("origin_product", "nowhere", "invalid_choice", '"nowhere" is not a valid choice.'),
    ("origin_product", "image_builder", "invalid_choice", None),
    ("repository", "acme", "invalid_input", "Repository must be in the format organization/repository"),
    ("repository", "acme/web/x", "invalid_input", "Repository must be in the format organization/repository"),
    ("repository", "/web", "invalid_input", "Repository must be in the format organization/repository"),
    (
        "repository",
        "\U0001f600" * 127 + "/" + "\U0001f600" * 127,
        "invalid_input",
        "Repository must have at most 1,000 bytes in lower case",
    ),
    ("repository", "a/" + "b" * 254, "max_length", None),
    ("github_integration", 7, "invalid_input", "Integration must belong to the same team"),
    (
        "github_user_integration",
        "0190a5f0-0000-7000-8000-000000000000",
        "invalid_input",
        "User integration must belong to the authenticated user",
    ),
    ("signal_report", "seven", "invalid_input", "Must be a valid UUID."),
    ("signal_report_task_relationship", "other", "invalid_choice", None),
    ("signal_report_task_relationship", "implementation", "invalid_input", None),
    ("json_schema", "text", "not_a_dict", None),
    ("json_schema", {"type": "no such type"}, "invalid_input", None),
    ("json_schema", {"$ref": "https://example.com/schema.json"}, "invalid_input", None),
    ("json_schema", {"description": "x" * 40_000}, "invalid_input", None),
    ("internal", None, "null", None),
    ("archived", "all", "invalid_input", "Must be a valid boolean."),
    ("ci_prompt", "x" * 10_001, "max_length", None),
    ("idle_seconds", 9, "min_value", "Ensure this value is greater than or equal to 10."),
    ("idle_seconds", 86_401, "max_value", None),
    ("timeout_seconds", 59, "min_value", None),
    ("timeout_seconds", 604_801, "max_value", None),
]


@pytest.mark.parametrize(("field", "value", "code", "detail"), _BAD)
def test_a_bad_field_is_refused_by_create_patch_and_put(
    api: Api, table: Table, project: Project, field: str, value: Any, code: str, detail: str | None
) -> None:
    url = TASKS + a_task(table, project).id
    refused(api.post(TASKS, {field: value}), field, code, detail)
    refused(api.patch(url, {field: value}), field, code, detail)
    refused(api.put(url, {field: value}), field, code, detail)
    assert api.get(url).headers["etag"] == '"1"'


@pytest.mark.parametrize("field", ["repository", "github_integration", "github_user_integration", "signal_report"])
def test_a_field_that_can_be_empty_takes_null(api: Api, project: Project, field: str) -> None:
    assert created(api, **{field: None})[field] is None


def test_a_blank_repository_is_none(api: Api, project: Project) -> None:
    assert created(api, repository="")["repository"] is None


def test_keys_that_are_not_known_or_read_only_are_ignored(api: Api, project: Project) -> None:
    task = created(api, id="mine", task_number=99, archived_at="2020-01-01", channel="x", latest_run={})
    assert (task["task_number"], task["archived_at"]) == (0, None)


def test_a_relationship_to_a_signal_report_needs_the_report_and_its_origin(api: Api, project: Project) -> None:
    report, relationship = new_id(), {"signal_report_task_relationship": "implementation"}
    attr = "signal_report_task_relationship"
    refused(api.post(TASKS, {**relationship, "signal_report": report}), attr, "invalid_input")
    refused(api.post(TASKS, {**relationship, "origin_product": "signal_report"}), attr, "invalid_input")
    task = created(api, **relationship, signal_report=report.upper(), origin_product="signal_report")
    assert (task["signal_report"], "signal_report_task_relationship" in task) == (report, False)
    assert api.patch(TASKS + task["id"], relationship).status == 200


# ---------------------------------------------------------------- change and delete


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_absent_fields_keep_their_values(api: Api, project: Project, method: str) -> None:
    before = created(api, title="Old", description="Text", repository="a/b", ci_prompt="x", json_schema={})
    answer = api.request(method, f"{TASKS}{before['id']}/", {"title": "New"})
    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    after = answer.json
    assert after.pop("updated_at") >= before.pop("updated_at")
    assert after == {**before, "title": "New"}


def test_a_change_to_what_is_changes_nothing(api: Api, project: Project) -> None:
    task = created(api, title="Same", internal=False, repository="a/b")
    answer = api.patch(TASKS + task["id"], {"title": "Same", "repository": "A/B", "archived": False})
    assert (answer.headers["etag"], answer.json) == ('"1"', task)


def test_archiving_stamps_the_time_and_unarchiving_clears_it(api: Api, project: Project) -> None:
    task = created(api, title="Old news")
    archived = api.patch(TASKS + task["id"], {"archived": True}).json
    assert (archived["archived"], archived["archived_at"] >= task["created_at"]) == (True, True)
    again = api.patch(TASKS + task["id"], {"archived": True, "title": "Older news"}).json
    assert again["archived_at"] == archived["archived_at"]
    back = api.patch(TASKS + task["id"], {"archived": False}).json
    assert (back["archived"], back["archived_at"]) == (False, None)
    assert created(api, archived=True)["archived_at"] is not None


def test_a_change_under_an_old_version_is_refused(api: Api, project: Project) -> None:
    url = TASKS + created(api, title="One")["id"]
    assert api.patch(url, {"title": "Two"}, headers={"if-match": '"1"'}).status == 200
    answer = api.patch(url, {"title": "Three"}, headers={"if-match": '"1"'})
    assert (answer.status, answer.json["code"], answer.json["type"]) == (412, "precondition_failed", "invalid_request")


def test_a_task_that_someone_else_claimed_can_not_be_changed(api: Api, caller: Caller, project: Project) -> None:
    task = created(api, title="Claimed")
    assert caller("agent_a", kind="agent").post(f"/api/v1/tasks/task_{task['id']}/claim", {}).status == 200
    answer = api.patch(TASKS + task["id"], {"title": "Mine"})
    assert (answer.status, answer.json["type"], answer.json["code"]) == (409, "invalid_request", "leased")


def test_a_change_by_another_surface_keeps_what_only_this_one_knows(api: Api, project: Project) -> None:
    task = created(api, title="Old", repository="a/b", ci_prompt="x")
    assert api.patch(f"/api/v1/tasks/task_{task['id']}", {"title": "New"}).status == 200
    after = api.get(TASKS + task["id"]).json
    assert (after["title"], after["repository"], after["ci_prompt"], after["task_number"]) == ("New", "a/b", "x", 0)


def test_a_deleted_task_is_gone_and_a_second_delete_finds_nothing(api: Api, project: Project) -> None:
    url = f"{TASKS}{created(api, title='Gone')['id']}/"
    answer = api.delete(url)
    assert (answer.status, answer.text) == (204, "")
    assert [api.delete(url).status, api.get(url).status, api.patch(url, {}).status] == [404, 404, 404]
    assert created(api)["task_number"] == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_changing_needs_the_scope_for_writing(caller: Caller, project: Project, method: str) -> None:
    url = TASKS if method == "POST" else f"{TASKS}{new_id()}/"
    answer = caller(scopes=["tasks:read"]).request(method, url, None if method == "DELETE" else {})
    assert answer.status == 403
    assert answer.json["detail"] == "API key missing required scope 'tasks:write'"


def test_a_body_of_another_type_is_refused(api: Api, project: Project) -> None:
    answer = api.post(TASKS, text="title=x", headers={"content-type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
    answer = api.post(TASKS, text="{no json")
    assert (answer.status, answer.json["code"]) == (400, "parse_error")


def test_the_latest_run_is_shown_with_the_task(api: Api, table: Table, project: Project) -> None:
    task = a_task(table, project)
    run = a_run(table, task)
    answer = api.get(TASKS + task.id)
    assert answer.json["latest_run"]["id"] == run.id
