"""The service as a worker sees it: requests that are tried again while there is time, and what a refusal means."""

import random
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]

#: A run in one of these takes no more work.
FINAL = frozenset({"completed", "failed", "cancelled"})

#: Statuses after which the same request may go through.
_PASSING = frozenset({429, 500, 502, 503, 504})
#: Seconds before the second attempt, and at most before any.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 10.0
#: Seconds for one attempt, beyond what the service was asked to wait for.
_TIMEOUT = 15.0
_CHUNK = 1 << 20


class Refused(Exception):
    """The service says no to this request, now and later: `status` and its words."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


class Lost(Refused):
    """The run is not the worker's any more: cancelled, settled, deleted, or with the next worker."""


class Unreachable(Exception):
    """No attempt went through while there was time."""


class Deadline:
    """Until when, by time.monotonic(), a request may be tried again. It may move, and `stop` ends all waiting."""

    def __init__(self, until: float = float("inf"), stop: threading.Event | None = None) -> None:
        self.until = until
        self.stop = stop or threading.Event()

    def pause(self, seconds: float) -> bool:
        """Wait; False at once when there would be no time left afterwards."""
        return time.monotonic() + seconds < self.until and not self.stop.wait(seconds)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that the worker holds, with its task; `url` is where it reports, under the `fence`."""

    task: Json
    run: Json
    fence: int
    url: str

    @property
    def task_id(self) -> str:
        return str(self.task["id"])

    @property
    def run_id(self) -> str:
        return str(self.run["id"])


class Client:
    """One token's access to one service."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/"), token
        trust = ssl.create_default_context()
        self._http = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=_TIMEOUT, verify=trust)
        # Object storage is another host with its own signatures: it never sees the token.
        self._storage = httpx.Client(timeout=_TIMEOUT, verify=trust)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
        self._storage.close()

    # -------------------------------------------------------------- runs
    def claim(self, wait_seconds: int, lease_seconds: int, deadline: Deadline) -> Claimed | None:
        """Claim the next run, waiting for one; None when there is none. Raises Refused and Unreachable."""
        body = {"wait_seconds": wait_seconds, "lease_seconds": lease_seconds}
        answer = self.send("POST", f"{self.url}/v1/runs/claim", deadline, body, patience=wait_seconds)
        if answer.status_code == 204:
            return None
        given = answer.json()
        return Claimed(given["task"], given["run"], given["fence"], given["url"])

    def heartbeat(self, run: Claimed, lease_seconds: int, deadline: Deadline) -> None:
        """Prolong the lease to so many seconds from now. Raises Lost."""
        self._own(run, "heartbeat", deadline, {"lease_seconds": lease_seconds})

    def release(self, run: Claimed, deadline: Deadline) -> None:
        """Give the run back. Raises Lost."""
        self._own(run, "release", deadline)

    def _own(self, run: Claimed, action: str, deadline: Deadline, body: Json | None = None) -> None:
        path = f"{self.url}/v1/runs/{run.task_id}/{run.run_id}/{action}"
        self.send("POST", path, deadline, body, fence=run.fence)

    def report(
        self, run: Claimed, method: str, path: str, body: Json, deadline: Deadline, key: str | None = None
    ) -> Any:
        """Send something under the run's url, by its fence; returns the JSON of the answer. Raises Lost."""
        return self.send(method, f"{run.url}{path}", deadline, body, fence=run.fence, key=key).json()

    # -------------------------------------------------------------- objects
    def download(self, run: Claimed, storage_path: str, target: Path, deadline: Deadline) -> None:
        """Write an artifact's bytes to a file: from the answer, or from where it points."""
        answer = self.send("POST", f"{run.url}artifacts/download/", deadline, {"storage_path": storage_path})
        if answer.status_code != 303:
            target.write_bytes(answer.content)
            return
        location = answer.headers["location"]

        def fetch() -> httpx.Response:
            with self._storage.stream("GET", location) as response, target.open("wb") as file:
                if response.status_code == 200:
                    for chunk in response.iter_bytes(_CHUNK):
                        file.write(chunk)
            return response

        _checked(_patiently(fetch, deadline))

    def upload(self, post: Mapping[str, Any], file: Path, content_type: str, deadline: Deadline) -> None:
        """Send a file by a presigned form."""

        def send() -> httpx.Response:
            with file.open("rb") as stream:
                part = {"file": (file.name, stream, content_type)}
                return self._storage.post(post["url"], data=dict(post["fields"]), files=part)

        _checked(_patiently(send, deadline))

    # -------------------------------------------------------------- transport
    def send(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        body: Json | None = None,
        *,
        fence: int | None = None,
        key: str | None = None,
        patience: float = 0,
    ) -> httpx.Response:
        """Send a request until it goes through; `patience` is how long the service may take on purpose.

        Raises Lost for what is refused because of the run's state, Refused for the rest, Unreachable.
        """
        headers = {"claim-fence": str(fence)} if fence is not None else {}
        if key:
            headers["idempotency-key"] = key

        def attempt() -> httpx.Response:
            return self._http.request(method, url, json=body, headers=headers, timeout=_TIMEOUT + patience)

        return _checked(_patiently(attempt, deadline), fenced=fence is not None)

    @contextmanager
    def events(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Open a stream of server-sent events."""
        timeout = httpx.Timeout(_TIMEOUT, read=60.0)
        with self._http.stream("GET", url, headers=dict(headers), timeout=timeout) as response:
            yield response


def _patiently(attempt: Any, deadline: Deadline) -> httpx.Response:
    pause = _FIRST_PAUSE
    while True:
        wanted = 0.0
        try:
            answer: httpx.Response = attempt()
        except httpx.TransportError as error:
            problem = f"{type(error).__name__}: {error}"
        else:
            if answer.status_code not in _PASSING:
                return answer
            problem = f"status {answer.status_code}"
            given = answer.headers.get("retry-after", "")
            wanted = float(given) if given.isdecimal() else 0.0
        if not deadline.pause(max(wanted, random.uniform(0.5, 1) * pause)):  # noqa: S311 - jitter, not a secret
            raise Unreachable(problem)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _checked(answer: httpx.Response, fenced: bool = False) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    kind = Lost if fenced and answer.status_code in (404, 409) else Refused
    raise kind(answer.status_code, _detail(answer))


def _detail(answer: httpx.Response) -> str:
    """Return what an error's body says, whichever surface worded it."""
    try:
        body = answer.json()
    except (ValueError, httpx.ResponseNotRead):
        return answer.reason_phrase
    told = (body.get("detail") or body.get("error")) if isinstance(body, dict) else None
    return told if isinstance(told, str) else answer.reason_phrase
