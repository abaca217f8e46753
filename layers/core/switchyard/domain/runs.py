"""Runs: one attempt of an agent at a task, carried by a workflow (contract: projects.md §2.2, §5, §7).

A run is claimed like a task (domain.claims) and reaches a final status once. What its status means for the task is
decided here too, so that a run and its task never disagree.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.claims import NotClaimable, is_leased
from switchyard.domain.errors import Conflict
from switchyard.domain.ids import new_id
from switchyard.domain.structs import Struct, replace
from switchyard.domain.tracks import Track, same

STATUSES = ("not_started", "queued", "in_progress", "completed", "failed", "cancelled")
FINAL = frozenset({"completed", "failed", "cancelled"})
ENVIRONMENTS = ("local", "cloud")

STATE_MAX_BYTES = 65_536
OUTPUT_MAX_BYTES = 98_304
ERROR_MAX = 2_000
ARTIFACTS_MAX = 100
MANIFEST_MAX_BYTES = 160_000

#: Seconds without a heartbeat, of a whole run, and until an agent must have picked it up: where nobody says else.
IDLE_SECONDS = 1_800
TIMEOUT_SECONDS = 86_400
PICKUP_SECONDS = 600

#: What changes without a new version of the run: a lease that is extended, a heartbeat, who waits for word.
MOVING = frozenset({"lease_until", "lease_listed", "heartbeat_at", "wait_step", "wait_token"})

#: What a finished run leaves its task as.
_TASK_STATUS = {"in_progress": "in_progress", "completed": "done", "failed": "todo", "cancelled": "todo"}

#: A run that nobody holds, and that asks nothing.
_FREE = dict.fromkeys(("holder", "lease_until", "lease_listed", "asks_since", "asks_until", "asks_whom"))


class Finished(Conflict):
    """The run has its final status already."""

    code, title = "run_finished", "The run is finished"

    def __init__(self, run: "Run") -> None:
        super().__init__(f"The run is {run.status} since {run.completed_at}: its status stays. Start a new run.")


class Run(Struct, kw_only=True):
    """One run of a task. Times are instants of domain.clock, ids UUIDs, `*_seconds` whole seconds.

    `owner` is that of a personal task, `project_id` the task's first project. `agent` is whom it is meant for (None:
    any). `holder`, `lease_until` and `fence` are the latest claim, `lease_seconds` is for how long it was last given.
    `dispatched_at` says when the workflow last offered it to agents; `wait_step` (`dispatch`, `work`, `answer`) and
    `wait_token` which step of the workflow waits for word, and by which task token. Lease, heartbeat and waiting step
    move without a new `version`. `resumes` counts how often it came back to the workflow after it had left it.
    A cloud run that its maker has not started yet is `not_started`: the workflow knows nothing of it.
    `question_id` is its latest question (domain.questions); while that waits for an answer, `asks_since`, `asks_until`
    and `asks_whom` (None: anybody) say so, and no clock of the run counts. `waited_seconds` is how long it has waited,
    `asked` how many questions it has asked, both since its workflow began (None: none).
    `comment_id` is the latest comment on its task (domain.comments) since it began; it too moves without a `version`.
    `artifacts` are manifest entries as the contract shows them (§2.3). `log_key` is the secret by which addresses of
    its log are signed (domain.log_addresses); it is never shown.
    """

    tenant_id: str
    id: str
    task_id: str
    owner: str | None = None
    project_id: str | None = None
    goal_run_id: str | None = None
    status: str = "queued"
    environment: str = "cloud"
    agent: str | None = None
    stage: str | None = None
    branch: str | None = None
    error_message: str | None = None
    output: Any = None
    state: Mapping[str, Any] = {}
    artifacts: tuple[Mapping[str, Any], ...] = ()
    resumed_from: str | None = None
    log_key: str | None = None
    idle_seconds: int = IDLE_SECONDS
    timeout_seconds: int = TIMEOUT_SECONDS
    pickup_seconds: int = PICKUP_SECONDS
    holder: str | None = None
    lease_until: str | None = None
    lease_listed: str | None = None
    lease_seconds: int | None = None
    fence: int | None = None
    dispatched_at: str | None = None
    dispatches: int = 0
    resumes: int = 0
    wait_step: str | None = None
    wait_token: str | None = None
    question_id: str | None = None
    asks_since: str | None = None
    asks_until: str | None = None
    asks_whom: str | None = None
    waited_seconds: int | None = None
    asked: int | None = None
    comment_id: str | None = None
    heartbeat_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    version: int = 1
    created_by: str
    created_at: str
    updated_at: str
    changed_by: str
    changed_by_kind: str
    changed_source: str
    changed_request: str
    changed_operation: str | None = None

    @property
    def type(self) -> str:
        return "run"

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def awaits_input(self) -> bool:
        """Return whether it waits for the answer to its latest question."""
        return self.asks_since is not None

    @property
    def is_startable(self) -> bool:
        """Return whether an execution is to be started: it waits for the workflow alone, which has not begun it yet."""
        return self.environment == "cloud" and self.status == "queued" and not (self.dispatches or self.awaits_input)

    @property
    def is_outside(self) -> bool:
        """Return whether the workflow is done with the run: it has ended, or was handed to a local session."""
        return self.is_final or self.environment != "cloud"

    @property
    def execution(self) -> str:
        """Return the name of the run's execution: its id, with a number after it since it was resumed."""
        return f"{self.id}-{self.resumes}" if self.resumes else self.id


