"""A loopback front before the local stack: it answers as told first, and then passes requests on.

No emulator throttles or fails as AWS does; what stands in for that here is this, and only this.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

#: Status, headers and body of an answer.
Told = tuple[int, Mapping[str, str], str]

_HOP_BY_HOP = frozenset({"connection", "content-encoding", "content-length", "host", "transfer-encoding"})


@dataclass
class Front:
    """Where it serves, what it is still to answer itself, and when each request came (time.monotonic)."""

    url: str
    told: list[Told]
    #: So many requests are passed on before the first of them.
    passed: int = 0
    seen: list[float] = field(default_factory=list)


@contextmanager
def front(target: str, told: Sequence[Told] = (), passed: int = 0) -> Iterator[Front]:
    """Serve on 127.0.0.1 until the block ends."""
    with httpx.Client(base_url=target, timeout=30, trust_env=False) as onward:

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                made.seen.append(time.monotonic())
                if made.told and len(made.seen) > made.passed:
                    status, headers, text = made.told.pop(0)
                    self.reply(status, headers, text.encode())
                    return
                sent = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
                answer = onward.request(self.command, self.path, headers=sent, content=body)
                self.reply(answer.status_code, answer.headers, answer.content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = pass_on

            def reply(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        made = Front(f"http://127.0.0.1:{server.server_port}", list(told), passed)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
