"""Make runs of a task, and start them (contract: projects.md §5, §7)."""

from typing import Any

from switchyard.domain import runs
from switchyard.domain.artifacts import Entry
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.statuses import EndpointRefusal
from switchyard.http.validation import check_json_size
from switchyard.ledger import runs as run_verbs
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.surfaces.projects import present, run_present, runtimes, scope, staged
from switchyard.surfaces.projects.run_models import CreateRun, RunTask, StartRun

#: Keys of `state` that are the body's fields of the same name.
_KEPT = (
    "initial_permission_mode",
    "pr_authorship_mode",
    "run_source",
    "signal_report_id",
    "runtime_adapter",
    "model",
    "reasoning_effort",
    "service_tier",
)
#: What a resumed run takes over as it is, beside its runtime.
_INHERITED = ("snapshot_external_id", "pr_authorship_mode", "run_source", "signal_report_id")
_PENDING = ("pending_user_message", "pending_user_artifact_ids")

#: What a new run shows where its body says nothing.
NEW = dict.fromkeys(("runtime_adapter", "model", "reasoning_effort"))


def run_task(call: Call[RunTask]) -> Reply:
    """Make the run of a RunTask body, which the workflow starts: 1 round trip to read all it needs, 1 to write."""
    body = call.body
    _check(body)
    tenant, task_id = call.actor.tenant_id, scope.task_id(call)
    wanted = staged.row_keys(tenant, task_id, body.pending_user_artifact_ids)
    earlier_key = keys.run(tenant, task_id, body.resume_from_run_id) if body.resume_from_run_id else None
    task = scope.task_in(call, [*wanted, earlier_key] if earlier_key else wanted)
    state = _state(body, task)
    if earlier_key:
        row = call.unit.row(earlier_key)
        if row is None:
            raise EndpointRefusal(400, {"detail": "Invalid resume_from_run_id"})
        state = _resumed(run_rows.from_item(row), state)
    if body.pending_user_message:
        state["pending_user_message"] = body.pending_user_message
    entries: tuple[Entry, ...] = ()
    if body.pending_user_artifact_ids:
        entries = staged.consume(call.unit, task, body.pending_user_artifact_ids)
        check_json_size(list(entries), "pending_user_artifact_ids", runs.MANIFEST_MAX_BYTES)
        state["pending_user_artifact_ids"] = [each["id"] for each in entries]
    check_json_size(state, "state", runs.STATE_MAX_BYTES)
    run = run_verbs.create(
        call.unit,
        task,
        state=state,
        branch=state.get("pr_base_branch"),
        artifacts=entries,
        resumed_from=body.resume_from_run_id,
    )
    return Reply(200, present.task(call.unit.gathered(task), run, call.request.base_url))


def create(call: Call[CreateRun]) -> Reply:
    """Make the run of a CreateRun body, which a local session works on, or the start request starts in the cloud."""
    body = call.body
    _check(body)
    task = scope.task_in(call, missing=scope.NO_TASK)
    state = _state(body, task)
    status = "not_started" if body.environment == "cloud" else "queued"
    run = run_verbs.create(
        call.unit,
        task,
        state=state,
        branch=body.branch,
        environment=body.environment,
        status=status,
    )
    return Reply(201, run_present.run(run, call.request.base_url))


def start(call: Call[StartRun]) -> Reply:
    """Start the cloud run of the path; one that was started already takes the message all the same."""
    body = call.body
    task, run = scope.run_in(call)
    if run.environment != "cloud":
        raise EndpointRefusal(400, {"error": "Only cloud runs can be started via this endpoint"})
    if run.status not in ("not_started", "queued"):
        problem = f"Only queued or not_started cloud runs can be started (current status: {run.status})"
        raise EndpointRefusal(400, {"error": problem})
    wanted = list(dict.fromkeys(body.pending_user_artifact_ids))
    there = {each["id"] for each in run.artifacts}
    missing = [each for each in wanted if each not in there]
    if missing:
        detail = "Some pending_user_artifact_ids are invalid for this run"
        raise EndpointRefusal(400, {"detail": detail, "missing_artifact_ids": missing})
    run_verbs.check_runnable(call.unit, task)
    state = dict(run.state)
    if body.pending_user_message:
        state["pending_user_message"] = body.pending_user_message
    if wanted:
        state["pending_user_artifact_ids"] = wanted
    check_json_size(state, "state", runs.STATE_MAX_BYTES)
    run = run_verbs.change(call.unit, task, run, status="queued", state=state)
    return Reply(200, _task_with(call, task, run))


