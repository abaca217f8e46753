"""Files that a run took: kept as long as its own."""

from typing import Any

from switchyard.aws.objects import ObjectStore
from switchyard.domain import artifacts
from switchyard.pipeline import files
from switchyard.store.table import Table
from tests.support.files import Recorded, put
from tests.support.runs import Runs


def event_of(run: Any) -> dict[str, Any]:
    return {"detail": {"tenantId": run.tenant_id, "run": {"id": run.id, "taskId": run.task_id}}}


def entry(path: str) -> dict[str, Any]:
    return {"id": "0" * 32, "storage_path": path}


def tags_of(bucket: ObjectStore, key: str) -> dict[str, str]:
    found = bucket.client.get_object_tagging(Bucket=bucket.bucket, Key=key)["TagSet"]
    return {each["Key"]: each["Value"] for each in found}


def test_staged_files_are_tagged_as_the_runs_and_others_left_alone(
    table: Table, tenant: str, bucket: ObjectStore
) -> None:
    task = Runs(table, tenant).task()
    staged = artifacts.staged_path(tenant, task.id, "0" * 32, "a.txt")
    own = artifacts.run_path(tenant, task.id, task.id, "1" * 32, "staged")
    for path in (staged, own):
        put(bucket, path, b"x")
    run = Runs(table, tenant).run(task, artifacts=(entry(staged), entry(own)))
    for _ in range(2):
        files.keep(table, bucket, event_of(run))
        assert tags_of(bucket, staged) == {"ttl_days": "30", "team_id": tenant}
        assert tags_of(bucket, own) == {}


def test_a_file_that_is_gone_does_not_keep_the_others_from_being_tagged(
    table: Table, tenant: str, bucket: ObjectStore
) -> None:
    task = Runs(table, tenant).task()
    gone, there = (artifacts.staged_path(tenant, task.id, each * 32, "a.txt") for each in "01")
    put(bucket, there, b"x")
    run = Runs(table, tenant).run(task, artifacts=(entry(gone), entry(there)))
    files.keep(table, bucket, event_of(run))
    assert tags_of(bucket, there) == {"ttl_days": "30", "team_id": tenant}


def test_a_run_without_files_and_one_that_is_gone_ask_s3_for_nothing(
    table: Table, tenant: str, bucket: ObjectStore
) -> None:
    run = Runs(table, tenant).run()
    recorded = Recorded(bucket.client)
    store = ObjectStore(bucket.bucket, recorded)
    files.keep(table, store, event_of(run))
    gone = event_of(run)
    gone["detail"]["run"]["id"] = run.task_id
    files.keep(table, store, gone)
    assert recorded.calls == []
