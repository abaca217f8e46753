"""Objectives: what the surface promises beyond what its client is seen to do in tests/conformance."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.store import keys
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.texts import readable

NEW = {"agentId": "agent_otto", "systemPromptData": {}}


@pytest.fixture
def base(tenant: str) -> str:
    return f"/v1/workspaces/{tenant}/objectives"


def made(api: Api, base: str, **fields: Any) -> dict[str, Any]:
    answer = api.post(base, NEW | fields)
    assert answer.status == 200, answer.text
    return answer.json


def objective(api: Api, base: str, **fields: Any) -> str:
    """Create an objective; its id."""
    return made(api, base, **fields)["metadata"]["id"]


def task(api: Api, base: str, of: str, text: str = "Read the brief") -> dict[str, Any]:
    answer = api.post(f"{base}/{of}/tasks", {"task": text})
    assert answer.status == 200, answer.text
    return answer.json


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [each["metadata"]["id"] for each in answer.json["items"]]


def violations(answer: Answer) -> list[str]:
    """The fields that an error names."""
    found = [each for each in answer.json["details"] if each["@type"].endswith("BadRequest")]
    return [violation["field"] for each in found for violation in each["fieldViolations"]]


# ---------------------------------------------------------------- tasks and their numbers


def test_tasks_are_numbered_from_one_and_shown_as_the_contract_has_them(api: Api, base: str) -> None:
    of = objective(api, base)
    first, second = task(api, base, of, "One"), task(api, base, of, "Two")
    assert first["data"] == {"number": 1, "task": "One", "completed": False}
    assert second["data"]["number"] == 2
    assert first["metadata"].keys() == {"id"}
    assert api.get(f"{base}/{of}/tasks/{first['metadata']['id']}").json == first
    assert api.get(f"{base}/{of}/tasks").json == {"items": [first, second], "pagination": {"nextCursor": ""}}


def test_a_number_is_never_given_out_again(api: Api, base: str) -> None:
    of = objective(api, base)
    task(api, base, of)
    last = task(api, base, of)
    assert api.delete(f"/v1/tracks/{last['metadata']['id']}").status == 204
    assert task(api, base, of)["data"]["number"] == 3


def test_tasks_of_the_planning_surface_get_their_numbers_here(api: Api, base: str) -> None:
    of = objective(api, base)
    scope = {"type": "personal"}
    planned = api.post("/v1/tracks", {"type": "task", "title": "Planned", "scope": scope, "task": {"goalId": of}}).json
    drafts = [{"id": name, "title": name, "task": {"goalId": of}} for name in ("a", "b")]
    assert api.post("/v1/tracks/apply", {"scope": scope, "upserts": drafts}).status == 200
    page = api.get(f"{base}/{of}/tasks").json
    assert [(each["data"]["number"], each["data"]["task"]) for each in page["items"]] == [
        (1, "Planned"),
        (2, "a"),
        (3, "b"),
    ]
    assert api.patch(f"/v1/tracks/{planned['id']}", {"task": {"status": "done"}}).status == 200
    shown = api.get(f"{base}/{of}/tasks/{planned['id']}").json["data"]
    assert shown["completed"] is True
    assert shown["completedAt"].endswith("Z")


def test_a_task_moved_to_another_objective_gets_a_number_there(api: Api, base: str) -> None:
    one, other = objective(api, base), objective(api, base)
    task(api, base, other)
    moved = task(api, base, one)["metadata"]["id"]
    assert api.patch(f"/v1/tracks/{moved}", {"task": {"goalId": other}}).status == 200
    assert api.get(f"{base}/{other}/tasks/{moved}").json["data"]["number"] == 2
    assert api.get(f"{base}/{one}/tasks/{moved}").status == 404
    assert task(api, base, one)["data"]["number"] == 2


def test_tasks_page_in_both_orders(api: Api, base: str) -> None:
    of = objective(api, base)
    for _ in range(5):
        task(api, base, of)

    def numbers(order: str) -> list[int]:
        found, cursor = [], ""
        while True:
            page = api.get(f"{base}/{of}/tasks?limit=2&sortOrder={order}&cursor={cursor}").json
            found += [each["data"]["number"] for each in page["items"]]
            cursor = page["pagination"]["nextCursor"]
            if not cursor:
                return found

    assert numbers("asc") == [1, 2, 3, 4, 5]
    assert numbers("desc") == [5, 4, 3, 2, 1]


def test_a_cursor_serves_its_own_list_alone(api: Api, base: str) -> None:
    one, other = objective(api, base), objective(api, base)
    for of in (one, one, other):
        task(api, base, of)
    cursor = api.get(f"{base}/{one}/tasks?limit=1").json["pagination"]["nextCursor"]
    for url in (f"{other}/tasks?limit=1", f"{one}/tasks?limit=1&sortOrder=desc"):
        answer = api.get(f"{base}/{url}&cursor={cursor}")
        assert (answer.status, answer.json["code"], violations(answer)) == (400, 3, ["cursor"])


def test_a_task_is_reworded_completed_and_opened_again(api: Api, base: str) -> None:
    of = objective(api, base)
    url = f"{base}/{of}/tasks/{task(api, base, of)['metadata']['id']}"
    done = api.patch(url, {"task": "Reread", "completed": True})
    assert (done.json["data"]["task"], done.json["data"]["completed"]) == ("Reread", True)
    again = api.patch(url, {"completed": True})
    assert again.json == done.json
    assert again.headers["etag"] == done.headers["etag"]
    opened = api.patch(url, {"completed": False}).json["data"]
    assert opened == {"number": 1, "task": "Reread", "completed": False}


def test_an_open_task_keeps_its_status_when_it_is_written_as_open(api: Api, base: str) -> None:
    of = objective(api, base)
    task_id = task(api, base, of)["metadata"]["id"]
    api.patch(f"/v1/tracks/{task_id}", {"task": {"status": "in_progress"}})
    assert api.patch(f"{base}/{of}/tasks/{task_id}", {"completed": False}).status == 200
    assert api.get(f"/v1/tracks/{task_id}").json["task"]["status"] == "in_progress"


def test_a_change_of_an_older_version_is_refused(api: Api, base: str) -> None:
    of = objective(api, base)
    url = f"{base}/{of}/tasks/{task(api, base, of)['metadata']['id']}"
    assert api.patch(url, {"task": "Mine"}, headers={"if-match": '"1"'}).status == 200
    late = api.patch(url, {"task": "Late"}, headers={"if-match": '"1"'})
    assert (late.status, late.json["code"]) == (412, 9)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "task"),
        ({"task": " "}, "task"),
        ({"task": "x" * 201}, "task"),
        ({"task": 5}, "task"),
        ({"task": "x", "completed": "yes"}, "completed"),
        ({"task": "x", "number": 7}, "number"),
    ],
)
def test_a_wrong_task_is_refused_by_field(api: Api, base: str, body: dict[str, Any], field: str) -> None:
    of = objective(api, base)
    answer = api.post(f"{base}/{of}/tasks", body)
    assert (answer.status, answer.json["code"], violations(answer)) == (400, 3, [field])
    assert ids(api.get(f"{base}/{of}/tasks")) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "sortOrder=up", "cursor=zzz", "includeInfo=true"])
def test_a_wrong_task_query_is_refused(api: Api, base: str, query: str) -> None:
    answer = api.get(f"{base}/{objective(api, base)}/tasks?{query}")
    assert (answer.status, answer.json["code"], violations(answer)) == (400, 3, [query.partition("=")[0]])


# ---------------------------------------------------------------- who sees what


def test_personal_tasks_and_goals_are_their_owners_alone(caller: Caller, base: str) -> None:
    ada, ben = caller("user_ada"), caller("user_ben")
    of = objective(ada, base)
    personal = {"type": "task", "title": "Mine", "scope": {"type": "personal"}, "task": {"goalId": of}}
    mine = ada.post("/v1/tracks", personal).json["id"]
    goal = ada.post("/v1/tracks", {"type": "goal", "title": "Mine", "scope": {"type": "personal"}}).json["id"]
    assert len(ids(ada.get(f"{base}/{of}/tasks"))) == 1
    assert ids(ben.get(f"{base}/{of}/tasks")) == []
    assert ben.get(f"{base}/{of}/tasks/{mine}").status == 404
    assert ben.get(f"{base}/{goal}").status == 404
    assert len(ids(ada.get(base))) == 2
    assert len(ids(ben.get(base))) == 1


def test_a_task_of_a_personal_goal_is_personal_too(caller: Caller, base: str) -> None:
    ada = caller("user_ada")
    goal = ada.post("/v1/tracks", {"type": "goal", "title": "Mine", "scope": {"type": "personal"}}).json["id"]
    made_task = task(ada, base, goal)["metadata"]["id"]
    assert ada.get(f"/v1/tracks/{made_task}").json["scope"] == {"type": "personal"}


def test_every_form_of_an_id_is_read(api: Api, tenant: str) -> None:
    of = objective(api, f"/v1/workspaces/workspace_{tenant}/objectives")
    plain = of.removeprefix("obj_")
    for spelled in (of, plain, plain.replace("-", ""), f"goal_{plain}"):
        assert ids(api.get(f"/v1/workspaces/{tenant}/objectives/{spelled}/tasks")) == []


@pytest.mark.parametrize("spelled", ["obj_1", "nothing", "external_id:none", "external_id:"])
def test_an_unknown_objective_is_not_found(api: Api, base: str, spelled: str) -> None:
    answer = api.get(f"{base}/{spelled}/tasks")
    assert (answer.status, answer.json["code"]) == (404, 5)


def test_a_task_is_not_an_objective(api: Api, base: str) -> None:
    of = objective(api, base)
    assert api.get(f"{base}/{task(api, base, of)['metadata']['id']}").status == 404


# ---------------------------------------------------------------- objectives


FULL = {
    "agentId": "agent_otto",
    "systemPromptData": {"tone": "kind", "deep": [1, {"x": None}]},
    "firstUserMessage": "Find the leak\n\nin the basement",
    "firstUserMessageData": {"floor": -1},
    "variationId": "variation_b",
    "metadata": {"externalId": "ticket 7", "labels": {"env": "prod", "acme.com/team": "ai"}},
    "secrets": [{"name": "HOUSE_KEY", "value": "hunter2-hunter2"}],
    "memoryCascade": [{"memoryLayerId": "memlyr_1", "memoryEntryId": "entry_2"}, {"memoryLayerId": "memlyr_2"}],
    "episodicMemory": {"key": "house"},
    "tenant": {"id": "acme", "name": "Acme"},
    "subject": {"id": "user-7"},
    "pinnedParameters": {"city": "Bern"},
}


def test_what_is_not_interpreted_is_given_back(api: Api, base: str, tenant: str) -> None:
    answer = api.post(base, FULL)
    assert answer.status == 200, answer.text
    shown = answer.json
    assert shown == api.get(f"{base}/{shown['metadata']['id']}").json
    for name in (
        "systemPromptData",
        "firstUserMessage",
        "firstUserMessageData",
        "memoryCascade",
        "episodicMemory",
        "pinnedParameters",
    ):
        more = {"memoryLayerId": ""} if name == "episodicMemory" else {}
        assert shown[name] == (FULL[name] | more if more else FULL[name])
    metadata = shown["metadata"]
    assert (metadata["externalId"], metadata["labels"]) == ("ticket 7", {"env": "prod", "acme.com/team": "ai"})
    assert (metadata["workspaceId"], metadata["profileId"]) == (tenant, "user_ada")
    assert shown["configSnapshot"]["agent"]["metadata"]["id"] == "agent_otto"
    assert shown["configSnapshot"]["agentVariation"]["metadata"]["id"] == "variation_b"
    assert shown["info"]["tenant"] == {"id": "acme", "externalId": "acme", "name": "Acme"}
    assert shown["state"] == "STATE_PENDING"


def test_the_value_of_a_secret_is_neither_kept_nor_shown(api: Api, base: str, tenant: str, table: Table) -> None:
    answer = api.post(base, FULL, headers={"idempotency-key": "once"})
    assert answer.json["secrets"] == [{"name": "HOUSE_KEY"}]
    track_id = answer.json["metadata"]["id"].removeprefix("obj_")
    rows = table.get(*keys.track(tenant, track_id)), table.get(*keys.idempotency(tenant, "user_ada", "once"))
    kept = [readable(row or {}) for row in rows]
    assert "HOUSE_KEY" in str(kept[0])
    assert "HOUSE_KEY" in str(kept[1])
    assert "hunter2" not in answer.text + str(kept)


def test_an_objective_is_a_goal_of_the_planning_surface(api: Api, base: str) -> None:
    of = objective(api, base, firstUserMessage="Find the leak\n\nin the basement")
    goal = api.get(f"/v1/tracks/{of}").json
    assert (goal["type"], goal["title"]) == ("goal", "Find the leak in the basement")
    assert goal["description"] == "Find the leak\n\nin the basement"
    assert goal["goal"]["status"] == "not_started"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("not_started", "STATE_PENDING"),
        ("on_track", "STATE_RUNNING"),
        ("at_risk", "STATE_RUNNING"),
        ("postponed", "STATE_WAITING"),
        ("completed", "STATE_FINALIZED"),
        ("cancelled", "STATE_CANCELLED"),
    ],
)
def test_the_state_follows_the_status_of_the_goal(api: Api, base: str, status: str, state: str) -> None:
    of = objective(api, base)
    assert api.patch(f"/v1/tracks/{of}", {"goal": {"status": status}}).status == 200
    assert api.get(f"{base}/{of}").json["state"] == state
    assert ids(api.get(f"{base}?state={state}")) == [of]
    assert ids(api.get(f"{base}?state={'STATE_WAITING' if state != 'STATE_WAITING' else 'STATE_PENDING'}")) == []
    assert ids(api.get(f"{base}?state=STATE_FAILED")) == []


def test_the_list_is_filtered_by_agent_parent_labels_and_maker(caller: Caller, base: str) -> None:
    ada, ben = caller("user_ada"), caller("user_ben")
    parent = objective(ada, base, metadata={"externalId": "top", "labels": {"env": "prod", "team": "ai"}})
    child = objective(ada, base, parentObjectiveId=parent, agentId="agent_kim")
    other = objective(ben, base, parentObjectiveId="external_id:top", metadata={"labels": {"env": "prod"}})
    assert ada.get(f"{base}/{child}").json["parentObjectiveId"] == parent
    expected = {
        "": [other, child, parent],
        "sortOrder=asc": [parent, child, other],
        "agentId=agent_kim": [child],
        "agentId=agent_otto": [other, parent],
        f"parentObjectiveId={parent}": [other, child],
        "parentObjectiveId=external_id:top": [other, child],
        f"parentObjectiveId={parent}&agentId=agent_kim": [child],
        f"parentObjectiveId={parent}&state=STATE_RUNNING": [],
        f"parentObjectiveId={new_id()}": [],
        "labels=env=prod": [other, parent],
        "labels=env=prod,team=ai": [parent],
        "labels=env=pro": [],
        "profileId=user_ben": [other],
    }
    assert {query: ids(ada.get(f"{base}?{query}")) for query in expected} == expected


def test_objectives_page_with_every_filter(api: Api, base: str) -> None:
    parent = objective(api, base)
    children = [objective(api, base, parentObjectiveId=parent) for _ in range(3)]
    for query in (f"parentObjectiveId={parent}", "agentId=agent_otto&sortOrder=asc", "state=STATE_PENDING"):
        found, cursor = [], ""
        while True:
            page = api.get(f"{base}?{query}&limit=1&cursor={cursor}")
            found += ids(page)
            cursor = page.json["pagination"]["nextCursor"]
            if not cursor:
                break
        assert sorted(found)[-3:] == children
        assert len(found) == len(set(found))


def test_the_list_shows_info_when_asked(api: Api, base: str) -> None:
    objective(api, base)
    assert "info" not in api.get(base).json["items"][0]
    assert api.get(f"{base}?includeInfo=true").json["items"][0]["info"]["agent"]["id"] == "agent_otto"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"agentId": ""}, "agentId"),
        ({"systemPromptData": None}, "systemPromptData"),
        ({"systemPromptData": {"x": "y" * 33_000}}, "body"),
        ({"metadata": {"labels": {"a b": "c"}}}, "metadata.labels"),
        ({"metadata": {"labels": {"a": "c,d=e"}}}, "metadata.labels"),
        ({"metadata": {"externalId": "x" * 129}}, "metadata.externalId"),
        ({"subject": {"id": "x"}}, "tenant"),
        ({"memoryCascade": [{"memoryLayerId": "m"}] * 11}, "memoryCascade"),
        ({"secrets": [{"value": "no name"}]}, "secrets.0.name"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_wrong_objective_is_refused_by_field(api: Api, base: str, fields: dict[str, Any], field: str) -> None:
    answer = api.post(base, NEW | fields)
    assert (answer.status, answer.json["code"], violations(answer)) == (400, 3, [field])
    assert ids(api.get(base)) == []


@pytest.mark.parametrize("query", ["state=RUNNING", "labels=env", "limit=101", "tenantId=acme", "sortOrder=up"])
def test_a_wrong_objective_query_is_refused(api: Api, base: str, query: str) -> None:
    answer = api.get(f"{base}?{query}")
    assert (answer.status, answer.json["code"], violations(answer)) == (400, 3, [query.partition("=")[0]])


def test_an_unknown_parent_is_refused(api: Api, base: str) -> None:
    answer = api.post(base, NEW | {"parentObjectiveId": f"obj_{new_id()}"})
    assert (answer.status, answer.json["code"], violations(answer)) == (422, 3, ["parentObjectiveId"])


# ---------------------------------------------------------------- external ids


def test_an_external_id_leads_to_its_objective(api: Api, base: str) -> None:
    of = objective(api, base, metadata={"externalId": "ticket:7"})
    assert api.get(f"{base}/external_id:ticket:7").json["metadata"]["id"] == of
    task_id = task(api, base, "external_id:ticket:7")["metadata"]["id"]
    assert api.get(f"{base}/external_id:ticket:7/tasks/{task_id}").status == 200
    assert ids(api.get(f"{base}/external_id:ticket:7/tasks")) == [task_id]


def test_an_external_id_is_unique_in_its_workspace_until_its_objective_is_deleted(caller: Caller, base: str) -> None:
    api, other_tenant = caller(), new_id()
    named = {"metadata": {"externalId": "ticket-7"}}
    first = objective(api, base, **named)
    taken = api.post(base, NEW | named)
    assert (taken.status, taken.json["code"], taken.headers["x-should-retry"]) == (409, 6, "false")
    assert caller(tenant=other_tenant).post(f"/v1/workspaces/{other_tenant}/objectives", NEW | named).status == 200
    assert api.delete(f"/v1/tracks/{first}").status == 204
    assert api.get(f"{base}/external_id:ticket-7").status == 404
    second = objective(api, base, **named)
    assert api.get(f"{base}/external_id:ticket-7").json["metadata"]["id"] == second


def test_a_repeated_create_with_its_key_answers_as_the_first(api: Api, base: str) -> None:
    body, key = NEW | {"metadata": {"externalId": "ticket-7"}}, {"idempotency-key": "once"}
    first, again = api.post(base, body, headers=key), api.post(base, body, headers=key)
    assert (again.status, again.json) == (200, first.json)
    assert ids(api.get(base)) == [first.json["metadata"]["id"]]


# ---------------------------------------------------------------- cancel and continue


def test_a_cancelled_objective_says_why_and_stays_cancelled(api: Api, base: str) -> None:
    of = objective(api, base)
    cancelled = api.post(f"{base}/{of}:cancel", {"reason": "no budget"})
    assert (cancelled.json["state"], cancelled.json["stateMessage"]) == ("STATE_CANCELLED", "no budget")
    again = api.post(f"{base}/{of}:cancel")
    assert (again.status, again.json) == (200, cancelled.json)
    refused = api.post(f"{base}/{of}:continue", {"message": "please"})
    assert (refused.status, refused.json["code"], refused.headers["x-should-retry"]) == (409, 9, "false")


def test_a_finalized_objective_is_continued_with_a_message(api: Api, base: str) -> None:
    of = objective(api, base, metadata={"externalId": "ticket:7"})
    api.patch(f"/v1/tracks/{of}", {"goal": {"status": "completed"}})
    assert api.post(f"{base}/{of}:cancel", {}).status == 409
    event = api.post(f"{base}/external_id:ticket:7:continue", {"message": "One more thing"})
    assert event.status == 200
    assert event.json["data"] == {"type": "userMessage", "userMessage": {"content": "One more thing"}}
    shown = api.get(f"{base}/{of}").json
    assert shown["state"] == "STATE_RUNNING"
    assert [(each["id"], each["content"]) for each in shown["messages"]] == [
        (event.json["metadata"]["id"], "One more thing")
    ]


def test_a_running_objective_takes_a_message_when_it_is_enqueued(api: Api, base: str) -> None:
    of = objective(api, base)
    api.patch(f"/v1/tracks/{of}", {"goal": {"status": "at_risk"}})
    assert api.post(f"{base}/{of}:continue", {"message": "now"}).status == 409
    assert api.post(f"{base}/{of}:continue", {"message": "later", "enqueue": True}).status == 200
    assert api.get(f"/v1/tracks/{of}").json["goal"]["status"] == "at_risk"


def test_an_objective_remembers_the_latest_messages(api: Api, base: str) -> None:
    of = objective(api, base)
    for number in range(12):
        assert api.post(f"{base}/{of}:continue", {"message": f"m{number}", "enqueue": True}).status == 200
    messages = [each["content"] for each in api.get(f"{base}/{of}").json["messages"]]
    assert messages == [f"m{number}" for number in range(2, 12)]


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("cancel", {"message": "x"}, 400),
        ("continue", {}, 400),
        ("continue", {"message": "x", "reason": "y"}, 400),
        ("continue", {"message": "x" * 2_001}, 400),
        ("compact", {}, 404),
        ("", {}, 404),
    ],
)
def test_a_wrong_action_changes_nothing(api: Api, base: str, verb: str, body: dict[str, Any], status: int) -> None:
    of = objective(api, base)
    assert api.post(f"{base}/{of}:{verb}", body).status == status
    assert api.get(f"{base}/{of}").json["state"] == "STATE_PENDING"


# ---------------------------------------------------------------- errors


def test_errors_are_google_rpc_statuses(caller: Caller, base: str) -> None:
    anonymous = Api(None).get(base)
    assert (anonymous.status, anonymous.json["code"]) == (401, 16)
    reader = caller(scopes=["tasks:read"])
    refused = reader.post(base, NEW)
    assert (refused.status, refused.json["code"]) == (403, 7)
    assert refused.json["details"][0]["metadata"]["requiredScope"] == "tasks:write"
    for answer in (anonymous, refused, reader.get(f"{base}/obj_1")):
        assert answer.json.keys() == {"code", "message", "details"}
        assert all(detail["@type"].startswith("type.googleapis.com/") for detail in answer.json["details"])
        assert answer.headers["content-type"] == "application/json"
