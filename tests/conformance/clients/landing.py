"""Where a program on this computer is led back to: one request to 127.0.0.1, whose query it waits for."""

import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit


class Landing:
    """Listens on a free port; `take` returns the parameters of the first request to /back."""

    def __init__(self) -> None:
        found: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/back":
                    found.put(dict(parse_qsl(parts.query)))
                body = b"<!doctype html><title>Back</title>Back at the program."
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._found = found
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self._server.server_port}/back"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self) -> dict[str, str]:
        return self._found.get(timeout=120)
