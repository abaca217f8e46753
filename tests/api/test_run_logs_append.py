"""Appending to the log of a run: what is taken, what it costs, and whose heartbeat it is."""

import json
import time
from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.actors import SCOPES, Actor, service_actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.ledger import run_logs, runs, system
from switchyard.ledger.unit import Unit
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.projects import a_run, a_task, a_tenant

MINUTE = 60


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Docs")[0]


@pytest.fixture
def task(table: Table, project: Project) -> Track:
    return a_task(table, project)


@pytest.fixture
def run(table: Table, task: Track) -> Run:
    return at_work(table, task)


def at_work(table: Table, task: Track, **fields: Any) -> Run:
    return a_run(table, task, **{"status": "in_progress", "heartbeat_at": clock.now(), **fields})


def held(table: Table, task: Track, seconds: int, ago: float = 0, **fields: Any) -> Run:
    """A run that agent_bo claimed so many seconds ago."""
    claimed = time.time() - ago
    lease = {"holder": "agent_bo", "fence": 3, "lease_seconds": seconds, "lease_until": clock.stamp(claimed + seconds)}
    return at_work(table, task, heartbeat_at=clock.stamp(claimed), **lease, **fields)


def append(api: Api, run: Run, *entries: Any, fence: int | None = None, **headers: str) -> Answer:
    url = f"/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/append_log/"
    if fence is not None:
        headers["claim-fence"] = str(fence)
    return api.post(url, {"entries": list(entries)}, headers=headers)


def logged(api: Api, run: Run) -> list[Any]:
    lines = api.get(f"/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/logs").text
    return [json.loads(line) for line in lines.removesuffix("\n").split("\n") if line]


def current(table: Table, run: Run) -> Run:
    _, found = system.load(table, run.tenant_id, run.task_id, run.id)
    assert found
    return found


def update(kind: str) -> dict[str, Any]:
    return {"notification": {"method": "session/update", "params": {"update": {"sessionUpdate": kind}}}}


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize("slash", ["", "/"])
def test_entries_are_kept_as_they_came_and_answered_with_the_run(api: Api, run: Run, slash: str) -> None:
    entries: list[Any] = [{"n": 1, "text": 'ä "\n\r\u2028\u0001 🚂', "list": [1.5, None, {"a": []}]}, {}, {"n": 2}]
    url = f"/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/append_log{slash}"
    answer = api.post(url, {"entries": entries, "unknown": 1})
    assert (answer.status, answer.json["id"], answer.json["status"]) == (200, run.id, "in_progress")
    assert append(api, run, {"n": 3}).status == 200
    assert logged(api, run) == [*entries, {"n": 3}]


def test_the_answer_says_how_long_it_took(api: Api, run: Run) -> None:
    timing = append(api, run, {"n": 1}).headers["server-timing"]
    assert [each.split(";dur=")[0] for each in timing.split(", ")] == ["read", "append"]
    assert all(float(each.split("=")[1]) >= 0 for each in timing.split(", "))


def test_pieces_of_messages_are_left_out(api: Api, table: Table, run: Run) -> None:
    piece, whole = update("agent_message_chunk"), update("agent_message")
    other = {"notification": {"method": "agent_message_chunk"}}
    assert append(api, run, piece, whole, piece, other).status == 200
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert append(api, run, piece).status == 200
    table.observe = None
    assert calls == ["batch_get_item"]
    assert logged(api, run) == [whole, other]


@pytest.mark.parametrize(
    ("body", "attr", "detail"),
    [
        ({}, "entries", "This field is required."),
        ({"entries": None}, "entries", "This field may not be null."),
        ({"entries": []}, "entries", "At least one log entry is required"),
        ({"entries": "x"}, "entries", 'Expected a list of items but got type "str".'),
        ({"entries": [{}] * 1_001}, "entries", "Ensure this field has no more than 1000 elements."),
        ({"entries": [{}, "x"]}, "entries__1", 'Expected a dictionary of items but got type "str".'),
        (
            {"entries": [{}, {"text": "x" * 65_536}]},
            "entries__1",
            "has 65548 bytes: expected at most 65536 bytes of JSON",
        ),
        (
            {"entries": [{"text": "x" * 60_000}] * 6},
            "entries",
            "has 360072 bytes: expected at most 307200 bytes of JSON in one request, the rest in further ones",
        ),
        (
            {"entries": [{"a": json.loads("[" * 40 + "]" * 40)}]},
            "entries__0",
            "nests too deeply: expected at most 32 levels of objects and lists",
        ),
    ],
    ids=["missing", "null", "empty", "text", "many", "no object", "large entry", "large", "deep"],
)
def test_an_invalid_list_of_entries_is_refused_and_nothing_written(
    api: Api, run: Run, body: Any, attr: str, detail: str
) -> None:
    answer = api.post(f"/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/append_log/", body)
    assert (answer.status, answer.json["attr"], answer.json["detail"]) == (400, attr, detail)
    assert logged(api, run) == []


