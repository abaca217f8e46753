"""A receiver on 127.0.0.1 that speaks as Expo's push service does."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Message = dict[str, Any]
#: Status and answer (text, or what goes as JSON); None for the usual one.
Answer = tuple[int, Any] | None


class Receiver(ThreadingHTTPServer):
    """Takes messages; `gone` are tokens that it no longer knows, `answers` what it says first, `rule` after that."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.requests: list[list[Message]] = []
        self.headers: list[dict[str, str]] = []
        self.accepted: list[Message] = []
        self.gone: set[str] = set()
        self.tickets: dict[str, Message] = {}
        self.answers: list[Answer] = []
        self.rule: Callable[[list[Message]], Answer] = lambda _: None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/--/api/v2/push/send"

    def answer(self, messages: list[Message]) -> tuple[int, Any]:
        """Return status and answer of one request."""
        with self.lock:
            self.requests.append(messages)
            told = self.answers.pop(0) if self.answers else None
        told = told or self.rule(messages)
        if told:
            return told
        with self.lock:
            return 200, {"data": [self._ticket(each) for each in messages]}

    def _ticket(self, message: Message) -> Message:
        token = message["to"]
        if token in self.gone:
            problem = f'"{token}" is not a registered push notification recipient'
            return {"status": "error", "message": problem, "details": {"error": "DeviceNotRegistered"}}
        if token in self.tickets:
            return self.tickets[token]
        self.accepted.append(message)
        return {"status": "ok", "id": f"ticket-{len(self.accepted)}"}

    def notified(self) -> list[str]:
        """Return the tokens that were notified, in order."""
        with self.lock:
            return [each["to"] for each in self.accepted]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        messages = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        status, answer = self.server.answer(messages)
        content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Serve on 127.0.0.1 until the block ends."""
    server = Receiver(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
