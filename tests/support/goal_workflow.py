"""The workflow of goal runs in one process: the state machine's loop, the stream that feeds it, and an agent."""

from dataclasses import dataclass, field
from typing import Any

from switchyard.aws import executions
from switchyard.domain.actors import service_actor
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.ids import new_id
from switchyard.ledger import system
from switchyard.pipeline import goal_rounds
from switchyard.pipeline.reconciler import reconcile
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import keys
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table
from tests.support.states import MACHINE, StatesClient
from tests.support.stream import Record, Stream, consume, messages


@dataclass(slots=True)
class Execution:
    """One execution: the states it entered, and the token of the step that waits (None: it is to be run)."""

    given: dict[str, Any]
    entered: list[str] = field(default_factory=list)
    token: str | None = None
    ended: bool = False
    status: str = "RUNNING"

    def stop(self, status: str = "ABORTED") -> None:
        """End it in the middle: whoever waits for it is not told."""
        self.ended, self.status = True, status


class Machine:
    """Step Functions as far as goal_run.asl.json asks for it."""

    deadline = 0.0

    def __init__(self) -> None:
        self.executions: dict[str, Execution] = {}

    def start(self, name: str, given: dict[str, Any]) -> bool:
        if name in self.executions:
            return False
        self.executions[name] = Execution(given, ["Advance"])
        return True

    def succeed(self, token: str, output: dict[str, Any]) -> bool:
        for execution in self.executions.values():
            if execution.token == token and not execution.ended:
                execution.entered += ["IsOver", "Ended" if output["over"] else "Advance"]
                execution.token, execution.ended = None, output["over"]
                execution.status = "SUCCEEDED" if output["over"] else "RUNNING"
                return True
        return False

    def describe(self, name: str) -> executions.Execution | None:
        found = self.executions.get(name)
        return executions.Execution(found.status) if found else None

    def due(self) -> Execution | None:
        """Return an execution whose step is to be run."""
        return next((each for each in self.executions.values() if not each.ended and each.token is None), None)


class Workshop:
    """A tenant's table with its stream, the pipeline, and the workflow of goal runs behind it."""

    def __init__(self, table: Table, tenant: str) -> None:
        self.table, self.tenant = table, tenant
        self.stream = Stream(table, tenant)
        self.machine = Machine()

    def signal(self, records: list[Record]) -> None:
        """Hand records to the consumer that wakes goal runs, through its queue."""
        of_runs = executions.Executions(MACHINE, StatesClient())
        clients = {"table": self.table, "executions_runs": of_runs, "executions_goal_runs": self.machine}
        for message in messages(records)["Records"]:
            assert consume("pipeline.signal_runs", [message], **clients) == []

    def advance(self, execution: Execution, table: Table | None = None) -> None:
        """Run the step of an execution once."""
        execution.token = new_id()
        event = {**execution.given, "token": execution.token}
        goal_rounds.advance(table or self.table, self.machine, event, new_id())  # type: ignore[arg-type]

    def settle(self) -> None:
        """Let everything follow from everything, until nothing does."""
        while True:
            records = self.stream.collect()
            execution = self.machine.due()
            if not records and execution is None:
                return
            assert self.stream.deliver(records) == []
            self.signal(records)
            if execution:
                self.advance(execution)

    def reconcile(self, age: int = -1) -> dict[str, int]:
        """Look after what is older than `age` seconds; the runs' own executions all begin here."""
        of_runs = executions.Executions(MACHINE, StatesClient())
        return reconcile(self.table, of_runs, self.machine, age, new_id())  # type: ignore[arg-type]

    def goal_run(self, goal_id: str) -> GoalRun:
        row = self.table.get(*keys.goal_run(self.tenant, goal_id))
        assert row
        return goal_run_rows.from_item(row)

    def task(self, task_id: str) -> Any:
        row = self.table.get(*keys.track(self.tenant, task_id))
        assert row
        return track_rows.from_item(row)

    def work(self, task_id: str, *statuses: str) -> None:
        """Be the agent that brings the task's run through these statuses."""
        run_id = self.task(task_id).latest_run_id
        for status in statuses:
            actor = service_actor(self.tenant)
            system.change_run(self.table, actor, new_id(), task_id, run_id, lambda _, status=status: {"status": status})
