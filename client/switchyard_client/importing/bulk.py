"""A plan as one file that the service applies by itself; what it refuses is left to the requests of upload.py."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from switchyard_client.importing.drafts import draft
from switchyard_client.importing.memory import Memory
from switchyard_client.importing.plan import Node, Plan
from switchyard_client.importing.records import external_id
from switchyard_client.importing.upload import Outcome

#: Seconds between two looks at how far it is.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_REMEMBERED_AT_ONCE = 500
_APPLIED = ("created", "updated", "unchanged")

Json = dict[str, Any]


class Service(Protocol):
    """Where the file goes. Every method raises Refused and Unreachable."""

    def create(self, scope: Json) -> Json: ...
    def upload(self, form: Json, file: Path) -> None: ...
    def start(self, import_id: str) -> None: ...
    def show(self, import_id: str) -> Json: ...
    def cancel(self, import_id: str) -> None: ...
    def results(self, address: Json, target: Path) -> None: ...


class Failed(Exception):
    """The import came to an end that is none; says how."""


@dataclass(slots=True)
class Bulk:
    """One import by the service. `memory` is of the imports before, and learns what went in.

    `prefix`, `scope` and `history` are as for Upload; `folder` is for the files, which may be large.
    """

    plan: Plan
    service: Service
    prefix: str
    scope: Json
    history: bool
    memory: Memory
    outcome: Outcome
    folder: Path
    on_result: Callable[[str, Json], None] = lambda _name, _result: None
    pause: Callable[[float], None] = time.sleep

    def run(self) -> None:
        """Apply what has changed. Raises Failed, Refused and Unreachable; interrupted, the import is cancelled."""
        file, results = self.folder / "drafts.jsonl", self.folder / "results.jsonl"
        if not self._write(file):
            return
        job = self.service.create(self.scope)
        self.service.upload(job["upload"], file)
        self.service.start(job["id"])
        try:
            shown = self._wait(job["id"])
        except KeyboardInterrupt:
            self.service.cancel(job["id"])
            raise
        if shown["results"]:
            self.service.results(shown["results"], results)
            self._take(results)
        if shown["status"] != "completed":
            raise Failed(f"the import {job['id']} is {shown['status']}: {shown['error'] or 'by somebody'}")

    def _draft(self, node: Node) -> Json:
        return draft(self.plan.item(node), node, self._name, self.history, lambda _kind, _does: None)

    def _name(self, name: str) -> str:
        return external_id(self.prefix, name)

    def _write(self, file: Path) -> int:
        count = 0
        with file.open("wb") as lines:
            for node in self.plan.ordered():
                changed = self.memory.changed(self._draft(node))
                if changed is None:
                    continue
                lines.write(json.dumps(changed, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
                count += 1
        return count

    def _wait(self, import_id: str) -> Json:
        pause = _FIRST_PAUSE
        while True:
            shown = self.service.show(import_id)
            self.outcome.counts.update({name: shown["counts"][name] for name in _APPLIED})
            if shown["status"] not in ("waiting", "running") and (shown["results"] or shown["lines"] is None):
                return shown
            self.pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _take(self, results: Path) -> None:
        """Remember what went in. Lines that were refused, or lack a reference, are left for requests."""
        nodes = {self._name(name): node for name, node in self.plan.nodes.items()}
        taken: dict[str, Node] = {}
        for each in _lines(results):
            node = nodes.get(each["externalId"] or "")
            if node is None:
                continue
            if each["outcome"] in _APPLIED:
                taken[node.name] = node
                self.on_result(node.name, {"id": each["id"], "outcome": each["outcome"], "version": each["version"]})
            else:
                taken.pop(node.name, None)
        waiting = list(taken.values())
        for start in range(0, len(waiting), _REMEMBERED_AT_ONCE):
            self.memory.remember(self._draft(node) for node in waiting[start : start + _REMEMBERED_AT_ONCE])


def _lines(path: Path) -> Iterator[Json]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
