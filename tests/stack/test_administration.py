"""Administration over real HTTP: numbers under concurrency, revocation, and the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.stack import STACK_NAME
from switchyard.admin import Admin

ROUNDS = 24
AT_ONCE = 8


@pytest.fixture
def administrator(stack: dict[str, Any], aws: Any, outputs: dict[str, str]) -> Iterator[httpx.Client]:
    """An administrator of a tenant of the test's own."""
    admin = Admin(outputs["TableName"], aws("dynamodb"))
    issued = admin.issue_token(admin.create_tenant("Acme"), "user_ada", scopes=["settings:admin", "tasks:read"])
    with client(stack, issued["token"]) as made:
        yield made


def client(stack: dict[str, Any], token: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=stack["url"], headers=headers, timeout=60, trust_env=False)


def run(stack: dict[str, Any], *arguments: str) -> Any:
    """Run the command line as an operator would; its answer."""
    done = command(stack, "--stack", STACK_NAME, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def command(stack: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    aws = stack["aws"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TABLE_NAME"))}
    environment |= {
        "AWS_ENDPOINT_URL": aws["endpoint_url"],
        "AWS_REGION": aws["region_name"],
        "AWS_DEFAULT_REGION": aws["region_name"],
        "AWS_ACCESS_KEY_ID": aws["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": aws["aws_secret_access_key"],
        "PYTHONPATH": "layers/core",
    }
    line = [sys.executable, "-m", "switchyard.admin", *arguments]
    return subprocess.run(line, capture_output=True, text=True, env=environment, check=False)


def test_projects_made_at_once_get_each_number_once(administrator: httpx.Client) -> None:
    def create(position: int) -> httpx.Response:
        return administrator.post("/v1/projects", json={"name": f"Project {position}"})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(create, range(ROUNDS)))
    made = [answer.json()["number"] for answer in answers if answer.status_code == 201]
    # then a refusal is only ever a 503, and burns no number
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert sorted(made) == list(range(1, len(made) + 1))
    assert len(made) >= ROUNDS // 2


def test_one_key_sent_many_times_at_once_makes_one_project(administrator: httpx.Client) -> None:
    def create(_position: int) -> httpx.Response:
        return administrator.post("/v1/projects", json={"name": "Docs"}, headers={"idempotency-key": "once"})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(create, range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(administrator.get("/v1/projects").json()["items"]) == 1


def test_first_tokens_of_one_actor_at_once_make_one_actor(administrator: httpx.Client) -> None:
    def issue(position: int) -> httpx.Response:
        actor = {"id": f"agent_{position % 2}", "kind": "agent"}
        return administrator.post("/v1/tokens", json={"actor": actor, "scopes": ["tasks:read"]})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(issue, range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {201}
    numbers = {(each["id"], each["number"]) for each in (answer.json()["actor"] for answer in answers)}
    assert len(numbers) == 2
    assert {number for _, number in numbers} == {2, 3}


def test_a_token_works_until_it_is_revoked_and_not_a_minute_longer(
    stack: dict[str, Any], administrator: httpx.Client
) -> None:
    issued = administrator.post("/v1/tokens", json={"actor": {"id": "agent_a"}, "scopes": ["tasks:read"]}).json()
    assert administrator.delete(f"/v1/tokens/{issued['id']}").status_code == 204
    # then a function that has not read it before refuses it at once (those that have: within their cache's 30 s)
    with client(stack, issued["token"]) as revoked:
        assert revoked.get("/v1/tracks").status_code == 401


def test_the_command_line_issues_a_token_that_works_and_says_what_is_wrong(stack: dict[str, Any]) -> None:
    tenant = run(stack, "create-tenant", "Acme")["id"]
    issued = run(stack, "issue-token", tenant, "agent_a", "--kind", "agent", "--scope", "tasks:read")
    with client(stack, issued["token"]) as made:
        assert made.get("/v1/tracks").status_code == 200
    done = command(stack, "--stack", "nowhere", "list-tokens", tenant)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no CloudFormation stack 'nowhere'" in done.stderr
