"""A person's inbox: an item for each event that wants them, written once by the stream, read by them alone."""

import threading
import time
from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.store import people_keys
from switchyard.store.inbox import ITEM_SECONDS
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.planning import assert_refused, make_task
from tests.support.runs import Runs
from tests.support.stream import Stream


@pytest.fixture
def eve(caller: Caller) -> Api:
    return caller("user_eve")


def inbox(client: Api, query: str = "") -> list[Any]:
    answer = client.get(f"/v1/inbox{query}")
    assert answer.status == 200, answer.text
    items: list[Any] = answer.json["items"]
    return items


def kinds(client: Api) -> list[str]:
    return [each["kind"] for each in inbox(client)]


def held(ledger: Runs, **task: Any) -> Run:
    run = ledger.run(ledger.task(**task), dispatched_at=clock.now(), dispatches=1)
    ledger.claim(run)
    return run


def ask(bo: Api, run: Run, **fields: Any) -> Any:
    return bo.post(f"/v1/runs/{run.task_id}/{run.id}/questions", {"text": "Which?", **fields}).json


# ---------------------------------------------------------------- what is in it


def test_a_task_that_somebody_else_assigned(api: Api, eve: Api, stream: Stream) -> None:
    task = make_task(api, "Write", assignee="user_eve")
    stream.settle()
    (item,) = inbox(eve)
    assert (item["kind"], item["by"], item["readAt"]) == ("assigned", "user_ada", None)
    assert item["track"] == {"id": task["id"], "type": "task", "title": "Write"}
    assert inbox(api) == []
    api.patch(f"/v1/tracks/{task['id']}", {"title": "Write it"})
    stream.settle()
    assert [each["track"]["title"] for each in inbox(eve)] == ["Write it"]


def test_what_one_does_oneself_and_what_agents_are_given_is_in_no_inbox(api: Api, bo: Api, stream: Stream) -> None:
    make_task(api, assignee="user_ada")
    make_task(api, assignee="agent_bo", assigneeType="agent")
    stream.settle()
    assert inbox(api) == inbox(bo) == []


def test_a_comment_that_mentions_one(api: Api, eve: Api, stream: Stream) -> None:
    task = make_task(api)
    comment = api.post(f"/v1/tracks/{task['id']}/comments", {"text": "@user_eve @user_ada: look"}).json
    stream.settle()
    (item,) = inbox(eve)
    assert (item["kind"], item["comment"], item["run"]) == ("mentioned", comment["id"], None)
    assert inbox(api) == []


def test_a_question_to_the_tasks_creator_with_its_answer_once_it_is_there(
    ledger: Runs, api: Api, bo: Api, stream: Stream
) -> None:
    run = held(ledger)
    question = ask(bo, run, choices=["this", "that"])
    stream.settle()
    (item,) = inbox(api)
    assert (item["kind"], item["run"], item["question"]) == ("asked", run.id, question)
    api.post(f"/v1/runs/{run.task_id}/{run.id}/questions/{question['id']}/answer", {"answer": "that"})
    assert inbox(api)[0]["question"]["answer"] == "that"


def test_a_question_to_somebody_by_name(ledger: Runs, api: Api, eve: Api, bo: Api, stream: Stream) -> None:
    ask(bo, held(ledger), to="user_eve")
    stream.settle()
    assert (kinds(api), kinds(eve)) == ([], ["asked"])


@pytest.mark.parametrize("starter", ["user_eve", "user_ada"])
def test_a_run_that_waits_for_approval_whoever_started_it(
    ledger: Runs, caller: Caller, api: Api, stream: Stream, starter: str
) -> None:
    task = ledger.task(requires_approval="start")
    caller(starter).post(f"/api/projects/-/tasks/{task.id}/run")
    stream.settle()
    (item,) = inbox(api)
    assert item["question"]["approves"] == "start"


def test_a_run_that_failed(ledger: Runs, api: Api, stream: Stream) -> None:
    run = held(ledger)
    stream.settle()
    ledger.finish(run, "failed")
    stream.settle()
    assert [(each["kind"], each["run"], each["by"]) for each in inbox(api)] == [("failed", run.id, "agent_bo")]


def overdue(client: Api, query: str = "") -> list[str]:
    return [each["title"] for each in client.get(f"/v1/inbox{query}").json["overdue"]]


def day(days: int) -> str:
    return clock.stamp(time.time() + days * 86_400)[:10]


def test_ones_open_tasks_that_are_late_the_longest_so_first(api: Api, eve: Api) -> None:
    make_task(api, "yesterday", assignee="user_eve", status="in_progress", dueDate=day(-1))
    make_task(api, "long ago", assignee="user_eve", status="todo", dueDate="2026-01-01")
    make_task(api, "today", assignee="user_eve", dueDate=day(0))
    make_task(api, "tomorrow", assignee="user_eve", dueDate=day(1))
    make_task(api, "no day", assignee="user_eve")
    make_task(api, "done", assignee="user_eve", status="done", dueDate="2026-01-01")
    make_task(api, "somebody else's", assignee="user_ada", dueDate="2026-01-01")
    make_task(eve, "my own", scope={"type": "personal"}, assignee="user_eve", dueDate="2026-02-01")
    deleted = make_task(api, "deleted", assignee="user_eve", dueDate="2026-01-01")
    api.delete(f"/v1/tracks/{deleted['id']}")
    assert overdue(eve) == ["long ago", "my own", "yesterday"]
    (first, *_) = eve.get("/v1/inbox").json["overdue"]
    shown = (first["status"], first["priority"], first["dueDate"], first["dueAt"])
    assert shown == ("todo", "medium", "2026-01-01", None)
    assert eve.patch(f"/v1/tracks/{first['id']}", {"task": {"status": "done"}}).status == 200
    assert overdue(eve) == ["my own", "yesterday"]


