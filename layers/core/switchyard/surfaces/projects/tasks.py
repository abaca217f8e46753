"""Create, read, change and delete one task (contract: projects.md §4)."""

from switchyard.domain import tracks
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.http.endpoint import Call, Reply
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.surfaces.projects import present, scope


def read(call: Call) -> Reply:
    """Show the task of the path, with its latest run: 1 round trip, 2 when it has one."""
    return answer(scope.task_in(call), call)


def answer(task: Track, call: Call, status: int = 200) -> Reply:
    """Answer with the whole task; its version is the ETag."""
    return Reply(status, present.task(task, latest_run(call, task), call.request.base_url), {"etag": tracks.etag(task)})


def latest_run(call: Call, task: Track) -> Run | None:
    """Read the newest run of a task, if it has one."""
    if task.latest_run_id is None:
        return None
    row = call.ledger.row(keys.run(task.tenant_id, task.id, task.latest_run_id))
    return run_rows.from_item(row) if row else None
