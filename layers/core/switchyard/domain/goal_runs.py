"""Goal runs: the agents' tasks of a goal, carried out in the order of their dependencies (docs/goal-runs.md).

What a goal run does next follows from its tasks as they are alone: it may be asked at any time, twice, or late.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from switchyard.domain import claims, clock, lifecycle, runs
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Conflict
from switchyard.domain.ids import new_id
from switchyard.domain.structs import Struct, replace
from switchyard.domain.tracks import Track

#: `waiting`: no run is under way, and what is left waits for people or for tasks outside the goal.
Status = Literal["running", "waiting", "completed", "failed", "cancelled"]
OnFailure = Literal["stop", "continue"]
#: `open`: a task of a person, and nothing is in its way. `skipped`: not run here, and it never will be.
State = Literal["completed", "failed", "running", "ready", "waiting", "blocked", "skipped", "open"]

FINAL = frozenset({"completed", "failed", "cancelled"})
PARALLEL_MAX = 50
PARALLEL_DEFAULT = 5
#: A goal run looks at so many tasks of its goal, in the order of their numbers.
TASKS_MAX = 1_000
#: What it waits for is shown up to so many tasks.
WAITING_FOR_MAX = 100

#: The states of agents' tasks that are counted.
COUNTED: tuple[State, ...] = ("completed", "failed", "running", "ready", "waiting", "blocked", "skipped")


class Active(Conflict):
    """The goal is carried out already."""

    code, title = "goal_run_active", "A goal run is under way"


class NothingToRun(Conflict):
    """No open task of the goal is an agent's."""

    code, title = "nothing_to_run", "The goal has no task that an agent could run"


class TooManyTasks(Conflict):
    """The goal has more tasks than one goal run carries out."""

    code, title = "too_many_tasks", "The goal has too many tasks"


class Ended(Conflict):
    """The goal run is over."""

    code, title = "goal_run_ended", "The goal run is over"


class GoalRun(Struct, kw_only=True):
    """The latest goal run of a goal. Times are instants of domain.clock, ids UUIDs.

    `owner` is that of a personal goal. `counts` are those of Plan as of the latest round. `rounds` counts how often
    the workflow looked at the tasks, and continues at the next execution's first where one was lost; `woken` how often
    something changed that it should look at, `seen` how much of that it had seen when it last looked; `wait_token` is
    the task token of the step that waits for more. `woken` moves without a new `version`.
    """

    tenant_id: str
    id: str
    goal_id: str
    owner: str | None = None
    status: Status = "running"
    reason: str | None = None
    max_parallel: int = PARALLEL_DEFAULT
    on_failure: OnFailure = "stop"
    counts: Mapping[str, int] = {}
    waiting_for: tuple[str, ...] = ()
    rounds: int = 0
    woken: int = 0
    seen: int = 0
    wait_token: str | None = None
    version: int = 1
    created_by: str
    created_by_kind: str
    created_by_name: str | None = None
    created_at: str
    updated_at: str
    completed_at: str | None = None
    changed_by: str
    changed_request: str

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def is_answerable(self) -> bool:
        """Return whether there is something that the waiting step does not know."""
        return self.is_final or self.woken > self.seen


class Plan(Struct):
    """What a goal run comes to as its tasks are. `states` are by task id, `start` is what is to be run now.

    `counts` are of the agents' tasks by state (those in `start` count as running), and `waitedFor`: the tasks of
    people and of elsewhere, done since the goal run began, that agents' tasks depend on. `waiting_for` are those
    that agents' tasks wait for now.
    """

    states: Mapping[str, State]
    start: Sequence[Track]
    status: Status
    reason: str | None
    counts: Mapping[str, int]
    waiting_for: tuple[str, ...]


