"""Read and change the runs of a task (contract: projects.md §7)."""

from typing import Any

from switchyard.domain import runs
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.statuses import EndpointRefusal
from switchyard.http.validation import check_json_size
from switchyard.ledger import runs as run_verbs
from switchyard.ledger import tracks
from switchyard.store import runs as run_rows
from switchyard.surfaces.projects import paging, present, run_present, scope
from switchyard.surfaces.projects.inputs import Paging
from switchyard.surfaces.projects.run_models import SetOutput, UpdateRun

#: Keys of `state` that clients do not change.
PROTECTED = frozenset({"github_credential_source", "pr_authorship_mode", "sandbox_id"})

#: Distinct stages of its runs that a task remembers, for the list's filter; the latest ones.
STAGES_MAX = 20

#: What is answered where a client wants to reach an agent's sandbox.
NO_SANDBOX = {"error": "No active sandbox for this task run"}


def list_runs(call: Call[None, Paging]) -> Reply:
    """Answer a Paging query, newest first: 1 round trip for the task, 1 for the runs up to the page's end."""
    query = call.query
    task = scope.task_in(call, missing=scope.NO_TASK)
    count, offset, base = task.run_count or 0, query.offset, call.request.base_url
    found = run_rows.read_slice(call.unit.table, task.tenant_id, task.id, offset, query.limit) if offset < count else []
    end = offset + len(found)
    next_ = paging.link(call, end) if end < count and found else None
    previous = paging.link(call, max(0, offset - query.limit)) if offset else None
    results = [run_present.run(each, base) for each in found]
    return Reply(200, paging.envelope(results, count, next_, previous))


def read(call: Call) -> Reply:
    """Show the run of the path: 1 round trip."""
    _, run = scope.run_in(call)
    return _shown(call, run)


def update(call: Call[UpdateRun]) -> Reply:
    """Change the run of the path as an UpdateRun body says; merges meet what is there at the moment of the write."""
    body = call.body
    task, run = scope.run_in(call)
    sent = body.model_fields_set
    fields: dict[str, Any] = {
        name: getattr(body, name) for name in ("branch", "stage", "error_message") if name in sent
    }
    fields |= _moved(run, body.status)
    if body.environment:
        fields["environment"] = body.environment
    if "output" in sent:
        fields["output"] = _merged(run.output, body.output)
        check_json_size(fields["output"], "output", runs.OUTPUT_MAX_BYTES)
    if sent & {"state", "state_remove_keys"}:
        kept = {name: value for name, value in run.state.items() if name not in _removed(body)}
        fields["state"] = kept | {name: value for name, value in (body.state or {}).items() if name not in PROTECTED}
        check_json_size(fields["state"], "state", runs.STATE_MAX_BYTES)
    after = run_verbs.change(call.unit, task, run, **fields)
    _remember_stage(call, task, after)
    return _shown(call, after)


def set_output(call: Call[SetOutput]) -> Reply:
    """Put a SetOutput body in place of the run's output; one that fits the task's json_schema completes a cloud run."""
    body = call.body
    task, run = scope.run_in(call)
    fields: dict[str, Any] = {"output": body.output}
    schema = present.kept(task)["json_schema"]
    if schema is not None:
        problem = _problem(schema, body.output)
        if problem:
            raise EndpointRefusal(400, {"error": f"Output validation error: {problem}"})
        if not run.is_outside:
            fields["status"] = "completed"
    return _shown(call, run_verbs.change(call.unit, task, run, **fields))


def cancel(call: Call) -> Reply:
    """Cancel the run of the path, whoever holds it; one that is cancelled already stays as it is."""
    task, run = scope.run_in(call)
    return _shown(call, run_verbs.change(call.unit, task, run, status="cancelled"))


def connection_token(call: Call) -> Reply:
    """Refuse a token for a sandbox: there is none."""
    scope.run_in(call)
    raise EndpointRefusal(400, NO_SANDBOX)


def shown(call: AnyCall) -> dict[str, Any]:
    """Return what the run of the path shows."""
    return run_present.run(scope.run_in(call)[1], call.request.base_url)


def _shown(call: AnyCall, run: Run) -> Reply:
    return Reply(200, run_present.run(run, call.request.base_url))


def _moved(run: Run, status: str | None) -> dict[str, Any]:
    """Return the fields of a new status: one put back in the queue has no holder, one still to be started is queued."""
    if status is None or status == run_present.status(run):
        return {}
    return dict(runs.released()) if status == "queued" and run.status == "in_progress" else {"status": status}


def _merged(before: Any, given: Any) -> Any:
    return {**before, **given} if isinstance(before, dict) and isinstance(given, dict) else given


def _removed(body: UpdateRun) -> set[str]:
    return set(body.state_remove_keys or ()) - PROTECTED


def _remember_stage(call: AnyCall, task: Track, run: Run) -> None:
    """Keep a run's stage with the task, where the list finds it."""
    task = call.unit.gathered(task)
    if run.stage and run.stage not in task.stages:
        tracks.follow(call.unit, task, stages=(*task.stages, run.stage)[-STAGES_MAX:])


def _problem(schema: dict[str, Any], output: Any) -> str | None:
    """Return what is wrong with an output by the task's schema. Imported here: only such tasks pay for it."""
    from switchyard.surfaces.projects import schemas

    return schemas.problem(schema, output)
