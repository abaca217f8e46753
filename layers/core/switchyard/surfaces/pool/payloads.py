"""What webhooks send: a domain event in the pool's words."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain.ids import task_id
from switchyard.http.models import to_camel
from switchyard.surfaces.pool import present, workflow

#: The pool's words for what the ledger calls otherwise.
_WORDS = {"assignee": "assignedTo", "project_ids": "spaceId", "due": "dueDate", "holder": "claim"}


def payload(detail: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the message of a domain event; None for one without a meaning in the pool.

    A status that changes within one word of the pool (backlog, todo) does not change there, and a change of nothing
    else is none.
    `sequence` grows with each change of the task or goal: a receiver drops what is older than what it has.
    """
    data: dict[str, Any] = {
        "id": detail["id"],
        "type": detail["type"],
        "timestamp": detail["time"],
        "sequence": detail["sequence"],
        "organizationId": detail["tenantId"],
    }
    kind = detail["type"].partition(".")[0]
    if kind == "task":
        previous = workflow.shown(detail.get("previousStatus"))
        began = detail["type"] == "task.created"
        moved = previous != workflow.shown(detail["track"].get("status"))
        changed = [
            _WORDS.get(each["field"]) or to_camel(each["field"])
            for each in detail["changes"]
            if each["field"] != "status" or moved
        ]
        tells = {"task.status_changed": moved, "task.updated": changed}
        if not tells.get(detail["type"], True):
            return None
        lost = detail.get("prerequisite")
        stuck = {"prerequisite": {**lost, "id": task_id(lost["id"])}} if lost else {}
        return {
            **data,
            "data": {
                "task": _task(detail["track"], detail["tenantId"]),
                "previousStatus": None if began else previous,
                "changedFields": changed,
                "actor": detail["actor"],
                **stuck,
                **({"comment": detail["comment"]} if "comment" in detail else {}),
            },
        }
    common = {"tenantId", "owner", "requestId", *data}
    return {**data, "data": {name: value for name, value in detail.items() if name not in (*common, "time")}}


def _task(track: Mapping[str, Any], tenant_id: str) -> dict[str, Any]:
    """Return the pool's task object of a snapshot, which leaves out what is too large for an event."""
    projects = track.get("projectIds") or [None]
    answer = {
        "id": task_id(track["id"]),
        "title": track.get("title"),
        "description": track.get("description"),
        "status": workflow.shown(track.get("status")),
        "priority": track.get("priority"),
        "assignedTo": track.get("assignee"),
        "assigneeType": track.get("assigneeType") or "user",
        "spaceId": projects[0],
        "organizationId": tenant_id,
        "createdBy": track.get("createdBy"),
        "createdAt": present.shown_time(track["createdAt"]),
        "updatedAt": present.shown_time(track["updatedAt"]),
        "dueDate": present.shown_time(track["due"]) if track.get("due") else None,
        "completedAt": present.shown_time(track["completedAt"]) if track.get("completedAt") else None,
        "metadata": track.get("metadata"),
        "dependsOn": [task_id(each) for each in track.get("dependsOn") or ()] or None,
    }
    return {name: value for name, value in answer.items() if value is not None}
