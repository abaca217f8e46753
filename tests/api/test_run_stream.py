"""Following a run: what an answer has, where the next one goes on, and when it is over."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.actors import service_actor
from switchyard.domain.ids import lowest_id, new_id
from switchyard.domain.runs import Run
from switchyard.ledger import system
from switchyard.store import run_logs as run_log_rows
from switchyard.store.run_logs import Append
from switchyard.store.table import Table
from switchyard.surfaces.projects import run_stream
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.projects import a_run, a_task, a_tenant

LONG_AGO = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Event:
    id: str
    name: str
    data: Any


def events(answer: Answer) -> list[Event]:
    """Read an answer as an EventSource would."""
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    first, *blocks = answer.text.removesuffix("\n\n").split("\n\n")
    assert first == "retry: 1000"
    found = []
    for block in blocks:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append(Event(fields["id"], fields.get("event", "message"), json.loads(fields["data"])))
    return found


def log(table: Table, run: Run, *entries: Any, ago: float = 60) -> str:
    """Append entries to the run's log as of so many seconds ago; returns the append's id."""
    made = lowest_id(time.time() - ago)
    lines = [json.dumps(entry) for entry in entries]
    table.write([run_log_rows.put(run.tenant_id, run.id, Append(made, lines))])
    return made


def settle(table: Table, run: Run, **fields: Any) -> None:
    """Change the run as the service does."""
    system.change_run(table, service_actor(run.tenant_id), new_id(), run.task_id, run.id, lambda _: fields)


@pytest.fixture
def run(table: Table, tenant: str) -> Run:
    (project,) = a_tenant(table, tenant, "Docs")
    return a_run(table, a_task(table, project), status="in_progress")


def follow(api: Api, run: Run, after: str | None = None, query: str = "wait=0") -> Answer:
    headers = {"last-event-id": after} if after is not None else {}
    return api.get(f"/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/stream/?{query}", headers=headers)


def entries_of(found: list[Event]) -> list[Any]:
    return [each.data["n"] for each in found if "n" in each.data]


def test_a_stream_begins_with_the_runs_state_and_all_of_its_log(api: Api, table: Table, run: Run) -> None:
    first = log(table, run, {"n": 1}, {"n": 2}, ago=60)
    log(table, run, {"n": 3}, ago=50)
    found = events(follow(api, run))
    assert found[0].data == {
        "type": "task_run_state",
        "run_id": run.id,
        "task_id": run.task_id,
        "status": "in_progress",
        "awaiting_input": False,
        "question": None,
        "stage": None,
        "output": None,
        "branch": None,
        "error_message": None,
        "updated_at": run.updated_at,
        "completed_at": None,
    }
    assert [each.data for each in found[1:]] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert [each.id for each in found[1:3]] == [f"{first}.0.1", f"{first}.1.1"]


def test_each_event_id_is_a_place_to_go_on_from(api: Api, table: Table, run: Run) -> None:
    log(table, run, {"n": 1}, {"n": 2}, ago=60)
    log(table, run, {"n": 3}, ago=50)
    found = events(follow(api, run))
    for position, event in enumerate(found[:-1]):
        assert events(follow(api, run, event.id)) == found[position + 1 :]
    (last,) = events(follow(api, run, found[-1].id))
    assert (last.name, last.data, last.id) == ("keepalive", {"type": "keepalive"}, found[-1].id)


def test_an_id_without_the_runs_version_gets_the_state_again(api: Api, table: Table, run: Run) -> None:
    made = log(table, run, {"n": 1}, {"n": 2})
    found = events(follow(api, run, f"{made}.0"))
    assert [each.data.get("type") for each in found] == ["task_run_state", None]
    assert entries_of(found) == [2]


@pytest.mark.parametrize("given", ["x", "1-0", "0", "0.0.1.2", f"{new_id()}.0.1.END", f"{new_id()}.-1", "٠.٠.٠"])
def test_an_invalid_event_id_is_refused(api: Api, run: Run, given: str) -> None:
    answer = follow(api, run, given)
    assert (answer.status, answer.json["attr"]) == (400, "Last-Event-ID")
    assert "not the id of an event" in answer.json["detail"]


def test_what_is_too_young_waits_for_earlier_ones_still_being_written(api: Api, table: Table, run: Run) -> None:
    log(table, run, {"n": 2}, ago=0.5)
    (state,) = events(follow(api, run))
    log(table, run, {"n": 1}, ago=1)
    assert entries_of(events(follow(api, run, state.id))) == []


def test_start_latest_leaves_out_what_is_there_and_remembers_where_it_began(api: Api, table: Table, run: Run) -> None:
    log(table, run, {"n": 1})
    (first,) = events(follow(api, run, query="start=latest&wait=0"))
    assert first.name == "keepalive"
    log(table, run, {"n": 2}, ago=1.9)
    time.sleep(0.2)
    # the client goes on by the id, whatever its address says
    assert entries_of(events(follow(api, run, first.id, "start=latest&wait=0"))) == [2]


def test_a_change_of_the_run_is_sent_once(api: Api, table: Table, run: Run) -> None:
    place = events(follow(api, run))[-1].id
    settle(table, run, stage="build", branch="fix")
    (told,) = events(follow(api, run, place))
    assert (told.data["type"], told.data["stage"], told.data["branch"]) == ("task_run_state", "build", "fix")
    (none,) = events(follow(api, run, told.id))
    assert none.name == "keepalive"


def test_a_finished_run_ends_its_stream_and_then_the_client(api: Api, table: Table, run: Run) -> None:
    log(table, run, {"n": 1})
    settle(table, run, status="completed", completed_at=LONG_AGO)
    found = events(follow(api, run))
    assert [each.name for each in found] == ["message", "message", "end"]
    assert (found[0].data["status"], found[0].data["completed_at"]) == ("completed", LONG_AGO)
    assert found[-1].data == {"type": "end", "status": "completed"}
    again = follow(api, run, found[-1].id)
    assert (again.status, again.text) == (204, "")
    # whoever did not get the end gets it
    assert [each.name for each in events(follow(api, run, found[-2].id))] == ["end"]


def test_lines_after_the_end_are_sent_and_then_the_end_again(api: Api, table: Table, run: Run) -> None:
    settle(table, run, status="failed", completed_at=LONG_AGO)
    end = events(follow(api, run))[-1]
    log(table, run, {"n": 1}, ago=3)
    found = events(follow(api, run, end.id))
    assert [each.name for each in found] == ["message", "end"]
    assert entries_of(found) == [1]


def test_the_end_waits_for_the_agents_last_lines(api: Api, table: Table, run: Run) -> None:
    settle(table, run, status="completed")
    (state,) = events(follow(api, run))
    assert state.data["status"] == "completed"
    assert [each.name for each in events(follow(api, run, state.id))] == ["keepalive"]


def test_it_waits_for_something_new_and_answers_at_once_then(
    api: Api, table: Table, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = events(follow(api, run))[-1].id
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            log(table, run, {"n": 1})

    monkeypatch.setattr(run_stream.time, "sleep", sleep)
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    found = events(follow(api, run, place, "wait=20"))
    table.observe = None
    assert (entries_of(found), slept) == ([1], [1.0] * 3)
    calls.remove("put_item")
    assert calls == ["batch_get_item", *["query", "batch_get_item"] * 3, "query"]


def test_it_waits_no_longer_than_asked_nor_than_the_function_may_run(
    caller: Caller, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(run_stream.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(run_stream.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    api = caller()
    for milliseconds, wait, waited in ((28_000, 20, 20), (28_000, 7, 7), (9_000, 20, 6)):
        api.context.milliseconds = milliseconds
        place = events(follow(api, run))[-1].id
        before = now[0]
        assert [each.name for each in events(follow(api, run, place, f"wait={wait}"))] == ["keepalive"]
        assert waited - 1 <= now[0] - before <= waited


def test_an_answer_is_bounded_and_the_next_one_continues(
    api: Api, table: Table, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_stream, "ANSWER_MAX_BYTES", 10_000)
    for number in range(10):
        log(table, run, *({"n": 10 * number + each, "text": "x" * 400} for each in range(10)), ago=60 - number)
    place, read, answers = None, [], 0
    while True:
        answer = follow(api, run, place)
        assert len(answer.content) < 11_000
        found = events(answer)
        if found[-1].name == "keepalive":
            break
        read += entries_of(found)
        place, answers = found[-1].id, answers + 1
    assert read == list(range(100))
    assert answers > 3


def test_what_has_expired_is_not_sent(api: Api, table: Table, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    log(table, run, {"n": 1})
    monkeypatch.setattr(run_log_rows.clock, "epoch", lambda: clock.milliseconds("2999-01-01T00:00:00.000Z") // 1_000)
    assert entries_of(events(follow(api, run))) == []


@pytest.mark.parametrize("query", ["wait=21", "wait=-1", "wait=x", "start=earliest"])
def test_bad_parameters_are_refused(api: Api, run: Run, query: str) -> None:
    answer = follow(api, run, query=query)
    assert (answer.status, answer.json["attr"]) == (400, query.partition("=")[0])
