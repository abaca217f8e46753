"""The drill of docs/restoring.md on the local stack: restored, switched to, and back. The emulator restores to now."""

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from release import checks, deploy, settings
from release.settings import Settings
from switchyard.admin import cli
from tests.stack.test_release import built, local
from tests.support.stack import clients, remove, start

__all__ = ["built", "local"]


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """A stack apart: going back to a table reads its whole stream again, for minutes on the stack of all tests."""
    name = f"test-{os.getpid()}-drill"
    yield start(request.config, name)
    remove(name)


@pytest.fixture(scope="module")
def aws(stack: dict[str, Any]) -> Any:
    """A client of the AWS of the stack apart."""
    return clients(stack)


@pytest.fixture
def name(aws: Any) -> Iterator[str]:
    """The name of the new table, which is deleted afterwards as the page says."""
    made, client = f"drill-{uuid.uuid4().hex[:8]}", aws("dynamodb")
    yield made
    if made in client.list_tables()["TableNames"]:
        with pytest.raises(client.exceptions.ClientError, match="deletion protection"):
            client.delete_table(TableName=made)
        client.update_table(TableName=made, DeletionProtectionEnabled=False)
        client.delete_table(TableName=made)


def switch(local: Settings, stream: str, built: Path) -> None:
    """Deploy the same release over the table of a stream."""
    settings.ask(local, {"TableStream": stream})
    assert deploy.release(local, confirm=False, bake=0, built=built) is True


def table_in_use(aws: Any) -> str:
    (found,) = aws("cloudformation").describe_stacks(StackName="switchyard")["Stacks"]
    return next(str(each["OutputValue"]) for each in found["Outputs"] if each["OutputKey"] == "TableName")


def ids(aws: Any, table: str) -> str:
    """All keys of a table, in one text."""
    pages = aws("dynamodb").get_paginator("scan").paginate(TableName=table)
    return " ".join(row["pk"]["S"] for page in pages for row in page["Items"])


def test_the_stack_works_on_a_restored_table_and_goes_back(
    stack: dict[str, Any], aws: Any, local: Settings, built: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client = httpx.Client(
        base_url=stack["url"], headers={"authorization": f"Bearer {stack['tokens']['admin']}"}, timeout=30
    )
    own = table_in_use(aws)

    def make() -> str:
        body = {"type": "task", "title": "Drill", "scope": {"type": "personal"}}
        answer = client.post("/v1/tracks", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    deleted = make()
    assert cli.main(["--json", "--stack", "switchyard", "restore", name, "--samples", "50"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["differences"] == []
    assert set(told["setUp"].values()) <= {"set", "as in use"}
    # The emulator's tables have no policy; tests/api shows that it is carried over.
    set_up = {each for each, how in told["setUp"].items() if how == "set"}
    assert set_up >= {"stream", "timeToLive", "backups", "protection"}
    assert told["rows"]["TRACK"][0] >= 1
    assert client.delete(f"/v1/tracks/{deleted}").status_code in (200, 204)

    switch(local, told["stream"], built)
    try:
        assert table_in_use(aws) == name
        assert client.get(f"/v1/tracks/{deleted}").status_code == 200
        later = make()
        assert later in ids(aws, name)
        assert later not in ids(aws, own)
    finally:
        switch(local, "", built)
    assert table_in_use(aws) == own
    assert client.get(f"/v1/tracks/{deleted}").status_code == 404
    assert client.get(f"/v1/tracks/{later}").status_code == 404


def test_the_check_of_backups_restores_and_leaves_nothing_behind(local: Settings, aws: Any) -> None:
    checks.backups(checks.Deployed(local))
    assert not [each for each in aws("dynamodb").list_tables()["TableNames"] if "-verify-" in each]
