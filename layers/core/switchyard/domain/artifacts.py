"""Artifacts: files that belong to a run, or are staged for a task's next one (contract: projects.md §2.3, §6).

What a file may be called, how large it may be, where it lies, and what a manifest says of it. Sizes are in bytes.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from unicodedata import category

#: A manifest entry as the contract shows it: id, name, type, source, size, content_type, storage_path, uploaded_at.
#: Beside that, `version_id`: which of the uploads to its path it speaks of. No client sees that.
Entry = Mapping[str, Any]

NAME_MAX = 255
#: An object's key has at most 1,024 bytes, of which the longest folder takes 150.
NAME_MAX_BYTES = 850
SOURCE_MAX = 64
CONTENT_TYPE_MAX = 255
PATH_MAX = 500
ID_MAX = 128

SIZE_MAX = 31_457_280
PDF_MAX = 10_485_760
#: By how much an upload's form allows more than was declared.
SLACK = 65_536

#: At most so many artifacts in one request: as many as a run has, and as one transaction stages.
REQUEST_MAX = 100

#: Seconds for which an upload's form or a download's address works.
PRESIGNED_SECONDS = 3_600
#: Seconds after its upload for which a file can be staged.
STAGED_SECONDS = 86_400

#: Values of the tag `ttl_days`, by which the bucket forgets objects.
STAGED_DAYS, RUN_DAYS = 1, 30

#: Control characters, ends of lines and of paragraphs, halves of characters.
_CONTROL = frozenset({"Cc", "Zl", "Zp", "Cs"})
#: Characters that make a name read otherwise than it is spelled: they change the direction of writing.
_MISLEADING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)))


def file_name(given: str) -> str:
    """Return the last part of a path, trimmed; `artifact` when nothing is left. Raises ValueError, saying why."""
    name = given.replace("\\", "/").rpartition("/")[2].strip()
    if name in (".", ".."):
        raise ValueError(f"{name} is not a name for a file")
    if any(category(each) in _CONTROL or each in _MISLEADING for each in name):
        raise ValueError("A name may not have control characters")
    if len(name.encode()) > NAME_MAX_BYTES:
        raise ValueError(f"Ensure this field has no more than {NAME_MAX_BYTES} bytes of UTF-8.")
    return name or "artifact"


def stored(entries: Iterable[Entry]) -> dict[str, int]:
    """Return what the log line of a request says of the files that it added, for the tenant's usage."""
    return {"stored_bytes": sum(each["size"] for each in entries)}


def staged_folder(tenant_id: str, task_id: str) -> str:
    """Return what the storage paths of a task's staged artifacts begin with."""
    return f"tasks/artifacts/team_{tenant_id}/task_{task_id}/staged/"


def staged_path(tenant_id: str, task_id: str, artifact_id: str, name: str) -> str:
    """Return where an artifact lies that is staged for the task's next run."""
    return f"{staged_folder(tenant_id, task_id)}{artifact_id}/{_key_name(name)}"


def run_path(tenant_id: str, task_id: str, run_id: str, artifact_id: str, name: str) -> str:
    """Return where an artifact lies that was uploaded for a run."""
    return f"tasks/artifacts/team_{tenant_id}/task_{task_id}/run_{run_id}/{artifact_id[:8]}_{_key_name(name)}"


def is_staged(path: str) -> bool:
    """Return whether an object was uploaded as a staged artifact (of whichever task)."""
    return path.split("/")[4:5] == ["staged"]


def _key_name(name: str) -> str:
    """An upload's form puts other text in the place of `${filename}`, and `$` begins a variable there."""
    return name.replace("$", "_")


def too_large(name: str, kind: str, content_type: str, size: int) -> str | None:
    """Return the words that refuse a file for its size, or None."""
    media = content_type.partition(";")[0].strip().lower()
    if kind == "user_attachment" and size > PDF_MAX and (name.lower().endswith(".pdf") or media == "application/pdf"):
        return f"{name} exceeds the 10MB attachment limit for PDFs in cloud runs"
    return f"{name} exceeds the 30MB attachment limit" if size > SIZE_MAX else None


def shown(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return entries as clients see them."""
    return [{name: value for name, value in each.items() if name != "version_id"} for each in entries]


def tags(tenant_id: str, days: int) -> dict[str, str]:
    """Return the tags of an object."""
    return {"ttl_days": str(days), "team_id": tenant_id}
