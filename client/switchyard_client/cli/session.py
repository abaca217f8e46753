"""One command's access to the service: settings, requests, and how results are shown."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from switchyard_client.cli import output, settings
from switchyard_client.cli.failures import Usage

if TYPE_CHECKING:
    from switchyard_client.client import Client

#: Seconds that a request is tried for before the service counts as unreachable.
PATIENCE = 30.0


@dataclass
class Session:
    """What the flags before the command say. The client, and httpx with it, is made when a request is first sent."""

    profile: str | None = None
    url: str | None = None
    token: str | None = None
    project: str | None = None
    json: bool = False
    patience: float = PATIENCE
    _told: set[str] = field(default_factory=set)

    @cached_property
    def settings(self) -> settings.Settings:
        """The settings of this command. Raises Usage."""
        return settings.resolve(self.profile, self.url, self.token, self.project)

    @cached_property
    def client(self) -> "Client":
        """The client of the service."""
        from switchyard_client.client import Client

        return Client(self.settings.url, self.settings.token, output.note)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read something; returns its JSON. Raises Refused and Unreachable."""
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """Post something, once, however often it has to be sent. Raises Refused and Unreachable."""
        return self.send("POST", path, {} if body is None else body, key=key or uuid.uuid4().hex)

    def patch(self, path: str, body: Any) -> Any:
        """Change something. Raises Refused and Unreachable."""
        return self.send("PATCH", path, body, key=uuid.uuid4().hex)

    def send(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None, key: str | None = None
    ) -> Any:
        """Send a request; returns the JSON of its answer, None when there is none."""
        answer = self.response(method, path, body, query, key)
        return answer.json() if answer.content else None

    def response(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None, key: str | None = None
    ) -> Any:
        """Send a request; returns the whole answer. Raises Refused and Unreachable."""
        from time import monotonic

        from switchyard_client.retries import Deadline

        url = path if path.startswith(self.settings.url) else self.settings.url + path
        deadline = Deadline(monotonic() + self.patience)
        answer = self.client.send(method, url + _encoded(query), deadline, body, key=key)
        self._warn(answer.headers.get("projects-unknown"))
        return answer

    def _warn(self, unknown: str | None) -> None:
        """Tell once of projects that the workspace does not have."""
        if unknown and unknown not in self._told:
            self._told.add(unknown)
            output.note(f"no project has the id {unknown}: the tracks are grouped under it alone")

    def pages(self, path: str, query: Mapping[str, Any], items: str, cursor: str = "nextCursor") -> Iterator[Any]:
        """Walk all pages of a list."""
        at: str | None = None
        while True:
            page = self.get(path, {**query, **({"cursor": at} if at else {})})
            yield from page[items]
            at = page.get(cursor)
            if not at:
                return

    def scope(self, personal: bool = False) -> dict[str, Any]:
        """Return where new tracks go: the project of the settings, or the caller's own, or the tenant's without one."""
        if personal:
            return {"type": "personal"}
        project = self.settings.project
        return {"type": "projects", "ids": [project] if project else []}

    @contextmanager
    def progress(self, what: str) -> Iterator[None]:
        """Tell how long something takes, once it takes longer than two seconds."""
        with output.Progress(lambda: what):
            yield


def _encoded(query: Mapping[str, Any] | None) -> str:
    from urllib.parse import urlencode

    pairs: list[tuple[str, str]] = []
    for name, value in (query or {}).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs += [(name, _comma(str(each)) if values is value else str(each)) for each in values if each is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _comma(text: str) -> str:
    """Write a comma that belongs to a value of a list (docs/concepts.md)."""
    return text.replace("\\", "\\\\").replace(",", "\\,") if "," in text or "\\" in text else text


def part(text: str) -> str:
    """Return a text as one part of a path. Raises Usage for an empty one."""
    if not text.strip():
        raise Usage("an id is empty")
    return quote(text, safe="")


pass_session = click.make_pass_decorator(Session)