def create(goal: Track, former: GoalRun | None, actor: Actor, request_id: str, **settings: object) -> GoalRun:
    """Return a new goal run; `settings` are max_parallel and on_failure.

    Raises Conflict for a finished goal, Active while the former goal run is under way, and TooManyTasks.
    """
    if goal.status in lifecycle.FINAL:
        raise Conflict(f"The goal is {goal.status}: reopen it before you run it.")
    if former and not former.is_final:
        since = f"since {former.created_at}"
        raise Active(f"The goal run {former.id} is {former.status} {since}: wait for its end, or cancel it.")
    if (goal.tasks_total or 0) > TASKS_MAX:
        raise TooManyTasks(f"The goal has {goal.tasks_total} tasks; a goal run carries out {TASKS_MAX} at most.")
    now = clock.now()
    return GoalRun(
        tenant_id=goal.tenant_id,
        id=new_id(),
        goal_id=goal.id,
        owner=goal.owner,
        version=former.version + 1 if former else 1,
        created_by=actor.id,
        created_by_kind=actor.kind,
        created_by_name=actor.name or None,
        created_at=now,
        updated_at=now,
        changed_by=actor.id,
        changed_request=request_id,
        **settings,  # type: ignore[arg-type]
    )


def end(run: GoalRun, status: Status, reason: str | None, by: str, request_id: str) -> GoalRun:
    """Return the goal run with its final status. Raises Ended when it has one."""
    if run.is_final:
        raise Ended(f"The goal run {run.id} is {run.status} since {run.completed_at}.")
    now = max(clock.now(), run.updated_at)
    return replace(
        run,
        status=status,
        reason=reason,
        waiting_for=(),
        version=run.version + 1,
        updated_at=now,
        completed_at=now,
        changed_by=by,
        changed_request=request_id,
    )


# ---------------------------------------------------------------- what to do next


def plan(run: GoalRun, tasks: Sequence[Track], outside: Mapping[str, Track], now: str) -> Plan:
    """Return what the goal run comes to. `tasks` are the goal's, in their order; `outside` what else they depend on."""
    found = states(run, tasks, outside, now)
    agents = [task for task in tasks if task.is_agents]
    ready = [task for task in agents if found[task.id] == "ready"]
    stops = run.on_failure == "stop" and any(found[task.id] == "failed" for task in agents)
    running = sum(found[task.id] == "running" for task in agents)
    start = [] if stops else ready[: max(run.max_parallel - running, 0)]
    found |= {task.id: "running" for task in start}
    status, reason = _status([found[task.id] for task in agents], stops)
    if status in FINAL:
        found = final_states(found)
    known = {**outside, **{task.id: task for task in tasks}}
    needed = {ref for task in agents for ref in task.depends_on if ref in known and not is_run_here(known[ref], run)}
    counts: dict[str, int] = {state: sum(found[task.id] == state for task in agents) for state in COUNTED}
    waited_for = sum((known[ref].completed_at or "") >= run.created_at for ref in needed)
    counts |= {"tasks": len(agents), "waitedFor": waited_for}
    waiting_for = () if status in FINAL else _waiting_for(found, agents, known, run)
    return Plan(found, start, status, reason, counts, waiting_for)


def states(run: GoalRun, tasks: Sequence[Track], outside: Mapping[str, Track], now: str) -> dict[str, State]:
    """Return the state of each of the goal's tasks."""
    known = {**outside, **{task.id: task for task in tasks}}
    found: dict[str, State] = {task.id: _own_state(run, task, now) for task in tasks}
    dependents: dict[str, list[Track]] = {}
    for task in tasks:
        for ref in task.depends_on:
            dependents.setdefault(ref, []).append(task)
    # What cannot come about blocks what waits for it, and that blocks in turn.
    dead = [ref for ref in {**known, **dependents} if found.get(ref) == "failed" or _is_lost(known.get(ref))]
    while dead:
        for task in dependents.get(dead.pop(), ()):
            if found[task.id] == "open":
                found[task.id] = "blocked"
                dead.append(task.id)
    for task in tasks:
        if found[task.id] == "open" and task.is_agents:
            free = all(ref in known and lifecycle.is_done(known[ref].status) for ref in task.depends_on)
            found[task.id] = "ready" if free else "waiting"
    return found


