"""Imports: create one, upload its file, start it, watch it, cancel it (docs/importing.md)."""

from collections.abc import Mapping
from typing import Any

from switchyard.aws import objects
from switchyard.aws.objects import CannotSign
from switchyard.domain import artifacts, imports
from switchyard.domain.errors import SwitchyardError
from switchyard.domain.imports import Import, Lane
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import imports as verbs
from switchyard.store import imports as rows
from switchyard.store import indexes, keys, lists
from switchyard.store.lists import Range
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.planning import fields
from switchyard.surfaces.planning.import_models import CreateImport

_DOWNLOAD = {"content-type": "application/x-ndjson", "content-disposition": 'attachment; filename="results.jsonl"'}


def create(call: Call[CreateImport]) -> Reply:
    """Answer with a new import and the form for its file. The form is not kept under an idempotency key."""
    job = verbs.create(call.unit, **fields.scope(call.body.scope, call.unit))
    path, tags = imports.file_path(job.tenant_id, job.id), artifacts.tags(job.tenant_id, artifacts.STAGED_DAYS)
    bucket = objects.shared(call.unit.table.deadline)
    try:
        form = bucket.presign_post(path, imports.FILE_MAX, tags, artifacts.PRESIGNED_SECONDS)
    except CannotSign as error:
        raise SwitchyardError("The address of the upload cannot be signed.") from error
    shown, location = _shown(job, []), {"location": f"/v1/imports/{job.id}"}
    upload = {"expiresIn": artifacts.PRESIGNED_SECONDS, **form}
    return Reply(201, {**shown, "upload": upload}, location, kept={**shown, "upload": None})


def start(call: Call) -> Reply:
    """Start an import whose file is there; one that is under way stays so."""
    job, lanes = verbs.find(call.unit, call.path_id())
    if job.status == "running":
        return Reply(202, _shown(job, lanes))
    if job.is_final:
        raise imports.Over(f"The import is {job.status}: create another one.")
    (head,) = objects.shared(call.unit.table.deadline).heads([imports.file_path(job.tenant_id, job.id)])
    if head is None or not head.size:
        raise imports.NothingUploaded("Upload the file by the form that the import was created with, then start it.")
    return Reply(202, _shown(verbs.start(call.unit, job, head.size, head.version), []))


def cancel(call: Call) -> Reply:
    """End an import: what it has written stays."""
    job, lanes = verbs.find(call.unit, call.path_id())
    if job.is_final and job.status != "cancelled":
        raise imports.Over(f"The import is {job.status} already.")
    after = job if job.is_final else verbs.cancel(call.unit, job, lanes)
    return Reply(200, _shown(after, lanes))


def show(call: AnyCall) -> Reply:
    """Answer with an import: how far it is, and the address of the results when it is over."""
    job, lanes = verbs.find(call.unit, call.path_id())
    return Reply(200, {**_shown(job, lanes), "results": _results(call, job)})


def page(call: Call[None, Paging]) -> Reply:
    """Answer with a page of the caller's imports, newest first."""
    actor, query = call.actor, call.query
    partition = keys.listed(keys.realm(actor.tenant_id, actor.id), "import")
    own = Range(indexes.LISTED_BY_ID, partition)
    found, cursor = lists.newest_first(call.unit.table, own, query.limit, query.cursor)
    return Reply(200, {"items": [_fields(rows.from_item(row)) for row in found], "nextCursor": cursor})


def _results(call: AnyCall, job: Import) -> dict[str, Any] | None:
    if job.results_at is None:
        return None
    path = imports.results_path(job.tenant_id, job.id)
    try:
        url = objects.shared(call.unit.table.deadline).presign_get(path, _DOWNLOAD, artifacts.PRESIGNED_SECONDS)
    except CannotSign as error:
        raise SwitchyardError("The address of the results cannot be signed.") from error
    return {"url": url, "expiresIn": artifacts.PRESIGNED_SECONDS}


def _fields(job: Import) -> dict[str, Any]:
    scope: Mapping[str, Any] = {"type": "personal"} if job.owner else {"type": "projects", "ids": list(job.project_ids)}
    return {
        "id": job.id,
        "status": job.status,
        "scope": scope,
        "lines": job.lines,
        "split": job.split,
        "error": job.error,
        "createdBy": job.actor.id,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "completedAt": job.completed_at,
    }


def _shown(job: Import, lanes: list[Lane]) -> dict[str, Any]:
    counts = {name: sum(getattr(lane, name) for lane in lanes) for name in imports.OUTCOMES}
    return {**_fields(job), "done": sum(lane.with_outcome for lane in lanes), "counts": counts, "results": None}
