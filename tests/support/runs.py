"""Runs made and changed through the ledger itself, as endpoints do it."""

from typing import Any

from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger import runs, system, tracks
from switchyard.ledger.unit import Unit
from switchyard.store import runs as run_rows
from switchyard.store.table import Table


class Runs:
    """The tasks and runs of one tenant."""

    def __init__(self, table: Table, tenant: str) -> None:
        self.table, self.tenant = table, tenant

    def unit(self, actor: str = "user_ada") -> Unit:
        kind = "agent" if actor.startswith("agent_") else "user"
        return Unit(self.table, Actor(self.tenant, actor, kind, frozenset(SCOPES), "t"), new_id())

    def task(self, **fields: Any) -> Track:
        ledger = self.unit()
        made = tracks.create(ledger, "task", "Write docs", status="todo", **fields)
        ledger.commit(200, {}, "")
        return made

    def run(self, task: Track | None = None, **fields: Any) -> Run:
        task = task or self.task()
        ledger = self.unit()
        made = runs.create(ledger, ledger.get(task.id), **fields)
        ledger.commit(200, {}, "")
        return made

    def now(self, run: Run) -> Run:
        _, found = system.load(self.table, run.tenant_id, run.task_id, run.id)
        assert found
        return found

    def task_of(self, run: Run) -> Track:
        task, _ = system.load(self.table, run.tenant_id, run.task_id, run.id)
        assert task
        return task

    def change(self, run: Run, **fields: Any) -> None:
        ledger = self.unit()
        runs.change(ledger, *runs.find(ledger, run.task_id, run.id), **fields)
        ledger.commit(200, {}, "")

    def change_task(self, run: Run, **fields: Any) -> None:
        ledger = self.unit()
        tracks.change(ledger, ledger.get(run.task_id), **fields)
        ledger.commit(200, {}, "")

    def claim(self, run: Run, actor: str = "agent_bo", seconds: int = 60) -> None:
        ledger = self.unit(actor)
        runs.claim(ledger, *runs.find(ledger, run.task_id, run.id), seconds)
        ledger.commit(200, {}, "")

    def finish(self, run: Run, status: str, actor: str = "agent_bo") -> None:
        """End the run as its holder does it."""
        ledger = self.unit(actor)
        runs.change(ledger, *runs.find(ledger, run.task_id, run.id), status=status)
        ledger.commit(200, {}, "")

    def beat(self, run: Run, actor: str = "agent_bo") -> None:
        """Send a heartbeat as the run's holder does."""
        ledger = self.unit(actor)
        _, found = runs.find(ledger, run.task_id, run.id)
        runs.extend(ledger, found, 60)
        ledger.commit(200, {}, "")

    def give_back(self, run: Run, actor: str = "agent_bo") -> None:
        """Release the run as its holder does it."""
        ledger = self.unit(actor)
        runs.release(ledger, *runs.find(ledger, run.task_id, run.id))
        ledger.commit(200, {}, "")

    def resume(self, run: Run) -> None:
        """Bring the run back to the workflow."""
        ledger = self.unit()
        runs.resume(ledger, *runs.find(ledger, run.task_id, run.id))
        ledger.commit(200, {}, "")

    def rewrite(self, run: Run, **fields: Any) -> None:
        """Put the run's row with these fields, on no condition and without a new version unless it is among them."""
        self.table.write([{"Put": {"Item": run_rows.to_item(replace(self.now(run), **fields))}}])
