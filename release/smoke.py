"""One request to each surface of a deployed service, and what is to follow from it, as a tenant of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from local.steps import StepFailed
from release.settings import Settings
from switchyard.admin import Admin
from switchyard.domain.actors import SCOPES
from switchyard.domain.errors import NotFound

#: Seconds for which what follows from a request is waited for; readers of the stream may be behind.
WAIT_SECONDS = 60
#: A token that outlives nothing.
TOKEN_LIFE = "1h"


class Smoke:
    """The requests. A step that fails raises StepFailed with what was sent, and what came."""

    def __init__(self, url: str, token: str, agent: str, tenant: str, project: dict[str, Any], wait: int) -> None:
        self.client = httpx.Client(base_url=url, timeout=30, headers={"authorization": f"Bearer {token}"})
        self.agent = {"authorization": f"Bearer {agent}"}
        self.tenant, self.project, self.wait = tenant, project, wait

    def call(self, method: str, path: str, *statuses: int, **request: Any) -> Any:
        """Send a request; its body, or None when there is none."""
        try:
            answer = self.client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise StepFailed(f"{method} {path}: no answer ({type(error).__name__}: {error})") from None
        if answer.status_code not in (statuses or (200,)):
            named = answer.headers.get("x-request-id", "no id")
            raise StepFailed(f"{method} {path}: {answer.status_code} ({named}): {answer.text[:300]}")
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None

    def run(self) -> list[str]:
        """All steps; the names of the surfaces that answered."""
        steps: list[Callable[[], None]] = [
            self.service,
            self.administration,
            self.planning,
            self.pool,
            self.objectives,
            self.followups,
            self.mcp,
            self.projects_and_runs,
            self.audit,
        ]
        for each in steps:
            each()
        return [each.__name__ for each in steps]

    def service(self) -> None:
        self.call("GET", "/health")
        self.call("GET", "/openapi.json")

    def administration(self) -> None:
        self.call("GET", "/v1/projects")

    def planning(self) -> None:
        scope = {"type": "projects", "ids": [self.project["id"]]}
        made = self.call("POST", "/v1/tracks", 201, json={"type": "task", "title": "Smoke test", "scope": scope})
        self.call("GET", f"/v1/tracks/{made['id']}")
        self.call("GET", "/v1/tracks?scope=projects")
        self.call("DELETE", f"/v1/tracks/{made['id']}", 200, 204)

    def pool(self) -> None:
        made = self.call("POST", "/api/v1/tasks", 200, 201, json={"title": "Smoke test"})
        found = made.get("task", made)["id"]
        self.call("PATCH", f"/api/v1/tasks/{found}", json={"priority": "high"})
        self.call("GET", "/api/v1/tasks")
        self.call("DELETE", f"/api/v1/tasks/{found}", 200, 204)

    def objectives(self) -> None:
        self.call("GET", f"/v1/workspaces/{self.tenant}/objectives")

    def followups(self) -> None:
        self.call("GET", "/v1/tasks")

    def mcp(self) -> None:
        headers = {"accept": "application/json, text/event-stream"}
        self.call("POST", "/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)

    def projects_and_runs(self) -> None:
        """A run is made, comes to be offered by its workflow, is claimed by an agent, and ends."""
        base = f"/api/projects/{self.project['number']}/tasks"
        task = self.call("POST", base, 200, 201, json={"title": "Smoke test", "description": "Made by a release."})
        self.call("POST", f"{base}/{task['id']}/run", 200, 201, json={})
        claimed = self.until(
            lambda: self.call("POST", "/v1/runs/claim", 200, 204, json={"task": task["id"]}, headers=self.agent),
            "run was offered",
        )
        run = claimed["run"]
        ended = {"status": "completed"}
        headers = {**self.agent, "claim-fence": str(run.get("fence", claimed.get("fence", "")))}
        self.call("PATCH", f"{base}/{task['id']}/runs/{run['id']}", json=ended, headers=headers)
        self.call("DELETE", f"{base}/{task['id']}", 200, 204)

    def audit(self) -> None:
        """What was done shows in the trail, which the stream's reader writes."""
        self.until(lambda: self.call("GET", "/v1/audit?limit=1").get("items") or None, "audit entry was written")

    def until(self, find: Callable[[], Any], what: str) -> Any:
        """What follows from a request, looked for until it is there."""
        deadline = time.monotonic() + self.wait
        while (found := find()) is None:
            if time.monotonic() > deadline:
                raise StepFailed(f"no {what} within {self.wait} s: the pipeline or the workflow does not follow")
            time.sleep(1)
        return found


def smoke(settings: Settings, url: str, table: str, wait: int = WAIT_SECONDS) -> list[str]:
    """Try the service at an address as a tenant that is made once; the surfaces that answered. Raises StepFailed.

    `wait` are the seconds for which what follows from a request is waited for, below the hour of the tokens.
    """
    with caller(settings, url, table, wait) as made:
        return made.run()


@contextmanager
def caller(settings: Settings, url: str, table: str, wait: int) -> Iterator[Smoke]:
    """Who sends the requests: a person and an agent of that tenant, whose tokens are revoked afterwards."""
    admin = Admin(table, settings.client("dynamodb"))
    tenant = settings.answers.get("SmokeTenant")
    if tenant is None or not _is_known(admin, tenant):
        tenant = settings.answers["SmokeTenant"] = admin.create_tenant("Smoke tests")
        admin.create_project(tenant, "Smoke tests")
        settings.remember()
    project = admin.list_projects(tenant)["items"][0]
    person = admin.issue_token(tenant, "user_smoke", "user", list(SCOPES), TOKEN_LIFE)
    agent = admin.issue_token(tenant, "agent_smoke", "agent", ["tasks:read", "tasks:write"], TOKEN_LIFE)
    try:
        yield Smoke(url, person["token"], agent["token"], tenant, project, wait)
    finally:
        for each in (person, agent):
            admin.revoke_token(tenant, each["id"])


def _is_known(admin: Admin, tenant: str) -> bool:
    """Whether the table has the tenant: one that was restored may be from before its time."""
    try:
        admin.get_tenant(tenant)
    except NotFound:
        return False
    return True
