"""Uploads straight to the bucket: the forms for them, and what there is afterwards (contract: projects.md §6)."""

import base64
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from switchyard.aws import objects
from switchyard.aws.objects import CannotSign, Head
from switchyard.domain import artifacts
from switchyard.domain.artifacts import Entry
from switchyard.domain.errors import FieldError, Invalid
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.statuses import EndpointRefusal
from switchyard.surfaces.projects.artifact_models import Described, PrepareUpload, Uploaded

_ID = re.compile(r"[0-9a-f]{32}")


def prepare(call: Call[PrepareUpload], path_of: Callable[[str, str], str], days: int) -> Reply:
    """Answer with a form for each file of the request; `path_of` makes from id and name where it is to lie.

    Nothing is stored, and S3 is not asked. What is uploaded carries a tag by which the bucket forgets it, so that it
    goes away also when nobody finalizes it.
    """
    body = call.body
    bucket, tags = objects.shared(call.unit.table.deadline), artifacts.tags(call.actor.tenant_id, days)
    prepared = []
    for each in body.artifacts:
        artifact_id = uuid4().hex
        path = path_of(artifact_id, each.name)
        digest = base64.b64encode(bytes.fromhex(each.checksum_sha256)).decode() if each.checksum_sha256 else None
        try:
            form = bucket.presign_post(path, each.size + artifacts.SLACK, tags, artifacts.PRESIGNED_SECONDS, digest)
        except CannotSign as error:
            raise EndpointRefusal(400, {"error": "Unable to generate upload URL"}) from error
        prepared.append(
            {
                "id": artifact_id,
                "name": each.name,
                "type": each.type,
                "source": each.source,
                "size": each.size,
                "content_type": each.content_type,
                "storage_path": path,
                **({"checksum_sha256": each.checksum_sha256} if each.checksum_sha256 else {}),
                "expires_in": artifacts.PRESIGNED_SECONDS,
                "presigned_post": form,
            }
        )
    return Reply(200, {"artifacts": prepared})


def check_once(uploaded: Sequence[Uploaded]) -> None:
    """Raise Invalid when a request names an artifact twice."""
    seen: set[str] = set()
    for position, each in enumerate(uploaded):
        if each.id in seen:
            raise Invalid(FieldError(f"artifacts.{position}.id", "is there twice", "each artifact once", "conflict"))
        seen.add(each.id)


def lies_at(start: str, file: Uploaded) -> bool:
    """Return whether a file's id is valid and its path is `start`, which has the id in it, and a name."""
    name = file.storage_path.removeprefix(start)
    is_name = name not in ("", ".", "..") and "/" not in name
    return bool(_ID.fullmatch(file.id)) and file.storage_path.startswith(start) and is_name


def inspect(call: AnyCall, uploaded: Sequence[Uploaded], since: int = 0) -> list[tuple[Entry, Head]]:
    """Ask S3 for all files at the same time; returns their manifest entries and what S3 said.

    What was uploaded before the instant `since` (epoch, seconds) counts as gone. Raises EndpointRefusal, in the words
    of the contract, for the first file that is not there, is too large, or is another than its checksum says.
    """
    found = objects.shared(call.unit.table.deadline).heads([each.storage_path for each in uploaded])
    inspected = []
    for each, head in zip(uploaded, found, strict=True):
        if head is None or head.uploaded_at <= since:
            raise EndpointRefusal(400, {"error": "Artifact upload not found in object storage"})
        if head.size is None:
            raise EndpointRefusal(400, {"error": "Artifact upload metadata is unavailable"})
        media = each.content_type or _header_text(head.content_type)
        refused = artifacts.too_large(each.name, each.type, media, head.size)
        if refused:
            raise EndpointRefusal(400, {"error": refused})
        if each.checksum_sha256:
            _compare(each, head)
        more = {"checksum_sha256": each.checksum_sha256} if each.checksum_sha256 else {}
        # The form may be sent again: what is downloaded is what was looked at here.
        more |= {"version_id": head.version} if head.version else {}
        inspected.append((entry(each, each.id, media, head.size, each.storage_path, **more), head))
    return inspected


def entry(file: Described, artifact_id: str, media: str, size: int, path: str, **more: Any) -> Entry:
    """Return a manifest entry of now."""
    return {
        "id": artifact_id,
        "name": file.name,
        "type": file.type,
        "source": file.source,
        "size": size,
        "content_type": media,
        "storage_path": path,
        "uploaded_at": datetime.now(UTC).isoformat(),
        **more,
    }


def _compare(file: Uploaded, head: Head) -> None:
    if head.sha256 is None:
        raise EndpointRefusal(400, {"error": f"{file.name} has no checksum: prepare its upload with checksum_sha256"})
    if base64.b64decode(head.sha256).hex() != file.checksum_sha256:
        raise EndpointRefusal(400, {"error": f"{file.name} has another checksum than checksum_sha256"})


def _header_text(given: str) -> str:
    """What S3 holds as the media type came from a client."""
    return given if given.isascii() and given.isprintable() and len(given) <= artifacts.CONTENT_TYPE_MAX else ""
