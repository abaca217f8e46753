"""What the tasks of a goal come to moves the goal, on every surface that shows it, unless a person set its fields."""

import json
from typing import Any

import pytest

from switchyard.domain.actors import service_actor
from switchyard.domain.errors import Busy
from switchyard.domain.ids import new_id
from switchyard.domain.structs import replace
from switchyard.ledger import system
from switchyard.ledger.unit import ACTIONS_MAX
from switchyard.store import edges, keys
from switchyard.store.table import Table
from tests.api.conftest import Caller, client_of, empty_table
from tests.support.entities import a_track
from tests.support.http import Api
from tests.support.planning import change, make_goal, make_task
from tests.support.published import Published
from tests.support.stream import Failing, Killed, Stream

BOTH = ["status", "progress"]


@pytest.fixture
def agent(caller: Caller) -> Api:
    return caller("agent_bo", kind="agent")


def tasks_of(api: Api, goal: str, count: int) -> list[str]:
    return [str(make_task(api, f"T{place}", goalId=goal, status="todo")["id"]) for place in range(count)]


def goal_of(api: Api, goal: str) -> Any:
    shown = Published(api).ok("GET", f"/v1/tracks/{goal}")
    return shown["goal"]["status"], shown["goal"]["progress"]


def state_of(api: Api, tenant: str, goal: str) -> Any:
    return Published(api).ok("GET", f"/v1/workspaces/{tenant}/objectives/obj_{goal}")["state"]


def follows(api: Api, goal: str) -> Any:
    return api.get(f"/v1/tracks/{goal}").json["rollup"]["follows"]


def test_a_goal_runs_with_its_first_task_and_is_completed_with_its_last(api: Api, stream: Stream, tenant: str) -> None:
    goal = str(make_goal(api)["id"])
    first, second = tasks_of(api, goal, 2)
    stream.settle()
    assert (goal_of(api, goal), follows(api, goal)) == (("not_started", 0), BOTH)
    api.patch(f"/api/v1/tasks/{first}", {"status": "in_progress"})
    stream.settle()
    assert (goal_of(api, goal), state_of(api, tenant, goal)) == (("on_track", 0), "STATE_RUNNING")
    api.patch(f"/v1/tasks/{first}", {"status": "completed"})
    stream.settle()
    assert goal_of(api, goal) == ("on_track", 50)
    api.patch(f"/v1/workspaces/{tenant}/objectives/{goal}/tasks/{second}", {"completed": True})
    stream.settle()
    assert (goal_of(api, goal), state_of(api, tenant, goal)) == (("completed", 100), "STATE_FINALIZED")
    assert api.get(f"/v1/tracks/{goal}").json["completedAt"]
    listed = api.get(f"/v1/workspaces/{tenant}/objectives?state=STATE_FINALIZED").json["items"]
    assert [each["metadata"]["id"] for each in listed] == [f"obj_{goal}"]
    api.patch(f"/v1/tasks/{second}", {"status": "open"})
    stream.settle()
    assert (goal_of(api, goal), state_of(api, tenant, goal)) == (("on_track", 50), "STATE_RUNNING")


def test_tasks_that_are_added_cancelled_moved_or_deleted_count_at_once(api: Api, stream: Stream) -> None:
    goal = str(make_goal(api)["id"])
    first, second, third = tasks_of(api, goal, 3)
    change(api, {"id": first}, {"task": {"status": "done"}})
    stream.settle()
    assert goal_of(api, goal) == ("on_track", 33)
    change(api, {"id": second}, {"task": {"status": "cancelled"}})
    stream.settle()
    assert goal_of(api, goal) == ("on_track", 50)
    api.delete(f"/v1/tracks/{third}")
    stream.settle()
    assert goal_of(api, goal) == ("completed", 100)
    tasks_of(api, goal, 1)
    stream.settle()
    assert goal_of(api, goal) == ("on_track", 50)


