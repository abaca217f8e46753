"""One walk over an API that is served anywhere: health, a list, a task, refusals, MCP, and a file through a run.

The same checks for `sam local start-api` and for the local stack's own address.
"""

from __future__ import annotations

from typing import Any

import httpx

from local.steps import StepFailed, step

#: A function's first request starts its container, which may take an image to pull.
TIMEOUT_SECONDS = 300
CONTENT = b"Revenue rose by a tenth.\n"


def check(url: str, record: dict[str, Any]) -> None:
    """Run all checks against the API at `url` with the tokens of stack.json; StepFailed at the first that fails."""
    token = {"authorization": f"Bearer {record['tokens']['admin']}"}
    with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False) as nobody:
        with step("health"):
            ask(nobody, "GET", "/health", 200)
        with step("no token: 401"):
            ask(nobody, "GET", "/v1/tracks", 401)
    with httpx.Client(base_url=url, headers=token, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        check_tasks(client, record["project_id"])
        with step("MCP"):
            check_mcp(client)
        with step("a file through a run"):
            check_file(client)


def check_tasks(client: httpx.Client, project: str) -> None:
    """Create a task, find it in the list, and be refused with a title that is none."""
    task = {"type": "task", "title": "Seen through the API", "scope": {"type": "projects", "ids": [project]}}
    with step("create"):
        made = ask(client, "POST", "/v1/tracks", 201, task).json()
    with step("list"):
        listed = ask(client, "GET", "/v1/tracks?scope=projects&limit=10", 200).json()
        found = {each["id"] for each in listed["items"]}
        need(made["id"] in found, "GET /v1/tracks", f"the task {made['id']} that was just made is not in it")
    with step("a bad field: 400"):
        ask(client, "POST", "/v1/tracks", 400, task | {"title": 7})


def check_mcp(client: httpx.Client) -> None:
    """Call a tool."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_tasks", "arguments": {}}}
    answer = ask(client, "POST", "/mcp", 200, call).json()
    need("tasks" in answer.get("result", {}).get("structuredContent", {}), "POST /mcp", str(answer))


def check_file(client: httpx.Client) -> None:
    """Upload a file by a signed form, let a run take it, and read it from the run and from a signed address."""
    base = "/api/projects/@current/tasks"
    task = f"{base}/{ask(client, 'POST', base + '/', 201, {'title': 'Read the report'}).json()['id']}"
    file = {"name": "report.txt", "type": "user_attachment", "content_type": "text/plain", "size": len(CONTENT)}
    staged = f"{task}/staged_artifacts"
    (made,) = ask(client, "POST", f"{staged}/prepare_upload/", 200, {"artifacts": [file]}).json()["artifacts"]
    form = made["presigned_post"]
    upload = {"file": (file["name"], CONTENT, file["content_type"])}
    sent = httpx.post(form["url"], data=form["fields"], files=upload, timeout=TIMEOUT_SECONDS, trust_env=False)
    need(sent.is_success, f"upload to {form['url']}", f"{sent.status_code} {sent.text}")
    named = {key: made[key] for key in ("id", "name", "type", "content_type", "storage_path")}
    ask(client, "POST", f"{staged}/finalize_upload/", 200, {"artifacts": [named]})
    taken = ask(client, "POST", f"{task}/run/", 200, {"pending_user_artifact_ids": [made["id"]]}).json()["latest_run"]
    artifacts, wanted = f"{task}/runs/{taken['id']}/artifacts", {"storage_path": made["storage_path"]}
    read = ask(client, "POST", f"{artifacts}/download", 200, wanted)
    need(read.content == CONTENT, "the download", f"it has another content: {read.content[:100]!r}")
    address = ask(client, "POST", f"{artifacts}/presign", 200, wanted).json()["url"]
    read = httpx.get(address, timeout=TIMEOUT_SECONDS, trust_env=False)
    need(read.content == CONTENT, f"the file at {address}", f"{read.status_code} {read.text[:100]}")


def ask(client: httpx.Client, method: str, path: str, status: int, body: Any = None) -> httpx.Response:
    """One request; StepFailed when it is answered with another status, or not at all."""
    try:
        answer = client.request(method, path, json=body) if body is not None else client.request(method, path)
    except httpx.HTTPError as error:
        raise StepFailed(f"{method} {path} was not answered: {error!r}") from error
    need(answer.status_code == status, f"{method} {path}", f"{answer.status_code} and not {status}: {answer.text}")
    return answer


def need(holds: bool, what: str, seen: str) -> None:
    """StepFailed when it does not hold."""
    if not holds:
        raise StepFailed(f"{what} is not as it should be", seen)
