"""Artifacts staged for a task's next run (contract: projects.md §5.2, §6)."""

from collections.abc import Iterable

from switchyard.domain.artifacts import Entry
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import RowKey, Unit
from switchyard.store import keys
from switchyard.store import staged as rows
from switchyard.surfaces.projects.surface import ViewError


def row_keys(tenant_id: str, task_id: str, ids: Iterable[str]) -> list[RowKey]:
    """Return the keys of the rows of staged artifacts, to read them with the task in one go."""
    return [keys.staged(tenant_id, task_id, each) for each in dict.fromkeys(ids)]


def consume(unit: Unit, task: Track, ids: Iterable[str]) -> tuple[Entry, ...]:
    """Gather the removal of staged artifacts whose rows were read; returns their manifest entries, as they were named.

    Of several runs that name the same artifact one is committed; the others are decided anew and end here.
    Raises ViewError, 400 with `missing_artifact_ids`, unless all of them are staged for the task.
    """
    wanted = list(dict.fromkeys(ids))
    unit.prefetch((), rows=row_keys(task.tenant_id, task.id, wanted))
    found = {each: rows.entry_of(unit.row(keys.staged(task.tenant_id, task.id, each))) for each in wanted}
    missing = [each for each, entry in found.items() if entry is None]
    if missing:
        detail = "Some pending_user_artifact_ids are invalid or expired"
        raise ViewError(400, {"detail": detail, "missing_artifact_ids": missing})
    unit.extra += [rows.take(task.tenant_id, task.id, each) for each in wanted]
    return tuple(entry for entry in found.values() if entry is not None)