@pytest.mark.parametrize("text", ['{"entries": [{"a": NaN}]}', '{"entries": [{"a": 1e999}]}'])
def test_invalid_json_is_refused(api: Api, run: Run, text: str) -> None:
    url = f"/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/append_log/"
    answer = api.post(url, text=text)
    assert answer.status == 400, answer.text
    assert logged(api, run) == []


def test_the_largest_append_fits_into_a_row(api: Api, run: Run) -> None:
    entries = [{"text": "ä" * 32_000}] * 4 + [{"text": '"' * 25_000}]
    assert append(api, run, *entries).status == 200
    assert logged(api, run) == entries


def test_an_append_under_an_idempotency_key_is_made_once(api: Api, run: Run) -> None:
    key = {"idempotency-key": "batch-1"}
    first, again = (append(api, run, {"n": 1}, **key) for _ in range(2))
    assert (first.status, again.status, again.headers["idempotency-replayed"]) == (200, 200, "true")
    assert logged(api, run) == [{"n": 1}]
    assert append(api, run, {"n": 2}, **key).status == 409


# ---------------------------------------------------------------- what it costs, and the heartbeat


def costs(table: Table, api: Api, run: Run) -> list[str]:
    """Append an entry; returns the calls that it took, the caller's token being known."""
    api.get(f"/api/projects/@current/tasks/{run.task_id}/")
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert append(api, run, {"n": 1}).status == 200
    table.observe = None
    return calls


def test_an_append_is_one_read_and_one_write_however_long_the_log(api: Api, table: Table, run: Run) -> None:
    for _ in range(20):
        append(api, run, {"text": "x" * 10_000})
    assert costs(table, api, run) == ["batch_get_item", "put_item"]


@pytest.mark.parametrize(("idle", "fresh", "stale"), [(1_800, 50, 65), (90, 20, 35)])
def test_a_stale_sign_of_life_is_renewed_with_the_append(
    api: Api, table: Table, task: Track, idle: int, fresh: int, stale: int
) -> None:
    young = at_work(table, task, idle_seconds=idle, heartbeat_at=clock.stamp(time.time() - fresh))
    assert costs(table, api, young) == ["batch_get_item", "put_item"]
    old = at_work(table, task, idle_seconds=idle, heartbeat_at=clock.stamp(time.time() - stale))
    assert costs(table, api, old) == ["batch_get_item", "transact_write_items"]
    after = current(table, old)
    assert clock.milliseconds(after.heartbeat_at or "") > clock.milliseconds(clock.now()) - 5_000
    assert (after.version, after.lease_until, after.status) == (old.version, None, "in_progress")
    assert logged(api, old) == [{"n": 1}]


def test_the_holders_lease_is_extended_by_what_it_was_given_for(caller: Caller, table: Table, task: Track) -> None:
    run = held(table, task, 600, ago=65)
    answer = append(caller("agent_bo", kind="agent"), run, {"n": 1}, fence=3)
    after = current(table, run)
    assert answer.json["lease_until"] == after.lease_until
    ahead = clock.milliseconds(after.lease_until or "") - clock.milliseconds(clock.now())
    assert 595_000 < ahead <= 600_000
    assert (after.fence, after.version) == (3, run.version)


def test_a_short_lease_is_extended_before_a_third_of_it_is_over(caller: Caller, table: Table, task: Track) -> None:
    agent = caller("agent_bo", kind="agent")
    run = held(table, task, 12, ago=2)
    assert costs(table, agent, run) == ["batch_get_item", "put_item"]
    run = held(table, task, 12, ago=6)
    assert costs(table, agent, run) == ["batch_get_item", "transact_write_items"]
    assert (current(table, run).lease_until or "") > clock.stamp(time.time() + 8)


def test_a_change_of_the_run_does_not_put_off_its_lease(caller: Caller, table: Table, task: Track) -> None:
    """The change is a heartbeat and leaves the lease alone: the next append extends it all the same."""
    agent = caller("agent_bo", kind="agent")
    run = held(table, task, 30, ago=25)
    actor = Actor(task.tenant_id, "agent_bo", "agent", frozenset(SCOPES), "seed")
    unit = Unit(table, actor, new_id())
    runs.change(unit, *runs.find(unit, task.id, run.id), stage="build")
    unit.commit(200, {}, "")
    append(agent, run, {"n": 1})
    assert (current(table, run).lease_until or "") > clock.stamp(time.time() + 25)


