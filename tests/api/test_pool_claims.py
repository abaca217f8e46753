"""Claims: who may take, keep, change and give back a task. How workers compete is tested on the deployed stack."""

from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.store import keys, readiness
from switchyard.store.table import Table
from switchyard.surfaces.pool import claims
from tests.api.conftest import Caller
from tests.support.http import Answer, Api

TASKS = "/api/v1/tasks"


class Clock:
    """The time of the ledger, moved by hand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_800_000_000.0
        patch.setattr(clock.time, "time", lambda: self.seconds)
        patch.setattr("switchyard.ledger.claims.time", lambda: self.seconds)

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def worker(caller: Caller) -> Api:
    return caller("agent_1", kind="agent")


@pytest.fixture
def rival(caller: Caller) -> Api:
    return caller("agent_2", kind="agent")


def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post(TASKS, {"title": "Do it", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def claim(api: Api, task: dict[str, Any], seconds: int = 60) -> Answer:
    return api.post(f"{TASKS}/{task['id']}/claim", {"leaseSeconds": seconds})


def ready(api: Api, query: str = "") -> list[str]:
    return [task["id"] for task in api.get(f"{TASKS}/ready{query}").json]


def fenced(fence: int) -> dict[str, str]:
    return {"claim-fence": str(fence)}


# ---------------------------------------------------------------- claiming one


def test_a_claim_shows_holder_fence_and_end_and_begins_the_work(api: Api, worker: Api, now: Clock) -> None:
    task = make(api)
    answer = claim(worker, task, 90)
    assert answer.status == 200
    assert answer.json["claim"] == {
        "holder": "agent_1",
        "fence": 1,
        "leaseExpiresAt": clock.stamp(now.seconds + 90),
    }
    assert answer.json["status"] == "in_progress"
    assert api.get(f"/v1/tracks/{task['id']}").json["task"]["status"] == "in_progress"


def test_a_claim_needs_no_body(api: Api, worker: Api, now: Clock) -> None:
    answer = worker.post(f"{TASKS}/{make(api)['id']}/claim")
    assert answer.json["claim"]["leaseExpiresAt"] == clock.stamp(now.seconds + 300)


def test_the_holder_may_claim_again_and_keeps_the_fence(api: Api, worker: Api, now: Clock) -> None:
    task = make(api)
    claim(worker, task, 60)
    now.pass_by(30)
    again = claim(worker, task, 60)
    assert (again.status, again.json["claim"]["fence"]) == (200, 1)
    assert again.json["claim"]["leaseExpiresAt"] == clock.stamp(now.seconds + 60)


def test_nobody_else_can_claim_while_the_lease_is_alive(api: Api, worker: Api, rival: Api, now: Clock) -> None:
    task = make(api)
    claim(worker, task, 60)
    now.pass_by(59)
    answer = claim(rival, task)
    assert (answer.status, "agent_1" in answer.json["message"]) == (409, True)


def test_a_lease_that_ran_out_can_be_claimed_at_once_with_the_next_fence(
    api: Api, worker: Api, rival: Api, now: Clock
) -> None:
    task = make(api)
    claim(worker, task, 60)
    assert ready(rival) == []
    now.pass_by(61)
    assert ready(rival) == [task["id"]]
    answer = rival.post(f"{TASKS}/claim")
    assert (answer.json["id"], answer.json["claim"]["fence"]) == (task["id"], 2)


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_finished_task_can_not_be_claimed(api: Api, worker: Api, status: str) -> None:
    assert claim(worker, make(api, status=status)).status == 409


def test_a_task_of_someone_else_can_not_be_claimed(api: Api, worker: Api) -> None:
    answer = claim(worker, make(api, assignedTo="agent_2", assigneeType="agent"))
    assert (answer.status, "agent_2" in answer.json["message"]) == (409, True)


def test_a_task_of_another_tenant_is_not_there(api: Api, caller: Caller) -> None:
    task = make(api)
    stranger = caller("agent_1", tenant=new_id())
    for action in ("claim", "heartbeat", "release"):
        assert stranger.post(f"{TASKS}/{task['id']}/{action}").status == 404


def test_a_blocked_task_can_not_be_claimed_until_all_it_depends_on_is_done(api: Api, worker: Api) -> None:
    first, second = make(api), make(api, status="in_progress")
    task = make(api, dependsOn=[first["id"], second["id"]])
    answer = claim(worker, task)
    assert (answer.status, first["id"] in answer.json["message"]) == (409, True)
    api.patch(f"{TASKS}/{second['id']}", {"status": "completed"})
    assert claim(worker, task).status == 409
    claim(worker, first)
    worker.patch(f"{TASKS}/{first['id']}", {"status": "completed"})
    assert claim(worker, task).status == 200


def test_a_cancelled_dependency_still_blocks(api: Api, worker: Api) -> None:
    task = make(api, dependsOn=[make(api, status="cancelled")["id"]])
    assert claim(worker, task).status == 409


@pytest.mark.parametrize("seconds", [0, -1, 86_401, 1.5, "60", None, True])
@pytest.mark.parametrize("action", ["claim", "heartbeat"])
def test_a_lease_out_of_bounds_is_refused(api: Api, worker: Api, action: str, seconds: Any) -> None:
    task = make(api)
    claim(worker, task)
    answer = worker.post(f"{TASKS}/{task['id']}/{action}", {"leaseSeconds": seconds})
    assert (answer.status, "leaseSeconds" in answer.json["message"]) == (400, True)


# ---------------------------------------------------------------- under a lease


def test_the_holder_works_under_the_fence_and_completing_ends_the_lease(api: Api, worker: Api, rival: Api) -> None:
    task = make(api)
    claim(worker, task)
    done = worker.patch(f"{TASKS}/{task['id']}", {"status": "completed"}, headers=fenced(1))
    assert done.status == 200
    assert worker.post(f"{TASKS}/{task['id']}/heartbeat").status == 409
    assert rival.patch(f"{TASKS}/{task['id']}", {"title": "Seen"}).status == 200


def test_others_can_not_change_a_leased_task_on_any_surface(api: Api, worker: Api) -> None:
    task = make(api)
    claim(worker, task)
    for answer in (
        api.patch(f"{TASKS}/{task['id']}", {"title": "x"}),
        api.delete(f"{TASKS}/{task['id']}"),
        api.patch(f"/v1/tracks/{task['id']}", {"title": "x"}),
        api.delete(f"/v1/tracks/{task['id']}"),
        api.patch(f"/v1/tracks/{task['id']}", {"title": "x"}, headers=fenced(1)),
        api.post("/v1/tracks/apply", {"scope": {"type": "projects", "ids": ["p"]}, "deletes": [task["id"][5:]]}),
    ):
        assert answer.status == 409, answer.text
    assert api.get(f"{TASKS}/{task['id']}").json["title"] == "Do it"


@pytest.mark.parametrize("fence", [0, 1, 3])
def test_an_older_or_made_up_fence_is_refused(api: Api, worker: Api, rival: Api, now: Clock, fence: int) -> None:
    task = make(api)
    claim(worker, task, 10)
    now.pass_by(11)
    claim(rival, task, 10)
    for who in (worker, rival):
        assert who.patch(f"{TASKS}/{task['id']}", {"title": "x"}, headers=fenced(fence)).status == 409
    assert worker.patch(f"/v1/tracks/{task['id']}", {"title": "x"}, headers=fenced(2)).status == 409
    assert rival.patch(f"/v1/tracks/{task['id']}", {"title": "x"}, headers=fenced(2)).status == 200


def test_the_fence_of_a_lease_that_ran_out_is_refused_though_nobody_took_the_task(
    api: Api, worker: Api, now: Clock
) -> None:
    task = make(api)
    claim(worker, task, 10)
    now.pass_by(11)
    assert worker.patch(f"{TASKS}/{task['id']}", {"title": "x"}, headers=fenced(1)).status == 409
    assert worker.patch(f"{TASKS}/{task['id']}", {"title": "x"}).status == 200


@pytest.mark.parametrize("fence", ["x", "-1", "1.0", "", "9" * 16])
def test_an_invalid_fence_is_refused(api: Api, fence: str) -> None:
    answer = api.patch(f"{TASKS}/{make(api)['id']}", {"title": "x"}, headers={"claim-fence": fence})
    assert (answer.status, "Claim-Fence" in answer.json["message"]) == (400, True)


def test_a_heartbeat_extends_the_lease_and_makes_no_new_version(api: Api, worker: Api, rival: Api, now: Clock) -> None:
    task = make(api)
    claim(worker, task, 60)
    version = api.get(f"/v1/tracks/{task['id']}").json["version"]
    now.pass_by(50)
    assert worker.post(f"{TASKS}/{task['id']}/heartbeat", {"leaseSeconds": 60}, headers=fenced(1)).status == 200
    now.pass_by(50)
    assert claim(rival, task).status == 409
    assert ready(rival) == []
    assert api.get(f"/v1/tracks/{task['id']}").json["version"] == version
    now.pass_by(11)
    assert worker.post(f"{TASKS}/{task['id']}/heartbeat").status == 409
    assert rival.post(f"{TASKS}/{task['id']}/heartbeat").status == 409


def test_a_released_task_is_ready_again_and_its_fence_continues(api: Api, worker: Api, rival: Api) -> None:
    task = make(api)
    claim(worker, task)
    assert rival.post(f"{TASKS}/{task['id']}/release").status == 409
    released = worker.post(f"{TASKS}/{task['id']}/release", headers=fenced(1))
    assert (released.json["status"], "claim" in released.json) == ("pending", False)
    assert worker.post(f"{TASKS}/{task['id']}/release").status == 409
    assert ready(rival) == [task["id"]]
    assert claim(rival, task).json["claim"]["fence"] == 2


# ---------------------------------------------------------------- drawing the next


def test_tasks_are_drawn_by_priority_and_then_by_age(api: Api, worker: Api) -> None:
    made = {name: make(api, priority=name)["id"] for name in ("low", "medium", "urgent", "high")}
    second = make(api, priority="urgent")["id"]
    order = [made["urgent"], second, made["high"], made["medium"], made["low"]]
    assert ready(worker) == order
    assert [worker.post(f"{TASKS}/claim").json["id"] for _ in order] == order
    empty = worker.post(f"{TASKS}/claim")
    assert (empty.status, empty.text) == (204, "")


def test_a_lease_that_ran_out_takes_its_place_by_priority_again(api: Api, worker: Api, rival: Api, now: Clock) -> None:
    urgent, high, low = (make(api, priority=each)["id"] for each in ("urgent", "high", "low"))
    for _ in range(2):
        worker.post(f"{TASKS}/claim", {"leaseSeconds": 10})
    now.pass_by(11)
    assert ready(rival) == [urgent, high, low]
    assert [rival.post(f"{TASKS}/claim").json["id"] for _ in range(3)] == [urgent, high, low]


def test_a_worker_draws_unassigned_tasks_and_its_own(api: Api, worker: Api, rival: Api) -> None:
    mine = make(api, assignedTo="agent_1", assigneeType="agent")["id"]
    anyone = make(api)["id"]
    for_agents = make(api, assigneeType="agent")["id"]
    theirs = make(api, assignedTo="agent_2", assigneeType="agent")["id"]
    assert ready(worker) == [mine, anyone, for_agents]
    assert ready(rival) == [anyone, for_agents, theirs]
    assert ready(worker, "?assigneeType=agent") == [mine, for_agents]
    assert ready(worker, "?assigneeType=user") == [anyone]


def test_only_what_fits_the_filters_is_drawn(api: Api, worker: Api, now: Clock) -> None:
    make(api)
    body = {"type": "task", "title": "T", "scope": {"type": "projects", "ids": ["s1", "s2"]}}
    both = "task_" + api.post("/v1/tracks", body).json["id"]
    low, high = make(api, spaceId="s1", priority="low")["id"], make(api, spaceId="s1", priority="high")["id"]
    agents = make(api, spaceId="s1", assigneeType="agent")["id"]
    assert ready(worker, "?spaceId=s1") == [high, both, agents, low]
    assert ready(worker, "?spaceId=s2") == []
    assert ready(worker, "?spaceId=s1&priority=low") == [low]
    assert ready(worker, "?spaceId=s1&assigneeType=agent") == [agents]
    query = {"leaseSeconds": 10, "spaceId": "s1", "assigneeType": "user", "priority": "high"}
    assert worker.post(f"{TASKS}/claim", query).json["id"] == high
    assert worker.post(f"{TASKS}/claim", query).status == 204
    now.pass_by(11)
    assert worker.post(f"{TASKS}/claim", query).json["id"] == high


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "in_progress"},
        {"status": "completed"},
        {"status": "cancelled"},
        {"assignedTo": "user_456"},
    ],
)
def test_what_is_begun_finished_or_someones_is_not_ready(api: Api, worker: Api, fields: dict[str, str]) -> None:
    make(api, **fields)
    assert ready(worker) == []
    assert worker.post(f"{TASKS}/claim").status == 204


def test_a_task_that_depends_on_others_is_not_ready_before_that_was_looked_at(api: Api, worker: Api) -> None:
    first = make(api)["id"]
    make(api, dependsOn=[first])
    assert ready(worker) == [first]


def test_personal_tasks_and_goals_are_never_drawn(api: Api) -> None:
    api.post("/v1/tracks", {"type": "task", "title": "T", "scope": {"type": "personal"}})
    api.post("/v1/tracks", {"type": "goal", "title": "G", "scope": {"type": "projects", "ids": ["p"]}})
    assert ready(api) == []
    assert api.post(f"{TASKS}/claim").status == 204


def test_ready_tasks_are_paged_in_order(api: Api, worker: Api, now: Clock) -> None:
    tasks = [make(api, priority=each)["id"] for each in ("low", "high", "low", "urgent", "high", "low", "medium")]
    for _ in range(3):
        worker.post(f"{TASKS}/claim", {"leaseSeconds": 10})
    now.pass_by(11)
    order = [tasks[i] for i in (3, 1, 4, 6, 0, 2, 5)]
    url, seen = f"{TASKS}/ready?limit=2", []
    while url:
        answer = worker.get(url)
        seen += [task["id"] for task in answer.json]
        url = answer.headers.get("link", "")[len("<https://api.test") : -len('>; rel="next"')]
    assert seen == order


def test_a_draw_with_the_same_key_is_one_draw(api: Api, worker: Api) -> None:
    for _ in range(2):
        make(api)
    first, again = (worker.post(f"{TASKS}/claim", headers={"idempotency-key": "k"}) for _ in range(2))
    assert first.json == again.json
    assert len(ready(worker)) == 1


@pytest.mark.parametrize("body", [{"assigneeType": "team"}, {"priority": "x"}, {"spaceId": ""}, {"what": 1}])
def test_a_bad_wish_is_refused(worker: Api, body: dict[str, Any]) -> None:
    assert worker.post(f"{TASKS}/claim", body).status == 400


def test_tasks_that_the_index_still_shows_as_ready_starve_nobody(
    api: Api, worker: Api, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CANDIDATES", 2)
    monkeypatch.setattr(claims, "CONTENDED_CANDIDATES", 2)
    # given more urgent tasks than are looked at, whose dependency was reopened a moment ago
    blocker = make(api, status="completed", assignedTo="user_ada")
    blocked = [make(api, priority="urgent", dependsOn=[blocker["id"]])["id"] for _ in range(3)]
    for each in blocked:
        readiness.recount(table, tenant, each.removeprefix("task_"))
    assert api.patch(f"/v1/tracks/{blocker['id']}", {"task": {"status": "todo"}}).status == 200
    free = make(api, priority="low")
    assert set(ready(worker)) == {*blocked, free["id"]}
    # when a worker draws, then it gets the one that can be done
    answer = worker.post(f"{TASKS}/claim")
    assert (answer.status, answer.json["id"]) == (200, free["id"])


# ---------------------------------------------------------------- what lists know of a lease


def test_lists_are_not_told_of_a_heartbeat_while_the_end_they_know_is_far_off(
    api: Api, worker: Api, table: Table, tenant: str, now: Clock
) -> None:
    def known() -> str:
        row = table.get(*keys.track(tenant, task["id"].removeprefix("task_")))
        assert row is not None
        return row["ready_rank"]["S"].partition("#")[0]

    task = make(api)
    first = claim(worker, task, 300).json["claim"]["leaseExpiresAt"]
    ends = []
    for _ in range(5):
        now.pass_by(60)
        ends.append(
            worker.post(f"{TASKS}/{task['id']}/heartbeat", {"leaseSeconds": 300}).json["claim"]["leaseExpiresAt"]
        )
        assert clock.now() < known() <= ends[-1]
    assert len(set(ends)) == 5
    now.pass_by(1)
    # Two heartbeats left it alone, the third one moved it, when half of a lease was no longer left.
    assert known() == ends[2] != first


def test_a_task_is_not_drawn_while_its_lease_lives_though_the_end_that_lists_know_is_past(
    api: Api, worker: Api, rival: Api, now: Clock
) -> None:
    task = make(api)
    assert claim(worker, task, 100).status == 200
    now.pass_by(40)
    assert worker.post(f"{TASKS}/{task['id']}/heartbeat", {"leaseSeconds": 100}).status == 200
    now.pass_by(70)
    assert ready(rival) == []
    assert rival.post(f"{TASKS}/claim", {}).status == 204
    now.pass_by(31)
    assert ready(rival) == [task["id"]]
    assert rival.post(f"{TASKS}/claim", {}).json["id"] == task["id"]


def test_a_shorter_lease_ends_when_it_says(api: Api, worker: Api, rival: Api, now: Clock) -> None:
    task = make(api)
    claim(worker, task, 300)
    worker.post(f"{TASKS}/{task['id']}/heartbeat", {"leaseSeconds": 10})
    now.pass_by(11)
    assert ready(rival) == [task["id"]]


def test_a_heartbeat_is_one_write_while_lists_know_an_end_that_is_far_off(
    api: Api, worker: Api, table: Table, now: Clock
) -> None:
    task = make(api)
    claim(worker, task, 300)
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    now.pass_by(100)
    answer = worker.post(f"{TASKS}/{task['id']}/heartbeat", {"leaseSeconds": 300}, headers=fenced(1))
    assert (answer.json["claim"]["leaseExpiresAt"], calls) == (clock.stamp(now.seconds + 300), ["update_item"])
    calls.clear()
    now.pass_by(100)
    assert worker.post(f"{TASKS}/{task['id']}/heartbeat", {"leaseSeconds": 300}).status == 200
    # The write that was refused, which is not observed, showed the task: nothing is read.
    assert calls == ["update_item"]


@pytest.mark.parametrize("fence", [2, 7])
def test_a_heartbeat_under_another_fence_is_refused(api: Api, worker: Api, fence: int) -> None:
    task = make(api)
    claim(worker, task, 300)
    answer = worker.post(f"{TASKS}/{task['id']}/heartbeat", headers=fenced(fence))
    assert (answer.status, "the latest fence is 1" in answer.text) == (409, True)


def test_a_heartbeat_on_a_deleted_task_finds_none(api: Api, worker: Api) -> None:
    task = make(api)
    claim(worker, task, 300)
    assert worker.delete(f"{TASKS}/{task['id']}", headers=fenced(1)).status == 204
    assert worker.post(f"{TASKS}/{task['id']}/heartbeat").status == 404
