"""Signals: records of the stream that a workflow may wait for.

A queue keeps them (due) until Step Functions takes what follows from them (Signaller), and holds up no other reader of
the stream meanwhile. Executions are started, told of their runs, and runs end with their task. Every signal may be sent
again: a name starts one execution, and a token takes one answer.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from switchyard.aws.executions import Executions
from switchyard.domain import goal_runs, lifecycle, runs
from switchyard.domain.runs import Run
from switchyard.ledger.runs import settle, system
from switchyard.pipeline import workflow
from switchyard.pipeline.goal_signals import GoalSignals
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import keys
from switchyard.store import runs as rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import Item, Table

#: Runs that are read at once when their task ends.
_PAGE = 100
#: Characters of an attribute that a signal carries; no workflow looks at longer ones (outputs, inputs, descriptions).
_ATTRIBUTE_MAX = 4_000

logger = Logger(service="switchyard")


def due(data: Mapping[str, Any]) -> str | None:
    """Return the message of a record (its `dynamodb` part) that concerns a workflow; None for every other record.

    These are the records of runs and goal runs, that of a task's end, and those of changes that bear on goal runs.
    """
    new, old = data.get("NewImage"), data.get("OldImage")
    if new is None:
        return None
    sort = data["Keys"]["sk"]["S"]
    wanted = sort.startswith(keys.RUN) or (sort == keys.GOAL_RUN and _concerns_execution(old, new))
    if wanted or (sort == keys.TRACK and (ends(old, new) or _bears_on_goal_runs(old, new))):
        images = {"NewImage": _short(new)} | ({"OldImage": _short(old)} if old else {})
        return json.dumps({"Keys": data["Keys"], **images}, ensure_ascii=False, separators=(",", ":"))
    return None


def ends(old: Item | None, new: Item) -> bool:
    """Tell whether a task that had runs came to its end."""
    return _has_ended(new) and not (old and _has_ended(old))


def _has_ended(task: Item) -> bool:
    if "latest_run_id" not in task:
        return False
    return "deleted_at" in task or task.get("status", {}).get("S") in lifecycle.FINAL


def _concerns_execution(old: Item | None, new: Item) -> bool:
    return old is None or old["id"] != new["id"] or goal_run_rows.from_item(new).is_answerable


def _bears_on_goal_runs(old: Item | None, new: Item) -> bool:
    before, after = track_rows.from_item(old) if old else None, track_rows.from_item(new)
    in_goal = after.goal_id or (before and before.goal_id) or not after.is_task
    return bool(in_goal or goal_runs.ends_or_reopens(before, after)) and goal_runs.bears_on(before, after)


def _short(image: Item) -> Item:
    return {name: value for name, value in image.items() if len(str(value)) <= _ATTRIBUTE_MAX}


class Unfinished(Exception):
    """The invocation's time is over: the message comes again."""


class Signaller:
    """Carries signals of runs, goal runs and tracks to the executions: those of runs, and those of goal runs."""

    def __init__(self, table: Table, executions: Executions, of_goals: Executions) -> None:
        self.table = table
        self.executions = executions
        self.of_goals = of_goals
        self.goals = GoalSignals(table, of_goals)

    @classmethod
    def from_environment(cls) -> "Signaller":
        """Return a signaller of the table and the machines that the environment names."""
        return cls(Table.from_environment(), Executions.of_runs(), Executions.of_goal_runs())

    def consume(self, event: Mapping[str, Any], milliseconds: int) -> Any:
        """Carry a batch of messages within the time that is left; returns those that are to come again."""
        self.table.give(milliseconds)
        self.executions.give(milliseconds)
        self.of_goals.give(milliseconds)
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        with processor(event["Records"], self._take):
            processor.process()
        for _, error, _ in processor.exceptions:
            logger.error("signal failed", exc_info=error)
        return processor.response()

    def _take(self, record: SQSRecord) -> None:
        if time.monotonic() > self.table.deadline - 1:
            raise Unfinished
        data = json.loads(record.body)
        new, old = data["NewImage"], data.get("OldImage")
        if data["Keys"]["sk"]["S"].startswith(keys.RUN):
            self._tell(rows.from_item(old) if old else None, rows.from_item(new))
        elif ends(old, new):
            self._end_runs(new)
        self.goals.take(old, new)

    def _tell(self, before: Run | None, run: Run) -> None:
        """Start the execution of a run that came to be queued; answer or prolong the step that waits for it."""
        known = before is not None and before.is_startable and before.execution == run.execution
        if run.is_startable and not known:
            self.executions.start(run.execution, workflow.start_input(run))
        if run.wait_token is None:
            return
        known = before is not None and before.wait_token == run.wait_token and runs.answers(before)
        if runs.answers(run) and not known:
            self.executions.succeed(run.wait_token, workflow.word(run))
        elif run.wait_step == "work" and before and before.heartbeat_at != run.heartbeat_at:
            self.executions.heartbeat(run.wait_token)

    def _end_runs(self, task: Item) -> None:
        """End the runs of a task that came to its end otherwise: they are completed with it, or cancelled."""
        tenant, task_id = task["tenant_id"]["S"], task["id"]["S"]
        done = lifecycle.is_done(task.get("status", {}).get("S")) and "deleted_at" not in task
        wanted = {"status": "completed" if done else "cancelled"}
        actor, request = system(tenant), task["changed_request"]["S"]
        position: str | None = None
        while True:
            page = rows.read_of_task(self.table, tenant, task_id, _PAGE, position)
            for row in page.items:
                run = rows.from_item(row)
                if not run.is_final:
                    settle(self.table, actor, request, task_id, run.id, lambda r: None if r.is_final else wanted)
            if page.position is None:
                return
            position = page.position
