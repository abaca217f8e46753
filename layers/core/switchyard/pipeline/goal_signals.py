"""From the table's stream to goal runs: they are begun, and told when something changed that bears on them."""

from switchyard.aws.executions import Executions
from switchyard.domain import goal_runs
from switchyard.domain.tracks import Track
from switchyard.pipeline.goal_rounds import execution_of
from switchyard.store import edges, keys
from switchyard.store import goal_runs as rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import Item, Table


class GoalSignals:
    """Carries records of goal runs to their executions, and those of tracks to the goal runs they bear on.

    A change of a task is noted on its goal's run, and the record of that note answers the step that waits. So
    there is one place where tokens are answered, and a note that is made while no step waits is found by the next.
    """

    def __init__(self, table: Table, executions: Executions) -> None:
        self.table = table
        self.executions = executions

    def take(self, old: Item | None, new: Item) -> None:
        """Carry one row that was `old` and is `new`; one of another kind is left alone."""
        sort = new["sk"]["S"]
        if sort == keys.GOAL_RUN:
            self._tell(old, new)
        elif sort == keys.TRACK:
            self._wake(track_rows.from_item(old) if old else None, track_rows.from_item(new))

    def _tell(self, old: Item | None, new: Item) -> None:
        run = rows.from_item(new)
        if old is None or rows.from_item(old).id != run.id:
            self.executions.start(*execution_of(run))
        elif run.wait_token and run.is_answerable:
            self.executions.succeed(run.wait_token, {"over": False})

    def _wake(self, before: Track | None, after: Track) -> None:
        if not goal_runs.bears_on(before, after):
            return
        goals = {after.id} if not after.is_task else {each.goal_id for each in (before, after) if each and each.goal_id}
        if after.is_task and goal_runs.ends_or_reopens(before, after):
            goals |= self._goals_of_dependents(after)
        for goal_id in sorted(goals):
            rows.wake(self.table, after.tenant_id, goal_id)

    def _goals_of_dependents(self, task: Track) -> set[str]:
        """Return the goals of the tasks that depend on the task: 1 query, and 1 read when there are any (per 100)."""
        found: set[str] = set()
        for ids in edges.dependents(self.table, task):
            items = self.table.get_many([keys.track(task.tenant_id, each) for each in ids]) if ids else {}
            found |= {item["goal_id"]["S"] for item in items.values() if "goal_id" in item}
        return found