def test_a_run_that_ends_moves_the_goal_of_its_task(api: Api, table: Table, tenant: str, stream: Stream) -> None:
    goal = str(make_goal(api)["id"])
    (task,) = tasks_of(api, goal, 1)
    run = api.post(f"/api/projects/-/tasks/{task}/run", {}).json["latest_run"]["id"]
    by = service_actor(tenant)
    seen = []
    for status in ("in_progress", "completed"):
        system.change_run(table, by, new_id(), task, run, lambda _, status=status: {"status": status})
        stream.settle()
        seen.append(goal_of(api, goal))
    assert seen == [("on_track", 0), ("completed", 100)]


def test_what_a_person_set_stays_until_they_set_what_the_tasks_come_to(api: Api, stream: Stream) -> None:
    goal = str(make_goal(api)["id"])
    first, second, third, _ = tasks_of(api, goal, 4)
    change(api, {"id": goal}, {"goal": {"progress": 70}})
    change(api, {"id": first}, {"task": {"status": "done"}})
    stream.settle()
    assert (goal_of(api, goal), follows(api, goal)) == (("on_track", 70), ["status"])
    change(api, {"id": goal}, {"goal": {"progress": 25}})
    change(api, {"id": second}, {"task": {"status": "done"}})
    stream.settle()
    assert (goal_of(api, goal), follows(api, goal)) == (("on_track", 50), BOTH)
    change(api, {"id": goal}, {"goal": {"status": "not_started"}})
    change(api, {"id": third}, {"task": {"status": "done"}})
    stream.settle()
    assert (goal_of(api, goal), follows(api, goal)) == (("not_started", 75), ["progress"])


def test_a_person_who_creates_a_goal_or_applies_drafts_sets_it_too(api: Api, stream: Stream) -> None:
    made = str(make_goal(api, status="on_track", progress=0)["id"])
    assert follows(api, made) == ["progress"]
    draft = {"id": made, "goal": {"progress": 10}}
    body = {
        "scope": {"type": "personal"},
        "updateDrafts": [draft, {"id": "new", "title": "N", "goal": {"progress": 5}}],
    }
    results = api.post("/v1/tracks/apply", body).json["results"]
    assert follows(api, made) == []
    assert follows(api, results[1]["id"]) == ["status"]


@pytest.mark.parametrize("status", ["at_risk", "postponed", "cancelled"])
def test_what_tasks_can_not_tell_stays_whoever_set_it(api: Api, agent: Api, stream: Stream, status: str) -> None:
    goal = str(make_goal(api)["id"])
    (task,) = tasks_of(api, goal, 1)
    change(agent, {"id": goal}, {"goal": {"status": status}})
    change(api, {"id": task}, {"task": {"status": "done"}})
    stream.settle()
    assert (goal_of(api, goal), follows(api, goal)) == ((status, 100), BOTH)


def test_what_an_agent_sets_stays_until_a_task_changes(api: Api, agent: Api, stream: Stream) -> None:
    goal = str(make_goal(api)["id"])
    first, _ = tasks_of(api, goal, 2)
    stream.settle()
    change(agent, {"id": goal}, {"goal": {"status": "on_track", "progress": 90}})
    stream.settle()
    assert (goal_of(api, goal), follows(api, goal)) == (("on_track", 90), BOTH)
    change(api, {"id": first}, {"task": {"status": "done"}})
    stream.settle()
    assert goal_of(api, goal) == ("on_track", 50)


