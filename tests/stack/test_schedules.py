"""A schedule on the deployed stack: the stream plans it, Scheduler's message begins it, the policies let each do so."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.stack import STACK_NAME
from switchyard.admin import Admin
from switchyard.aws.scheduler import name_of

SECONDS_MAX = 30


@pytest.fixture
def tenant(stack: dict[str, Any], aws: Any) -> tuple[str, dict[str, str]]:
    """A tenant of the test's own, and the header of a user's token."""
    (deployed,) = aws("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in deployed["Outputs"]}
    admin = Admin(outputs["TableName"], aws("dynamodb"))
    made = admin.create_tenant("Acme")
    issued = admin.issue_token(made, "user_ada", scopes=["tasks:read", "tasks:write"])
    return made, {"authorization": f"Bearer {issued['token']}"}


@pytest.fixture
def http(stack: dict[str, Any], tenant: tuple[str, dict[str, str]]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack["url"], headers=tenant[1], timeout=60, trust_env=False) as made:
        yield made


def eventually(look: Any) -> Any:
    """What a look finds, as soon as it finds something."""
    until = time.monotonic() + SECONDS_MAX
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.1)
    assert found
    return found


def test_schedules_create_a_task_and_run_a_goal_at_their_time_and_are_gone_at_scheduler_afterwards(
    http: httpx.Client, aws: Any, tenant: tuple[str, dict[str, str]]
) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%S")
    task = {"title": "Report", "scope": {"type": "projects", "ids": ["docs"]}, "dueInDays": 1}
    answer = http.post("/v1/schedules", json={"name": "Once", "expression": f"at({soon})", "createTask": task})
    assert answer.status_code == 201, answer.text
    scope = {"type": "projects", "ids": []}
    goal = http.post("/v1/tracks", json={"type": "goal", "title": "Handbook", "scope": scope}).json()["id"]
    own = {"goalId": goal, "assignee": "agent_bo", "status": "done"}
    http.post("/v1/tracks", json={"type": "task", "title": "Write", "scope": scope, "task": own})
    body = {"name": "Again", "expression": f"at({soon})", "runGoal": {"id": goal}}
    other = http.post("/v1/schedules", json=body).json()
    schedule, path = answer.json(), f"/v1/schedules/{answer.json()['id']}"
    assert schedule["upcoming"] == [f"{soon}.000Z"]
    (occurrence,) = eventually(lambda: http.get(f"{path}/occurrences").json()["items"])
    assert (occurrence["at"], occurrence["outcome"]) == (f"{soon}.000Z", "begun")
    assert (
        eventually(lambda: http.get(f"/v1/tracks/{goal}/run").json().get("id"))
        == http.get(f"/v1/schedules/{other['id']}/occurrences").json()["items"][0]["run"]
    )
    made = http.get(f"/v1/tracks/{occurrence['track']}").json()
    due = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert (made["title"], made["task"]["dueDate"], made["createdBy"]) == ("Report", due, "user_ada")
    assert made["changedBy"]["source"] == "schedule"
    planned = aws("scheduler").list_schedules(NamePrefix=name_of(tenant[0], schedule["id"]))["Schedules"]
    assert planned == []


def test_scheduler_plans_what_is_due_and_nothing_of_what_is_paused_or_deleted(
    http: httpx.Client, aws: Any, tenant: tuple[str, dict[str, str]]
) -> None:
    task = {"title": "Report", "scope": {"type": "projects", "ids": []}}
    body = {"name": "Daily", "expression": "0 9 * * 1-5", "timeZone": "Europe/Berlin", "createTask": task}
    schedule = http.post("/v1/schedules", json=body).json()
    scheduler, name = aws("scheduler"), name_of(tenant[0], schedule["id"])

    def planned() -> list[Any]:
        return list(scheduler.list_schedules(NamePrefix=name)["Schedules"])

    (found,) = eventually(planned)
    plan = scheduler.get_schedule(Name=name, GroupName=found["GroupName"])
    assert plan["ScheduleExpression"] == "cron(0 9 ? * 2,3,4,5,6 *)"
    assert plan["ScheduleExpressionTimezone"] == "Europe/Berlin"
    path = f"/v1/schedules/{schedule['id']}"
    assert http.patch(path, json={"paused": True}).json()["upcoming"] == []
    eventually(lambda: not planned())
    assert len(http.patch(path, json={"paused": False}).json()["upcoming"]) == 5
    eventually(planned)
    assert http.delete(path).status_code == 204
    eventually(lambda: not planned())
