"""A table restored beside the one in use: what a restore leaves out is set, and what differs is told."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.admin import cli, restoring
from switchyard.admin.restoring import Restore
from switchyard.aws.clients import make_client
from switchyard.domain.errors import Busy, Conflict, Invalid
from switchyard.domain.ids import new_id
from switchyard.store import keys
from switchyard.store.codec import row_key
from switchyard.store.table import Table
from tests.support.http import Api

SETTINGS = ["stream", "timeToLive", "policy", "backups", "protection", "tags"]


@pytest.fixture
def client(table: Table) -> Any:
    return make_client("dynamodb", read_timeout=30)


@pytest.fixture
def live(table: Table, client: Any) -> Iterator[Table]:
    """The table of the test, with all the settings of the deployed one."""
    arn = client.describe_table(TableName=table.name)["Table"]["TableArn"]
    view = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.update_table(TableName=table.name, StreamSpecification=view, DeletionProtectionEnabled=True)
    client.update_time_to_live(
        TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    backups = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 14}
    client.update_continuous_backups(TableName=table.name, PointInTimeRecoverySpecification=backups)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:PutItem", "Resource": arn}
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "work"}])
    yield table
    client.update_table(TableName=table.name, DeletionProtectionEnabled=False)


@pytest.fixture
def name(client: Any) -> Iterator[str]:
    """The name of the new table."""
    made = f"restored-{new_id()}"
    yield made
    if made in client.list_tables()["TableNames"]:
        client.update_table(TableName=made, DeletionProtectionEnabled=False)
        client.delete_table(TableName=made)


def make(api: Api, title: str) -> str:
    answer = api.post("/v1/tracks", {"type": "task", "title": title, "scope": {"type": "personal"}})
    assert answer.status == 201
    return str(answer.json["id"])


def test_a_restored_table_is_set_up_like_the_one_in_use(live: Table, name: str, client: Any, api: Api) -> None:
    make(api, "A task")
    answer = Restore(live, name, client).walk(None, 50, 1)
    assert answer["setUp"] == dict.fromkeys(SETTINGS, "set")
    assert answer["differences"] == []
    table = client.describe_table(TableName=name)["Table"]
    assert (table["LatestStreamArn"], table["DeletionProtectionEnabled"]) == (answer["stream"], True)
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 14
    policy = json.loads(client.get_resource_policy(ResourceArn=table["TableArn"])["Policy"])
    assert policy["Statement"][0]["Resource"] == table["TableArn"]


def test_the_same_command_goes_on_and_changes_nothing_that_is_done(live: Table, name: str, client: Any) -> None:
    restore = Restore(live, name, client)
    restore.begin(None)
    assert restore.walk(None, 0, 1)["setUp"] == dict.fromkeys(SETTINGS, "set")
    assert restore.walk(None, 0, 1)["setUp"] == dict.fromkeys(SETTINGS, "as in use")


def test_rows_are_counted_and_compared(live: Table, name: str, client: Any, api: Api, tenant: str) -> None:
    kept, changed, gone = (make(api, title) for title in ("kept", "changed", "gone"))
    Restore(live, name, client).begin(None)
    assert api.patch(f"/v1/tracks/{changed}", {"title": "else"}).status == 200
    live.write([{"Delete": {"Key": row_key(keys.track(tenant, gone))}}])
    make(api, "new")
    answer = Restore(live, name, client).walk(None, 1_000, 1)
    assert answer["rows"]["TRACK"] == [3, 3]
    assert answer["samples"]["goneSince"] == 1
    examples = " ".join(answer["samples"]["examples"])
    assert gone in examples
    assert changed in examples
    assert kept not in examples
    assert answer["samples"]["same"] + answer["samples"]["changedSince"] + 1 == sum(
        then for then, _ in answer["rows"].values()
    )


def test_a_sample_is_no_larger_than_asked_for(live: Table, name: str, client: Any, api: Api) -> None:
    for number in range(4):
        make(api, f"task {number}")
    samples = Restore(live, name, client).walk(None, 3, 1)["samples"]
    assert samples["same"] == 3


def test_a_table_that_differs_is_not_to_be_switched_to(
    live: Table, name: str, client: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(restoring, "_SHOWN_SECONDS", 0)
    monkeypatch.setattr(Restore, "set_up", lambda _: {"stream": "as in use"})
    client.restore_table_to_point_in_time(SourceTableName=live.name, TargetTableName=name, UseLatestRestorableTime=True)
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    client.update_table(TableName=name, StreamSpecification=view)
    assert cli.main(["--table", live.name, "restore", name]) == 0
    told = capsys.readouterr().out
    assert "NOT to be switched to, it differs in: stream, timeToLive, policy, backups, protection, tags" in told
    assert "TableStream=" not in told


def test_the_command_tells_the_next_one(live: Table, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--table", live.name, "restore", name]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1] == "set up: stream set, timeToLive set, policy set, backups set, protection set, tags set"
    assert told[-1].startswith("next: make deploy ENV=… SET='TableStream=arn:aws:dynamodb:us-east-1:")
    assert f":table/{name}/stream/" in told[-1]


def test_another_table_of_that_name_is_left_alone(live: Table, client: Any, name: str) -> None:
    keys = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}
    client.create_table(TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], **keys)
    before = client.describe_table(TableName=name)
    with pytest.raises(Conflict, match=f"There is a table {name}, which was not restored from"):
        Restore(live, name, client).walk(None, 1, 1)
    assert client.describe_table(TableName=name)["Table"] == before["Table"]


def test_a_time_without_backup_is_refused_with_those_there_are(live: Table, client: Any, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        Restore(live, name, client).walk("2020-01-01T00:00:00Z", 1, 1)
    assert refused.value.fields[0].field == "at"
    assert refused.value.fields[0].expected.count("T") == 2
    assert name not in client.list_tables()["TableNames"]


def test_a_table_without_backups_cannot_be_restored_to_a_time(table: Table, client: Any, name: str) -> None:
    with pytest.raises(Conflict, match="has no point-in-time recovery"):
        Restore(table, name, client).walk("2026-01-01T00:00:00Z", 1, 1)


def test_a_restore_that_takes_longer_says_that_it_can_be_gone_on_with(
    live: Table, client: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "_is_ready", lambda _: False)
    with pytest.raises(Busy, match="the same command goes on"):
        Restore(live, name, client).walk(None, 1, 0)
