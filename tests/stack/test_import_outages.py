"""An import whose service goes away in the middle: the same command, run again, loses nothing and doubles nothing."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from switchyard_client.cli.failures import Exit
from tests.stack.test_cli import Terminals, terminal

__all__ = ["terminal"]
APPLY = "/v1/tracks/apply"
TASKS = 160


class Gate(ThreadingHTTPServer):
    """Stands before the service. After so many bulk applies it passes one on, keeps the answer, and is gone."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self.left, self.lost, self.lock = 2, 0, threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def come_back(self) -> None:
        self.left = 1_000_000


class _Handler(BaseHTTPRequestHandler):
    server: Gate

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        apply = self.path.startswith(APPLY)
        with self.server.lock:
            gone = self.server.left < 0
            self.server.left -= apply
            loses = apply and self.server.left < 0
        self.close_connection = True
        if gone:
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        answer = self.server.service.request(self.command, self.path, content=body, headers=headers)
        if loses:
            assert answer.status_code == 200, answer.text
            self.server.lost += 1
            return
        self.send_response(answer.status_code)
        self.send_header("content-type", answer.headers.get("content-type", "application/json"))
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_PATCH = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def gate(stack: dict[str, Any]) -> Iterator[Gate]:
    server = Gate(stack["url"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_import_goes_on_after_its_service_was_gone(terminal: Terminals, gate: Gate) -> None:
    def line(n: int) -> dict[str, Any]:
        on = [{"issue_id": f"og-{n}", "depends_on_id": f"og-{n - 1}", "type": "blocks"}] if n % 10 else []
        return {"id": f"og-{n}", "title": f"Outage {n}", "status": "open", "issue_type": "task", "dependencies": on}

    ada = terminal("admin")
    (ada.folder / "issues.jsonl").write_text("".join(json.dumps(line(n)) + "\n" for n in range(TASKS)))
    ada.environment["SWITCHYARD_URL"] = gate.url
    ada.run("--patience", "1", "import", "beads", "issues.jsonl", status=Exit.UNREACHABLE)
    assert gate.lost == 1
    gate.come_back()
    again = ada.json("import", "beads", "issues.jsonl")
    assert 0 < again["created"] < TASKS
    assert again["created"] + again["unchanged"] == TASKS
    ada.run("export", "beads", "--out", "back.jsonl")
    exported = [json.loads(each) for each in (ada.folder / "back.jsonl").read_text().splitlines()]
    back = [each for each in exported if each["title"].startswith("Outage ")]
    assert Counter(each["title"] for each in back) == Counter(f"Outage {n}" for n in range(TASKS))
    edges = {(each["id"], on["depends_on_id"]) for each in back for on in each.get("dependencies", [])}
    assert edges == {(f"og-{n}", f"og-{n - 1}") for n in range(TASKS) if n % 10}