def test_a_task_with_a_due_time_is_late_when_that_has_passed(eve: Api, later: Any) -> None:
    made = make_task(eve, "soon", assignee="user_eve")
    soon = clock.stamp(time.time() + 60)
    assert eve.patch(f"/v1/tasks/task_{made['id']}", {"due_at": soon}).status == 200
    assert overdue(eve) == []
    later(120)
    assert overdue(eve) == ["soon"]


def test_what_is_late_comes_with_the_first_page_alone(api: Api, eve: Api, stream: Stream) -> None:
    for name in ("first", "second"):
        make_task(api, name, assignee="user_eve", dueDate="2026-01-01")
    stream.settle()
    first = eve.get("/v1/inbox?limit=1").json
    assert len(first["overdue"]) == 2
    assert overdue(eve, f"?limit=1&cursor={first['nextCursor']}") == []


# ---------------------------------------------------------------- how it is kept


def test_an_event_that_comes_again_is_one_item_and_stays_read(api: Api, eve: Api, stream: Stream) -> None:
    make_task(api, assignee="user_eve")
    records = stream.collect()
    stream.deliver(records)
    (item,) = inbox(eve)
    assert eve.post("/v1/inbox/read", {"ids": [item["id"]]}).json == {"read": 1}
    stream.deliver(records)
    (again,) = inbox(eve)
    assert again["id"] == item["id"]
    assert again["readAt"]


def test_only_ones_own_items_are_marked_and_once(api: Api, eve: Api, stream: Stream) -> None:
    make_task(api, assignee="user_eve")
    stream.settle()
    (item,) = inbox(eve)
    assert api.post("/v1/inbox/read", {"ids": [item["id"]]}).json == {"read": 0}
    assert eve.post("/v1/inbox/read", {"ids": [item["id"], new_id()]}).json == {"read": 1}
    assert eve.post("/v1/inbox/read", {"ids": [item["id"]]}).json == {"read": 0}
    assert_refused(eve.post("/v1/inbox/read", {"ids": []}), 400, "ids")


def test_items_come_in_pages_newest_first(api: Api, eve: Api, stream: Stream) -> None:
    made = []
    for number in range(3):
        made.append(make_task(api, f"{number}", assignee="user_eve")["id"])
        time.sleep(0.002)
    stream.settle()
    first = eve.get("/v1/inbox?limit=2").json
    second = eve.get(f"/v1/inbox?limit=2&cursor={first['nextCursor']}").json
    assert [each["track"]["id"] for page in (first, second) for each in page["items"]] == made[::-1]
    assert second["nextCursor"] is None


def test_what_one_may_not_see_any_more_is_gone(api: Api, eve: Api, stream: Stream) -> None:
    hidden, deleted = (make_task(api, assignee="user_eve")["id"] for _ in range(2))
    stream.settle()
    assert len(inbox(eve)) == 2
    assert api.patch(f"/v1/tracks/{hidden}", {"scope": {"type": "personal"}}).status == 200
    api.delete(f"/v1/tracks/{deleted}")
    assert inbox(eve) == []


def test_personal_tracks_are_in_nobody_elses_inbox(api: Api, eve: Api, stream: Stream) -> None:
    task = make_task(api, scope={"type": "personal"})
    api.post(f"/v1/tracks/{task['id']}/comments", {"text": "@user_eve: look"})
    stream.settle()
    assert inbox(eve) == []


def test_an_item_ends_after_90_days(api: Api, eve: Api, stream: Stream, table: Table, tenant: str) -> None:
    make_task(api, assignee="user_eve")
    stream.settle()
    (item,) = inbox(eve)
    row = table.get(*people_keys.inbox_item(tenant, "user_eve", item["id"]))
    assert row
    assert int(row["expires_at"]["N"]) - clock.milliseconds(item["at"]) // 1000 == ITEM_SECONDS == 90 * 86_400
    table.write([{"Put": {"Item": {**row, "expires_at": {"N": "1"}}}}])
    assert inbox(eve) == []


def test_another_tenants_person_of_the_same_name_sees_nothing(api: Api, caller: Caller, stream: Stream) -> None:
    make_task(api, assignee="user_eve")
    stream.settle()
    assert inbox(caller("user_eve", tenant=new_id())) == []


def test_a_page_is_two_round_trips_and_marking_two(
    api: Api, eve: Api, stream: Stream, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make_task(api, assignee="user_eve")
    stream.settle()
    ids = [each["id"] for each in inbox(eve)]
    cursor = eve.get("/v1/inbox?limit=2").json["nextCursor"]
    calls: list[str] = []
    real = table.call
    # The queries of the first page wait for each other: one after the other, they would wait in vain.
    together = threading.Barrier(3, timeout=10)

    def call(name: str, **more: Any) -> Any:
        calls.append(name)
        if name == "query":
            together.wait()
        return real(name, **more)

    monkeypatch.setattr(table, "call", call)
    inbox(eve)
    assert calls == ["query", "query", "query", "batch_get_item"]
    calls.clear()
    together = threading.Barrier(1)
    inbox(eve, f"?limit=2&cursor={cursor}")
    assert calls == ["query", "batch_get_item"]
    calls.clear()
    eve.post("/v1/inbox/read", {"ids": ids})
    assert calls == ["batch_get_item", "transact_write_items"]
