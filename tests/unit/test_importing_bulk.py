"""A plan that the service applies by itself: what goes into the file, what is left for requests, how it may end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from switchyard_client.errors import Unreachable
from switchyard_client.importing.bulk import Bulk, Failed
from switchyard_client.importing.memory import Memory
from switchyard_client.importing.plan import Plan
from switchyard_client.importing.records import Item
from switchyard_client.importing.upload import Outcome

Json = dict[str, Any]
PERSONAL = {"type": "personal"}


class Fake:
    """A service that applies files: takes `steps` looks to do it, refuses the names in `refuse`."""

    def __init__(self, refuse: frozenset[str] = frozenset(), ends: str = "completed", steps: int = 3) -> None:
        self.refuse, self.ends, self.steps = refuse, ends, steps
        self.lines: list[Json] = []
        self.calls: list[str] = []
        self.looks = 0

    def create(self, scope: Json) -> Json:
        self.calls.append(f"create {scope['type']}")
        return {"id": "job", "upload": {"url": "https://files", "fields": {}}}

    def upload(self, form: Json, file: Path) -> None:
        self.calls.append(f"upload {form['url']}")
        self.lines = [json.loads(line) for line in file.read_bytes().splitlines()]

    def start(self, import_id: str) -> None:
        self.calls.append(f"start {import_id}")

    def show(self, import_id: str) -> Json:
        self.looks += 1
        over = self.looks >= self.steps
        counts = {"created": len(self.taken()) if over else 0, "updated": 0, "unchanged": 0}
        return {
            "id": import_id,
            "status": self.ends if over else "running",
            "lines": len(self.lines),
            "error": None if self.ends == "completed" else "The token was revoked.",
            "counts": counts,
            "results": {"url": "https://results"} if over else None,
        }

    def cancel(self, import_id: str) -> None:
        self.calls.append(f"cancel {import_id}")

    def results(self, address: Json, target: Path) -> None:
        assert address["url"] == "https://results"
        told = [
            {"externalId": each["externalId"], "outcome": "created", "id": "t", "version": 1}
            if each in self.taken()
            else {"externalId": each["externalId"], "outcome": "refused", "error": "because"}
            for each in self.lines
        ]
        target.write_text(
            "".join(json.dumps(each) + "\n" for each in [*told, {"externalId": None, "outcome": "refused"}])
        )

    def taken(self) -> list[Json]:
        return [each for each in self.lines if each["externalId"] not in self.refuse]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path / "imports.sqlite3", "here")
    yield made
    made.close()


def bulk(items: list[Item], service: Fake, memory: Memory, folder: Path) -> Bulk:
    plan = Plan()
    plan.take(items, {})
    plan.settle()
    outcome = Outcome(len(plan.nodes))
    return Bulk(plan, service, "p", PERSONAL, True, memory, outcome, folder, pause=lambda _: None)


def items(count: int) -> list[Item]:
    return [Item(f"i{n}", f"Item {n}", depends_on=[f"i{n - 1}"] if n else []) for n in range(count)]


def test_the_whole_plan_goes_in_as_one_file(memory: Memory, tmp_path: Path) -> None:
    service = Fake()
    made = bulk(items(30), service, memory, tmp_path)
    told: list[str] = []
    made.on_result = lambda name, result: told.append(f"{name} {result['outcome']}")
    made.run()
    assert service.calls == ["create personal", "upload https://files", "start job"]
    assert [each["externalId"] for each in service.lines] == [f"p:i{n}" for n in range(30)]
    assert service.lines[3]["task"]["dependsOn"] == ["p:i2"]
    assert made.outcome.counts["created"] == 30
    assert told[0] == "i0 created"


def test_a_second_time_only_what_has_changed_goes_in(memory: Memory, tmp_path: Path) -> None:
    bulk(items(5), Fake(), memory, tmp_path).run()
    service = Fake()
    bulk(items(5), service, memory, tmp_path).run()
    assert service.calls == []
    changed = items(5)
    changed[2].title = "Another"
    bulk(changed, service, memory, tmp_path).run()
    assert service.lines == [{"externalId": "p:i2", "title": "Another", "task": {}}]


def test_what_was_refused_is_not_remembered_so_that_it_is_sent_again(memory: Memory, tmp_path: Path) -> None:
    bulk(items(5), Fake(refuse=frozenset({"p:i4"})), memory, tmp_path).run()
    service = Fake()
    bulk(items(5), service, memory, tmp_path).run()
    assert [each["externalId"] for each in service.lines] == ["p:i4"]


def test_interrupted_the_import_is_cancelled(memory: Memory, tmp_path: Path) -> None:
    service = Fake(steps=9)
    made = bulk(items(2), service, memory, tmp_path)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    made.pause = interrupted
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert service.calls[-1] == "cancel job"


def test_an_import_that_fails_tells_why_and_remembers_what_went_in(memory: Memory, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="job is failed: The token was revoked"):
        bulk(items(3), Fake(refuse=frozenset({"p:i2"}), ends="failed"), memory, tmp_path).run()
    service = Fake()
    bulk(items(3), service, memory, tmp_path).run()
    assert [each["externalId"] for each in service.lines] == ["p:i2"]


def test_a_service_that_goes_away_while_it_applies_is_asked_for_all_of_it_again(memory: Memory, tmp_path: Path) -> None:
    """By their external ids the lines that went in are unchanged then: nothing is lost, and nothing doubled."""

    class Gone(Fake):
        def show(self, import_id: str) -> Json:
            raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        bulk(items(3), Gone(), memory, tmp_path).run()
    service = Fake()
    bulk(items(3), service, memory, tmp_path).run()
    assert [each["externalId"] for each in service.lines] == ["p:i0", "p:i1", "p:i2"]
