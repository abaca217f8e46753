"""Executions: the pool's word for runs (docs/pool.md, "Executions"). Personal tasks are not in the pool."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from switchyard.domain.errors import NotFound
from switchyard.domain.ids import parse_id, task_id
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.http.call import Call, Reply
from switchyard.http.validation import Expectation, checked
from switchyard.ledger import runs
from switchyard.ledger.unit import RowKey, Unit
from switchyard.store import filters, indexes, keys, lists, shards
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.lists import Range
from switchyard.surfaces.pool import present
from switchyard.surfaces.pool.execution_models import Execute, ListExecutions
from switchyard.surfaces.pool.listing import by_assignee, link

_STORED = {
    "pending": ("not_started", "queued"),
    "in_progress": ("in_progress",),
    "completed": ("completed",),
    "failed": ("failed",),
    "cancelled": ("cancelled",),
}
_AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}")
_SHOWN = {stored: word for word, group in _STORED.items() for stored in group}


def execute(call: Call[Execute]) -> Reply:
    """Start a run of the task of an Execute body by the agent of the path."""
    body = call.body
    task = _task(call.unit, body.task_id)
    state = {"pending_user_message": body.message} if body.message else {}
    run = runs.create(call.unit, task, agent=checked("id", _agent_id, call.path["id"]), state=state)
    return Reply(201, shown(run), {"location": f"/api/v1/executions/{execution_id(run)}"})


def rows_of_path(tenant_id: str, path: Mapping[str, str]) -> Sequence[RowKey]:
    """Return the keys of the execution's task and run: what is read first."""
    ids = _ids(path)
    return [keys.track(tenant_id, ids[0]), keys.run(tenant_id, *ids)] if ids else []


def _ids(path: Mapping[str, str]) -> tuple[str, str] | None:
    task, _, run = path["id"].removeprefix("exec_").partition(".")
    ids = parse_id(task), parse_id(run)
    return (ids[0], ids[1]) if ids[0] and ids[1] else None


def read(call: Call) -> Reply:
    """Show the execution of the path: 1 round trip."""
    ids = _ids(call.path)
    missing = NotFound(f"Execution not found: {call.path['id'][:100]}")
    if ids is None:
        raise missing
    row_key = keys.run(call.actor.tenant_id, *ids)
    call.unit.prefetch([ids[0]], rows=[row_key])
    task, row = call.unit.find([ids[0]]).get(ids[0]), call.unit.row(row_key)
    if row is None or task is None or task.owner:
        raise missing
    return Reply(200, shown(run_rows.from_item(row)))


def list_all(call: Call[None, ListExecutions]) -> Reply:
    """Answer a ListExecutions query: all of one task, else the latest of each task; newest first.

    Those that wait for an answer: 1 query, and the rows of the page.
    """
    query, tenant = call.query, call.actor.tenant_id
    fingerprint = lists.fingerprint(
        tenant, "executions", query.task_id, query.agent_id, query.status, query.awaiting_input or ""
    )
    after = lists.from_cursor(query.cursor, fingerprint)
    row_filter = Filter()
    are_runs = bool(query.task_id or query.awaiting_input)
    if are_runs:
        if query.status:
            row_filter.add(filters.any_of("status", list(_STORED[query.status])))
        if query.agent_id:
            row_filter.add(filters.any_of("agent", [query.agent_id]))
    if query.task_id:
        _task(call.unit, query.task_id)
        pk, prefix = keys.runs(tenant, query.task_id)
        ranges = [Range(indexes.TABLE, pk, prefix=prefix)]
        if query.awaiting_input:
            row_filter.add(filters.between("asks_since", "0", None))
    elif query.awaiting_input:
        ranges = [Range(indexes.READY, keys.runs_asking(tenant))]
    else:
        row_filter.add(filters.any_of("latest_run_status", list(_STORED[query.status] if query.status else _SHOWN)))
        everything = [Range(indexes.LISTED_BY_ID, keys.listed(tenant, "task"))]
        ranges = by_assignee(tenant, query.agent_id) if query.agent_id else shards.of_tracks(everything, call.actor)
    page = lists.read_page(call.unit.table, ranges, limit=query.limit, after=after, row_filter=row_filter)
    if are_runs:
        found = [run_rows.from_item(item) for item in page.rows]
    else:
        found = _latest(call.unit, [track_rows.from_item(item) for item in page.rows])
    cursor = lists.to_cursor(page.position, fingerprint)
    return Reply(200, [shown(run) for run in found], link(call.request, cursor))


def execution_id(run: Run) -> str:
    """Return an execution's id: it names the task too, with which the run lies."""
    return f"exec_{run.task_id}.{run.id}"


def shown(run: Run) -> dict[str, Any]:
    """Return an execution; what is not set is left out."""
    answer = {
        "id": execution_id(run),
        "taskId": task_id(run.task_id),
        "agentId": run.agent,
        "status": _SHOWN[run.status],
        "awaitingInput": run.awaits_input or None,
        "organizationId": run.tenant_id,
        "createdBy": run.created_by,
        "createdAt": present.shown_time(run.created_at),
        "updatedAt": present.shown_time(run.updated_at),
        "startedAt": present.shown_time(run.started_at) if run.started_at else None,
        "completedAt": present.shown_time(run.completed_at) if run.completed_at else None,
        "output": run.output,
        "error": run.error_message,
    }
    return {name: value for name, value in answer.items() if value is not None}


def _agent_id(text: str) -> str:
    if not _AGENT.fullmatch(text):
        raise Expectation(f"{text[:80]!r} is not a valid id of an agent", "up to 128 of A-Z a-z 0-9 . _ @ : + -", "id")
    return text


def _task(unit: Unit, track_id: str) -> Track:
    task = unit.find([track_id]).get(track_id)
    if task is None or not task.is_task or task.owner:
        raise NotFound(f"Task not found: {task_id(track_id)}")
    return task


def _latest(unit: Unit, tasks: list[Track]) -> list[Run]:
    """Read the latest runs of tasks: 1 round trip."""
    row_keys = [keys.run(each.tenant_id, each.id, each.latest_run_id or "") for each in tasks]
    unit.prefetch((), rows=row_keys)
    found = [unit.row(each) for each in row_keys]
    return [run_rows.from_item(row) for row in found if row]
