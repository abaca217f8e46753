"""Domain events of runs (docs/events.md)."""

from switchyard.domain.questions import Question
from switchyard.domain.run_changes import RunChange
from switchyard.pipeline.domain_events import DomainEvent, event_of, origin, snapshot

# Without the inputs and the files of a run, which may be large: a consumer that may read the run reads them there.
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
    "awaits_input": "awaitingInput",
    "version": "version",
}
_QUESTION = {
    "id": "id",
    "text": "text",
    "choices": "choices",
    "artifact": "artifact",
    "to": "to",
    "default": "default",
    "approves": "approves",
    "deadline": "deadline",
    "asked_by": "askedBy",
    "asked_at": "askedAt",
    "answer": "answer",
    "answered_by": "answeredBy",
    "answered_at": "answeredAt",
}


def events_of(change: RunChange, question: Question | None = None) -> list[DomainEvent]:
    """Return the events of a change of a run, none when it means nothing to others; those about a question show it."""
    before, after = change.before, change.after
    if not change.meanings:
        return []
    run, omitted = snapshot(after, _SHOWN)
    detail = {
        **origin(after, after),
        "previousStatus": before.status if before else None,
        "run": run,
        "omitted": omitted,
    }
    shown = {"question": snapshot(question, _QUESTION)[0]} if question else {}
    return [
        event_of(f"run.{each}", after, detail | shown if each in ("asked", "answered") else detail)
        for each in change.meanings
    ]
