"""The workflow of an import in one process: its steps are called as the state machine calls them."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from switchyard.aws.objects import ObjectStore
from switchyard.domain import imports
from switchyard.store import imports as rows
from switchyard.store.table import Table
from switchyard.surfaces.planning import import_apply, import_end, import_sort
from tests.support.http import Answer, Api


class Job:
    """One import of a client."""

    def __init__(self, api: Api, table: Table, bucket: ObjectStore) -> None:
        self.api, self.table, self.bucket = api, table, bucket
        self.id, self.tenant = "", api.get("/v1/me").json["workspaceId"]

    def again(self) -> "Job":
        """Return another import of the same client."""
        return Job(self.api, self.table, self.bucket)

    def create(self, scope: Mapping[str, Any] | None = None) -> "Job":
        answer = self.api.post("/v1/imports", {"scope": scope or {"type": "projects", "ids": []}})
        assert answer.status == 201, answer.text
        self.id = answer.json["id"]
        return self

    def upload(self, lines: Sequence[Mapping[str, Any]] = (), text: str = "") -> None:
        body = text or "\n".join(json.dumps(each) for each in lines)
        self.bucket.client.put_object(
            Bucket=self.bucket.bucket, Key=imports.file_path(self.tenant, self.id), Body=body.encode()
        )

    def start(self) -> Answer:
        return self.api.post(f"/v1/imports/{self.id}/start")

    def shown(self) -> Any:
        answer = self.api.get(f"/v1/imports/{self.id}")
        assert answer.status == 200, answer.text
        return answer.json

    def run(self, lines: Sequence[Mapping[str, Any]] = (), text: str = "", scope: Any = None) -> Any:
        """Create, upload, start, carry out; returns the import as it is shown then."""
        self.create(scope).upload(lines, text)
        answer = self.start()
        assert answer.status == 202, answer.text
        self.carry_on()
        return self.shown()

    def results(self) -> list[Any]:
        """Return what the file of results has."""
        found = self.bucket.get(imports.results_path(self.tenant, self.id), 50_000_000)
        assert found is not None
        assert found.body is not None
        return [json.loads(line) for line in found.body.splitlines()]

    # ---------------------------------------------------------------- steps
    def carry_on(self) -> None:
        self.sort()
        while not self.apply_chunks(100):
            pass
        self.end()

    def sort(self) -> list[int]:
        self._give_time()
        return import_sort.sort(self.table, self.bucket, self.tenant, self.id)

    def apply_chunks(self, most: int, around: Callable[[Callable[[], Any]], Any] | None = None) -> bool:
        """Carry all lanes on for so many transactions each; returns whether all are over.

        `around` gets each transaction, to make it or not: its first error ends the step, as an invocation does.
        """
        over = True
        for lane in rows.read(self.table, self.tenant, self.id)[1]:
            self._give_time()
            table = Table(self.table.name, _Around(self.table.client, around)) if around else self.table
            table.give(30_000)
            until: Any = _Countdown(most)
            try:
                over &= import_apply.carry_on(table, self.bucket, self.tenant, self.id, lane.number, until)
            except Ended:
                over = False
        return over

    def end(self, failure: Mapping[str, str] | None = None) -> None:
        self._give_time()
        import_end.end(self.table, self.bucket, self.tenant, self.id, failure)

    def failing_apply(self) -> dict[str, str]:
        return self._failure(lambda: self.apply_chunks(9))

    def failing_sort(self) -> dict[str, str]:
        return self._failure(self.sort)

    @staticmethod
    def _failure(step: Any) -> dict[str, str]:
        """Return the error of a step as Step Functions has it."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever it is
            return {"Error": type(error).__name__, "Cause": json.dumps({"errorMessage": str(error)})}
        raise AssertionError("the step did not fail")

    def _give_time(self) -> None:
        self.table.give(30_000)
        self.bucket.deadline = time.monotonic() + 30


class _Countdown:
    """An instant that comes after so many looks at the clock."""

    def __init__(self, most: int) -> None:
        self.left = most

    def __lt__(self, now: float) -> bool:
        """Compared as `now > until`."""
        self.left -= 1
        return self.left < 0


class Ended(Exception):
    """The invocation ends here, without a word."""


class _Around:
    """A client whose transactions are made by somebody else."""

    def __init__(self, client: Any, around: Callable[[Callable[[], Any]], Any]) -> None:
        self.client, self.around = client, around

    def __getattr__(self, name: str) -> Any:
        def call(**params: Any) -> Any:
            make = partial(getattr(self.client, name), **params)
            return self.around(make) if name == "transact_write_items" else make()

        return call
