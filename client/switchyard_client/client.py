"""The service as its clients see it: requests that are retried while there is time, and what a refusal means."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from switchyard_client.errors import Lost, Refused
from switchyard_client.retries import Attempts, Deadline, Notify, patiently

Json = dict[str, Any]

#: A run with one of these is over.
FINAL = frozenset({"completed", "failed", "cancelled"})

#: Refusals of the service that leave a run to its holder, though its state is why.
_LEAVES_IT = frozenset({"too_many_questions"})
#: Seconds for one attempt, beyond what the service was asked to wait for.
_TIMEOUT = 15.0
#: Seconds that a file may be on its way before people are notified.
_TRANSFER = 30.0
_CHUNK = 1 << 20
#: Not followed: the token is for the service that was named. (303 leads to an artifact's bytes.)
_REDIRECTS = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that the worker holds, with its task; it reports at `url`, as the claim gave it, under the `fence`."""

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
    """One token's access to one service; `notify` gets a line for people when the service does not answer."""

    def __init__(self, url: str, token: str, notify: Notify = lambda _: None) -> None:
        self.url, self.token, self.notify = url.rstrip("/"), token, notify
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
        given = _json(answer)
        return Claimed(given["task"], given["run"], given["fence"], given["url"])

    def heartbeat(self, run: Claimed, lease_seconds: int, deadline: Deadline, after: str | None = None) -> Any:
        """Extend the lease to so many seconds from now; returns it, with comments after this one. Raises Lost."""
        body = {"lease_seconds": lease_seconds} | ({"comments_after": after} if after else {})
        return _json(self._own(run, "heartbeat", deadline, body))

    def release(self, run: Claimed, deadline: Deadline) -> None:
        """Give the run back. Raises Lost."""
        self._own(run, "release", deadline)

    def ask(self, run: Claimed, question: Json, deadline: Deadline, key: str) -> Any:
        """Ask a question in the name of the run; returns it. Raises Lost."""
        path = f"{self.url}/v1/runs/{run.task_id}/{run.run_id}/questions"
        return _json(self.send("POST", path, deadline, question, fence=run.fence, key=key))

    def question(self, run: Claimed, question_id: str, deadline: Deadline) -> Any:
        """Return a question of the run as it is now. Raises Refused and Unreachable."""
        path = f"{self.url}/v1/runs/{run.task_id}/{run.run_id}/questions/{question_id}"
        return _json(self.send("GET", path, deadline))

    def _own(self, run: Claimed, action: str, deadline: Deadline, body: Json | None = None) -> httpx.Response:
        path = f"{self.url}/v1/runs/{run.task_id}/{run.run_id}/{action}"
        return self.send("POST", path, deadline, body, fence=run.fence)

    def report(
        self, run: Claimed, method: str, path: str, body: Json, deadline: Deadline, key: str | None = None
    ) -> Any:
        """Send something under the run's url, by its fence; returns the JSON of the answer. Raises Lost."""
        return _json(self.send(method, _under(run, path), deadline, body, fence=run.fence, key=key))

    # -------------------------------------------------------------- objects
    def download(self, run: Claimed, storage_path: str, target: Path, deadline: Deadline) -> None:
        """Write an artifact's bytes to a file: from the answer, or from where it points."""
        answer = self.send("POST", _under(run, "artifacts/download"), deadline, {"storage_path": storage_path})
        if answer.status_code != 303:
            target.write_bytes(answer.content)
            return
        self.fetch(answer.headers["location"], target, deadline)

    def fetch(self, location: str, target: Path, deadline: Deadline) -> None:
        """Write what a presigned address serves to a file."""

        def fetch() -> httpx.Response:
            with self._storage.stream("GET", location) as response, target.open("wb") as file:
                if response.status_code == 200:
                    for chunk in response.iter_bytes(_CHUNK):
                        file.write(chunk)
            return response

        checked(patiently(fetch, self._attempts(f"GET {_without_query(location)}", deadline)))

    def upload(self, post: Mapping[str, Any], file: Path, content_type: str, deadline: Deadline) -> None:
        """Send a file by a presigned form."""

        def send() -> httpx.Response:
            with file.open("rb") as stream:
                part = {"file": (file.name, stream, content_type)}
                return self._storage.post(post["url"], data=dict(post["fields"]), files=part)

        checked(patiently(send, self._attempts(f"POST {_without_query(post['url'])}", deadline)))

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

        attempts = self._attempts(f"{method} {url}", deadline, patience)
        return checked(patiently(attempt, attempts), fenced=fence is not None)

    def _attempts(self, what: str, deadline: Deadline, patience: float = _TRANSFER) -> Attempts:
        return Attempts(what, deadline, self.notify, patience)

    @contextmanager
    def events(self, url: str, last_id: str) -> Iterator[httpx.Response]:
        """Open a stream of server-sent events, after the event with this id, or from its beginning."""
        headers = {"accept": "text/event-stream"} | ({"last-event-id": last_id} if last_id else {})
        timeout = httpx.Timeout(_TIMEOUT, read=60.0)
        with self._http.stream("GET", url, headers=headers, timeout=timeout) as response:
            yield response


def _under(run: Claimed, path: str) -> str:
    """Return an address under the run's url, without a closing slash: the service's own form."""
    return f"{run.url.rstrip('/')}/{path}".rstrip("/")


def _without_query(url: str) -> str:
    """Return an address without what follows `?`: of a presigned one, that is the signature."""
    return url.partition("?")[0]


def _json(answer: httpx.Response) -> Any:
    """Return an answer's JSON. Raises Refused when it has none: something else than the service answered."""
    try:
        return answer.json()
    except ValueError:
        raise Refused(answer.status_code, f"{answer.request.url} answers no JSON: is it the service's URL?") from None


def checked(answer: httpx.Response, fenced: bool = False) -> httpx.Response:
    """Return an answer of success. Raises Lost for what is refused `fenced` by a run's state, Refused for the rest."""
    if answer.status_code in _REDIRECTS:
        where = answer.headers.get("location", "elsewhere")
        raise Refused(answer.status_code, f"{answer.request.url} redirects to {where}: is it the service's URL?")
    if answer.status_code < 400:
        return answer
    body = _body(answer)
    lost = fenced and answer.status_code in (404, 409) and _code(body) not in _LEAVES_IT
    raise (Lost if lost else Refused)(answer.status_code, _detail(body) or answer.reason_phrase, body)


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, httpx.ResponseNotRead):
        return None


def _code(body: Any) -> Any:
    return body.get("code") if isinstance(body, dict) else None


def _detail(body: Any) -> str | None:
    """Return what an error's body says, whichever surface worded it."""
    told = (body.get("detail") or body.get("error")) if isinstance(body, dict) else None
    if isinstance(told, dict):
        told = told.get("message")
    return told if isinstance(told, str) else None
