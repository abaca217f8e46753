"""How the runs surface shows what an agent claimed."""

from typing import Any

from switchyard.domain import artifacts
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.surfaces.projects.present import kept


def url(base: str, run: Run) -> str:
    """Return where the holder of a run reports on it; `base` is the scheme and host that the client named."""
    return f"{base}/api/projects/-/tasks/{run.task_id}/runs/{run.id}/"


def message(run: Run) -> str | None:
    """Return what the run was started with, if anything."""
    return run.state.get("pending_user_message")


def claimed(task: Track, run: Run, base: str) -> dict[str, Any]:
    """Return a claimed run with its task."""
    return {
        "task": {
            "id": task.id,
            "title": task.title,
            "description": task.description,
            "priority": task.priority,
            "due": task.due,
            "project": task.project_ids[0] if task.project_ids else None,
            "goal": task.goal_id,
            "repository": task.repository,
            "json_schema": kept(task)["json_schema"],
            "metadata": dict(task.metadata),
            "created_by": task.created_by,
        },
        "run": {
            "id": run.id,
            "status": run.status,
            "stage": run.stage,
            "branch": run.branch,
            "message": message(run),
            "state": dict(run.state),
            "artifacts": artifacts.shown(run.artifacts),
            "resumed_from": run.resumed_from,
            "created_by": run.created_by,
            "created_at": run.created_at,
        },
        "fence": run.fence,
        "lease_until": run.lease_until,
        "url": url(base, run),
    }


def lease(run: Run) -> dict[str, Any]:
    """Return the run's claim."""
    return {
        "task": run.task_id,
        "run": run.id,
        "status": run.status,
        "holder": run.holder,
        "fence": run.fence,
        "lease_until": run.lease_until,
    }
