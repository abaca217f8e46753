"""Devices and presence of the projects surface (contract: projects.md §8.1, §8.3)."""

from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.devices import DEVICES_MAX
from switchyard.domain.ids import new_id
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.store import devices as device_rows
from switchyard.store import keys
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.projects import a_task, a_tenant

TOKENS = "/api/users/@me/push_tokens/"


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box")[0]


@pytest.fixture
def task(table: Table, project: Project) -> Track:
    return a_task(table, project)


def register(api: Api, token: str = "ExponentPushToken[a]", platform: str = "ios") -> dict[str, Any]:
    answer = api.post(TOKENS, {"token": token, "platform": platform})
    assert answer.status == 200, answer.text
    return answer.json


def path(task: Track) -> str:
    return f"/api/projects/@current/tasks/{task.id}/presence/"


def beat(api: Api, task: Track, device: str) -> Answer:
    return api.post(path(task), {"device_id": device})


def present(table: Table, task: Track, user: str = "user_ada") -> list[str]:
    return [each.device_id for each in device_rows.presences(table, task.tenant_id, task.id, user)]


def held(table: Table, tenant: str, user: str = "user_ada") -> list[str]:
    return sorted(each.token for each in device_rows.of_person(table, tenant, user).devices)


def seen(table: Table, tenant: str, device: dict[str, Any], at: str) -> None:
    """Make it that the device was seen last at the instant."""
    pk, sk = keys.device(tenant, "user_ada", device["id"])
    change = {"UpdateExpression": "SET last_seen_at = :at", "ExpressionAttributeValues": {":at": {"S": at}}}
    table.write([{"Update": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}, **change}}])


# ---------------------------------------------------------------- registering


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_device_is_registered_and_its_token_never_shown(api: Api, table: Table, tenant: str, slash: str) -> None:
    answer = api.post(f"/api/users/@me/push_tokens{slash}", {"token": "t", "platform": "android", "extra": 1})
    assert answer.status == 200
    assert sorted(answer.json) == ["created_at", "id", "last_seen_at", "platform"]
    assert answer.json["platform"] == "android"
    assert held(table, tenant) == ["t"]


def test_registering_again_is_the_same_device_seen_later(api: Api, table: Table, tenant: str) -> None:
    first = register(api)
    seen(table, tenant, first, "2026-01-01T00:00:00.000Z")
    again = register(api, platform="android")
    assert (again["id"], again["created_at"], again["platform"]) == (first["id"], first["created_at"], "android")
    assert again["last_seen_at"] >= first["last_seen_at"]
    assert held(table, tenant) == ["ExponentPushToken[a]"]


@pytest.mark.parametrize(
    ("body", "code", "detail", "attr"),
    [
        ({"platform": "ios"}, "required", "This field is required.", "token"),
        ({"token": None, "platform": "ios"}, "null", "This field may not be null.", "token"),
        ({"token": "", "platform": "ios"}, "blank", "This field may not be blank.", "token"),
        ({"token": "  ", "platform": "ios"}, "blank", "This field may not be blank.", "token"),
        ({"token": 7, "platform": "ios"}, "invalid_input", "Not a valid string.", "token"),
        ({"token": "a\nb", "platform": "ios"}, "invalid_input", None, "token"),
        (
            {"token": "x" * 513, "platform": "ios"},
            "max_length",
            "Ensure this field has no more than 512 characters.",
            "token",
        ),
        ({"token": "t"}, "required", "This field is required.", "platform"),
        ({"token": "t", "platform": "watch"}, "invalid_choice", '"watch" is not a valid choice.', "platform"),
    ],
)
def test_a_bad_registration_is_refused_and_nothing_written(
    api: Api, table: Table, tenant: str, body: dict[str, Any], code: str, detail: str | None, attr: str
) -> None:
    answer = api.post(TOKENS, body)
    assert (answer.status, answer.json["type"], answer.json["code"], answer.json["attr"]) == (
        400,
        "validation_error",
        code,
        attr,
    )
    assert detail in (None, answer.json["detail"])
    assert held(table, tenant) == []


def test_a_token_of_512_characters_is_taken(api: Api, table: Table, tenant: str) -> None:
    register(api, "x" * 512)
    assert held(table, tenant) == ["x" * 512]


