"""Create, read, change and delete one task (contract: projects.md §4)."""

import re
from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock, tracks
from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.runs import Run
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import numbers
from switchyard.ledger import tracks as track_verbs
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.surfaces.projects import present, scope
from switchyard.surfaces.projects.models import TaskFields

#: Characters of a title that is taken from the description.
DERIVED_TITLE_MAX = 80
_SENTENCE = re.compile(r"(?<=[.!?])\s|\n\s*\n")
#: Fields that are kept as they were sent: those of every track, and those that only this surface knows.
_FIELDS = ("origin_product", "repository", "internal", "archived", "idle_seconds", "timeout_seconds")
_OWN = ("signal_report", "json_schema", "ci_prompt")

#: What a new task shows where its body says nothing.
NEW = {"origin_product": ""}


def create(call: Call[TaskFields]) -> Reply:
    """Make the task of a TaskFields body, with the project's next number: 1 round trip, 2 when that is not known."""
    body = call.body
    project = scope.project(call)
    number = numbers.draw(call.unit, project.id)
    fields, own = _changes(body, None)
    own |= {"slug": f"{slug_prefix(project)}-{number}", "title_manually_set": bool(body.title)}
    description = body.description or ""
    title = body.title or derived_title(description)
    if "title_manually_set" in body.model_fields_set:
        own["title_manually_set"] = body.title_manually_set
    task = track_verbs.create(
        call.unit,
        "task",
        title,
        description=description,
        status="todo",
        project_ids=(project.id,),
        task_number=number,
        ext=_ext({}, own),
        **fields,
    )
    location = f"/api/projects/{project.number}/tasks/{task.id}"
    return Reply(
        201, present.task(task, None, call.request.base_url), {"location": location, "etag": tracks.etag(task)}
    )


def read(call: Call) -> Reply:
    """Show the task of the path, with its latest run: 1 round trip.

    2 when it has one and staged artifacts wait, or when the path's number is not remembered.
    """
    return answer(scope.task_in(call, latest=True), call)


def update(call: Call[TaskFields]) -> Reply:
    """Change the task of the path as a TaskFields body says: absent fields keep their values, for PUT too."""
    body = call.body
    before = scope.task_in(call)
    tracks.check_version(before, call.if_match)
    sent = body.model_fields_set
    fields, own = _changes(body, before)
    if "description" in sent:
        fields["description"] = body.description
    if "title" in sent:
        fields["title"] = body.title or derived_title(fields.get("description", before.description))
        own["title_manually_set"] = bool(body.title)
    if "title_manually_set" in sent:
        own["title_manually_set"] = body.title_manually_set
    after = track_verbs.change(call.unit, before, **fields, ext=_ext(before.ext, own))
    return answer(after, call)


def delete(call: Call) -> Reply:
    """Delete the task of the path: it is gone for every surface at once, and kept for the trail a while."""
    before = scope.task_in(call)
    tracks.check_version(before, call.if_match)
    track_verbs.delete(call.unit, before)
    return Reply(204)


def shown(call: AnyCall) -> dict[str, Any]:
    """Return what the task of the path shows."""
    return present.task(scope.task_in(call), None, call.request.base_url)


def answer(task: Track, call: AnyCall, status: int = 200) -> Reply:
    """Answer with the whole task; its version is the ETag."""
    return Reply(status, present.task(task, latest_run(call, task), call.request.base_url), {"etag": tracks.etag(task)})


def latest_run(call: AnyCall, task: Track) -> Run | None:
    """Read the newest run of a task, if it has one: 1 round trip unless it was prefetched."""
    if task.latest_run_id is None:
        return None
    row = call.unit.row(keys.run(task.tenant_id, task.id, task.latest_run_id))
    return run_rows.from_item(row) if row else None


def derived_title(description: str) -> str:
    """Return the first sentence of a description as a title, cut at a word; empty when there is none."""
    sentence = " ".join(_SENTENCE.split(description.strip(), maxsplit=1)[0].split())
    if len(sentence) <= DERIVED_TITLE_MAX:
        return sentence
    cut = sentence[: DERIVED_TITLE_MAX - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def slug_prefix(project: Project) -> str:
    """Return what the slugs of a project's tasks begin with: three letters of its name."""
    letters = re.sub(r"[^a-zA-Z0-9]", "", project.name)
    capitals = re.sub(r"[^A-Z]", "", letters)
    return capitals[:3] if len(capitals) >= 3 else letters[:3].upper() or "TSK"


def _changes(body: TaskFields, before: Track | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the body changes of a task (None: a new one): its fields, and what only this surface knows."""
    sent = body.model_fields_set
    fields = {name: getattr(body, name) for name in _FIELDS if name in sent}
    own = {name: getattr(body, name) for name in _OWN if name in sent}
    if "archived" in sent and body.archived != (before.archived if before else False):
        own["archived_at"] = clock.now() if body.archived else None
    if "signal_report_task_relationship" in sent:
        report = {**(present.kept(before) if before else present.KEPT), **own}["signal_report"]
        origin = fields.get("origin_product", before.origin_product if before else "")
        if report is None or origin != "signal_report":
            problem = "A relationship needs a signal_report, and signal_report as the origin product"
            raise Invalid(FieldError("signal_report_task_relationship", problem))
    return fields, own


def _ext(before: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return `ext` with what the surface changes there, less what is as for a task that never had it set."""
    kept = {**before.get("projects", {}), **own}
    kept = {name: value for name, value in kept.items() if name not in present.KEPT or value != present.KEPT[name]}
    others = {name: value for name, value in before.items() if name != "projects"}
    return {**others, "projects": kept} if kept else others
