"""What the paths of the projects surface name: a project, a task of it, and a run of the task.

`{project}` is a project's number or UUID, `@current` (the tenant's first project), or `-`: before the id of a task
whichever project the task is in, of a list those of any project and of none. A task is in the first of its projects,
and under any other it is not found.
"""

import time
from collections.abc import Iterable, Mapping, Sequence

from switchyard.domain.ids import parse_id
from switchyard.domain.runs import Run
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall
from switchyard.ledger import runs
from switchyard.ledger.unit import RowKey
from switchyard.store import keys, tenants
from switchyard.store import runs as run_rows
from switchyard.surfaces.projects.surface import Missing

#: Seconds that a container trusts what it read of a project: its number and name do not change.
CACHE_SECONDS = 300
_CACHE_MAX = 1_000
#: What the routes of a task's runs say of a task that is not there.
NO_TASK = "Task not found"
_CURRENT = 1
_ANY = "-"

_numbers: dict[tuple[str, int], tuple[float, str]] = {}
_projects: dict[tuple[str, str], tuple[float, Project]] = {}


def rows_of_path(tenant_id: str, path: Mapping[str, str]) -> Sequence[RowKey]:
    """Return the keys of the task, its run and the project's number, as far as they are in the path."""
    found, number = parse_id(path["task_id"]), _number(path["project"])
    if found is None:
        return []
    run_id = parse_id(path.get("run_id", ""))
    rows = [keys.track(tenant_id, found)] + ([keys.run(tenant_id, found, run_id)] if run_id else [])
    unresolved = number is not None and _known(_numbers, (tenant_id, number)) is None
    return rows + ([keys.project_number(tenant_id, number)] if number and unresolved else [])


def project(call: AnyCall) -> Project:
    """Return the registered project of the path: no read while it is remembered, else 1 or 2. Raises Missing."""
    given = call.path["project"]
    number = _number(given)
    project_id = _id_of_number(call, number) if number else parse_id(given)
    if project_id is None:
        raise Missing
    return _registered(call, project_id)


def is_any(call: AnyCall) -> bool:
    """Return whether the path names no project: `-`."""
    return call.path["project"] == _ANY


def task_in(call: AnyCall, rows: Iterable[RowKey] = (), missing: str = "Not found.", *, latest: bool = False) -> Track:
    """Return the task of the path: 1 round trip, also with further rows, which `call.unit.row` then has.

    `latest`: with its newest run, where that takes no further round trip.
    Raises Missing, with the text, for what is no task the caller may see in the project of the path.
    """
    track_id, given = task_id(call, missing), call.path["project"]
    number = _number(given)
    unresolved = number is not None and _known(_numbers, (call.actor.tenant_id, number)) is None
    also = [keys.project_number(call.actor.tenant_id, number)] if number and unresolved else []
    if latest and not also and keys.track(call.actor.tenant_id, track_id) not in call.unit.table.ahead:
        runs.prefetch_latest(call.unit, track_id)
    call.unit.prefetch([track_id], rows=[*rows, *also])
    task = call.unit.find([track_id]).get(track_id)
    if task is None or not task.is_task:
        raise Missing(missing)
    if given != _ANY:
        home = task.project_ids[0] if task.project_ids else None
        wanted = _id_of_number(call, number) if number else parse_id(given)
        if wanted is None or home != wanted:
            raise Missing(missing)
    return task


def task_id(call: AnyCall, missing: str = "Not found.") -> str:
    """Return the task's id in the path, e.g. for the keys of rows to read with it; raises Missing for what is none."""
    found = parse_id(call.path["task_id"])
    if found is None:
        raise Missing(missing)
    return found


def run_in(call: AnyCall) -> tuple[Track, Run]:
    """Return the task and the run of the path: 1 round trip. Raises Missing, as `task_in`."""
    run_id = parse_id(call.path["run_id"])
    if run_id is None:
        raise Missing
    row_key = keys.run(call.actor.tenant_id, task_id(call, NO_TASK), run_id)
    task = task_in(call, [row_key], NO_TASK)
    row = call.unit.row(row_key)
    if row is None:
        raise Missing
    return task, run_rows.from_item(row)


def _number(given: str) -> int | None:
    if given == "@current":
        return _CURRENT
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= 15 else None


def _id_of_number(call: AnyCall, number: int) -> str | None:
    key = (call.actor.tenant_id, number)
    known = _known(_numbers, key)
    if known is None:
        row = call.unit.row(keys.project_number(*key))
        known = row["project_id"]["S"] if row else None
        if known:
            _remember(_numbers, key, known)
    return known


def _registered(call: AnyCall, project_id: str) -> Project:
    key = (call.actor.tenant_id, project_id)
    known = _known(_projects, key)
    if known is None:
        row = call.unit.row(keys.project(*key))
        if row is None:
            raise Missing
        known = tenants.project_from(row)
        _remember(_projects, key, known)
    return known


def _known[K, V](cache: dict[K, tuple[float, V]], key: K) -> V | None:
    until, value = cache.get(key, (0.0, None))
    return value if until > time.monotonic() else None


def _remember[K, V](cache: dict[K, tuple[float, V]], key: K, value: V) -> None:
    if len(cache) >= _CACHE_MAX:
        cache.clear()
    cache[key] = (time.monotonic() + CACHE_SECONDS, value)
