"""How the pool shows a task (contract: pool.md §2.1)."""

from typing import Any

from switchyard.domain import claims, clock
from switchyard.domain.ids import task_id
from switchyard.domain.tracks import Track
from switchyard.surfaces.pool import workflow


def shown_time(stored: str) -> str:
    """Return an instant as the document writes it: a date as its midnight, whole seconds without a fraction."""
    if len(stored) == 10:
        return f"{stored}T00:00:00Z"
    return stored.removesuffix(".000Z") + "Z" if stored.endswith(".000Z") else stored


def claim(track: Track) -> dict[str, Any] | None:
    """Return who holds the task; None when nobody does, by the clock."""
    # The clock is asked about the few that were claimed at all: a page shows a hundred.
    if not track.lease_until or not claims.is_leased(track, clock.now()):
        return None
    return {"holder": track.holder, "fence": track.fence, "leaseExpiresAt": track.lease_until}


def task(track: Track) -> dict[str, Any]:
    """Return the task object; optional properties that are not set are left out."""
    answer: dict[str, Any] = {
        "id": task_id(track.id),
        "title": track.title,
        "description": track.description,
        "status": workflow.shown(track.status),
        "priority": track.priority,
        "assignedTo": track.assignee,
        "assigneeType": track.assignee_type or "user",
        "spaceId": track.project_ids[0] if track.project_ids else None,
        "organizationId": track.tenant_id,
        "createdBy": track.created_by,
        "createdAt": shown_time(track.created_at),
        "updatedAt": shown_time(track.updated_at),
        "dueDate": shown_time(track.due) if track.due else None,
        "completedAt": shown_time(track.completed_at) if track.completed_at else None,
        "metadata": dict(track.metadata),
        "dependsOn": [task_id(each) for each in track.depends_on] or None,
        "claim": claim(track),
    }
    return {name: value for name, value in answer.items() if value is not None}
