"""Shards on the deployed stack: what several write into them at once is in every list, and in the trail."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from switchyard.admin import Admin, sharding
from tests.stack.test_alarms import until


def test_a_tenants_tasks_lie_in_shards_and_are_listed_as_one(
    stack: dict[str, Any], aws: Any, outputs: dict[str, str]
) -> None:
    admin = Admin(outputs["TableName"], aws("dynamodb"))
    tenant = admin.create_tenant("Sharded")
    # No container knows the tenant yet, so that there is nothing to wait for.
    assert sharding.set_shards(admin.table, tenant, 4, lambda _: None) == {"read": 4, "written": 4}
    token = admin.issue_token(tenant, "user_ada", scopes=["tasks:read", "tasks:write", "audit:read"])["token"]
    client = httpx.Client(base_url=stack["url"], headers={"authorization": f"Bearer {token}"}, timeout=30)

    def create(number: int) -> str:
        body = {"title": f"Call {number}", "priority": ("high", "medium")[number % 2]}
        return str(client.post("/api/v1/tasks", json=body).raise_for_status().json()["id"])

    with ThreadPoolExecutor(4) as pool:
        made = sorted(pool.map(create, range(12)), reverse=True)
    listed: list[str] = []
    link: str | None = "/api/v1/tasks?limit=5"
    while link:
        page = client.get(link).raise_for_status()
        listed += [each["id"] for each in page.json()]
        link = page.links.get("next", {}).get("url")
    assert listed == made
    assert len(client.get("/api/v1/tasks?priority=high").json()) == 6
    claimed = [client.post("/api/v1/tasks/claim", json={"leaseSeconds": 60}).json()["id"] for _ in made]
    assert sorted(claimed, reverse=True) == made

    def trail() -> set[str] | None:
        found = {f"task_{each['track']['id']}" for each in client.get("/v1/audit?limit=100").json()["items"]}
        return found if len(found) == len(made) else None

    assert until(trail) == set(made)
