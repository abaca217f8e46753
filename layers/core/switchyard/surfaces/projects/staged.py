"""Artifacts staged for a task's next run (contract: projects.md §5.2, §6)."""

from collections.abc import Iterable
from functools import partial

from switchyard.domain import artifacts, clock
from switchyard.domain.artifacts import Entry
from switchyard.domain.tracks import Track
from switchyard.http.call import Call, Reply
from switchyard.http.statuses import EndpointRefusal
from switchyard.ledger.unit import RowKey, Unit
from switchyard.store import keys
from switchyard.store import staged as staged_rows
from switchyard.surfaces.projects import scope, uploads
from switchyard.surfaces.projects.artifact_models import FinalizeUpload, PrepareUpload, Uploaded


def prepare(call: Call[PrepareUpload]) -> Reply:
    """Answer with upload forms for a task's next run: 1 round trip, nothing is written."""
    task = scope.task_in(call)
    path_of = partial(artifacts.staged_path, task.tenant_id, task.id)
    return uploads.prepare(call, path_of, artifacts.STAGED_DAYS)


def finalize(call: Call[FinalizeUpload]) -> Reply:
    """Stage what was uploaded, all or nothing: S3 is asked for all files at once, and one transaction writes them.

    A file can be taken by a run until 24 hours after its upload, however often it is finalized: doing it again is
    harmless, so that no key is needed.
    """
    body = call.body
    task = scope.task_in(call)
    folder = artifacts.staged_folder(task.tenant_id, task.id)
    if not all(_lies_in(folder, each) for each in body.artifacts):
        raise EndpointRefusal(400, {"error": "Artifact storage path is invalid for this task"})
    uploads.check_once(body.artifacts)
    inspected = uploads.inspect(call, body.artifacts, since=clock.epoch() - artifacts.STAGED_SECONDS)
    for entry, head in inspected:
        until = head.uploaded_at + artifacts.STAGED_SECONDS
        call.unit.write(staged_rows.put(task.tenant_id, task.id, entry, until))
    entries = [entry for entry, _ in inspected]
    return Reply(200, {"artifacts": artifacts.shown(entries)}, logged=artifacts.stored(entries))


def _lies_in(folder: str, file: Uploaded) -> bool:
    """Return whether a path is one that was prepared for this task and this id: folder, id, and a name."""
    return uploads.lies_at(f"{folder}{file.id}/", file)


def row_keys(tenant_id: str, task_id: str, ids: Iterable[str]) -> list[RowKey]:
    """Return the keys of the rows of staged artifacts, to read them with the task in one go."""
    return [keys.staged(tenant_id, task_id, each) for each in dict.fromkeys(ids)]


def consume(unit: Unit, task: Track, ids: Iterable[str]) -> tuple[Entry, ...]:
    """Gather the removal of staged artifacts whose rows were read; returns their manifest entries, as they were named.

    Of several runs that name the same artifact one is committed; the others are decided again and end here.
    Raises EndpointRefusal, 400 with `missing_artifact_ids`, unless all of them are staged for the task.
    """
    wanted = list(dict.fromkeys(ids))
    unit.prefetch((), rows=row_keys(task.tenant_id, task.id, wanted))
    found = {each: staged_rows.entry_of(unit.row(keys.staged(task.tenant_id, task.id, each))) for each in wanted}
    missing = [each for each, entry in found.items() if entry is None]
    if missing:
        detail = "Some pending_user_artifact_ids are invalid or expired"
        raise EndpointRefusal(400, {"detail": detail, "missing_artifact_ids": missing})
    unit.write(*(staged_rows.take(task.tenant_id, task.id, each) for each in wanted))
    return tuple(entry for entry in found.values() if entry is not None)