@pytest.mark.parametrize("call", ["push_tokens/", "push_tokens", "push_tokens/unregister/", "push_tokens/unregister"])
@pytest.mark.parametrize("user", ["user_ada", "user_bo", "1"])
def test_only_the_callers_own_devices_are_managed(api: Api, table: Table, tenant: str, user: str, call: str) -> None:
    register(api, "mine")
    answer = api.post(f"/api/users/{user}/{call}", {"token": "mine", "platform": "ios"})
    assert (answer.status, answer.json) == (
        403,
        {
            "type": "authentication_error",
            "code": "permission_denied",
            "detail": "Push tokens can only be managed via the `@me` path.",
            "attr": None,
        },
    )
    assert held(table, tenant) == ["mine"]


def test_ones_own_devices_are_listed_the_one_seen_last_first(
    api: Api, caller: Caller, table: Table, tenant: str
) -> None:
    first, second = register(api, "a"), register(api, "b", "web")
    register(caller("user_bo"), "c")
    seen(table, tenant, first, "2999-01-01T00:00:00.000Z")
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    answer = api.get(TOKENS)
    assert (answer.status, calls) == (200, ["query"])
    assert answer.json == {"results": [{**first, "last_seen_at": "2999-01-01T00:00:00.000Z"}, second]}
    assert caller("user_cy").get(TOKENS.rstrip("/")).json == {"results": []}


def test_a_device_that_was_lost_is_removed_by_its_id(api: Api, table: Table, tenant: str, task: Track) -> None:
    lost, kept = register(api, "lost"), register(api, "kept")
    assert api.delete(f"{TOKENS}{lost['id']}").status == 204
    assert held(table, tenant) == ["kept"]
    assert device_rows.holder(table, tenant, "lost") is None
    assert (beat(api, task, lost["id"]).status, beat(api, task, kept["id"]).status) == (404, 204)
    # It is gone: nothing is left to remove.
    assert api.delete(f"{TOKENS}{lost['id']}/").status == 404
    assert api.delete(f"{TOKENS}phone").status == 400


def test_the_devices_of_others_are_neither_listed_nor_removed(
    api: Api, caller: Caller, table: Table, tenant: str
) -> None:
    device = register(api, "mine")
    bo = caller("user_bo")
    assert bo.delete(f"{TOKENS}{device['id']}").status == 404
    assert bo.delete(f"/api/users/user_ada/push_tokens/{device['id']}").status == 403
    assert bo.get("/api/users/user_ada/push_tokens").status == 403
    assert caller(scopes=["tasks:read"]).get(TOKENS).status == 403
    assert held(table, tenant) == ["mine"]


def test_another_scope_does_not_do(caller: Caller) -> None:
    answer = caller(scopes=["tasks:write"]).post(TOKENS, {"token": "t", "platform": "ios"})
    assert (answer.status, answer.json["detail"]) == (403, "API key missing required scope 'user:write'")


def test_the_device_seen_longest_ago_makes_room_for_the_21st(api: Api, table: Table, tenant: str) -> None:
    made = [register(api, f"t{number:02}") for number in range(DEVICES_MAX)]
    for number, device in enumerate(made):
        seen(table, tenant, device, f"2026-01-01T00:00:{59 - number:02}.000Z")
    register(api, "t00")  # seen again: not the newest of all
    register(api, "new")
    left = held(table, tenant)
    assert len(left) == DEVICES_MAX
    assert {"t00", "new"} <= set(left)
    assert "t19" not in left
    # and its token is free again
    assert device_rows.holder(table, tenant, "t19") is None


def test_a_refresh_at_the_cap_evicts_nobody(api: Api, table: Table, tenant: str) -> None:
    for number in range(DEVICES_MAX):
        register(api, f"t{number}")
    register(api, "t0")
    assert len(held(table, tenant)) == DEVICES_MAX


