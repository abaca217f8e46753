"""Every request that the pool's document prints, sent as printed."""

import re
from datetime import datetime

import pytest

from tests.support.http import Answer, Api

TASKS = "/api/v1/tasks"

BODIES = {
    "the request reference": """{
    "title": "Analyze Q4 sales data",
    "description": "Review Q4 sales performance and identify trends",
    "status": "pending",
    "priority": "high",
    "assignedTo": "agent_xyz789",
    "assigneeType": "agent",
    "spaceId": "space_456",
    "dueDate": "2025-12-10T17:00:00Z",
    "metadata": {
      "tags": ["sales", "analytics", "quarterly"],
      "source": "api"
    }
  }""",
    "a minimal task": """{
    "title": "Review customer feedback"
  }""",
    "a task with all fields": """{
    "title": "Analyze Q4 sales data",
    "description": "Review Q4 sales performance and identify trends. \
Focus on regional differences and product category performance.",
    "status": "pending",
    "priority": "high",
    "assignedTo": "agent_xyz789",
    "assigneeType": "agent",
    "spaceId": "space_456",
    "dueDate": "2025-12-10T17:00:00Z",
    "metadata": {
      "tags": ["sales", "analytics", "quarterly"],
      "source": "api",
      "department": "sales"
    }
  }""",
    "a task assigned to a user": """{
    "title": "Update Q4 presentation",
    "description": "Add latest sales figures to quarterly presentation",
    "assignedTo": "user_456",
    "assigneeType": "user",
    "priority": "medium",
    "dueDate": "2025-12-11T12:00:00Z"
  }""",
    "a task for an agent": """{
    "title": "Analyze sales trends",
    "description": "Review last 30 days of sales data and identify trends",
    "assignedTo": "agent_research123",
    "assigneeType": "agent",
    "priority": "high",
    "metadata": {
      "tags": ["analytics", "sales"],
      "automatedTask": true
    }
  }""",
    "a task for a user": """{
    "title": "Review agent analysis",
    "description": "Review the sales analysis provided by Research Agent",
    "assignedTo": "user_manager456",
    "assigneeType": "user",
    "priority": "medium",
    "dueDate": "2025-12-11T17:00:00Z",
    "metadata": {
      "tags": ["review"],
      "relatedTask": "task_abc123"
    }
  }""",
    "the work of an agent": """{
    "title": "Process customer data",
    "assignedTo": "agent_data789",
    "assigneeType": "agent",
    "status": "in_progress"
  }""",
    "workflow, step 1": """{
    "title": "Research market trends",
    "assignedTo": "agent_researcher",
    "assigneeType": "agent",
    "metadata": {
      "workflow": "market-analysis",
      "step": 1
    }
  }""",
    "workflow, step 2": """{
    "title": "Analyze research findings",
    "assignedTo": "agent_analyst",
    "assigneeType": "agent",
    "status": "pending",
    "metadata": {
      "workflow": "market-analysis",
      "step": 2,
      "dependsOn": "task_step1_id"
    }
  }""",
    "workflow, step 3": """{
    "title": "Generate market report",
    "assignedTo": "agent_writer",
    "assigneeType": "agent",
    "status": "pending",
    "metadata": {
      "workflow": "market-analysis",
      "step": 3,
      "dependsOn": "task_step2_id"
    }
  }""",
}

QUERIES = [
    "",
    "?status=pending",
    "?status=completed",
    "?assignedTo=agent_xyz789",
    "?assignedTo=user_456",
    "?spaceId=space_456",
    "?priority=high",
    "?priority=urgent",
    "?status=in_progress&spaceId=space_456&priority=high",
    "?status=pending&priority=high&assignedTo=agent_xyz789",
    "?limit=10",
]


def post(api: Api, body: str) -> Answer:
    return api.post(TASKS, text=body)


@pytest.mark.parametrize("example", BODIES)
def test_every_printed_task_is_created_with_what_was_sent_and_the_defaults(api: Api, tenant: str, example: str) -> None:
    answer = post(api, BODIES[example])
    assert answer.status == 201
    task = answer.json
    import json

    sent = json.loads(BODIES[example])
    defaults = {"description": "", "status": "pending", "priority": "medium", "assigneeType": "user", "metadata": {}}
    assert {name: task[name] for name in {**defaults, **sent}} == {**defaults, **sent}
    assert re.fullmatch(r"task_[0-9a-f-]{36}", task["id"])
    assert (task["organizationId"], task["createdBy"]) == (tenant, "user_ada")
    assert task["createdAt"] == task["updatedAt"]
    assert datetime.fromisoformat(task["createdAt"]).tzinfo is not None
    assert set(task) == {*defaults, *sent, "id", "organizationId", "createdBy", "createdAt", "updatedAt", "title"}
    assert api.get(f"{TASKS}/{task['id']}").json == task


@pytest.mark.parametrize("query", QUERIES)
def test_every_printed_list_answers_a_bare_array_of_the_tasks_that_fit(api: Api, query: str) -> None:
    created = [post(api, body).json for body in BODIES.values()]
    answer = api.get(TASKS + query)
    assert answer.status == 200
    wanted = dict(pair.split("=") for pair in query[1:].split("&") if pair and "limit" not in pair)
    fitting = [task for task in reversed(created) if all(task.get(name) == value for name, value in wanted.items())]
    assert answer.json == fitting
    assert "link" not in answer.headers


def test_an_empty_list_is_an_empty_array(api: Api) -> None:
    assert api.get(TASKS).text == "[]"


def test_the_printed_workflow_runs_to_its_end(api: Api) -> None:
    steps = [post(api, BODIES[f"workflow, step {step}"]).json for step in (1, 2, 3)]
    for task in steps:
        assert api.patch(f"{TASKS}/{task['id']}", {"status": "in_progress"}).json["status"] == "in_progress"
        done = api.patch(f"{TASKS}/{task['id']}", {"status": "completed", "completedAt": "2026-02-19T10:30:00.125Z"})
        assert (done.status, done.json["completedAt"]) == (200, "2026-02-19T10:30:00.125Z")
    assert [task["id"] for task in api.get(f"{TASKS}?status=completed").json] == [t["id"] for t in reversed(steps)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{}", "Missing required field: title"),
        ('{"title": ""}', "Missing required field: title"),
        ('{"title": null}', "Missing required field: title"),
        ('{"title": "a", "status": "open"}', "Invalid status. Must be: pending, in_progress, completed, cancelled"),
        ('{"title": "a", "status": 5}', "Invalid status. Must be: pending, in_progress, completed, cancelled"),
        ('{"title": "a", "priority": "HIGH"}', "Invalid priority. Must be: low, medium, high, urgent"),
        ('{"title": "a", "assigneeType": "team"}', "Invalid assignee type. Must be: agent, user"),
        ('{"title": ', "Invalid JSON in request body"),
        ("", "Invalid JSON in request body"),
    ],
)
def test_bad_input_gets_the_documented_error(api: Api, body: str, message: str) -> None:
    answer = post(api, body)
    assert answer.json == {"error": True, "statusCode": 400, "statusMessage": "Bad Request", "message": message}
    assert answer.status == 400
    assert api.get(TASKS).json == []


@pytest.mark.parametrize("token", [None, "td_xxxxx", "sy_0"])
def test_without_a_valid_token_the_documented_error_answers(token: str | None, table: object) -> None:
    answer = Api(token).get(TASKS)
    assert answer.json == {
        "error": True,
        "statusCode": 401,
        "statusMessage": "Unauthorized",
        "message": "Invalid or expired token",
    }
