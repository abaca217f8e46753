"""Tasks that get a run automatically, where their tenant wants it (docs/pool.md, "Executions")."""

from switchyard.domain import lifecycle
from switchyard.domain.tracks import Track


def is_due(task: Track) -> bool:
    """Return whether a task is one to start: shared, pending, assigned to an agent, waiting for nothing, never run.

    A task that has had a run gets no other automatically: one that failed, or was cancelled, is for someone to look at.
    """
    if not task.is_task or task.owner or task.deleted_at or task.latest_run_id or task.open_dependencies:
        return False
    return task.is_agents and not task.holder and task.status not in (*lifecycle.FINAL, "in_progress")
