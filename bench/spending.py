"""What requests use, counted while the handlers and the pipeline do them over a table with the template's indexes."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from switchyard.aws.executions import Executions
from switchyard.aws.telemetry import logger
from switchyard.domain import clock, tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.pipeline import consumer
from switchyard.store import tracks as rows
from switchyard.store.table import Table
from tests.support.http import Answer, Api, Context
from tests.support.projects import a_tenant
from tests.support.states import MACHINE, StatesClient
from tests.support.stream import Letters, Stream, handler, message
from tests.support.template import table_definition
from tests.support.tokens import issue
from tests.support.units import Meter

#: Makes the row of a task as large as most are: below 1 KB over its whole life.
DESCRIPTION = "As the customer told us by phone. " * 3
SECONDS = 300
RUN = "a whole run"


@dataclass
class Spent:
    """What one thing used, with all that follows from it: units, requests of the API, invocations with the calls of
    the table that they made, bytes of log lines, events of the bus, requests of queues, transitions of workflows."""

    name: str
    requests: int = 0
    invocations: int = 0
    calls: int = 0
    written: float = 0
    read: float = 0
    lines: int = 0
    log_bytes: int = 0
    events: int = 0
    queue_requests: int = 0
    transitions: int = 0
    functions: list[str] = field(default_factory=list)


class Ledger:
    """One tenant, its people and its pipeline; `everything` counts all indexes as copies of the whole row."""

    def __init__(self, client: Any, everything: bool = False) -> None:
        definition = table_definition()
        name = f"switchyard-{new_id()}"
        client.create_table(TableName=name, **definition)
        if everything:
            indexes = [
                {**each, "Projection": {"ProjectionType": "ALL"}} for each in definition["GlobalSecondaryIndexes"]
            ]
            definition = {**definition, "GlobalSecondaryIndexes": indexes}
        self.meter = Meter(client, definition)
        self.table, self.tenant = Table(name, self.meter), new_id()
        use_table(self.table)
        self.ada, self.bo = self._caller("user_ada", "user"), self._caller("agent_bo", "agent")
        self.stream = Stream(self.table, self.tenant)
        self.states = StatesClient()
        self.spent = Spent("")

    def _caller(self, actor_id: str, kind: Any) -> Api:
        return Api(issue(self.table, self.tenant, actor_id, kind=kind), milliseconds=60_000)

    # -------------------------------------------------------------- counting
    @contextlib.contextmanager
    def counted(self, name: str) -> Iterator[Spent]:
        """Count what is done inside."""
        self.spent = Spent(name)
        printed, level = io.StringIO(), logger.level
        logger.level = 0
        try:
            with contextlib.redirect_stdout(printed):
                yield self.spent
        finally:
            logger.level = level
        lines = [len(line.encode()) for line in printed.getvalue().splitlines()]
        self.spent.lines = len(lines)
        self.spent.log_bytes = sum(lines)

    def _took(self, function: str) -> None:
        self.spent.invocations += 1
        self.spent.functions.append(function)
        self.spent.calls += len(self.meter.calls)
        self.spent.written += self.meter.written
        self.spent.read += self.meter.read
        self.meter.clear()

    def ask(self, call: Callable[[], Answer]) -> Any:
        """Send a request, and let happen what follows."""
        self.meter.clear()
        answer = call()
        assert answer.status < 300, answer.text
        self.spent.requests += 1
        self._took("endpoint")
        self._usage(answer)
        self.follow()
        return answer.json if answer.text else None

    def _usage(self, answer: Answer) -> None:
        """The request's line is counted, unless it was a claim that found nothing."""
        if answer.status == 204:
            return
        line = {"message": "request", "tenant": self.tenant, "status": answer.status, "token_id": "t"}
        found = {"logEvents": [{"id": "1", "timestamp": clock.milliseconds(clock.now()), "message": json.dumps(line)}]}
        data = base64.b64encode(gzip.compress(json.dumps(found).encode())).decode()
        consumer.use(table=self.table)
        handler("pipeline.count_usage")({"awslogs": {"data": data}}, Context(60_000))
        consumer.use()
        self._took("count_usage")

    def follow(self) -> None:
        """What the stream leads to, until nothing does. Each change is counted as an invocation of its own."""
        while records := self.stream.collect():
            self.meter.clear()
            for record in records:
                sort = record["dynamodb"]["Keys"]["sk"]["S"]
                if sort == "TRACK" or sort.startswith(("RUN#", "ATTEMPT#")):
                    before = len(self.stream.bus.taken)
                    assert self.stream.deliver([record]) == []
                    self._took("project_changes")
                    self._events(self.stream.bus.taken[before:])
                if sort in ("TRACK", "GOALRUN") or sort.startswith(("RUN#", "DELIVERY#")):
                    self._enqueue(record)

    def _events(self, taken: Any) -> None:
        self.spent.events += len(taken)
        for each in taken:
            detail = json.loads(each["Detail"])
            consumer.use(table=self.table)
            handler("pipeline.dispatch_webhooks")(
                {"detail": detail, "detail-type": each["DetailType"]}, Context(60_000)
            )
            consumer.use()
            self._took("dispatch_webhooks")

    def _enqueue(self, record: Any) -> None:
        signals, others = Letters(), Letters()
        consumer.use(queue_signals=signals, queue_deliveries=others, queue_notifications=others)
        handler("pipeline.enqueue_deliveries")({"Records": [record]}, Context(60_000))
        self._took("enqueue_deliveries")
        for body in signals.sent:
            # Sent, received and deleted.
            self.spent.queue_requests += 3
            executions = Executions(MACHINE, self.states)
            consumer.use(table=self.table, executions_runs=executions, executions_goal_runs=executions)
            handler("pipeline.signal_runs")({"Records": [message(body)]}, Context(60_000))
            self._took("signal_runs")
        consumer.use()

    def work(self, function: str, event: Any) -> None:
        """A step of a workflow."""
        self.states.waiting.add(event["token"])
        consumer.use(table=self.table)
        handler(f"workflows.{function}")(event, Context(60_000))
        consumer.use()
        self._took(function)
        self.spent.transitions += 1
        self.follow()


