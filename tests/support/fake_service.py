"""The service as a worker meets it, played by a small HTTP server: runs, their logs, artifacts, object storage.

It keeps the rules that a worker depends on (fences, final statuses), and fails on demand.
"""

import email
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FINAL = ("completed", "failed", "cancelled")


class FakeService:
    """Runs that wait, and what workers did with them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.waiting: list[dict[str, Any]] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, list[dict[str, Any]]] = {}
        self.batches: list[int] = []
        self.objects: dict[str, bytes] = {}
        self.released: list[str] = []
        self.heartbeats = 0
        self.tokens: set[str] = set()
        #: Paths that were asked for, in order, without those of object storage.
        self.paths: list[str] = []
        #: What the next requests for a run's stream get, first to last; then nothing more is to come.
        self.streams: list[bytes] = []
        #: The ids of the events after which streams were asked for.
        self.resumed_after: list[str | None] = []
        #: Answers to give instead, first to last, by the end of the path: (status, headers) or (status, headers, body).
        self.failures: dict[str, list[Any]] = {}
        #: Paths of requests that came, answered or not; none is answered while `held` is not set.
        self.asked: list[str] = []
        self.held = threading.Event()
        self.held.set()
        #: Work done but its answer dropped, by the end of the path.
        self.dropped: dict[str, int] = {}
        self.replies: dict[str, dict[str, Any]] = {}
        self.schema_refusal: str | None = None
        #: The questions of all runs, by id, and how often one was looked at.
        self.questions: dict[str, dict[str, Any]] = {}
        self.looks = 0
        #: The comments on the task of any run.
        self.comments: list[dict[str, Any]] = []
        self.url = ""

    def offer(self, number: int = 1, artifacts: dict[str, bytes] | None = None, message: str | None = None) -> str:
        """Offer a run whose id ends with the number."""
        run_id = f"00000000-0000-7000-8000-{number:012d}"
        manifest = []
        for name, content in (artifacts or {}).items():
            path = f"tasks/artifacts/{run_id}/{len(manifest)}"
            self.objects[path] = content
            manifest.append({"id": "a", "name": name, "type": "user_attachment", "storage_path": path})
        run = {"id": run_id, "status": "queued", "fence": 0, "artifacts": manifest, "message": message}
        with self.lock:
            self.runs[run_id] = run
            self.logs[run_id] = []
            self.waiting.append(run)
        return run_id

    def cancel(self, run_id: str) -> None:
        with self.lock:
            self.runs[run_id].update(status="cancelled", held=False)

    def take_over(self, run_id: str) -> None:
        """Give the run to someone else, as if the lease had run out."""
        with self.lock:
            self.runs[run_id]["fence"] += 1

    def lines(self, run_id: str, stream: str = "stdout") -> list[str]:
        with self.lock:
            params = [each["notification"]["params"] for each in self.logs[run_id]]
        return [each["text"] for each in params if each["stream"] == stream]

    # ------------------------------------------------------------ answers
    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        self.held.wait()
        with self.lock:
            for ending, planned in self.failures.items():
                if path.endswith(ending) and planned:
                    status, more, *told = planned.pop(0)
                    return status, more, told[0] if told else b'{"detail": "as planned"}'
            if path.startswith("/s3/"):
                return self._storage(method, path[4:], headers, body)
            self.tokens.add(headers.get("authorization", ""))
            self.paths.append(path)
            if path.endswith("/stream"):
                self.resumed_after.append(headers.get("last-event-id"))
                told = self.streams.pop(0) if self.streams else b""
                return (200 if told else 204), {"content-type": "text/event-stream"}, told
            given = json.loads(body) if body else {}
            status, shown = self._api(method, path, headers, given)
            for ending in list(self.dropped):
                if path.endswith(ending) and self.dropped[ending]:
                    self.dropped[ending] -= 1
                    return 502, {}, b""
            location = {"location": shown["location"]} if status == 303 else {}
            return status, location, b"" if status == 204 else json.dumps(shown).encode()

    def _storage(self, method: str, key: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert "authorization" not in headers
        if method == "GET":
            return 200, {}, self.objects[key]
        head = f"content-type: {headers['content-type']}\r\n\r\n".encode()
        parts = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in email.message_from_bytes(head + body, policy=HTTP).iter_parts()
        }
        assert list(parts)[-1] == "file"
        self.objects[parts["key"].decode()] = parts["file"]
        return 204, {}, b""

    def _api(self, method: str, path: str, headers: Any, given: Any) -> tuple[int, Any]:
        if path == "/v1/runs/claim":
            return self._claim()
        parts = path.strip("/").split("/")
        run_id = parts[3] if path.startswith("/v1/") else parts[6]
        run, action = self.runs[run_id], "/".join(parts[7:])
        key = headers.get("idempotency-key")
        if key in self.replies:
            return 200, self.replies[key]
        fence = headers.get("claim-fence")
        late = action == "append_log" and run["status"] in FINAL
        if fence is not None and (int(fence) != run["fence"] or not (run["held"] or late)):
            return 409, {"code": "stale_fence", "detail": "You hold no live lease."}
        if path.startswith("/v1/") and parts[4] == "questions":
            return self._question(method, run, parts[5:], given)
        status, shown = self._act(run, parts[4] if path.startswith("/v1/") else action, given)
        if key and status == 200:
            self.replies[key] = dict(shown)
        return status, shown

    def answer_question(self, text: str) -> None:
        """Answer the question that is open."""
        with self.lock:
            (asked,) = [each for each in self.questions.values() if each["status"] == "open"]
            asked.update(status="answered", answer=text)

    def _question(self, method: str, run: dict[str, Any], named: list[str], given: Any) -> tuple[int, Any]:
        if method == "POST":
            asked = {"id": f"question-{len(self.questions)}", "status": "open", "answer": None, **given}
            self.questions[asked["id"]] = asked
            return 201, asked
        self.looks += 1
        found = self.questions[named[0]]
        if run["status"] in FINAL and found["status"] == "open":
            found.update(status="closed")
        return 200, found

    def _claim(self) -> tuple[int, Any]:
        if not self.waiting:
            return 204, None
        run = self.waiting.pop(0)
        run.update(status="in_progress", fence=run["fence"] + 1, held=True)
        task = {"id": "00000000-0000-7000-8000-00000000aaaa", "title": f"Task of {run['id'][-3:]}"}
        url = f"{self.url}/api/projects/-/tasks/{task['id']}/runs/{run['id']}/"
        return 200, {"task": task, "run": dict(run), "fence": run["fence"], "url": url}

    def _act(self, run: dict[str, Any], action: str, given: Any) -> tuple[int, Any]:
        if action == "heartbeat":
            self.heartbeats += 1
            new = [each for each in self.comments if each["id"] > given.get("comments_after", "")]
            return 200, {**run, "comments": new}
        elif action == "release":
            run.update(status="queued", held=False)
            self.released.append(run["id"])
        elif action == "append_log":
            self.batches.append(len(given["entries"]))
            self.logs[run["id"]] += given["entries"]
        elif action == "set_output":
            if self.schema_refusal:
                return 400, {"error": self.schema_refusal}
            run["output"] = given["output"]
        elif action == "artifacts/download":
            return 303, {"location": f"{self.url}/s3/{given['storage_path']}"}
        elif action == "artifacts/prepare_upload":
            prepared = [self._prepared(run, number, each) for number, each in enumerate(given["artifacts"])]
            return 200, {"artifacts": prepared}
        elif action == "artifacts/finalize_upload":
            run["artifacts"] = [*run["artifacts"], *given["artifacts"]]
            return 200, given
        else:
            run.update(given)
            run["held"] = run["status"] not in FINAL
        return 200, run

    def _prepared(self, run: dict[str, Any], number: int, each: dict[str, Any]) -> dict[str, Any]:
        key = f"out/{run['id']}/{number}"
        post = {"url": f"{self.url}/s3/", "fields": {"key": key, "policy": "p"}}
        return {**each, "id": f"{number:032x}", "storage_path": key, "presigned_post": post}


@contextmanager
def serving() -> Iterator[FakeService]:
    """Play the service on a port of this machine."""
    service = FakeService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize, disable_nagle_algorithm = -1, True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, content = service.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
