"""Usage on the deployed stack: lines of the log group reach the tenant's rows, and a limit takes hold."""

import time
from typing import Any

import httpx

from switchyard.admin import Admin
from switchyard.store import usage
from tests.stack.test_alarms import until


def test_requests_are_counted_and_a_limit_takes_hold(stack: dict[str, Any], aws: Any, outputs: dict[str, str]) -> None:
    admin = Admin(outputs["TableName"], aws("dynamodb"))
    tenant = admin.create_tenant("Counted")
    token = admin.issue_token(tenant, "user_ada", scopes=["settings:admin", "tasks:read"])["token"]
    client = httpx.Client(base_url=stack["url"], headers={"authorization": f"Bearer {token}"}, timeout=30)
    for _ in range(5):
        assert client.get("/v1/tracks?scope=projects").status_code == 200

    def counted() -> dict[str, Any] | None:
        days = client.get("/v1/usage").json()["days"]
        return days[0] if days and days[0]["requests"] >= 5 else None

    assert until(counted)["failed"] == 0
    admin.table.write([usage.set_limits(tenant, usage.Limits(per_day=3))])
    assert client.get("/v1/projects").status_code == 200
    # Containers trust what they read of a token for 30 seconds; one that has not seen it yet knows at once.
    deadline = time.monotonic() + 60
    while (answer := client.get("/v1/audit")).status_code != 429:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.5)
    assert int(answer.headers["retry-after"]) > 0