def test_a_token_that_someone_else_registers_is_theirs_from_then_on(
    api: Api, caller: Caller, table: Table, tenant: str
) -> None:
    mine = register(api, "shared phone")
    theirs = register(caller("user_bo"), "shared phone")
    assert theirs["id"] != mine["id"]
    assert (held(table, tenant), held(table, tenant, "user_bo")) == ([], ["shared phone"])
    # what the former holder says of it changes nothing
    assert api.post(f"{TOKENS}unregister/", {"token": "shared phone"}).status == 204
    assert held(table, tenant, "user_bo") == ["shared phone"]
    register(api, "shared phone")
    assert (held(table, tenant), held(table, tenant, "user_bo")) == (["shared phone"], [])


def test_tenants_do_not_share_tokens(api: Api, caller: Caller, table: Table, tenant: str) -> None:
    register(api, "phone")
    other = new_id()
    register(caller(tenant=other), "phone")
    assert held(table, tenant) == held(table, other) == ["phone"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_unregistering_is_always_answered_alike(api: Api, table: Table, tenant: str, slash: str) -> None:
    register(api, "t")
    for _ in range(2):
        answer = api.post(f"{TOKENS}unregister{slash}", {"token": "t"})
        assert (answer.status, answer.text) == (204, "")
    assert held(table, tenant) == []
    assert device_rows.holder(table, tenant, "t") is None
    assert api.post(f"{TOKENS}unregister{slash}", {}).json["code"] == "required"


def test_a_registration_is_repeated_under_its_key(api: Api) -> None:
    body, key = {"token": "t", "platform": "ios"}, {"idempotency-key": "k"}
    first, second = (api.post(TOKENS, body, headers=key) for _ in range(2))
    assert (first.text, second.headers["idempotency-replayed"]) == (second.text, "true")
    assert api.post(TOKENS, {**body, "platform": "web"}, headers=key).status == 409


# ---------------------------------------------------------------- presence


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("spelled", ["1", "@current", "-"])
def test_a_beat_is_noted_once_per_task_and_device(
    api: Api, table: Table, task: Track, spelled: str, slash: str
) -> None:
    device = register(api)["id"]
    for _ in range(3):
        answer = api.post(f"/api/projects/{spelled}/tasks/{task.id}/presence{slash}", {"device_id": device})
        assert (answer.status, answer.text) == (204, "")
    assert present(table, task) == [device]


def test_a_beat_renews_the_window(api: Api, table: Table, task: Track) -> None:
    device = register(api)["id"]
    before = clock.epoch()
    beat(api, task, device)
    (sign,) = device_rows.presences(table, task.tenant_id, task.id, "user_ada")
    assert before + 60 <= sign.expires_at <= clock.epoch() + 61
    pk, sk = keys.presence(task.tenant_id, task.id, "user_ada", device)
    over = {"UpdateExpression": "SET expires_at = :at", "ExpressionAttributeValues": {":at": {"N": "1"}}}
    table.write([{"Update": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}, **over}}])
    beat(api, task, device)
    (sign,) = device_rows.presences(table, task.tenant_id, task.id, "user_ada")
    assert sign.expires_at >= before + 60


def test_a_beat_names_its_device(api: Api, task: Track) -> None:
    answer = api.post(path(task), {})
    assert (answer.status, answer.json["code"], answer.json["attr"]) == (400, "required", "device_id")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ({"device_id": None}, "null", "This field may not be null."),
        ({"device_id": "phone"}, "invalid_input", "Must be a valid UUID."),
        ({"device_id": 7}, "invalid_input", "Not a valid string."),
    ],
)
def test_the_body_comes_before_the_task(
    api: Api, table: Table, task: Track, method: str, body: dict[str, Any], code: str, detail: str
) -> None:
    for each in (path(task), path(task).replace(task.id, new_id())):
        answer = api.request(method, each, body)
        assert (answer.status, answer.json) == (
            400,
            {"type": "validation_error", "code": code, "detail": detail, "attr": "device_id"},
        )
    assert present(table, task) == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_task_comes_before_the_device(api: Api, table: Table, task: Track, method: str) -> None:
    unseen = a_task(table, Project(task.tenant_id, task.project_ids[0], 1, "", "", ""), by="user_bo", owner="user_bo")
    for track_id in (new_id(), "nothing", unseen.id):
        answer = api.request(method, f"/api/projects/1/tasks/{track_id}/presence/", {"device_id": new_id()})
        assert (answer.status, answer.json["detail"], answer.json["code"]) == (404, "Not found.", "not_found")


