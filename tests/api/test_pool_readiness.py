"""What a task waits for is counted from the tasks themselves: late, twice or in any order, it comes out the same."""

from typing import Any

import pytest

from switchyard.domain.errors import Busy
from switchyard.store import readiness
from switchyard.store.table import ConditionFailed, Table
from tests.support.http import Api
from tests.support.stream import Stream

TASKS = "/api/v1/tasks"


def make(api: Api, **fields: Any) -> str:
    answer = api.post(TASKS, {"title": "Do it", **fields})
    assert answer.status == 201, answer.text
    return answer.json["id"]


def ready(api: Api) -> list[str]:
    return [task["id"] for task in api.get(f"{TASKS}/ready").json]


def recount(table: Table, tenant: str, task: str) -> bool:
    return readiness.recount(table, tenant, task.removeprefix("task_"))


def complete(api: Api, task: str) -> None:
    for status in ("in_progress", "completed"):
        assert api.patch(f"{TASKS}/{task}", {"status": status}).status == 200


def test_a_task_is_ready_once_all_it_depends_on_is_done(api: Api, table: Table, tenant: str) -> None:
    first, second = make(api), make(api)
    task = make(api, dependsOn=[first, second])
    complete(api, first)
    assert recount(table, tenant, task)
    assert ready(api) == [second]
    complete(api, second)
    assert recount(table, tenant, task)
    assert ready(api) == [task]
    assert not recount(table, tenant, task)


def test_reopening_a_dependency_takes_the_task_out_of_the_pool(api: Api, table: Table, tenant: str) -> None:
    first = make(api, status="completed")
    task = make(api, dependsOn=[first])
    recount(table, tenant, task)
    assert ready(api) == [task]
    api.patch(f"/v1/tracks/{first}", {"task": {"status": "todo"}})
    assert api.post(f"{TASKS}/{task}/claim").status == 409  # though the index does not know yet
    recount(table, tenant, task)
    assert ready(api) == [first]


def test_new_dependencies_are_waited_for_until_they_were_looked_at(api: Api, table: Table, tenant: str) -> None:
    task, done = make(api), make(api, status="completed")
    assert ready(api) == [task]
    api.patch(f"{TASKS}/{task}", {"dependsOn": [done]})
    assert ready(api) == []
    recount(table, tenant, task)
    assert ready(api) == [task]


def test_the_count_makes_no_new_version(api: Api, table: Table, tenant: str) -> None:
    task = make(api, dependsOn=[make(api, status="completed")])
    before = api.get(f"{TASKS}/{task}").headers["etag"]
    recount(table, tenant, task)
    assert api.get(f"{TASKS}/{task}").headers["etag"] == before


def test_a_count_that_was_overtaken_is_counted_again(
    api: Api, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make(api, status="completed"), make(api, status="in_progress")
    task = make(api, dependsOn=[first, second])
    real, overtaken = table.write, []

    def write(actions: Any, **more: Any) -> None:
        if not overtaken:  # between this one's look and its write, the other dependency is done and counted
            overtaken.append(True)
            assert api.patch(f"{TASKS}/{second}", {"status": "completed"}).status == 200
            assert recount(table, tenant, task)
        real(actions, **more)

    monkeypatch.setattr(table, "write", write)
    recount(table, tenant, task)
    assert ready(api) == [task]


def test_a_change_beside_a_new_count_does_not_lose_it(api: Api, table: Table, tenant: str) -> None:
    """A request that read the row before the count moved must not write index keys that follow from the old one."""
    task = make(api, dependsOn=[make(api, status="completed")])
    recount(table, tenant, task)
    api.patch(f"{TASKS}/{task}", {"priority": "urgent"})
    other = make(api, priority="high")
    assert ready(api) == [task, other]
    api.post(f"{TASKS}/{task}/claim")
    api.patch(f"{TASKS}/{task}", {"status": "completed"})
    assert ready(api) == [other]


def test_a_deleted_or_unknown_task_is_left_alone(api: Api, table: Table, tenant: str) -> None:
    task = make(api, dependsOn=[make(api)])
    api.delete(f"{TASKS}/{task}")
    assert not recount(table, tenant, task)
    assert not recount(table, tenant, "01981f5c-7a00-7000-8000-00000000abcd")


def test_endless_changes_are_reported(api: Api, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    task = make(api, dependsOn=[make(api, status="completed")])

    def refuse(*_: Any) -> None:
        raise ConditionFailed([{}])

    monkeypatch.setattr(table, "write", refuse)
    with pytest.raises(Busy):
        recount(table, tenant, task)


# ---------------------------------------------------------------- through the stream


def test_completing_reopening_and_cancelling_reach_the_dependents_through_the_stream(api: Api, stream: Stream) -> None:
    first, second = make(api), make(api)
    task = make(api, dependsOn=[first, second])
    done = make(api, status="completed")
    late = make(api, dependsOn=[done])
    stream.settle()
    assert ready(api) == [first, second, late]
    complete(api, first)
    complete(api, second)
    stream.settle()
    assert ready(api) == [task, late]
    api.patch(f"/v1/tracks/{first}", {"task": {"status": "cancelled"}})
    stream.settle()
    assert ready(api) == [late]
    api.patch(f"/v1/tracks/{first}", {"task": {"status": "done"}})
    stream.settle()
    assert ready(api) == [task, late]


def test_deleting_what_a_task_waits_for_does_not_make_it_ready(api: Api, stream: Stream) -> None:
    first = make(api)
    task = make(api, dependsOn=[first])
    stream.settle()
    assert ready(api) == [first]
    api.delete(f"{TASKS}/{first}")
    stream.settle()
    assert ready(api) == []
    api.patch(f"{TASKS}/{task}", {"dependsOn": []})
    stream.settle()
    assert ready(api) == [task]


def test_records_that_come_twice_or_in_reverse_make_the_same_tasks_ready(api: Api, stream: Stream) -> None:
    first, second = make(api), make(api)
    task = make(api, dependsOn=[first, second])
    records = stream.collect()
    complete(api, first)
    complete(api, second)
    records += stream.collect()
    for order in (records, records, records[::-1]):
        assert stream.deliver(order) == []
        assert ready(api) == [task]


def test_an_extended_lease_leads_to_nothing_on_the_stream(api: Api, stream: Stream) -> None:
    task = make(api)
    api.post(f"{TASKS}/{task}/claim")
    stream.settle()
    sent = len(stream.bus.taken)
    api.post(f"{TASKS}/{task}/heartbeat")
    stream.settle()
    assert len(stream.bus.taken) == sent


def test_a_completion_in_planning_lists_what_it_unblocked(api: Api, stream: Stream) -> None:
    first, second = make(api), make(api, status="completed")
    task = make(api, dependsOn=[first, second])
    make(api, dependsOn=[first, make(api)])
    make(api, dependsOn=[first], status="cancelled")
    stream.settle()
    answer = api.patch(f"/v1/tracks/{first}", {"task": {"status": "done"}})
    assert answer.json["unblocked"] == [task.removeprefix("task_")]
    assert "unblocked" not in api.patch(f"/v1/tracks/{first}", {"title": "x"}).json
    assert api.patch(f"/v1/tracks/{task}", {"task": {"status": "done"}}).json["unblocked"] == []