def test_a_move_is_told_once_in_the_name_of_the_service(api: Api, stream: Stream, tenant: str) -> None:
    goal = str(make_goal(api)["id"])
    (task,) = tasks_of(api, goal, 1)
    stream.settle()
    answer = api.patch(f"/v1/tracks/{task}", {"task": {"status": "done"}})
    records = stream.settle()
    version = api.get(f"/v1/tracks/{goal}").json["version"]
    for _ in range(2):
        assert stream.deliver(records) == []
    assert api.get(f"/v1/tracks/{goal}").json["version"] == version == 2
    (entry,) = [each for each in api.get(f"/v1/audit?track={goal}").json["items"] if each["action"] == "completed"]
    assert (entry["actor"]["id"], entry["actor"]["source"]) == ("switchyard", "workflow")
    assert entry["requestId"] == answer.headers["x-request-id"]
    told = {json.loads(each["Detail"])["id"] for each in stream.bus.taken if each["DetailType"] == "goal.completed"}
    assert len(told) == 1


def test_a_goal_that_is_changed_meanwhile_is_counted_and_moved_once(api: Api, stream: Stream, table: Table) -> None:
    goal = str(make_goal(api)["id"])
    (task,) = tasks_of(api, goal, 1)
    stream.settle()
    change(api, {"id": task}, {"task": {"status": "done"}})
    rival = Meanwhile(table.client, lambda: change(api, {"id": goal}, {"title": "Renamed"}))
    assert stream.deliver(stream.collect(), client=rival) == []
    shown = api.get(f"/v1/tracks/{goal}").json
    assert (shown["title"], shown["goal"]["status"], shown["rollup"]["tasksDone"]) == ("Renamed", "completed", 1)


def test_a_consumer_killed_at_any_call_moves_the_goal_once(table: Table, tenant: str) -> None:
    at = 0
    while True:
        at += 1
        with empty_table(table.client) as own:
            api, stream = client_of(own, tenant), Stream(own, tenant)
            goal = str(make_goal(api)["id"])
            first, _ = tasks_of(api, goal, 2)
            stream.settle()
            change(api, {"id": first}, {"task": {"status": "done"}})
            records = stream.collect()
            try:
                stream.deliver(records, client=Failing(own.client, at, Killed()))
            except Killed:
                assert stream.deliver(records) == []
                stream.settle()
                shown = api.get(f"/v1/tracks/{goal}").json
                assert (shown["version"], shown["goal"]["progress"], shown["rollup"]["tasksDone"]) == (2, 50, 1)
            else:
                break
    assert at > 3, "it was over after a few calls"


def test_two_tasks_that_are_done_at_the_same_moment_complete_the_goal(api: Api, stream: Stream, table: Table) -> None:
    goal = str(make_goal(api, progress=5)["id"])
    tasks = tasks_of(api, goal, 3)
    change(api, {"id": tasks[0]}, {"task": {"status": "done"}})
    stream.settle()
    assert (goal_of(api, goal), follows(api, goal)) == (("on_track", 5), ["status"])
    change(api, {"id": tasks[1]}, {"task": {"status": "done"}})
    first = stream.collect()
    change(api, {"id": tasks[2]}, {"task": {"status": "done"}})
    second = stream.collect()
    rival = Meanwhile(table.client, lambda: stream.deliver(second))
    assert stream.deliver(first, client=rival) == []
    stream.settle()
    assert goal_of(api, goal) == ("completed", 5)


class Meanwhile:
    """A client before whose first read of many rows, and after it, somebody else acts."""

    def __init__(self, client: Any, act: Any) -> None:
        self.client, self.act = client, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def batch_get_item(self, **params: Any) -> Any:
        answer = self.client.batch_get_item(**params)
        act, self.act = self.act, lambda: None
        act()
        return answer


