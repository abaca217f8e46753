"""Records made and moved by every surface and by the workflows, read on all others: each answer is as published."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchyard.domain.actors import service_actor
from switchyard.domain.ids import new_id, parse_id
from switchyard.ledger import system
from switchyard.store.table import Table
from tests.api.conftest import Caller, client_of, empty_table
from tests.support.projects import a_tenant
from tests.support.published import Published
from tests.support.runs import Runs
from tests.support.stream import Stream

few = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

KINDS = ["contact", "company", "deal", "support_ticket", "invoice", "pr"]
title = st.sampled_from(["Ship it", " ", "Ü" * 150, "a\nb", "🚀"]).filter(str.strip)
description = st.sampled_from(["", "First words. More of them.", "x" * 3_000])
assignee = st.sampled_from(["agent_bo", "user_ada", "someone"])


def optional(**fields: Any) -> Any:
    return st.fixed_dictionaries({}, optional=fields)


planned = st.tuples(
    st.just("planning"),
    title,
    optional(
        description=description,
        priority=st.sampled_from(["urgent", "low", ""]),
        relatedResource=st.fixed_dictionaries({"type": st.sampled_from(KINDS), "id": st.just("r_1")}),
        metadata=st.just({"any": [1, None]}),
        task=optional(
            status=st.sampled_from(["", "backlog", "todo", "in_progress", "done", "cancelled"]),
            dueDate=st.just("2026-06-05"),
            assignee=assignee,
        ),
    ),
)
pooled = st.tuples(
    st.just("pool"),
    title,
    optional(
        status=st.sampled_from(["pending", "in_progress", "completed", "cancelled"]),
        priority=st.sampled_from(["low", "medium", "high", "urgent"]),
        assignedTo=assignee,
        spaceId=st.sampled_from(["docs", "p2"]),
        dueDate=st.sampled_from(["2026-06-05", "2026-06-05T10:00:00.123Z"]),
    ),
)
followed = st.tuples(
    st.sampled_from(["followups", "mcp"]),
    title,
    st.just({"related_resource_type": "deal", "related_resource_id": "d_1"})
    | optional(description=description, due_at=st.just("2026-06-05T10:00:00Z"), assignee_id=assignee),
)
projected = st.tuples(
    st.just("projects"), st.just(""), optional(title=st.just("T"), description=description, archived=st.booleans())
)
of_objective = st.tuples(st.just("objectives"), title, st.booleans())
made = planned | pooled | followed | projected | of_objective

moved = st.sampled_from(
    [
        *[("planning", each) for each in ("backlog", "todo", "in_progress", "done", "cancelled", "")],
        *[("pool", each) for each in ("pending", "in_progress", "completed", "cancelled")],
        *[("followups", each) for each in ("open", "completed", "canceled")],
        *[("mcp", each) for each in ("open", "completed", "canceled")],
        *[("worker", each) for each in ("in_progress", "completed", "failed")],
        *[("workflow", each) for each in ("queued", "in_progress", "completed", "failed", "cancelled")],
        ("objectives", "done"),
        ("claim", ""),
        ("release", ""),
        ("execute", ""),
        ("waits", ""),
        ("goal", ""),
        ("goal run", ""),
        ("delete", ""),
    ]
)


class Tenant:
    """Makes, moves and reads records of a tenant through everything there is."""

    def __init__(self, table: Table, tenant: str) -> None:
        self.table, self.tenant = table, tenant
        self.project = a_tenant(table, tenant, "Docs")[0]
        self.client = Published(client_of(table, tenant, "agent_bo", kind="agent"))
        self.objectives = f"/v1/workspaces/{tenant}/objectives"
        goal = self.client.ok("POST", self.objectives, {"agentId": "agent_bo", "systemPromptData": {}})
        self.objective = goal["metadata"]["id"]
        self.lost = self.make("pool", "Cancelled", {"status": "cancelled"})

    def make(self, how: str, title: str, fields: Any) -> str:
        """Make a task; returns its id."""
        client = self.client
        match how:
            case "planning":
                scope = {"type": "projects", "ids": [self.project.id]}
                body = {"type": "task", "title": title, "scope": scope, **fields}
                found = client.ok("POST", "/v1/tracks", body)["id"]
            case "pool":
                found = client.ok("POST", "/api/v1/tasks", {"title": title, **fields})["id"]
            case "followups":
                found = client.ok("POST", "/v1/tasks", {"title": title, **fields})["data"]["id"]
            case "mcp":
                found = client.tool("create_task", title=title, **fields)["task"]["id"]
            case "projects":
                found = client.ok("POST", "/api/projects/@current/tasks", fields)["id"]
            case _:
                body = {"task": title, "completed": fields}
                found = client.ok("POST", f"{self.objectives}/{self.objective}/tasks", body)["metadata"]["id"]
        known = parse_id(found)
        assert known
        return known

    def move(self, task_id: str, how: str, word: str) -> None:
        """Bring the task to another status, if that way allows it."""
        client = self.client
        match how:
            case "planning":
                client.send("PATCH", f"/v1/tracks/{task_id}", {"task": {"status": word}})
            case "pool":
                client.send("PATCH", f"/api/v1/tasks/{task_id}", {"status": word})
            case "followups":
                client.send("PATCH", f"/v1/tasks/{task_id}", {"status": word})
            case "mcp":
                client.tool("update_task", task_id=task_id, status=word)
            case "objectives":
                path = f"{self.objectives}/{self.objective}/tasks/{task_id}"
                client.send("PATCH", path, {"completed": True})
            case "claim" | "release":
                client.send("POST", f"/api/v1/tasks/{task_id}/{how}", {})
            case "execute":
                client.send("POST", "/api/v1/agents/agent_bo/execute", {"taskId": f"task_{task_id}"})
            case "waits":
                client.send("PATCH", f"/v1/tracks/{task_id}", {"task": {"dependsOn": [self.lost]}})
            case "goal":
                client.send("PATCH", f"/v1/tracks/{task_id}", {"task": {"goalId": self.objective.removeprefix("obj_")}})
            case "goal run":
                client.send("POST", f"/v1/tracks/{self.objective}/run", {})
            case "delete":
                client.send("DELETE", f"/v1/tracks/{task_id}")
            case "worker":
                latest = client.api.get(f"/api/projects/-/tasks/{task_id}").json.get("latest_run")
                if latest:
                    client.send("PATCH", f"/api/projects/-/tasks/{task_id}/runs/{latest['id']}", {"status": word})
            case _:
                self._run(task_id, word)

    def _run(self, task_id: str, status: str) -> None:
        """Let the workflow bring a new run of the task to the status, if it can have one."""
        answer = self.client.send("POST", f"/api/projects/-/tasks/{task_id}/run", {})
        if answer.status >= 300:
            return
        run = answer.json["latest_run"]["id"]
        by = service_actor(self.tenant)
        if status != "queued":
            system.change_run(self.table, by, new_id(), task_id, run, lambda _: {"status": "in_progress"})
            system.change_run(self.table, by, new_id(), task_id, run, lambda _: {"status": status})
        self.client.ok("GET", f"/api/projects/-/tasks/{task_id}/runs/{run}")
        self.client.ok("GET", f"/api/projects/-/tasks/{task_id}/runs")

    def read(self, task_id: str) -> None:
        """Read the task on every surface that has it, alone and in lists."""
        client = self.client
        if client.send("GET", f"/v1/tracks/{task_id}").status == 404:
            return  # it was deleted, which no surface may show otherwise
        client.ok("GET", f"/v1/tracks/{task_id}/graph")
        client.ok("GET", f"/api/v1/tasks/{task_id}")
        client.ok("GET", f"/v1/tasks/{task_id}")
        client.ok("GET", f"/api/projects/-/tasks/{task_id}")
        assert client.tool("get_task", task_id=task_id)["task"]["id"] == f"task_{task_id}"

    def read_all(self) -> None:
        """Read every list, and draw from the pool."""
        client = self.client
        for kind in ("task", "goal"):
            client.ok("GET", f"/v1/tracks?type={kind}")
            client.ok("POST", "/v1/tracks/search", {"type": kind})
            assert client.tool("search_tracks", type=kind)["items"]
        client.ok("GET", "/api/v1/tasks")
        client.ok("GET", "/api/v1/tasks/ready")
        client.ok("GET", "/v1/tasks")
        assert client.tool("list_tasks")["tasks"]
        client.ok("GET", "/api/projects/@current/tasks?archived=all")
        client.ok("GET", self.objectives)
        client.ok("GET", f"{self.objectives}/{self.objective}")
        client.ok("GET", f"{self.objectives}/{self.objective}/tasks")
        client.ok("GET", "/v1/audit")
        client.ok("GET", f"/v1/tracks/{self.objective}/graph")
        client.send("GET", f"/v1/tracks/{self.objective}/run")
        for each in client.ok("GET", "/api/v1/executions"):
            client.ok("GET", f"/api/v1/executions/{each['id']}")
        client.ok("GET", "/api/projects/-/tasks?archived=all")
        client.send("POST", "/v1/runs/claim", {})
        assert client.tool("claim_next_task")


@pytest.fixture
def tenants(_client: Any) -> Any:
    """A table for each example: lists read whole tenants."""
    return lambda: empty_table(_client)


@few
@given(records=st.lists(st.tuples(made, st.lists(moved, max_size=3)), min_size=1, max_size=4))
def test_whoever_made_or_moved_a_record_each_answer_is_as_published(tenants: Any, records: Any) -> None:
    with tenants() as table:
        world = Tenant(table, new_id())
        ids = []
        for how, moves in records:
            ids.append(world.make(*how))
            for move in moves:
                world.move(ids[-1], *move)
        stream = Stream(table, world.tenant)
        for _ in range(2):
            for each in ids:
                world.read(each)
            stream.settle()
        world.read_all()


def test_an_untitled_task_of_a_project_is_one_for_every_tool(table: Table, tenant: str) -> None:
    world = Tenant(table, tenant)
    task_id = world.make("projects", "", {})
    world.read(task_id)
    assert world.client.tool("update_task", task_id=task_id, status="completed")["task"]["title"] == ""


def test_what_the_service_itself_changed_has_a_source_of_the_contract(
    table: Table, tenant: str, caller: Caller
) -> None:
    runs = Runs(table, tenant)
    run = runs.run()
    system.change_run(table, service_actor(tenant), new_id(), run.task_id, run.id, lambda _: {"status": "in_progress"})
    client = Published(caller())
    assert client.ok("GET", f"/v1/tasks/{run.task_id}")["data"]["source"] == "admin"
    assert client.tool("get_task", task_id=run.task_id)["task"]["source"] == "admin"
    assert client.ok("GET", f"/v1/tracks/{run.task_id}")["changedBy"]["source"] == "workflow"


def test_a_resource_of_another_kind_is_left_out_where_the_contract_has_no_word_for_it(caller: Caller) -> None:
    client = Published(caller())
    related = {"type": "invoice", "id": "inv_1"}
    body = {"type": "task", "title": "Pay", "scope": {"type": "personal"}, "relatedResource": related}
    task = client.ok("POST", "/v1/tracks", body)
    shown = client.ok("GET", f"/v1/tasks/{task['id']}")["data"]
    assert (shown["related_resource_type"], shown["related_resource_id"]) == (None, None)
    assert "related_resource_type" not in client.tool("get_task", task_id=task["id"])["task"]
    assert client.ok("GET", f"/v1/tracks/{task['id']}")["relatedResource"] == related
