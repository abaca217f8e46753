"""Imports on a deployed stack: uploaded by a form, carried out by the workflow, used by the command."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchyard_client.cli.failures import Exit
from tests.stack.test_cli import Terminals, terminal
from tests.support import uploads

__all__ = ["terminal"]
SECONDS = 180


class Client:
    """A client of the imports of one token."""

    def __init__(self, stack: dict[str, Any], token: str = "admin") -> None:
        headers = {"authorization": f"Bearer {stack['tokens'][token]}"}
        self.http = httpx.Client(base_url=stack["url"], headers=headers, timeout=60)

    def upload(self, lines: list[dict[str, Any]]) -> str:
        made = self.http.post("/v1/imports", json={"scope": {"type": "projects", "ids": []}})
        assert made.status_code == 201, made.text
        body = "".join(json.dumps(each) + "\n" for each in lines).encode()
        put = uploads.post(made.json()["upload"], ("plan.jsonl", body, "application/x-ndjson"))
        assert put.status_code < 300, put.text
        return str(made.json()["id"])

    def start(self, import_id: str) -> None:
        answer = self.http.post(f"/v1/imports/{import_id}/start")
        assert answer.status_code == 202, answer.text

    def wait(self, import_id: str) -> Any:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            shown = self.http.get(f"/v1/imports/{import_id}")
            if shown.status_code == 200 and shown.json()["completedAt"] and shown.json()["results"]:
                return shown.json()
            time.sleep(0.5)
        raise AssertionError(f"{import_id} is not over: {shown.text}")


def task(name: str, *after: str) -> dict[str, Any]:
    return {"externalId": name, "title": f"Task {name}", "task": {"dependsOn": list(after)}}


@pytest.fixture
def client(stack: dict[str, Any]) -> Client:
    return Client(stack)


def test_a_file_goes_in_by_parts_and_pieces_and_each_line_has_its_result(client: Client) -> None:
    chain = [task(f"chain-{n:03d}", *([f"chain-{n - 1:03d}"] if n else [])) for n in range(120)]
    pairs = [task(f"pair-{n}-{side}", *([f"pair-{n}-0"] if side else [])) for n in range(60) for side in (0, 1)]
    bad = [task("bad-0"), task("bad-1", "bad-0", "not there")]
    started = client.upload([*reversed(chain), *pairs, *bad])
    client.start(started)
    shown = client.wait(started)
    assert (shown["status"], shown["lines"], shown["split"], shown["done"]) == ("completed", 242, 120, 242)
    assert (shown["counts"]["created"], shown["counts"]["refused"]) == (240, 2)
    results = [json.loads(line) for line in httpx.get(shown["results"]["url"], timeout=60).text.splitlines()]
    assert sorted(each["line"] for each in results) == list(range(1, 243))
    by_name = {each["externalId"]: each for each in results}
    last = client.http.get(f"/v1/tracks/{by_name['chain-119']['id']}").json()
    assert last["task"]["dependsOn"] == [by_name["chain-118"]["id"]]
    again = client.upload(chain)
    client.start(again)
    assert client.wait(again)["counts"]["unchanged"] == 120


def test_a_cancelled_import_ends_and_the_next_may_begin(client: Client) -> None:
    names = [f"long-{n:04d}" for n in range(2_000)]
    first = client.upload([task(name, *names[max(0, at - 1) : at]) for at, name in enumerate(names)])
    client.start(first)
    second = client.upload([task("after")])
    refused = client.http.post(f"/v1/imports/{second}/start")
    assert (refused.status_code, refused.json()["code"]) == (409, "import_under_way")
    cancelled = client.http.post(f"/v1/imports/{first}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    client.start(second)
    assert client.wait(second)["counts"]["created"] == 1


def test_the_command_has_the_service_import_and_exports_the_same_plan(terminal: Terminals, tmp_path: Path) -> None:
    lines = [
        {
            "id": f"sv-{n}",
            "title": f"Bead {n}",
            "status": "open",
            "priority": 2,
            "issue_type": "task",
            "dependencies": [{"issue_id": f"sv-{n}", "depends_on_id": f"sv-{n - 1}", "type": "blocks"}] if n else [],
        }
        for n in range(70)
    ]
    ada = terminal("admin")
    file = ada.folder / "issues.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    first = ada.json("import", "auto", str(file), "--server")
    assert (first["created"], first["refused"], len(first["results"])) == (70, 0, 70)
    assert ada.json("import", "auto", str(file), "--server")["unchanged"] == 70
    lines[3]["title"] = "Another title"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    assert ada.json("import", "auto", str(file), "--server")["updated"] == 1
    ada.run("export", "beads", "--out", "back.jsonl")
    back = {each["id"]: each for each in map(json.loads, (ada.folder / "back.jsonl").read_text().splitlines())}
    assert back["sv-3"]["title"] == "Another title"
    assert [each["depends_on_id"] for each in back["sv-69"]["dependencies"]] == ["sv-68"]
    lines.append({**lines[0], "id": "sv-late", "dependencies": [edge("sv-late", "sv-0")]})
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    assert ada.json("import", "auto", str(file), "--server", status=Exit.DONE)["created"] == 1


def edge(of: str, on: str) -> dict[str, str]:
    return {"issue_id": of, "depends_on_id": on, "type": "blocks"}


def test_the_same_file_by_the_token_of_another_tenant_is_that_tenants_plan(terminal: Terminals) -> None:
    ada, other = terminal("admin"), terminal("other_tenant")
    for each in (ada, other):
        (each.folder / "plan.md").write_text("# Move\n\n- [ ] Pack\n- [ ] Leave\n")
    mine = ada.json("import", "auto", "plan.md", "--server")
    theirs = other.json("import", "auto", "plan.md", "--server")
    assert (mine["created"], theirs["created"], theirs["updated"]) == (3, 3, 0)
    ids = {each["id"] for each in mine["results"]}
    assert not ids & {each["id"] for each in theirs["results"]}
    for each in ids:
        other.run("show", each, status=Exit.NOT_FOUND)
    assert ada.json("import", "auto", "plan.md", "--server", "--fresh")["updated"] == 0
