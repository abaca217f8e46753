"""What keeps runs, goal runs and executions from drifting apart when a signal or an execution was lost."""

import time

from switchyard.aws.executions import Execution, Executions
from switchyard.aws.telemetry import logger
from switchyard.domain import clock, run_clocks, runs
from switchyard.domain.actors import service_actor
from switchyard.domain.runs import Run
from switchyard.ledger import questions, system
from switchyard.pipeline import goal_rounds, workflow
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import indexes, keys, lists
from switchyard.store import runs as run_rows
from switchyard.store.codec import row_key
from switchyard.store.lists import Range
from switchyard.store.table import Item, Table

_PAGE = 100
#: Seconds of an invocation that are kept for the last run and for the mark.
_RESERVE = 5
#: Seconds after a question's deadline until it is settled here, because its run's workflow has not done so.
_LATE = 60


def reconcile(table: Table, executions: Executions, of_goals: Executions, age: int, request_id: str) -> dict[str, int]:
    """Check all active runs and goal runs that are older than `age` seconds; returns how many were seen, and
    mended how. `executions` are those of runs, `of_goals` those of goal runs.

    What the time does not suffice for is left for the next invocation, which begins at the mark.
    """
    counts = {"seen": 0, "started": 0, "answered": 0, "settled": 0, "continued": 0}
    before = clock.stamp(time.time() - age)
    first, after = _mark(table)
    for shard in range(first, run_rows.SHARDS):
        while True:
            ranges = [Range(indexes.LISTED_BY_ID, keys.runs_active(shard))]
            page = lists.read_page(table, ranges, limit=_PAGE, after=after, descending=False, whole=False)
            for row in page.items:
                if time.monotonic() > table.deadline - _RESERVE:
                    _set_mark(table, shard, after)
                    return counts
                if row["created_at"]["S"] < before and _is_carried(row):
                    counts["seen"] += 1
                    if row["sk"]["S"] == keys.GOAL_RUN:
                        done = goal_rounds.mend(table, of_goals, goal_run_rows.from_item(row))
                    else:
                        done = _mend(table, executions, run_rows.from_item(row), request_id)
                    if done:
                        counts[done] += 1
                        logger.warning("mended", extra={"pk": row["pk"]["S"], "run": row["id"]["S"], "how": done})
                after = row["id"]["S"]
            if page.position is None:
                break
            after = page.position
        after = None
    _set_mark(table, 0, None)
    return counts


def _is_carried(row: Item) -> bool:
    """Return whether an execution is to carry the run or goal run of a row, as the index has it."""
    if row["sk"]["S"] == keys.GOAL_RUN:
        return True
    run = run_rows.from_item(row)
    return run.awaits_input or not (run.is_outside or run.status == "not_started")


def _mend(table: Table, executions: Executions, run: Run, request_id: str) -> str | None:
    if run.asks_until is not None and clock.stamp(time.time() - _LATE) > run.asks_until:
        after = questions.expire(table, request_id, run)
        return "settled" if after and after.changed_request == request_id else None
    if run.awaits_input and (run.is_outside or not run.dispatches):
        return None  # no execution carries it, or one starts with the answer
    execution = executions.describe(run.execution)
    if execution is None:
        return "started" if executions.start(run.execution, workflow.start_input(run)) else None
    if not execution.is_running:
        return _settle(table, run, execution, request_id)
    if run.wait_token and run_clocks.answers(run):
        return "answered" if executions.succeed(run.wait_token, workflow.word(run)) else None
    return None


def _settle(table: Table, run: Run, execution: Execution, request_id: str) -> str | None:
    why = f"The run's workflow ended ({execution.error or execution.status}) before the run did."
    fields = {"status": "failed", "error_message": why[: runs.ERROR_MAX]}
    after = system.change_run(
        table,
        service_actor(run.tenant_id),
        request_id,
        run.task_id,
        run.id,
        lambda found: None if found.is_outside or found.execution != run.execution else fields,
    )
    return "settled" if after and after.changed_request == request_id else None


def _mark(table: Table) -> tuple[int, str | None]:
    row = table.get(*keys.RECONCILER)
    if row is None:
        return 0, None
    return int(row["shard"]["N"]), row["after"]["S"] if "after" in row else None


def _set_mark(table: Table, shard: int, after: str | None) -> None:
    item = row_key(keys.RECONCILER) | {"shard": {"N": str(shard)}}
    if after:
        item["after"] = {"S": after}
    table.write([{"Put": {"Item": item}}])
