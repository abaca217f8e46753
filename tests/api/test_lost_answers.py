"""A write went through and its answer was lost: the request is answered as ever, and done once.

Each endpoint that changes something is held to that, with its sample event and the answer of each of its writes lost.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from switchyard.aws import retry
from switchyard.aws.objects import ObjectStore
from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.http.operation import MUTATING
from switchyard.store import webhooks
from switchyard.store.table import Item, Table
from tests.api.conftest import client_of, empty_table
from tests.support import world
from tests.support.http import Answer, Api
from tests.support.losing import Losing
from tests.support.runs import Runs
from tests.support.samples import ENDPOINTS, replay, sample, uses_files
from tests.support.texts import readable

CHANGING = sorted(name for name, each in ENDPOINTS.items() if each.operation.method in MUTATING)
KEYED = [name for name in CHANGING if ENDPOINTS[name].operation.keyed]

#: What differs from one request to the next: ids but those of the world, and instants, secrets, digests, epochs, the
#: list that an id puts a run in, and times taken.
_ID = re.compile(r"(?!01981f5c-7a00)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_OTHER = re.compile(
    # Forms of uploads: what is signed has an id, and the time.
    r'(?<="policy":")[\w+/=]+|\d{8}T\d{6}Z|'
    # Secrets of runs, and the signatures by them.
    r'"log_key": \{"S": "[\w-]{43}"\}|log_key\\":\\"[\w-]{43}|\.[\w-]{43}(?=\\?")|'
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:Z|\+00:00)|whsec_[\w+/=-]+|sy_\w+|[0-9a-f]{64}|\b1[789]\d{8}\b|RUNS#\d|dur=[\d.]+"
)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry.time, "sleep", lambda _: None)


def told(text: str) -> str:
    return _ID.sub("<id>", _OTHER.sub("<other>", text))


def rows_of(table: Table) -> list[str]:
    found: list[Item] = table.client.scan(TableName=table.name)["Items"]
    return sorted(told(json.dumps(readable(each), sort_keys=True)) for each in found)


def answered(
    client: Any, tenant: str, operation: str, key: str | None, at: int = 0
) -> tuple[tuple[int, str, list[str]], int]:
    """Return what a request is answered with and leaves in the table, and how many writes it took."""
    with empty_table(client) as table:
        world.build(table, tenant)
        event = sample(operation, client_of(table, tenant).token, tenant)
        if key:
            event["headers"]["idempotency-key"] = key
        losing = Losing(client, at)
        use_table(Table(table.name, losing))
        answer = replay(operation, event)
        return (answer.status, told(answer.text), rows_of(table)), losing.writes


def check(client: Any, tenant: str, operation: str, key: str | None) -> None:
    whole, writes = answered(client, tenant, operation, key)
    assert whole[0] == ENDPOINTS[operation].operation.status
    for at in range(1, writes + 1):
        found, _ = answered(client, tenant, operation, key, at)
        assert found[:2] == whole[:2]
        assert [each for each in found[2] if each not in whole[2]] == []
        assert [each for each in whole[2] if each not in found[2]] == []
        assert len(found[2]) == len(whole[2])


@pytest.mark.parametrize("operation", CHANGING)
def test_a_lost_answer_changes_nothing(table: Table, bucket: ObjectStore, tenant: str, operation: str) -> None:
    if uses_files(operation):
        world.build_files(bucket, tenant)
    check(table.client, tenant, operation, None)


@pytest.mark.parametrize("operation", KEYED)
def test_a_lost_answer_changes_nothing_under_a_key(
    table: Table, bucket: ObjectStore, tenant: str, operation: str
) -> None:
    if uses_files(operation):
        world.build_files(bucket, tenant)
    check(table.client, tenant, operation, new_id())


# ---------------------------------------------------------------- what sample events do not reach


@pytest.fixture
def lose(table: Table, api: Api) -> Callable[[Callable[[Api], Answer]], Answer]:
    """Sends a request whose first write has no answer."""

    def send(request: Callable[[Api], Answer]) -> Answer:
        use_table(Table(table.name, Losing(table.client, 1)))
        try:
            return request(api)
        finally:
            use_table(table)

    return send


def test_a_secret_that_was_shown_is_the_one_that_signs(
    table: Table, tenant: str, lose: Callable[[Callable[[Api], Answer]], Answer]
) -> None:
    hook = {"url": "https://hooks.example.com/in", "events": ["task.*"]}
    made = lose(lambda api: api.post("/api/v1/webhooks", hook)).json
    (kept,) = webhooks.of_tenant(table, tenant)
    assert kept.secret == made["secret"]
    rotated = lose(lambda api: api.post(f"/api/v1/webhooks/{made['id']}/rotate")).json
    (after,) = webhooks.of_tenant(table, tenant)
    assert (after.secret, after.former_secret, after.version) == (rotated["secret"], made["secret"], 2)


def test_a_local_run_that_waits_is_resumed_once(
    table: Table, tenant: str, lose: Callable[[Callable[[Api], Answer]], Answer]
) -> None:
    runs = Runs(table, tenant)
    run = runs.run(environment="local")
    path = f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}/resume_in_cloud"
    assert lose(lambda api: api.post(path)).status == 200
    assert (runs.now(run).resumes, runs.now(run).version) == (1, 2)


def test_a_webhook_that_someone_else_changed_meanwhile_is_changed_again(table: Table, tenant: str, api: Api) -> None:
    hook = {"url": "https://hooks.example.com/in", "events": ["task.*"]}
    made = api.post("/api/v1/webhooks", hook).json

    class Overtaken(Losing):
        """Someone else changes the endpoint before the write is sent again."""

        def __getattr__(self, operation: str) -> Any:
            send = super().__getattr__(operation)

            def call(**params: Any) -> Any:
                if operation == "put_item" and self.writes == 1:
                    self.writes += 1
                    (before,) = webhooks.of_tenant(table, tenant)
                    table.write([webhooks.change(before, description="Theirs")[1]])
                return send(**params)

            return call

    use_table(Table(table.name, Overtaken(table.client, 1)))
    answer = api.patch(f"/api/v1/webhooks/{made['id']}", {"enabled": False})
    (after,) = webhooks.of_tenant(table, tenant)
    assert (answer.status, answer.json["description"], after.enabled) == (200, "Theirs", False)
