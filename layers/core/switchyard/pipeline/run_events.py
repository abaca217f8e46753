"""Domain events of runs (docs/events.md)."""

from switchyard.domain.run_changes import RunChange
from switchyard.pipeline.domain_events import DomainEvent, event_of, origin, snapshot

# Without the inputs and the files of a run, which may be large: who may read the run reads them there.
_SHOWN = {
    "id": "id",
    "task_id": "taskId",
    "project_id": "projectId",
    "goal_run_id": "goalRunId",
    "status": "status",
    "environment": "environment",
    "agent": "agent",
    "stage": "stage",
    "branch": "branch",
    "error_message": "errorMessage",
    "output": "output",
    "holder": "holder",
    "created_by": "createdBy",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "dispatched_at": "dispatchedAt",
    "started_at": "startedAt",
    "completed_at": "completedAt",
    "version": "version",
}


def events_of(change: RunChange) -> list[DomainEvent]:
    """Return the event of a change of a run: one, or none when it means nothing to others."""
    before, after = change.before, change.after
    if change.meaning is None:
        return []
    run, omitted = snapshot(after, _SHOWN)
    detail = {
        **origin(after),
        "previousStatus": before.status if before else None,
        "run": run,
        "omitted": omitted,
    }
    return [event_of(f"run.{change.meaning}", after, detail)]
