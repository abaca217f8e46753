"""What tenants use is counted from the lines that requests write, and who uses too much is held back in time."""

import base64
import gzip
import json
from typing import Any

import pytest

from switchyard.admin.tenants import Admin
from switchyard.domain import clock
from switchyard.http import auth
from switchyard.pipeline import consumer
from switchyard.pipeline import usage as counting
from switchyard.store import keys, usage
from switchyard.store.table import Table
from tests.api.test_correlation import Log, log
from tests.support.http import Api, Context, all_endpoints
from tests.support.stream import handler

__all__ = ["log"]
NOON = 1_780_660_800_000  # 2026-06-05T12:00:00Z


def event(*lines: Any, at: int = NOON) -> dict[str, Any]:
    """Return the event of a log group's subscription."""
    messages = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    found = {"logEvents": [{"id": str(n), "timestamp": at, "message": each} for n, each in enumerate(messages)]}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(found).encode())).decode()}}


def request(tenant: str, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"message": "request", "tenant": tenant, "status": status, "token_id": "t", **more}


def now_ms() -> int:
    return clock.milliseconds(clock.now())


@pytest.fixture
def acme(admin: Admin) -> str:
    return admin.create_tenant("Acme")


@pytest.fixture
def ada(admin: Admin, acme: str) -> dict[str, Any]:
    auth.forget_all()
    return admin.issue_token(acme, "user_ada", scopes=["settings:admin", "tasks:read", "tasks:write"])


def test_lines_are_counted_by_tenant_and_day(table: Table, acme: str, ada: dict[str, Any]) -> None:
    batch = event(
        "START RequestId: 1",
        request(acme),
        request(acme, 201, change=True, stored_bytes=300),
        request(acme, 409, change=True),
        request(acme, 503),
        {"message": "run changed", "tenant": acme, "what": "queued"},
        {"message": "run changed", "tenant": acme, "what": "completed"},
        {"message": "request", "status": 401},
    )
    assert counting.count(table, batch) == 1
    counting.count(table, event(request(acme), at=NOON + 86_400_000))
    api = Api(ada["token"])
    answer = api.get("/v1/usage?to=2026-06-30&days=30").json
    assert answer["days"] == [
        {"day": "2026-06-05", "requests": 4, "changes": 1, "runs": 1, "refused": 1, "failed": 1, "storedBytes": 300},
        {"day": "2026-06-06", "requests": 1, "changes": 0, "runs": 0, "refused": 0, "failed": 0, "storedBytes": 0},
    ]
    assert answer["limits"] == {"perMinute": None, "perDay": None}


def test_the_lines_that_requests_write_are_what_is_counted(
    table: Table, acme: str, ada: dict[str, Any], log: Log
) -> None:
    api = Api(ada["token"])
    assert api.get("/v1/tracks").status == 200
    body = {"type": "task", "title": "A task", "scope": {"type": "personal"}}
    assert api.post("/v1/tracks", body, headers={"idempotency-key": "k"}).status == 201
    assert api.post("/v1/tracks", body, headers={"idempotency-key": "k"}).status == 201
    assert api.get("/v1/tracks/none").status == 400
    written = [each for each in log.take() if each["message"] == "request"]
    consumer.use(table=table)
    handler("pipeline.count_usage")(event(*written, at=now_ms()), Context(30_000))
    consumer.use()
    (day,) = usage.days(table, acme, clock.now()[:10], clock.now()[:10])
    assert {name: day[name] for name in ("requests", "changes", "refused")} == {
        "requests": 4,
        "changes": 1,
        "refused": 1,
    }


def test_a_tenant_above_its_limit_is_held_back_on_every_surface_in_its_words(
    table: Table, acme: str, ada: dict[str, Any]
) -> None:
    table.write([usage.set_limits(acme, usage.Limits(per_minute=2))])
    lines = [request(acme, token_id=ada["id"])] * 2
    counting.count(table, event(*lines, at=now_ms()))
    assert Api(ada["token"]).get("/v1/tracks").status == 200
    counting.count(table, event(*lines, at=now_ms()))
    auth.forget_all()
    seen = set()
    for endpoint in all_endpoints():
        operation = endpoint.operation
        if operation.public or operation.surface.name in seen:
            continue
        seen.add(operation.surface.name)
        path = operation.paths[0].replace("{", "").replace("}", "")
        answer = Api(ada["token"]).request(operation.method, path)
        assert answer.status == 429, operation.name
        assert 0 < int(answer.headers["retry-after"]) <= 180
        if operation.surface.error:
            operation.surface.error.model_validate_json(answer.text, strict=True)
    assert len(seen) > 6


def test_a_limit_of_the_day_holds_until_midnight_and_another_tenant_goes_on(
    table: Table, admin: Admin, acme: str, ada: dict[str, Any]
) -> None:
    other = admin.create_tenant("Other")
    bob = admin.issue_token(other, "user_bob", scopes=["tasks:read"])
    table.write([usage.set_limits(acme, usage.Limits(per_day=3))])
    counting.count(table, event(*[request(acme, token_id=ada["id"])] * 4, *[request(other)] * 9, at=now_ms()))
    auth.forget_all()
    refused = Api(ada["token"]).get("/v1/tracks")
    assert refused.status == 429
    left = clock.milliseconds(f"{clock.now()[:10]}T00:00:00Z") / 1_000 + 86_400 - now_ms() / 1_000
    assert abs(int(refused.headers["retry-after"]) - left) < 5
    assert Api(bob["token"]).get("/v1/tracks").status == 200


def test_what_was_counted_late_holds_nobody_back(table: Table, acme: str, ada: dict[str, Any]) -> None:
    table.write([usage.set_limits(acme, usage.Limits(per_minute=1))])
    counting.count(table, event(*[request(acme, token_id=ada["id"])] * 3, at=NOON))
    auth.forget_all()
    assert Api(ada["token"]).get("/v1/tracks").status == 200


def test_limits_are_set_and_taken_away(table: Table, acme: str) -> None:
    table.write([usage.set_limits(acme, usage.Limits(per_minute=10, per_day=100))])
    assert usage.limits_of(table.get(*keys.tenant(acme))) == usage.Limits(10, 100)
    table.write([usage.set_limits(acme, usage.Limits(per_day=5))])
    assert usage.limits_of(table.get(*keys.tenant(acme))) == usage.Limits(None, 5)
    table.write([usage.set_limits(acme, usage.Limits())])
    assert usage.limits_of(table.get(*keys.tenant(acme))) == usage.Limits()


@pytest.mark.parametrize(
    ("query", "field"),
    [("to=2026-06-32", "to"), ("to=x", "to"), ("days=0", "days"), ("days=93", "days"), ("from=2026-06-01", "from")],
)
def test_a_bad_query_is_refused(ada: dict[str, Any], query: str, field: str) -> None:
    answer = Api(ada["token"]).get(f"/v1/usage?{query}")
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, field)


def test_usage_is_for_administrators(admin: Admin, acme: str) -> None:
    reader = admin.issue_token(acme, "user_bob", scopes=["tasks:read"])
    assert Api(reader["token"]).get("/v1/usage").status == 403
