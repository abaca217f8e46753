"""How the projects surface shows tasks (contract: projects.md §2.1)."""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.surfaces.projects import run_present

#: Fields that only this surface knows, with what a task has that never had them set.
KEPT: Mapping[str, Any] = {
    "slug": "",
    "title_manually_set": False,
    "github_integration": None,
    "github_user_integration": None,
    "signal_report": None,
    "json_schema": None,
    "archived_at": None,
    "ci_prompt": None,
}


def kept(task: Track) -> Mapping[str, Any]:
    """Return what the surface keeps of a task for itself, e.g. its `json_schema`."""
    return {**KEPT, **task.ext.get("projects", {})}


def task(task: Track, run: Run | None, base_url: str) -> dict[str, Any]:
    """Return the task object with its latest run; `base_url` is scheme and host of the links in it."""
    own = kept(task)
    return {
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "task_number": task.task_number,
        "slug": own["slug"],
        "title_manually_set": own["title_manually_set"],
        "origin_product": task.origin_product,
        "repository": task.repository,
        "github_integration": own["github_integration"],
        "github_user_integration": own["github_user_integration"],
        "signal_report": own["signal_report"],
        "json_schema": own["json_schema"],
        "internal": task.internal,
        "archived": task.archived,
        "archived_at": own["archived_at"],
        "ci_prompt": own["ci_prompt"],
        "idle_seconds": task.idle_seconds,
        "timeout_seconds": task.timeout_seconds,
        "latest_run": run_present.run(run, base_url) if run else None,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "created_by": created_by(task),
    }


def summary(task: Track, run: Run | None) -> dict[str, Any]:
    """Return what a list of tasks needs of one."""
    return {
        "id": task.id,
        "title": task.title,
        "repository": task.repository,
        "origin_product": task.origin_product,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "latest_run": {"status": run_present.status(run), "environment": run.environment} if run else None,
    }


def created_by(task: Track) -> dict[str, Any]:
    """Return the user object of a task's maker, as far as the tenant knows one."""
    return {
        "id": task.created_by_number or 0,
        "uuid": str(uuid5(NAMESPACE_URL, f"switchyard:{task.tenant_id}:{task.created_by}")),
        "distinct_id": task.created_by,
        "first_name": task.created_by_name or "",
        "last_name": "",
        "email": "",
        "is_email_verified": None,
        "hedgehog_config": None,
        "role_at_organization": None,
    }