def test_an_unknown_device_and_someone_elses_are_refused_alike(
    api: Api, caller: Caller, table: Table, task: Track
) -> None:
    theirs = register(caller("user_bo"))["id"]
    for device in (new_id(), theirs):
        answer = beat(api, task, device)
        assert (answer.status, answer.json) == (
            404,
            {
                "type": "invalid_request",
                "code": "not_found",
                "detail": "device_id does not match a push token registered by the caller",
                "attr": None,
            },
        )
    assert present(table, task) == present(table, task, "user_bo") == []


def test_a_given_up_device_cannot_be_present(api: Api, task: Track) -> None:
    device = register(api, "t")["id"]
    api.post(f"{TOKENS}unregister/", {"token": "t"})
    assert beat(api, task, device).status == 404


@pytest.mark.parametrize("slash", ["", "/"])
def test_leaving_takes_the_presence_back(api: Api, table: Table, task: Track, slash: str) -> None:
    device, other = register(api, "a")["id"], register(api, "b")["id"]
    beat(api, task, device)
    beat(api, task, other)
    answer = api.delete(path(task).rstrip("/") + slash, body={"device_id": device})
    assert (answer.status, answer.text) == (204, "")
    assert present(table, task) == [other]


def test_leaving_by_the_query_does_as_well(api: Api, table: Table, task: Track) -> None:
    device = register(api)["id"]
    beat(api, task, device)
    assert api.delete(f"{path(task)}?device_id={device}").status == 204
    assert present(table, task) == []


def test_two_devices_in_one_request_are_refused(api: Api, table: Table, task: Track) -> None:
    device = register(api)["id"]
    beat(api, task, device)
    answer = api.delete(f"{path(task)}?device_id={new_id()}", body={"device_id": device})
    assert (answer.status, answer.json["attr"]) == (400, "device_id")
    assert api.delete(f"{path(task)}?device_id=phone").json["detail"] == "Must be a valid UUID."
    assert present(table, task) == [device]


@pytest.mark.parametrize("body", [None, {}])
def test_leaving_without_a_device_leaves_with_all_of_the_callers(
    api: Api, caller: Caller, table: Table, task: Track, body: Any
) -> None:
    theirs = caller("user_bo")
    other = register(theirs, "theirs")["id"]
    beat(theirs, task, other)
    for token in ("a", "b"):
        beat(api, task, register(api, token)["id"])
    for _ in range(2):
        answer = api.delete(path(task), body=body)
        assert (answer.status, answer.text) == (204, "")
        assert present(table, task) == []
    assert present(table, task, "user_bo") == [other]


def test_leaving_where_nobody_is_changes_nothing(api: Api, task: Track) -> None:
    assert api.delete(path(task), body={"device_id": register(api)["id"]}).status == 204


def test_only_the_callers_own_devices_leave(api: Api, caller: Caller, table: Table, task: Track) -> None:
    theirs = caller("user_bo")
    device = register(theirs)["id"]
    beat(theirs, task, device)
    for each in (device, new_id()):
        answer = api.delete(path(task), body={"device_id": each})
        assert (answer.status, answer.json["detail"]) == (
            404,
            "device_id does not match a push token registered by the caller",
        )
    assert present(table, task, "user_bo") == [device]


def test_presence_needs_the_scope_to_write(caller: Caller, task: Track) -> None:
    reader = caller(scopes=["tasks:read"])
    for method in ("POST", "DELETE"):
        answer = reader.request(method, path(task), {"device_id": new_id()})
        assert (answer.status, answer.json["detail"]) == (403, "API key missing required scope 'tasks:write'")


def test_a_beat_costs_one_read_and_one_write(api: Api, table: Table, task: Track) -> None:
    device = register(api)["id"]
    calls: list[str] = []
    for project in ("@current", "1", "-"):
        table.observe = lambda operation, _: calls.append(operation)
        assert api.post(f"/api/projects/{project}/tasks/{task.id}/presence/", {"device_id": device}).status == 204
        table.observe = None
        assert calls == ["batch_get_item", "put_item"], project
        calls.clear()
