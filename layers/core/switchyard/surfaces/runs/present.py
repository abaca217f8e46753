"""How the runs surface shows what an agent claimed."""

from typing import TYPE_CHECKING, Any

from switchyard.domain import artifacts
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.surfaces.projects.present import kept

if TYPE_CHECKING:
    from switchyard.domain.questions import Question


def url(base: str, run: Run) -> str:
    """Return where the holder of a run reports on it; `base` is the scheme and host that the client named."""
    return f"{base}/api/projects/-/tasks/{run.task_id}/runs/{run.id}/"


def message(run: Run) -> str | None:
    """Return what the run was started with, if anything."""
    return run.state.get("pending_user_message")


def claimed(task: Track, run: Run, base: str, asked: "Question | None" = None) -> dict[str, Any]:
    """Return a claimed run with its task, and its latest question."""
    shown = {"question": question(asked, run)} if asked else {}
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
        **shown,
    }


def lease(run: Run, asked: "Question | None" = None) -> dict[str, Any]:
    """Return the run's claim, and its latest question."""
    shown = {"question": question(asked, run)} if asked else {}
    return {
        "task": run.task_id,
        "run": run.id,
        "status": run.status,
        "holder": run.holder,
        "fence": run.fence,
        "lease_until": run.lease_until,
        **shown,
    }


def question(asked: "Question", run: Run) -> dict[str, Any]:
    """Return a question of the run."""
    return {
        "id": asked.id,
        "task": asked.task_id,
        "run": asked.run_id,
        "status": asked.state(run),
        "text": asked.text,
        "choices": list(asked.choices),
        "artifact": asked.artifact,
        "to": asked.to,
        "default": asked.default,
        "approves": asked.approves,
        "deadline": asked.deadline,
        "asked_by": asked.asked_by,
        "asked_at": asked.asked_at,
        "answer": asked.answer,
        "answered_by": asked.answered_by,
        "answered_by_kind": asked.answered_by_kind,
        "answered_at": asked.answered_at,
    }
