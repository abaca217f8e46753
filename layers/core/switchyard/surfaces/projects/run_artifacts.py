"""A run's artifacts: upload, finalize, and download (contract: projects.md §7)."""

import base64
import binascii
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from switchyard.aws import objects
from switchyard.aws.objects import CannotSign, Upload
from switchyard.domain import artifacts
from switchyard.domain.artifacts import Entry
from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.runs import ARTIFACTS_MAX, MANIFEST_MAX_BYTES, Run
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.statuses import EndpointRefusal
from switchyard.http.validation import check_json_size
from switchyard.ledger import runs
from switchyard.surfaces.projects import scope, uploads
from switchyard.surfaces.projects.artifact_models import (
    FinalizeUpload,
    Inline,
    NamedArtifact,
    PrepareUpload,
    UploadArtifacts,
    Uploaded,
)
from switchyard.surfaces.projects.run_logs import chain

#: Bytes that are answered as they are: as base64 they stay below the 6 MB that a function may answer.
INLINE_MAX = 4_194_304

_BINARY = "application/octet-stream"
#: Characters that a quoted file name may have (RFC 6266), beside letters and digits.
_PLAIN = frozenset(" !#$&'()+,-.;=@[]^_`{}~")


def upload(call: Call[UploadArtifacts]) -> Reply:
    """Take small files in the request itself; answers the whole manifest, the new ones last."""
    body = call.body
    task, run = scope.run_in(call)
    # A retry after contention puts the same files in the same places.
    ids = [uuid5(NAMESPACE_URL, f"{call.request.id}:{position}").hex for position in range(len(body.artifacts))]
    contents = [_content(position, each) for position, each in enumerate(body.artifacts)]
    paths = [_path(run, artifact_id, each.name) for artifact_id, each in zip(ids, body.artifacts, strict=True)]
    added = [
        uploads.entry(file, artifact_id, file.content_type, len(content), path)
        for file, artifact_id, content, path in zip(body.artifacts, ids, contents, paths, strict=True)
    ]
    after = _add(call, task, run, added)
    objects.shared(call.unit.table.deadline).put_all(
        [
            Upload(path, content, file.content_type)
            for file, content, path in zip(body.artifacts, contents, paths, strict=True)
        ],
        artifacts.tags(run.tenant_id, artifacts.RUN_DAYS),
    )
    return Reply(200, {"artifacts": artifacts.shown(after.artifacts)}, logged=artifacts.stored(added))


def prepare(call: Call[PrepareUpload]) -> Reply:
    """Answer with upload forms for the run: 1 round trip, nothing is written."""
    _, run = scope.run_in(call)
    _check_room(run, len(call.body.artifacts))
    return uploads.prepare(call, partial(_path, run), artifacts.RUN_DAYS)


def finalize(call: Call[FinalizeUpload]) -> Reply:
    """Add what was uploaded to the run's manifest, all or nothing; answers the entries of this request.

    What the manifest has already is answered as it is there, without asking S3.
    """
    body = call.body
    task, run = scope.run_in(call)
    uploads.check_once(body.artifacts)
    known = {each["id"]: each for each in run.artifacts} | {each["storage_path"]: each for each in run.artifacts}
    new = [each for each in body.artifacts if each.id not in known and each.storage_path not in known]
    if not all(_lies_in(run, each) for each in new):
        raise EndpointRefusal(400, {"error": "Artifact storage path is invalid for this run"})
    _check_room(run, len(new))
    added = [entry for entry, _ in uploads.inspect(call, new)]
    if added:
        _add(call, task, run, added)
    known |= {each["id"]: each for each in added}
    named = [known.get(each.id) or known[each.storage_path] for each in body.artifacts]
    return Reply(200, {"artifacts": artifacts.shown(named)}, logged=artifacts.stored(added))


def presign(call: Call[NamedArtifact]) -> Reply:
    """Answer with an address that serves a file of the run, or of one that it resumed, for an hour."""
    return Reply(200, {"url": _address(call, _find(call)), "expires_in": artifacts.PRESIGNED_SECONDS})


def download(call: Call[NamedArtifact]) -> Reply:
    """Answer with a file of the run, or of one that it resumed; with the address of one above INLINE_MAX (303)."""
    entry = _find(call)
    bucket = objects.shared(call.unit.table.deadline)
    content = bucket.get(entry["storage_path"], INLINE_MAX, entry.get("version_id"))
    if content is None:
        raise EndpointRefusal(404, {"error": "Artifact content not found"})
    if content.body is None:
        return Reply(303, None, {"location": _address(call, entry)})
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return Reply(200, content.body, _headers(entry) | headers)


def _content(position: int, file: Inline) -> bytes:
    """Return a file's bytes; raises Invalid when they are not base64, or too many."""
    if file.content_encoding == "base64":
        try:
            content = base64.b64decode(file.content, validate=True)
        except (binascii.Error, ValueError):
            problem = FieldError(f"artifacts.{position}.content", "Invalid base64 content")
            raise Invalid(problem) from None
    else:
        content = file.content.encode()
    refused = artifacts.too_large(file.name, file.type, file.content_type, len(content))
    if refused:
        raise Invalid(FieldError(f"artifacts.{position}.content", refused))
    return content


def _path(run: Run, artifact_id: str, name: str) -> str:
    return artifacts.run_path(run.tenant_id, run.task_id, run.id, artifact_id, name)


def _lies_in(run: Run, file: Uploaded) -> bool:
    """Return whether a path is one that was prepared for this run and this id."""
    return uploads.lies_at(_path(run, file.id, ""), file)


def _add(call: AnyCall, task: Track, run: Run, added: Sequence[Entry]) -> Run:
    """Gather the new manifest; raises EndpointRefusal or Invalid where it grows too large."""
    _check_room(run, len(added))
    manifest = (*run.artifacts, *added)
    check_json_size(list(manifest), "artifacts", MANIFEST_MAX_BYTES)
    return runs.change(call.unit, task, run, artifacts=manifest)


def _check_room(run: Run, more: int) -> None:
    if len(run.artifacts) + more > ARTIFACTS_MAX:
        error = f"A run has at most {ARTIFACTS_MAX} artifacts; this one has {len(run.artifacts)}"
        raise EndpointRefusal(400, {"error": error})


def _find(call: Call[NamedArtifact]) -> Entry:
    """Return the entry that the request names: of the run, or of one that it resumed. Raises EndpointRefusal."""
    body = call.body
    _, run = scope.run_in(call)
    for each in reversed(chain(call.unit.row, run)):
        for entry in each.artifacts:
            if entry["storage_path"] == body.storage_path:
                return entry
    raise EndpointRefusal(404, {"error": "Artifact not found on this run"})


def _address(call: AnyCall, entry: Entry) -> str:
    try:
        return objects.shared(call.unit.table.deadline).presign_get(
            entry["storage_path"], _headers(entry), artifacts.PRESIGNED_SECONDS, entry.get("version_id")
        )
    except CannotSign as error:
        raise EndpointRefusal(400, {"error": "Unable to generate download URL"}) from error


def _headers(entry: Entry) -> dict[str, str]:
    """Return media type and name of a file for whoever saves it: never shown in place (RFC 6266)."""
    name = entry["name"]
    plain = "".join(each if (each.isascii() and each.isalnum()) or each in _PLAIN else "_" for each in name)
    disposition = f'attachment; filename="{plain}"'
    if plain != name:
        disposition += f"; filename*=UTF-8''{quote(name, safe='')}"
    return {"content-type": entry["content_type"] or _BINARY, "content-disposition": disposition}