def resume_in_cloud(call: Call) -> Reply:
    """Give the run of the path back to the workflow: from a local session, or after it failed or was cancelled."""
    task, run = scope.run_in(call)
    if not run.is_outside:
        raise EndpointRefusal(400, {"error": "Run is already active in cloud"})
    state = {name: value for name, value in run.state.items() if name not in _PENDING}
    state |= {"mode": "interactive", "handoff_resumed": True}
    check_json_size(state, "state", runs.STATE_MAX_BYTES)
    run = run_verbs.resume(call.unit, task, run, state=state)
    return Reply(200, run_present.run(run, call.request.base_url))


def _task_with(call: AnyCall, task: Track, run: Run) -> dict[str, Any]:
    """Return the task object; one of its older runs is not its latest."""
    after = call.unit.gathered(task)
    latest: Run | None = run
    if after.latest_run_id and after.latest_run_id != run.id:
        row = call.unit.row(keys.run(task.tenant_id, task.id, after.latest_run_id))
        latest = run_rows.from_item(row) if row else None
    return present.task(after, latest, call.request.base_url)


# ---------------------------------------------------------------- what a run begins with


def _check(body: RunTask | CreateRun) -> None:
    """Raise Invalid or EndpointRefusal for a body whose fields do not fit each other, or name what is not here."""
    runtimes.check(
        body.runtime_adapter, body.model, body.reasoning_effort, body.initial_permission_mode, body.service_tier
    )
    if body.sandbox_environment_id:
        raise EndpointRefusal(400, {"detail": "Invalid sandbox_environment_id"})


def _state(body: RunTask | CreateRun, task: Track) -> dict[str, Any]:
    """Return the state of a run by its body."""
    given = {name: getattr(body, name) for name in _KEPT}
    state = {"mode": body.mode, **{name: value for name, value in given.items() if value is not None}}
    if body.branch:
        state["pr_base_branch"] = body.branch
    if body.runtime_adapter:
        state["provider"] = runtimes.PROVIDERS[body.runtime_adapter]
    if body.run_source == "signal_report":
        state["pr_authorship_mode"] = "bot"
    elif body.pr_authorship_mode == "user" and not body.github_user_token:
        state["pr_authorship_mode"] = _without_token(task)
    return state


def _without_token(task: Track) -> str:
    """Return the authorship of a run that was to be the user's but brings no token; raises EndpointRefusal for none."""
    if present.kept(task)["github_integration"] is not None:
        return "bot"
    detail = "Runs in the name of a user need a github_user_token, or a task with a GitHub integration."
    refusal = {"type": "validation_error", "code": "github_authorization_required", "detail": detail}
    raise EndpointRefusal(400, {**refusal, "attr": "pr_authorship_mode"})


def _resumed(earlier: Run, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a run that resumes another one: what it does not say itself is as it was there."""
    found = {name: earlier.state[name] for name in _INHERITED if isinstance(earlier.state.get(name), str)}
    found |= runtimes.inherited(earlier.state, state)
    branch = earlier.state.get("pr_base_branch")
    if isinstance(branch, str):
        found["pr_base_branch"] = branch
    merged = {**found, **state, "resume_from_run_id": earlier.id}
    if merged.get("runtime_adapter") in runtimes.PROVIDERS:
        merged["provider"] = runtimes.PROVIDERS[merged["runtime_adapter"]]
    if merged.get("run_source") == "signal_report":
        merged["pr_authorship_mode"] = "bot"
    return merged
