"""How the planning surface shows a track: every field (contract: planning.md §3.1, and our extensions)."""

from typing import Any

from switchyard.domain import claims, clock
from switchyard.domain.tracks import Track


def _scope(track: Track) -> dict[str, Any]:
    return {"type": "personal"} if track.owner else {"type": "projects", "ids": list(track.project_ids)}


def _particulars(track: Track) -> dict[str, Any]:
    """Return what lies under the name of the track's type."""
    day = track.due[:10] if track.due else None
    if track.is_task:
        return {
            "status": track.status,
            "dueDate": day,
            "assignee": track.assignee,
            "assigneeType": track.assignee_type,
            "parentId": track.parent_id,
            "dependsOn": list(track.depends_on),
            "goalId": track.goal_id,
            "number": track.number,
            "requiresApproval": track.requires_approval,
            "repeat": track.repeat,
            "repeatFrom": track.repeat_from,
            "remind": track.remind,
        }
    return {
        "status": track.status,
        "dueDate": day,
        "progress": track.progress,
        "parentId": track.parent_id,
        "dependsOn": list(track.depends_on),
    }


def _rollup(goal: Track) -> dict[str, Any]:
    """Return what the goal's tasks come to, and which of the goal's fields follow them."""
    return {
        "follows": goal.follows,
        "tasksTotal": goal.tasks_total or 0,
        "tasksDone": goal.tasks_done or 0,
        "progress": goal.computed_progress,
    }


def outline(track: Track) -> dict[str, Any]:
    """Return what a search shows of a track."""
    return {
        "id": track.id,
        "externalId": track.external_id,
        "type": track.type,
        "title": track.title,
        "scope": _scope(track),
        "priority": track.priority,
        track.type: _particulars(track),
        "updatedAt": track.updated_at,
        "version": track.version,
    }


def full(track: Track) -> dict[str, Any]:
    """Return the whole track."""
    related = {"type": track.related_type, "id": track.related_id} if track.related_type else None
    return {
        **outline(track),
        "rollup": None if track.is_task else _rollup(track),
        "description": track.description,
        "relatedResource": related,
        "metadata": track.metadata,
        "dueAt": track.due if track.due and len(track.due) > 10 else None,
        "claim": _claim(track),
        "completedAt": track.completed_at,
        "completedNote": track.completed_note,
        "createdAt": track.created_at,
        "createdBy": track.created_by,
        "changedBy": _changed_by(track),
        "openDependencies": (track.open_dependencies or 0) if track.is_task else None,
        "latestRun": {"id": track.latest_run_id, "status": track.latest_run_status} if track.latest_run_id else None,
    }


def _claim(track: Track) -> dict[str, Any] | None:
    # The clock is asked about the few that were claimed at all: a page shows a hundred.
    if not track.lease_until or not claims.is_leased(track, clock.now()):
        return None
    return {"holder": track.holder, "fence": track.fence, "leaseExpiresAt": track.lease_until}


def _changed_by(track: Track) -> dict[str, Any]:
    by = {"id": track.changed_by, "kind": track.changed_by_kind, "source": track.changed_source}
    return {**by, "overruled": list(track.overruled)} if track.overruled else by
