"""Every list that a task can be in, on every surface."""

from typing import Any

from switchyard.domain.tracks import Track

#: When a task is due for one of the lists.
DUE = "2026-07-01T12:00:00.000Z"


def lists_of(task: Track) -> list[tuple[str, str, Any]]:
    """Every list of tasks that would have a task like this one, as method, path and body."""
    filters: list[dict[str, Any]] = [
        *(
            {},
            {"assignee": ["user_bo"]},
            {"status": ["todo"]},
            {"goalId": [task.goal_id]},
            {"parentId": [task.parent_id]},
        ),
        *({"dependsOn": list(task.depends_on)}, {"dueDateFrom": "2026-01-01"}, {"updatedAtFrom": "2020-01-01"}),
    ]
    project = task.project_ids[0]
    scopes = [{"type": "projects", "ids": [project]}]
    searches = [{"type": "task", "filter": each} for each in filters]
    searches += [{"type": "task", "query": "quarterly"}, {"type": "task", "scopes": scopes}]
    tools: list[tuple[str, Any]] = [("list_tasks", {}), ("list_tasks", {"assignee_id": "user_bo"})]
    tools += [("list_tasks", {"status": "open"}), ("search_tracks", {"type": "task"})]
    paths = [
        *("/v1/tracks", "/v1/tracks?assignee=user_bo", f"/v1/tracks?projectId={project}", "/v1/tracks?status=todo"),
        *("/api/v1/tasks", "/api/v1/tasks?status=pending", "/api/v1/tasks?assignedTo=user_bo", "/api/v1/tasks/ready"),
        *(
            f"/api/v1/tasks?spaceId={project}",
            "/api/v1/tasks?priority=medium",
            f"/api/v1/tasks/ready?spaceId={project}",
        ),
        *("/v1/tasks", "/v1/tasks?status=open", "/v1/tasks?assignee_id=user_bo", f"/v1/tasks?due_at_from={DUE}"),
        *("/v1/tasks?related_resource_type=deal&related_resource_id=7", "/api/projects/1/tasks"),
    ]
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    return [
        *(("GET", each, None) for each in paths),
        *(("POST", "/v1/tracks/search", each) for each in searches),
        *(("POST", "/mcp", {**rpc, "params": {"name": name, "arguments": given}}) for name, given in tools),
    ]
