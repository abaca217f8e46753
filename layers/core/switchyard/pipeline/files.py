"""What follows from a run for files: those that were staged for it belong to it, and are kept as long as its own."""

from collections.abc import Mapping
from typing import Any

from switchyard.aws.objects import ObjectStore
from switchyard.aws.telemetry import logger
from switchyard.domain import artifacts
from switchyard.store import keys, runs
from switchyard.store.table import Table


def keep(table: Table, bucket: ObjectStore, event: Mapping[str, Any]) -> None:
    """Give the staged files of the run that an event is about the tags of a run's files; again changes nothing.

    1 read, and 1 call for each file, all at the same time. A file that is gone is only logged. Raises Busy.
    """
    run, tenant = event["detail"]["run"], event["detail"]["tenantId"]
    row = table.get(*keys.run(tenant, run["taskId"], run["id"]))
    if row is None:
        return
    versions = {each["storage_path"]: each.get("version_id") for each in runs.from_item(row).artifacts}
    staged = {path: version for path, version in versions.items() if artifacts.is_staged(path)}
    for path in bucket.tag_all(staged, artifacts.tags(tenant, artifacts.RUN_DAYS)):
        logger.error("a file of the run is gone", extra={"run_id": run["id"], "storage_path": path})
