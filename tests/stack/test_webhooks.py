"""Webhooks on the deployed stack: from a request to a receiver that fails now and then."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

EVENTS, FAILING = 1_000, 0.3
#: An event is refused at most so often, so that the test ends before the pauses grow long.
REFUSALS_MAX = 3
SECONDS_MAX = 180


class Receiver(ThreadingHTTPServer):
    """Takes messages on 127.0.0.1; refuses the share FAILING of them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[tuple[dict[str, str], str]] = []
        self.refusals: Counter[str] = Counter()
        self.random = random.Random(7)
        self.lock = threading.Lock()

    @property
    def arrived(self) -> set[str]:
        with self.lock:
            return {headers["webhook-id"] for headers, _ in self.messages}


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = headers["webhook-id"]
        with self.server.lock:
            refused = self.server.refusals[key] < REFUSALS_MAX and self.server.random.random() < FAILING
            if refused:
                self.server.refusals[key] += 1
            else:
                self.server.messages.append((headers, body))
        self.send_response(503 if refused else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_every_event_reaches_a_receiver_that_fails_now_and_then(stack: dict[str, Any], receiver: Receiver) -> None:
    token = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    with httpx.Client(base_url=stack["url"], headers=token, timeout=30, trust_env=False) as http:
        url = f"http://127.0.0.1:{receiver.server_port}/in"
        made = http.post("/api/v1/webhooks", json={"url": url, "events": ["task.created"]})
        assert made.status_code == 201, made.text
        webhook = made.json()

        def create(number: int) -> str:
            answer = http.post("/api/v1/tasks", json={"title": f"Event {number}"})
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        with ThreadPoolExecutor(4) as threads:
            tasks = set(threads.map(create, range(EVENTS)))
        started = time.monotonic()
        while len(receiver.arrived) < EVENTS and time.monotonic() - started < SECONDS_MAX:
            time.sleep(0.5)
        verified = [Webhook(webhook["secret"]).verify(body, headers) for headers, body in receiver.messages]
        http.delete(f"/api/v1/webhooks/{webhook['id']}")
    assert {each["data"]["task"]["id"] for each in verified} == tasks
    assert {each["type"] for each in verified} == {"task.created"}
    assert len(receiver.arrived) == EVENTS
    assert receiver.refusals, "the receiver never failed"
    told = {(headers["webhook-id"], body) for headers, body in receiver.messages}
    assert len(told) == EVENTS, "a repeated message differs from the first"
    print(f"{EVENTS} events, {sum(receiver.refusals.values())} refusals, {time.monotonic() - started:.0f} s")