def measure(client: Any, everything: bool = False) -> list[Spent]:
    """Go through what clients do most; what each used."""
    ledger, found = Ledger(client, everything), []
    project = a_tenant(ledger.table, ledger.tenant, "Docs")[0]
    ledger.stream.collect()
    # Tokens are known by now, as for nearly every request.
    with ledger.counted(""):
        ledger.ada.get("/v1/tracks?limit=1")
        ledger.bo.get("/v1/tracks?limit=1")

    def once(name: str, call: Callable[[], Answer]) -> Any:
        with ledger.counted(name) as spent:
            answer = ledger.ask(call)
        found.append(replace(spent))
        return answer

    scope = {"type": "projects", "ids": [project.id]}
    body = {
        "type": "task",
        "title": "Call back",
        "description": DESCRIPTION,
        "scope": scope,
        "task": {"status": "todo"},
    }
    pool = {"title": "Call back", "description": DESCRIPTION}
    made = once("create, project", lambda: ledger.ada.post("/v1/tracks", body))
    once("create, keyed", lambda: ledger.ada.post("/v1/tracks", body, headers={"idempotency-key": new_id()}))
    once("create, pool", lambda: ledger.ada.post("/api/v1/tasks", pool))
    once("get", lambda: ledger.ada.get(f"/v1/tracks/{made['id']}"))
    once("update", lambda: ledger.ada.patch(f"/v1/tracks/{made['id']}", {"title": "Call again"}))
    once("claim, pool", lambda: ledger.bo.post("/api/v1/tasks/claim", {"leaseSeconds": SECONDS}))
    actor = Actor(ledger.tenant, "user_ada", "user", frozenset(SCOPES), new_id())
    ledger.table.put_many(
        [rows.to_item(tracks.create(actor, new_id(), "task", f"Call {n}", description=DESCRIPTION)) for n in range(40)]
    )
    ledger.stream.collect()
    once("list of 25", lambda: ledger.ada.get("/api/v1/tasks?limit=25"))
    once("claim of runs, none there", lambda: ledger.bo.post("/v1/runs/claim", {}))
    with ledger.counted(""):
        task = ledger.ask(lambda: ledger.ada.post("/v1/tracks", {**body, "title": "Run it"}))["id"]
    found.append(_run(ledger, project.number, task))
    return found


def _run(ledger: Ledger, project: int, task: str) -> Spent:
    """A whole run: started, offered by its workflow, claimed, ten appends to its log, ended."""
    base = f"/api/projects/{project}/tasks/{task}"
    with ledger.counted(RUN) as spent:
        run = ledger.ask(lambda: ledger.ada.post(f"{base}/run", {}))["latest_run"]["id"]
        ids = {"tenant_id": ledger.tenant, "task_id": task, "run_id": run, "execution": run}
        ledger.work("dispatch_run", {**ids, "token": "offer"})
        claimed = ledger.ask(lambda: ledger.bo.post("/v1/runs/claim", {"lease_seconds": SECONDS}))
        assert claimed["run"]["id"] == run
        spent.transitions += 1
        ledger.work("watch_run", {**ids, "token": "work"})
        for _ in range(10):
            ledger.ask(lambda: ledger.bo.post(f"{base}/runs/{run}/append_log", {"entries": [{"text": "x" * 400}]}))
        ledger.ask(lambda: ledger.bo.patch(f"{base}/runs/{run}", {"status": "completed"}))
        # Has it ended, and the last state.
        spent.transitions += 2
    return spent
