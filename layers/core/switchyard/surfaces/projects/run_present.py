"""How the projects surface shows runs (contract: projects.md §2.2)."""

from typing import Any

from switchyard.domain import artifacts, log_addresses
from switchyard.domain.runs import Run

#: Keys of `state` that a run shows beside it too.
_RUNTIME = ("runtime_adapter", "provider", "model", "reasoning_effort")


def run(run: Run, base_url: str) -> dict[str, Any]:
    """Return the run object; `base_url` is scheme and host of the link to its log, which needs no token."""
    return {
        "id": run.id,
        "task": run.task_id,
        "stage": run.stage,
        "branch": run.branch,
        "status": status(run),
        "environment": run.environment,
        **{name: _text(run.state.get(name)) for name in _RUNTIME},
        "log_url": _log_url(run, base_url),
        "error_message": run.error_message,
        "output": run.output,
        "state": dict(run.state),
        "artifacts": artifacts.shown(run.artifacts),
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "completed_at": run.completed_at,
        "agent": run.agent,
        "holder": run.holder,
        "lease_until": run.lease_until,
        "fence": run.fence,
        "heartbeat_at": run.heartbeat_at,
        "awaiting_input": run.awaits_input,
        "question": run.question_id,
    }


def _log_url(run: Run, base_url: str) -> str:
    """A run from before runs had secrets shows where its log is for those who send their token."""
    address = log_addresses.make(run)
    path = f"run_logs/{address}" if address else f"projects/-/tasks/{run.task_id}/runs/{run.id}/logs"
    return f"{base_url}/api/{path}"


def status(run: Run) -> str:
    """Return the status that clients see: a run that is still to be started is queued to them."""
    return "queued" if run.status == "not_started" else run.status


def stored(status: str) -> list[str]:
    """Return the statuses that clients see as this one."""
    return ["queued", "not_started"] if status == "queued" else [status]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