def test_the_counts_of_a_row_that_is_gone_hold_nothing_up(api: Api, stream: Stream, table: Table, tenant: str) -> None:
    goal = str(make_goal(api)["id"])
    (task,) = tasks_of(api, goal, 1)
    pk, sk = keys.track(tenant, goal)
    table.client.delete_item(TableName=table.name, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    change(api, {"id": task}, {"task": {"status": "done"}})
    stream.settle()
    assert (pk, sk) not in stream.scan()


# ---------------------------------------------------------------- many tasks at once


def test_tasks_of_a_batch_are_counted_in_their_goal_together(api: Api, stream: Stream, table: Table) -> None:
    goal = str(make_goal(api)["id"])
    tasks = tasks_of(api, goal, 12)
    stream.settle()
    before = table.get(*keys.track(stream.tenant, goal))
    for task in tasks[:6]:
        change(api, {"id": task}, {"task": {"status": "in_progress"}})
    for task in tasks[:9]:
        change(api, {"id": task}, {"task": {"status": "done"}})
    stream.settle()
    assert goal_of(api, goal) == ("on_track", 75)
    after = table.get(*keys.track(stream.tenant, goal))
    assert before
    assert after
    assert int(after["version"]["N"]) == int(before["version"]["N"]) + 1
    assert (after["tasks_total"], after["tasks_done"]) == ({"N": "12"}, {"N": "9"})


def test_of_several_versions_of_a_task_in_a_batch_the_last_one_counts_whatever_their_order(
    api: Api, table: Table, tenant: str
) -> None:
    goal = str(make_goal(api)["id"])
    made = [a_track(tenant_id=tenant, id=new_id(), status="todo", goal_id=goal) for _ in range(2)]
    begun = [replace(each, status="in_progress", version=2) for each in made]
    done = [replace(each, status="done", version=3) for each in made]
    edges.count(table, tenant, goal, [*made, done[0], begun[0], begun[1], done[1]])
    assert goal_of(api, goal) == ("completed", 100)
    # An earlier version that comes again, and later, changes nothing.
    edges.count(table, tenant, goal, [*begun, *made])
    assert goal_of(api, goal) == ("completed", 100)


def test_a_transaction_counts_no_more_tasks_than_it_has_actions_for(
    api: Api, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction has at most 100 actions: one for each task, and one for the goal."""
    goal = str(make_goal(api)["id"])
    tasks = [a_track(tenant_id=tenant, id=new_id(), status="done", goal_id=goal) for _ in range(101)]
    sizes: list[int] = []
    write = table.write

    def counting(actions: Any, **more: Any) -> None:
        sizes.append(len(actions))
        write(actions, **more)

    monkeypatch.setattr(table, "write", counting)
    edges.count(table, tenant, goal, tasks)
    assert goal_of(api, goal) == ("completed", 100)
    assert sum(sizes) == 101 + len(sizes)
    assert max(sizes) <= ACTIONS_MAX


def test_more_tasks_than_one_transaction_takes_are_counted_all(
    api: Api, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges, "TOGETHER_MAX", 2)
    goal = str(make_goal(api)["id"])
    first, second, *_ = tasks_of(api, goal, 5)
    for task in (first, second):
        change(api, {"id": task}, {"task": {"status": "done"}})
    stream.settle()
    assert goal_of(api, goal) == ("on_track", 40)


def test_a_goal_that_can_not_be_counted_now_holds_up_its_own_records_alone(
    api: Api, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = (str(make_goal(api)["id"]) for _ in range(2))
    tasks = {goal: tasks_of(api, goal, 2) for goal in (stuck, other)}
    count = edges.count

    def failing(table: Table, tenant_id: str, goal_id: str, found: Any) -> None:
        if goal_id == stuck:
            raise Busy("too busy")
        count(table, tenant_id, goal_id, found)

    records = stream.collect()
    monkeypatch.setattr(edges, "count", failing)
    again = stream.deliver(records)
    held = [each for each in records if each["dynamodb"]["SequenceNumber"] in again]
    assert sorted(each["dynamodb"]["NewImage"]["id"]["S"] for each in held) == sorted(tasks[stuck])
    monkeypatch.setattr(edges, "count", count)
    assert stream.deliver(held) == []
    shown = [api.get(f"/v1/tracks/{goal}").json["rollup"]["tasksTotal"] for goal in (stuck, other)]
    assert shown == [2, 2]
