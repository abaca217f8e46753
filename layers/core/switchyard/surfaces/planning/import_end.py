"""The last step of an import, however it came to its end: results become a file, and the next import may begin."""

import json
from collections.abc import Iterator, Mapping

from switchyard.aws.objects import ObjectStore
from switchyard.domain import artifacts, clock, imports
from switchyard.domain.errors import Busy
from switchyard.domain.imports import TokenRevoked, Unfit
from switchyard.domain.structs import replace
from switchyard.store import contention
from switchyard.store import imports as rows
from switchyard.store.table import ConditionFailed, Table


def end(
    table: Table, bucket: ObjectStore, tenant_id: str, import_id: str, failure: Mapping[str, str] | None = None
) -> None:
    """Write the results of an import to a file, and end it: completed, or failed. May be repeated.

    `failure` is the error of the workflow: `Error`, its class, and `Cause`, what Lambda says of it as JSON.
    """
    error = _words(failure) if failure else None
    job, lanes = rows.read(table, tenant_id, import_id)
    if job is None:
        return
    if lanes:
        path = imports.results_path(tenant_id, import_id)
        tags = artifacts.tags(tenant_id, artifacts.RUN_DAYS)
        bucket.put_large(path, _lines(table, tenant_id, import_id), "application/x-ndjson", tags)
    for _ in contention.until(table.deadline - 1):
        job, lanes = rows.read(table, tenant_id, import_id)
        if job is None:
            return
        now = clock.now()
        after = replace(job, results_at=now if lanes else None, version=job.version + 1)
        if not job.is_final:
            after = replace(after, status="failed" if error else "completed", error=error, completed_at=now)
        try:
            table.write([rows.JOBS.update(job, after), *(rows.stop(lane) for lane in lanes if error)])
        except ConditionFailed:
            continue
        rows.leave_slot(table, job)
        return
    raise Busy("The import kept changing.")


def _words(failure: Mapping[str, str]) -> str:
    """Return what people are told: our own errors in their words, others by their class alone."""
    if failure.get("Error") in (Unfit.__name__, TokenRevoked.__name__):
        try:
            return str(json.loads(failure["Cause"])["errorMessage"])
        except (KeyError, TypeError, ValueError):
            pass
    return f"The workflow failed: {failure.get('Error', 'unknown')}"[:200]


def _lines(table: Table, tenant_id: str, import_id: str) -> Iterator[bytes]:
    for each in rows.results(table, tenant_id, import_id):
        yield json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
