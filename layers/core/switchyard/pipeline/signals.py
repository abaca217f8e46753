"""Signals: changes that a workflow may wait for.

A queue keeps them (due) until Step Functions takes what follows from them (take), and holds up no other reader of the
stream meanwhile. Executions are started, their waiting steps are answered, and runs end with their task. A signal has
ids, task tokens, numbers and fixed words, and no text of a client. It may come again, late, and in any order: a name
starts one execution, a token accepts one answer, and what a task's change leads to follows from the rows as they are.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from switchyard.aws.executions import Executions
from switchyard.domain import auto_runs, goal_runs, lifecycle, reminders, run_clocks
from switchyard.domain.actors import service_actor
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.ledger import auto_runs as auto_run_verbs
from switchyard.ledger import system
from switchyard.pipeline import workflow
from switchyard.pipeline.consumer import check_time
from switchyard.pipeline.goal_rounds import execution_of
from switchyard.store import edges, import_keys, keys, schedule_keys
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import Item, Table

if TYPE_CHECKING:
    from switchyard.aws.scheduler import Scheduler

#: Runs that are read at once when their task ends.
_PAGE = 100

Signal = Mapping[str, Any]


# ---------------------------------------------------------------- what concerns a workflow


def due(data: Mapping[str, Any]) -> Signal | None:
    """Return the signal of a record (its `dynamodb` part); None for a record that concerns no workflow.

    `of` says what it is for. `runs`, `goal_runs` and `imports`: the one call to make to these executions (`start` a
    name with an `input`, `answer` a token with an `output`, or `heartbeat` a token). `track`: the `goals` whose runs
    must look again, whether the tasks that depend on the track are to be looked for (`dependents`), whether its runs
    follow it to another owner (`move_runs`), and when it came to its end what they become (`end_runs`), the newest of
    them (`latest_run`) and the request that did it; `start_run` when a run of it may begin automatically,
    `repeat` when a next task follows it, `remind` when its reminder is to be planned anew.
    `schedules`: the `schedule` that is to be looked at as it is now. `awaited_by` names schedules of which an
    occurrence waits for an end that came.
    """
    new, old = data.get("NewImage"), data.get("OldImage")
    sort = data["Keys"]["sk"]["S"]
    if sort.startswith(schedule_keys.SCHEDULE):
        return _of_schedule(old, new)
    if new is None:
        return _of_gone_track(old) if old and sort == keys.TRACK else None
    if sort.startswith(keys.RUN):
        return _of_run(run_rows.from_item(old) if old else None, run_rows.from_item(new))
    if sort == keys.GOAL_RUN:
        goal_run = goal_run_rows.from_item(new)
        return _awaited(new, _of_goal_run(old, goal_run), goal_run.is_final)
    if sort == keys.TRACK:
        before, after = track_rows.from_item(old) if old else None, track_rows.from_item(new)
        over = after.status in lifecycle.FINAL or after.deleted_at is not None
        stopped = before is not None and before.has_active_run and not after.has_active_run
        return _awaited(new, _of_track(before, after), over or stopped)
    if sort == import_keys.IMPORT and new["status"]["S"] == "running" and (old or {}).get("status") != new["status"]:
        ids = {"tenant_id": new["tenant_id"]["S"], "import_id": new["id"]["S"]}
        return {"of": "imports", "start": new["id"]["S"], "input": ids}
    return None


def _of_run(before: Run | None, run: Run) -> Signal | None:
    """Start the execution of a run that waits for one; answer or extend the step that waits for the run."""
    if run.is_startable and not (before and before.is_startable and before.execution == run.execution):
        return {"of": "runs", "start": run.execution, "input": workflow.start_input(run)}
    if run.wait_token is None:
        return None
    known = before is not None and before.wait_token == run.wait_token and run_clocks.answers(before)
    if run_clocks.answers(run) and not known:
        return {"of": "runs", "answer": run.wait_token, "output": workflow.word(run)}
    if run.wait_step == "work" and before and before.heartbeat_at != run.heartbeat_at:
        return {"of": "runs", "heartbeat": run.wait_token}
    return None


def _awaited(row: Item, signal: Signal | None, over: bool) -> Signal | None:
    """Add to the signal of a row the schedules that wait for its end (store/schedules.py), once that has come."""
    if not over or "awaited_by" not in row:
        return signal
    told = {"tenant": row["pk"]["S"].partition("#")[0], "awaited_by": row["awaited_by"]["SS"]}
    return {"of": "none", **(signal or {}), **told}


def _of_schedule(old: Item | None, new: Item | None) -> Signal | None:
    """Have a schedule looked at that was created, changed or removed."""
    image = new or old
    if image is None or (old and new and old["version"] == new["version"]):
        return None
    schedule = image["sk"]["S"].removeprefix(schedule_keys.SCHEDULE)
    return {"of": "schedules", "tenant": image["pk"]["S"].partition("#")[0], "schedule": schedule}


def _of_goal_run(old: Item | None, run: GoalRun) -> Signal | None:
    if old is None or old["id"]["S"] != run.id:
        name, given = execution_of(run)
        return {"of": "goal_runs", "start": name, "input": given}
    if run.wait_token and run.is_answerable:
        return {"of": "goal_runs", "answer": run.wait_token, "output": {"over": False}}
    return None


def _of_track(before: Track | None, after: Track) -> Signal | None:
    goals: set[str | None] = set()
    dependents = False
    if goal_runs.concerns(before, after):
        goals = {before.goal_id if before else None, after.goal_id} if after.is_task else {after.id}
        dependents = after.is_task and goal_runs.ends_or_reopens(before, after)
    ends = _has_ended(after) and not (before and _has_ended(before))
    named = sorted(each for each in goals if each)
    moves = before is not None and before.owner != after.owner and after.latest_run_id is not None
    starts = auto_runs.is_due(after) and not (before and auto_runs.is_due(before))
    repeats = after.repeat is not None and lifecycle.is_done(after.status) and not after.deleted_at
    reminds = reminders.at(before) != reminders.at(after)
    if not (named or dependents or ends or moves or starts or repeats or reminds):
        return None
    about = {"of": "track", "tenant": after.tenant_id, "track": after.id, "goals": named, "dependents": dependents}
    about |= {"move_runs": True} if moves else {}
    about |= {"start_run": after.changed_request} if starts else {}
    about |= {"repeat": after.changed_request} if repeats else {}
    about |= {"remind": True} if reminds else {}
    if not ends:
        return about
    done = lifecycle.is_done(after.status) and not after.deleted_at
    facts = {"latest_run": after.latest_run_id, "request": after.changed_request}
    return {**about, "end_runs": "completed" if done else "cancelled", **facts}


def _of_gone_track(row: Item) -> Signal | None:
    """Have the reminder of a task forgotten whose row is gone, with its tenant."""
    task = track_rows.from_item(row)
    if reminders.at(task) is None:
        return None
    about = {"of": "track", "tenant": task.tenant_id, "track": task.id, "goals": [], "dependents": False}
    return {**about, "remind": True}


def _has_ended(task: Track) -> bool:
    """Return whether a task that had runs is at its end."""
    return task.latest_run_id is not None and (task.deleted_at is not None or task.status in lifecycle.FINAL)


# ---------------------------------------------------------------- what follows


def take(
    table: Table, executions: Callable[[str], Executions], scheduler: "Callable[[], Scheduler]", signal: Signal
) -> None:
    """Do what follows from a signal; `executions` gives those of `runs`, `goal_runs` and `imports`.

    Raises Unfinished when the time is over, and KeyError for another message.
    """
    if "awaited_by" in signal:
        # Imported here: hardly anything is waited for.
        from switchyard.pipeline import schedules

        schedules.go_on(table, signal)
    if signal["of"] == "none":
        return
    if signal["of"] == "schedules":
        from switchyard.pipeline import schedules

        schedules.take(table, scheduler, signal)
    elif signal["of"] == "track":
        if "move_runs" in signal:
            for run in _active_runs(table, signal):
                system.move_run(table, run.tenant_id, run.task_id, run.id)
        if "end_runs" in signal:
            _end_runs(table, signal)
        _wake_goal_runs(table, signal)
        if "start_run" in signal:
            auto_run_verbs.start(table, signal["tenant"], signal["track"], signal["start_run"])
        if "repeat" in signal:
            # Imported here: few tasks repeat.
            from switchyard.ledger import repeats

            repeats.make_next(table, signal["tenant"], signal["track"], signal["repeat"])
        if "remind" in signal:
            # Imported here: few tasks remind.
            from switchyard.pipeline.reminders import plan

            plan(table, scheduler(), signal["tenant"], signal["track"])
    elif "start" in signal:
        executions(signal["of"]).start(signal["start"], signal["input"])
    elif "answer" in signal:
        executions(signal["of"]).succeed(signal["answer"], signal["output"])
    else:
        executions(signal["of"]).heartbeat(signal["heartbeat"])


def _end_runs(table: Table, signal: Signal) -> None:
    """End the runs that a task had when it came to its end: they are completed with it, or cancelled.

    Ids are in the order of creation: a run that was made since then, of a task that was reopened, continues.
    """
    wanted = {"status": signal["end_runs"]}
    actor, request = service_actor(signal["tenant"]), signal["request"]
    for run in _active_runs(table, signal):
        if run.id <= signal["latest_run"]:
            system.change_run(table, actor, request, run.task_id, run.id, lambda r: None if r.is_final else wanted)


def _active_runs(table: Table, signal: Signal) -> Iterator[Run]:
    """Read the runs of a task that are not finished, newest first: 1 query for each _PAGE of its runs."""
    position: str | None = None
    while True:
        page = run_rows.read_of_task(table, signal["tenant"], signal["track"], _PAGE, position)
        for run in map(run_rows.from_item, page.items):
            if not run.is_final:
                check_time(table.deadline)
                yield run
        if page.position is None:
            return
        position = page.position


def _wake_goal_runs(table: Table, signal: Signal) -> None:
    """Note on the runs of goals that something changed which they must look at.

    The record of that note answers the step that waits. So there is one place where tokens are answered, and a note
    that is made while no step waits is found by the next.
    """
    tenant = signal["tenant"]
    goals = set(signal["goals"])
    if signal["dependents"]:
        goals |= _goals_of_dependents(table, tenant, signal["track"])
    for goal_id in sorted(goals):
        check_time(table.deadline)
        goal_run_rows.wake(table, tenant, goal_id)


def _goals_of_dependents(table: Table, tenant: str, task_id: str) -> set[str]:
    """Return the goals of the tasks that depend on the task: 1 query, and 1 read when there are any (per 100)."""
    found: set[str] = set()
    for ids in edges.other_ends(table, tenant, task_id, keys.BLOCKS):
        items = table.get_many([keys.track(tenant, each) for each in ids]) if ids else {}
        found |= {goal for goal in (track_rows.from_item(item).goal_id for item in items.values()) if goal}
    return found