def test_a_claim_and_a_heartbeat_say_how_long_the_lease_is(table: Table, caller: Caller, task: Track) -> None:
    run = a_run(table, task, dispatched_at=clock.now())
    agent = caller("agent_bo", kind="agent")
    assert agent.post("/v1/runs/claim", {"lease_seconds": 45}).status == 200
    assert current(table, run).lease_seconds == 45
    assert agent.post(f"/v1/runs/{task.id}/{run.id}/heartbeat", {"lease_seconds": 90}).status == 200
    assert current(table, run).lease_seconds == 90


def test_a_run_that_waits_takes_lines_and_shows_no_sign_of_life(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task)
    assert costs(table, api, run) == ["batch_get_item", "put_item"]
    assert (current(table, run).heartbeat_at, current(table, run).status) == (None, "queued")


def test_lines_of_two_who_find_the_same_stale_sign_of_life_are_both_kept(
    caller: Caller, table: Table, task: Track
) -> None:
    """The second one's read is older than the first one's write: it decides again and loses nothing."""
    run = held(table, task, 600, ago=65)
    agent = caller("agent_bo", kind="agent")
    # A request whose token was not seen before has a table of its own.
    assert agent.get("/v1/me").status == 200
    real, raced = table.write, []

    def write(actions: Any, *more: Any, **named: Any) -> None:
        if not raced:
            raced.append(True)
            assert append(agent, run, {"n": 1}).status == 200
        real(actions, *more, **named)

    table.write = write  # type: ignore[method-assign]
    assert append(agent, run, {"n": 2}).status == 200
    del table.write
    assert sorted(each["n"] for each in logged(agent, run)) == [1, 2]


# ---------------------------------------------------------------- who may


def test_to_a_claimed_run_its_holder_alone_appends(api: Api, caller: Caller, table: Table, task: Track) -> None:
    run = held(table, task, 600)
    agent = caller("agent_bo", kind="agent")
    refused = append(api, run, {"n": 1})
    assert (refused.status, refused.json["code"]) == (409, "leased")
    refused = append(agent, run, {"n": 1}, fence=2)
    assert (refused.status, refused.json["code"]) == (409, "stale_fence")
    assert append(agent, run, {"n": 2}, fence=3).status == 200
    assert append(agent, run, {"n": 3}).status == 200
    assert logged(api, run) == [{"n": 2}, {"n": 3}]


def test_a_holder_whose_lease_ran_out_is_refused_with_its_fence(caller: Caller, table: Table, task: Track) -> None:
    run = held(table, task, 60, ago=61)
    assert append(caller("agent_bo", kind="agent"), run, {"n": 1}, fence=3).status == 409


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_the_last_lines_may_come_soon_after_the_end_but_not_later(
    caller: Caller, table: Table, project: Project, status: str
) -> None:
    agent = caller("agent_bo", kind="agent")
    for ago, fence, expected in (
        (4 * MINUTE, None, 200),
        (4 * MINUTE, 3, 200),
        (4 * MINUTE, 2, 409),
        (6 * MINUTE, None, 409),
        (6 * MINUTE, 3, 409),
    ):
        task = a_task(table, project)
        run = a_run(table, task, status=status, fence=3, completed_at=clock.stamp(time.time() - ago))
        answer = append(agent, run, {"n": 1}, fence=fence)
        assert answer.status == expected, answer.text
        assert current(table, run) == run
        assert len(logged(agent, run)) == (expected == 200)
    assert answer.json["code"] == "run_finished"
    assert "its log accepts no lines later than 300 seconds after the end" in answer.json["detail"]


def test_to_the_run_of_a_personal_task_its_owner_alone_appends(
    api: Api, caller: Caller, table: Table, project: Project
) -> None:
    run = at_work(table, a_task(table, project, owner="user_ada"))
    assert append(caller("user_eve"), run, {"n": 1}).status == 404
    assert append(api, run, {"n": 2}).status == 200
    assert logged(api, run) == [{"n": 2}]


def test_a_write_that_would_come_too_late_for_its_place_is_not_made(table: Table, run: Run) -> None:
    """What waits for the database past the time for which readers wait for it is given up, to be sent again."""
    actor = service_actor(run.tenant_id)
    unit = Unit(table, actor, new_id())
    run_logs.append(unit, run, [{"n": 1}])
    assert time.monotonic() < unit.write_by < time.monotonic() + 1.1
    assert run_rows.to_item(current(table, run)) == run_rows.to_item(run)