def _is_lost(task: Track | None) -> bool:
    """Return whether the task will never be done. One that was done counts, also when it was deleted since."""
    if task is None or task.status == "cancelled":
        return True
    return task.deleted_at is not None and not lifecycle.is_done(task.status)


def final_states(found: Mapping[str, State]) -> dict[str, State]:
    """Return the states under a goal run that is over: what it did not come to is skipped."""
    return {task_id: "skipped" if state in ("ready", "waiting") else state for task_id, state in found.items()}


def _own_state(run: GoalRun, task: Track, now: str) -> State:
    """Tell a task's state from itself alone; `open` for all that is still to come."""
    if lifecycle.is_done(task.status):
        return "completed" if (task.completed_at or "") >= run.created_at else "skipped"
    if task.status == "cancelled":
        return "skipped"
    if task.has_active_run or (task.is_agents and claims.is_leased(task, now)):
        return "running"
    # Ids are in the order of creation: a run before the goal run says nothing of it.
    ran = (task.latest_run_id or "") > run.id
    return "failed" if ran and task.is_agents and task.latest_run_status in ("failed", "cancelled") else "open"


def _status(agents: Sequence[State], stops: bool) -> tuple[Status, str | None]:
    failed, blocked = agents.count("failed"), agents.count("blocked")
    if "running" in agents:
        return "running", None
    if stops:
        return "failed", f"{_tasks(failed)} failed, and nothing was started after that."
    if "waiting" in agents:
        return "waiting", None
    if failed or blocked:
        why = [f"{_tasks(failed)} failed"] if failed else []
        why += [f"{_tasks(blocked)} can never start, for what they wait for failed or was cancelled"] if blocked else []
        return "failed", ", and ".join(why) + "."
    return "completed", None


def _tasks(count: int) -> str:
    return f"{count} task" if count == 1 else f"{count} tasks"


def is_run_here(task: Track, run: GoalRun) -> bool:
    """Return whether the task is one that the goal run carries out itself."""
    return task.goal_id == run.goal_id and task.is_agents


def _waiting_for(
    found: Mapping[str, State], agents: Sequence[Track], known: Mapping[str, Track], run: GoalRun
) -> tuple[str, ...]:
    """Return what agents' tasks wait for, directly or through other tasks: tasks that this goal run does not run and
    that wait for nothing themselves. Ids in order, at most WAITING_FOR_MAX."""
    todo = [ref for task in agents if found[task.id] == "waiting" for ref in task.depends_on]
    passed: set[str] = set()
    roots: list[str] = []
    while todo:
        ref = todo.pop()
        if ref in passed or ref not in known or known[ref].status in lifecycle.FINAL:
            continue
        passed.add(ref)
        left = [each for each in known[ref].depends_on if each in known and not lifecycle.is_done(known[each].status)]
        todo += left
        if not left and not is_run_here(known[ref], run):
            roots.append(ref)
    return tuple(sorted(roots)[:WAITING_FOR_MAX])


def concerns(before: Track | None, after: Track) -> bool:
    """Return whether a change of a track matters to a goal run: of its former or present goal, or its own."""
    return _facts(before) != _facts(after)


def ends_or_reopens(before: Track | None, after: Track) -> bool:
    """Return whether the change of a task means something to the tasks that depend on it."""
    was = before.status if before and before.status in lifecycle.FINAL else None
    return was != (after.status if after.status in lifecycle.FINAL else None)


def _facts(track: Track | None) -> tuple[object, ...] | None:
    if track is None or track.deleted_at:
        return None
    final = track.status if track.status in lifecycle.FINAL else None
    if not track.is_task:
        return (final,)
    outcome = track.latest_run_id if track.latest_run_status in runs.FINAL else None
    held = track.is_agents and track.holder is not None
    return (final, track.goal_id, track.owner, track.is_agents, track.depends_on, outcome, held)
