"""A tenant's rows and files out of a stack, into another one, and for good out of the one they were in.

An export is a folder: rows.jsonl with a row a line, files/ as they lie in the bucket, export.json with how far it got,
how many rows of each kind there are, and the digest of the rows. Each command goes on where it was broken off.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from switchyard.admin.whole import Whole, kind_of
from switchyard.domain.errors import Conflict, FieldError, Invalid
from switchyard.store.table import Item

#: Rows that only the pipeline's role may write: the table's policy denies it to everybody else.
_AUDIT = "AUDIT"
_BATCH = 25
_LISTED = 1_000


def prefix(tenant_id: str) -> str:
    """Return what the keys of a tenant's files begin with."""
    return f"tasks/artifacts/team_{tenant_id}/"


class Export:
    """One export in a folder. Raises Invalid for a folder that is another tenant's."""

    def __init__(self, folder: str, tenant_id: str) -> None:
        self.folder = Path(folder)
        self.rows, self.mark = self.folder / "rows.jsonl", self.folder / "export.json"
        self.state: dict[str, Any] = {
            "tenant": tenant_id,
            "next": None,
            "done": False,
            "bytes": 0,
            "rows": {},
            "files": 0,
        }
        if self.mark.exists():
            self.state = json.loads(self.mark.read_text(encoding="utf-8"))
            if self.state["tenant"] != tenant_id:
                problem = f"holds the tenant {self.state['tenant']}"
                raise Invalid(FieldError("folder", problem, f"an empty folder, or an export of {tenant_id}"))
        self.folder.mkdir(parents=True, exist_ok=True)

    def save(self) -> None:
        """Write how far it got, in one go."""
        partial = self.mark.with_suffix(".new")
        partial.write_text(json.dumps(self.state, indent=2) + "\n", encoding="utf-8")
        partial.replace(self.mark)

    def digest(self) -> str:
        """Return the SHA-256 of the rows."""
        with self.rows.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def write(whole: Whole, s3: Any, bucket: str, folder: str) -> dict[str, Any]:
    """Export a tenant's rows and files; returns what there is. Rows that change meanwhile are as they were read."""
    export = Export(folder, whole.tenant)
    if not export.state["done"]:
        counts = Counter(export.state["rows"])
        with export.rows.open("r+b" if export.rows.exists() else "w+b") as file:
            file.truncate(export.state["bytes"])  # what was written after the last mark
            file.seek(0, 2)
            for rows, following in whole.pages(export.state["next"]):
                for row in rows:
                    file.write(json.dumps(row, separators=(",", ":"), sort_keys=True).encode() + b"\n")
                    counts[kind_of(row)] += 1
                file.flush()
                export.state |= {"next": following, "bytes": file.tell(), "rows": dict(counts)}
                export.save()
        export.state |= {"done": True, "sha256": export.digest()}
        export.save()
    export.state["files"] = _fetch(s3, bucket, export, prefix(whole.tenant))
    export.save()
    return export.state


def _fetch(s3: Any, bucket: str, export: Export, start: str) -> int:
    count = 0
    for each in listed(s3, bucket, start):
        target = export.folder / "files" / each["Key"]
        if not target.resolve().is_relative_to((export.folder / "files").resolve()):
            raise Invalid(FieldError("bucket", f"has the key {each['Key']!r}, which leaves the folder", "a plain key"))
        if not target.exists() or target.stat().st_size != each["Size"]:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read())
        count += 1
    return count


def listed(s3: Any, bucket: str, start: str) -> list[dict[str, Any]]:
    """Return all objects whose keys begin so."""
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        answer = s3.list_objects_v2(Bucket=bucket, Prefix=start, MaxKeys=_LISTED, **more)
        found += answer.get("Contents", ())
        if not answer.get("IsTruncated"):
            return found
        more = {"ContinuationToken": answer["NextContinuationToken"]}


def read(whole: Whole, s3: Any, bucket: str, folder: str) -> dict[str, Any]:
    """Import an export; returns how many rows were written, and which were not. Again, it writes the same rows.

    Raises Conflict for one that is not whole or was changed, and for a tenant that is there and was not begun so.
    """
    export = Export(folder, whole.tenant)
    if not export.state["done"]:
        raise Conflict("The export is not finished: run it again first.")
    if export.digest() != export.state["sha256"]:
        raise Conflict("rows.jsonl is not as it was exported: its digest differs.")
    counts: Counter[str] = Counter()
    batch: list[Item] = []
    with export.rows.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if kind_of(row) == _AUDIT:
                counts["left: audit entries, which the pipeline alone may write"] += 1
                continue
            batch.append(row)
            counts["written"] += 1
            if len(batch) == _BATCH:
                _put(whole, batch)
                batch = []
    _put(whole, batch)
    for path in sorted((export.folder / "files").rglob("*")) if (export.folder / "files").exists() else ():
        if path.is_file():
            s3.put_object(
                Bucket=bucket, Key=path.relative_to(export.folder / "files").as_posix(), Body=path.read_bytes()
            )
            counts["files"] += 1
    return dict(counts)


def _put(whole: Whole, batch: list[Item]) -> None:
    if batch:
        whole.table.give(60_000)
        whole.table.put_many(batch)


def require_confirmation(given: str, wanted: str) -> None:
    """Raise Conflict unless the tenant's id was typed twice."""
    if given != wanted:
        raise Conflict(f"--confirm must be the tenant's id, {wanted}: this cannot be undone.")


def delete(whole: Whole, s3: Any, bucket: str) -> dict[str, Any]:
    """Delete a tenant's rows and files, all versions; returns what is left, by kind: audit entries alone."""
    for rows, _ in whole.pages():
        for row in rows:
            if kind_of(row) != _AUDIT:
                whole.table.give(60_000)
                whole.table.write([{"Delete": {"Key": {"pk": row["pk"], "sk": row["sk"]}}}])
    files = 0
    while True:
        answer = s3.list_object_versions(Bucket=bucket, Prefix=prefix(whole.tenant), MaxKeys=_LISTED)
        found = [*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())]
        if not found:
            break
        for each in found:
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
            files += 1
    return {"left": whole.counts(), "file versions deleted": files}