def check_open(task: Track) -> None:
    """Raise Conflict for a task that is finished: no run of it may begin."""
    if task.status in lifecycle.FINAL:
        raise Conflict(f"The task is {task.status}: reopen it before you start a run.")


def create(actor: Actor, request_id: str, task: Track, **fields: Any) -> Run:
    """Return a new run of the task, under the task's own limits; `fields` are those of Run.

    Raises Conflict when the task is finished.
    """
    check_open(task)
    now = clock.now()
    agent = task.assignee if task.is_agents else None
    return Run(
        tenant_id=task.tenant_id,
        id=fields.pop("id", None) or new_id(),
        task_id=task.id,
        owner=task.owner,
        project_id=task.project_ids[0] if task.project_ids else None,
        agent=fields.pop("agent", agent),
        log_key=fields.pop("log_key", None) or secrets.token_urlsafe(32),
        created_by=actor.id,
        created_at=now,
        updated_at=now,
        **actor.stamp(request_id),
        **{**_limits(task), **fields},
    )


def _limits(task: Track) -> dict[str, int]:
    """Return the task's own limits for its runs, as far as it has some."""
    own = {"idle_seconds": task.idle_seconds, "timeout_seconds": task.timeout_seconds}
    return {name: seconds for name, seconds in own.items() if seconds is not None}


def change(run: Run, actor: Actor, request_id: str, **fields: Any) -> Run:
    """Return the run with the fields changed: the next version, or the same object when nothing differs.

    Raises Finished for another status than the final one that the run has, and Conflict for one that takes back what
    has begun. A change of a run in progress is a heartbeat; one that is handed to a local session has no holder.
    """
    status = fields.get("status", run.status)
    if run.is_final and status != run.status:
        raise Finished(run)
    if status == "not_started" and run.status != "not_started":
        raise Conflict(f"The run is {run.status}: it cannot become not_started again.")
    if all(same(getattr(run, name), value) for name, value in fields.items()):
        return run
    after = replace(
        run,
        **fields,
        version=run.version + 1,
        updated_at=max(clock.now(), run.updated_at),
        **actor.stamp(request_id),
    )
    if after.status == "in_progress" and after.started_at is None:
        after = replace(after, started_at=after.updated_at)
    if after.status == "in_progress":
        after = replace(after, heartbeat_at=after.updated_at)
    if after.status == "queued" and run.status == "in_progress":
        # Given up, perhaps before the workflow ever offered it.
        after = replace(after, dispatched_at=after.dispatched_at or after.updated_at)
    if after.environment != run.environment:
        after = replace(after, **_FREE, dispatched_at=None)
    if after.is_final:
        after = replace(after, **_FREE, completed_at=after.completed_at or after.updated_at)
    return after


def resume(run: Run, actor: Actor, request_id: str, **fields: Any) -> Run:
    """Return the run as it goes back to the workflow from a local session, or after it failed: queued, as if new."""
    return replace(
        run,
        **fields,
        status="queued",
        environment="cloud",
        error_message=None,
        completed_at=None,
        started_at=None,
        heartbeat_at=None,
        **_FREE,
        question_id=None,
        waited_seconds=None,
        asked=None,
        dispatched_at=None,
        dispatches=0,
        wait_step=None,
        wait_token=None,
        resumes=run.resumes + 1,
        version=run.version + 1,
        updated_at=max(clock.now(), run.updated_at),
        **actor.stamp(request_id),
    )


def is_claimable(run: Run, now: str) -> bool:
    """Return whether an agent may claim the run now: offered and free, or held under a lease that ran out."""
    if run.environment != "cloud" or run.awaits_input or is_leased(run, now):
        return False
    offered = run.status == "queued" and run.dispatched_at is not None
    return offered or (run.status == "in_progress" and run.holder is not None)


def check_claimable(run: Run, actor: Actor, now: str) -> None:
    """Raise NotClaimable for a run that is not offered, is finished, or is meant for another agent."""
    if run.agent not in (None, actor.id):
        raise NotClaimable(f"The run is meant for {run.agent}: only they can claim it.")
    if not is_claimable(run, now):
        raise NotClaimable(f"The run is {run.status} and not offered to agents now.")


def taken(run: Run, actor: Actor, until: str) -> Mapping[str, Any]:
    """Return the fields of a new lease until an instant."""
    lease = {"lease_until": until, "lease_listed": None}
    return {"holder": actor.id, "fence": (run.fence or 0) + 1, **lease, "status": "in_progress"}


def released() -> Mapping[str, Any]:
    """Return the fields of a run that its holder gives back: offered again at once."""
    return {"holder": None, "lease_until": None, "lease_listed": None, "status": "queued"}


def is_open_to_all(fields: Mapping[str, Any]) -> bool:
    """Return whether anyone may make the change of a claimed run: it ends the claim, and says nothing in its name."""
    cancels, hands_over = fields.get("status") == "cancelled", fields.get("environment") == "local"
    return (cancels or hands_over) and fields.keys() <= {"status", "error_message", "environment"}


def task_fields(run: Run, task: Track) -> Mapping[str, Any]:
    """Return what the run's status changes on its task; nothing unless it is the task's latest run.

    A task that someone finished meanwhile keeps its status.
    """
    if (task.latest_run_id or "") > run.id:
        return {}
    fields: dict[str, Any] = {"latest_run_id": run.id, "latest_run_status": run.status}
    wanted = _TASK_STATUS.get(run.status)
    if run.status == "queued" and run.started_at:
        wanted = "todo"
    if wanted and task.status not in lifecycle.FINAL:
        fields["status"] = wanted
    return fields
