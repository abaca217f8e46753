"""Schedules: what begins at an instant, once, however often and late the instant is told; the clock is scaled."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from switchyard.aws.clients import make_client
from switchyard.aws.executions import Executions
from switchyard.aws.scheduler import SCHEDULED_TIME, Scheduler, name_of
from switchyard.domain import clock
from switchyard.domain.actors import service_actor
from switchyard.domain.ids import new_id
from switchyard.domain.repeats import next_due
from switchyard.ledger import occurrences, repeats, system, tracks
from switchyard.pipeline.rebuild import rebuild
from switchyard.store import keys, schedule_keys
from switchyard.store.codec import row_key
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload
from tests.api.conftest import Caller
from tests.api.test_webhook_payloads import check
from tests.support.http import Api
from tests.support.planning import assert_refused, make_goal, make_task
from tests.support.states import MACHINE, StatesClient
from tests.support.stream import Stream, consume, message, messages

MONDAY = "2099-06-01T08:00:00.000Z"
TASK = {"title": "Report", "scope": {"type": "projects", "ids": ["docs"]}}
GROUP, ROLE = "switchyard-test", "arn:aws:iam::123456789012:role/scheduler"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:signals"


class World:
    """A tenant with schedules, the pipeline that plans them, and Scheduler, as which the test sends its messages."""

    def __init__(self, table: Table, api: Api, tenant: str, at: Callable[[str], None]) -> None:
        self.table, self.api, self.tenant, self.at = table, api, tenant, at
        self.stream = Stream(table, tenant)
        self.client = make_client("scheduler")
        self.scheduler = Scheduler(GROUP, ROLE, QUEUE, f"{QUEUE}-dead", self.client)
        self.states = Executions(MACHINE, StatesClient())

    def make(self, expression: str = "cron(0 9 ? * MON-FRI *)", **fields: Any) -> str:
        """Create a schedule and have it planned; returns its id."""
        given = fields if fields.keys() & {"createTask", "runTask", "runGoal"} else {"createTask": TASK, **fields}
        answer = self.api.post("/v1/schedules", {"name": "Report", "expression": expression, **given})
        assert answer.status == 201, answer.text
        self.settle()
        return str(answer.json["id"])

    def consume(self, records: list[Any]) -> None:
        clients = {"table": self.table, "scheduler": self.scheduler, "executions_runs": self.states}
        clients["executions_goal_runs"] = self.states
        assert consume("pipeline.signal_runs", records, **clients) == []

    def settle(self) -> None:
        """Carry what changed on, twice as the stream may, until nothing follows."""
        while records := self.stream.collect():
            for _ in range(2):
                self.stream.deliver(records)
                self.consume(messages(records)["Records"])

    def tell(self, schedule: str, at: str, times: int = 2) -> None:
        """Send what Scheduler sends at an instant, so many times."""
        body = {"of": "schedules", "tenant": self.tenant, "schedule": schedule, "at": at.replace(".000Z", "Z")}
        for _ in range(times):
            self.consume([message(body)])
        self.settle()

    def due(self, schedule: str, at: str) -> None:
        """Let an instant come, and be told."""
        self.at(at)
        self.tell(schedule, at)

    def history(self, schedule: str) -> list[tuple[str, str]]:
        return [(each["at"][:10], each["outcome"]) for each in self.occurrences(schedule)]

    def occurrences(self, schedule: str) -> list[dict[str, Any]]:
        answer = self.api.get(f"/v1/schedules/{schedule}/occurrences")
        assert answer.status == 200, answer.text
        return list(answer.json["items"])

    def planned(self, schedule: str) -> dict[str, Any] | None:
        name = name_of(self.tenant, schedule)
        found = self.client.list_schedules(GroupName=GROUP, NamePrefix=name)["Schedules"]
        return self.client.get_schedule(Name=name, GroupName=GROUP) if found else None

    def titles(self) -> list[str]:
        return [each["title"] for each in self.api.get("/v1/tracks?limit=100").json["items"]]


@pytest.fixture
def world(table: Table, api: Api, tenant: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    now = [clock.milliseconds(MONDAY) / 1000]
    monkeypatch.setattr("time.time", lambda: now[0])

    def at(instant: str) -> None:
        now[0] = clock.milliseconds(instant) / 1000

    made = World(table, api, tenant, at)
    made.client.create_schedule_group(Name=GROUP)
    made.stream.collect()
    yield made
    made.client.delete_schedule_group(Name=GROUP)


# ---------------------------------------------------------------- once


def before_a_create(monkeypatch: pytest.MonkeyPatch, another: Callable[[], Any]) -> list[Any]:
    """Have another come first, whole, at the moment when a task is created; returns a list that gets its result."""
    create, others = tracks.create, list[Any]()

    def create_after_another(*given: Any, **fields: Any) -> Any:
        if not others:
            others.append(None)
            others[0] = another()
        return create(*given, **fields)

    monkeypatch.setattr(tracks, "create", create_after_another)
    return others


def test_each_occurrence_creates_its_task_once_however_often_it_is_told(world: World) -> None:
    schedule = world.make(createTask={**TASK, "assignee": "agent_bo", "dueInDays": 2}, overlap="allow")
    assert world.history(schedule) == [] == world.titles()
    world.due(schedule, "2099-06-01T09:00:00.000Z")
    world.due(schedule, "2099-06-02T09:00:00.000Z")
    world.tell(schedule, "2099-06-01T09:00:00.000Z")
    assert world.history(schedule) == [("2099-06-02", "begun"), ("2099-06-01", "begun")]
    assert world.titles() == ["Report", "Report"]
    made = world.api.get(f"/v1/tracks/{world.occurrences(schedule)[0]['track']}").json
    assert (made["task"]["dueDate"], made["task"]["assignee"]) == ("2099-06-04", "agent_bo")
    assert (made["createdBy"], made["changedBy"]["source"]) == ("user_ada", "schedule")


def test_of_two_who_are_told_at_the_same_moment_one_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule, at = world.make(), "2099-06-01T09:00:00.000Z"
    world.at(at)
    others = before_a_create(monkeypatch, lambda: occurrences.begin(world.table, world.tenant, schedule, at))
    assert occurrences.begin(world.table, world.tenant, schedule, at) is None
    assert others[0].outcome == "begun"
    assert world.titles() == ["Report"]


def test_two_instants_at_the_same_moment_do_not_overlap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = world.make(expression="rate(5 minutes)")
    first, second = (f"2099-06-01T08:0{minute}:00.000Z" for minute in (5, 9))
    world.at(second)
    others = before_a_create(monkeypatch, lambda: occurrences.begin(world.table, world.tenant, schedule, first))
    found = occurrences.begin(world.table, world.tenant, schedule, second)
    assert (others[0].outcome, found.outcome if found else None) == ("begun", "skipped")


def test_what_cannot_begin_is_told_in_the_history_and_the_next_one_goes(world: World) -> None:
    goal = make_goal(world.api)["id"]
    schedule = world.make(createTask={**TASK, "goalId": goal}, overlap="allow")
    assert world.api.delete(f"/v1/tracks/{goal}").status == 204
    world.due(schedule, "2099-06-01T09:00:00.000Z")
    (failed,) = world.occurrences(schedule)
    assert (failed["outcome"], failed["track"]) == ("failed", None)
    assert "goalId" in failed["reason"]
    assert world.api.patch(f"/v1/schedules/{schedule}", {"createTask": TASK}).status == 200
    world.due(schedule, "2099-06-02T09:00:00.000Z")
    assert [outcome for _, outcome in world.history(schedule)] == ["begun", "failed"]


def test_the_history_ends_after_90_days_wherever_its_rows_are_still_there(world: World) -> None:
    schedule = world.make()
    world.due(schedule, "2099-06-01T09:00:00.000Z")
    world.at("2099-08-30T08:59:59.000Z")
    assert world.history(schedule) == [("2099-06-01", "begun")]
    world.at("2099-08-30T09:00:01.000Z")
    assert world.history(schedule) == []


# ---------------------------------------------------------------- overlap


def test_an_occurrence_is_skipped_while_the_task_before_is_open(world: World) -> None:
    schedule = world.make(overlap="skip")
    for day in ("01", "02"):
        world.due(schedule, f"2099-06-{day}T09:00:00.000Z")
    newest, oldest = world.occurrences(schedule)
    assert (newest["outcome"], oldest["outcome"]) == ("skipped", "begun")
    assert "2099-06-01T09:00:00.000Z is still under way" in newest["reason"]
    done = world.api.patch(f"/v1/tracks/{oldest['track']}", {"task": {"status": "done"}})
    assert done.status == 200
    world.due(schedule, "2099-06-03T09:00:00.000Z")
    assert [outcome for _, outcome in world.history(schedule)] == ["begun", "skipped", "begun"]


def test_an_occurrence_that_is_queued_begins_when_the_task_before_is_done(world: World) -> None:
    schedule = world.make(overlap="queue")
    for day in ("01", "02", "03"):
        world.due(schedule, f"2099-06-{day}T09:00:00.000Z")
    assert [outcome for _, outcome in world.history(schedule)] == ["skipped", "waiting", "begun"]
    first = world.occurrences(schedule)[-1]["track"]
    assert world.api.patch(f"/v1/tracks/{first}", {"task": {"status": "done"}}).status == 200
    world.settle()
    assert [outcome for _, outcome in world.history(schedule)] == ["skipped", "begun", "begun"]
    assert world.titles().count("Report") == 2


def test_a_run_is_queued_behind_the_run_before(world: World) -> None:
    task = make_task(world.api, assignee="agent_bo", assigneeType="agent")["id"]
    schedule = world.make(runTask={"id": task}, overlap="queue")
    for day in ("01", "02"):
        world.due(schedule, f"2099-06-{day}T09:00:00.000Z")
    waiting, begun = world.occurrences(schedule)
    assert (waiting["outcome"], begun["outcome"], begun["track"]) == ("waiting", "begun", task)
    _complete(world, task, begun["run"])
    world.settle()
    newest, _ = world.occurrences(schedule)
    assert (newest["outcome"], newest["track"]) == ("begun", task)
    assert newest["run"] != begun["run"]
    shown = world.api.get(f"/v1/tracks/{task}").json
    assert (shown["task"]["status"], shown["latestRun"]) == ("todo", {"id": newest["run"], "status": "queued"})


def _complete(world: World, task: str, run: str) -> None:
    by = service_actor(world.tenant)
    system.change_run(world.table, by, new_id(), task, run, lambda _: {"status": "completed"})


def test_a_goal_is_opened_again_and_run_each_day(world: World) -> None:
    goal = make_goal(world.api)["id"]
    agent = {"assignee": "agent_bo", "assigneeType": "agent", "goalId": goal}
    first = make_task(world.api, **agent)["id"]
    second = make_task(world.api, **agent, dependsOn=[first])["id"]
    gone = make_task(world.api, **agent, status="cancelled")["id"]
    schedule = world.make(runGoal={"id": goal, "maxParallel": 2})
    world.due(schedule, "2099-06-01T09:00:00.000Z")
    (begun,) = world.occurrences(schedule)
    assert begun["run"] == world.api.get(f"/v1/tracks/{goal}/run").json["id"]
    for each in (first, second):
        assert world.api.patch(f"/v1/tracks/{each}", {"task": {"status": "done"}}).status == 200
    world.settle()
    assert world.api.get(f"/v1/tracks/{goal}").json["goal"]["status"] == "completed"
    assert world.api.post(f"/v1/tracks/{goal}/run/cancel").status == 200
    world.settle()
    world.due(schedule, "2099-06-02T09:00:00.000Z")
    run = world.api.get(f"/v1/tracks/{goal}/run").json
    assert (run["id"], run["status"], run["maxParallel"]) == (world.occurrences(schedule)[0]["run"], "running", 2)
    statuses = {each: world.api.get(f"/v1/tracks/{each}").json["task"]["status"] for each in (first, second, gone)}
    assert statuses == {first: "todo", second: "todo", gone: "cancelled"}
    assert world.api.get(f"/v1/tracks/{goal}").json["goal"]["status"] in ("not_started", "on_track")


@pytest.mark.parametrize("why", ["cancelled", "1001 tasks"])
def test_a_goal_that_cannot_run_fails_and_its_tasks_stay_as_they_are(world: World, why: str) -> None:
    goal = make_goal(world.api)["id"]
    task = make_task(world.api, assignee="agent_bo", goalId=goal, status="done")["id"]
    schedule = world.make(runGoal={"id": goal})
    if why == "cancelled":
        assert world.api.patch(f"/v1/tracks/{goal}", {"goal": {"status": "cancelled"}}).status == 200
    else:
        row = row_key(keys.track(world.tenant, goal))
        count = {"UpdateExpression": "SET tasks_total = :n", "ExpressionAttributeValues": {":n": {"N": "1001"}}}
        world.table.write([{"Update": {"Key": row, **count}}])
    world.due(schedule, "2099-06-01T09:00:00.000Z")
    (failed,) = world.occurrences(schedule)
    assert failed["outcome"] == "failed"
    assert why in failed["reason"]
    assert world.api.get(f"/v1/tracks/{task}").json["task"]["status"] == "done"


def test_what_waits_for_a_goal_that_is_deleted_fails_and_says_so(world: World) -> None:
    goal = make_goal(world.api)["id"]
    make_task(world.api, assignee="agent_bo", goalId=goal)
    schedule = world.make(runGoal={"id": goal}, overlap="queue")
    for day in ("01", "02"):
        world.due(schedule, f"2099-06-{day}T09:00:00.000Z")
    assert world.api.delete(f"/v1/tracks/{goal}").status == 204
    found = occurrences.go_on(world.table, world.tenant, schedule)
    assert found is not None
    assert (found.outcome, found.at) == ("failed", "2099-06-02T09:00:00.000Z")
    assert goal in (found.reason or "")
    assert occurrences.go_on(world.table, world.tenant, schedule) is None


# ---------------------------------------------------------------- catch up, pause, end


@pytest.mark.parametrize(("rule", "outcomes"), [("skip", ["skipped", "skipped"]), ("once", ["begun", "skipped"])])
def test_occurrences_that_come_late_are_left_out_or_made_up_for_by_the_last(
    world: World, rule: str, outcomes: list[str]
) -> None:
    schedule = world.make(catchUp=rule)
    world.at("2099-06-02T12:00:00.000Z")
    for day in ("02", "01"):
        world.tell(schedule, f"2099-06-{day}T09:00:00.000Z")
    assert [outcome for _, outcome in world.history(schedule)] == outcomes


@pytest.mark.parametrize(("rule", "history"), [("skip", []), ("once", [("2099-06-03", "begun")])])
def test_a_pause_is_made_up_for_by_one_occurrence_or_by_none(
    world: World, rule: str, history: list[tuple[str, str]]
) -> None:
    schedule = world.make(catchUp=rule)
    path = f"/v1/schedules/{schedule}"
    assert world.api.patch(path, {"paused": True}).json["upcoming"] == []
    world.settle()
    assert world.planned(schedule) is None
    world.due(schedule, "2099-06-02T09:00:00.000Z")
    assert world.history(schedule) == []
    world.at("2099-06-03T12:00:00.000Z")
    assert world.api.patch(path, {"paused": False}).json["upcoming"][0] == "2099-06-04T09:00:00.000Z"
    world.settle()
    assert world.history(schedule) == history
    assert world.planned(schedule) is not None


def test_an_instant_that_comes_before_it_is_planned_is_not_lost(world: World) -> None:
    answer = world.api.post(
        "/v1/schedules", {"name": "Soon", "expression": "at(2099-06-01T08:00:05)", "createTask": TASK}
    )
    world.at("2099-06-01T08:00:09.000Z")
    world.settle()
    assert world.history(answer.json["id"]) == [("2099-06-01", "begun")]


def test_nothing_begins_after_the_end_or_by_a_deleted_schedule(world: World) -> None:
    schedule = world.make(endsAt="2099-06-02T09:00:00Z")
    assert world.api.get(f"/v1/schedules/{schedule}").json["upcoming"] == [
        "2099-06-01T09:00:00.000Z",
        "2099-06-02T09:00:00.000Z",
    ]
    world.due(schedule, "2099-06-03T09:00:00.000Z")
    assert world.history(schedule) == []
    other = world.make()
    assert world.api.delete(f"/v1/schedules/{other}").status == 204
    world.settle()
    world.due(other, "2099-06-03T09:00:00.000Z")
    assert world.titles() == []
    assert_refused(world.api.get(f"/v1/schedules/{other}"), 404)
    assert other not in [each["id"] for each in world.api.get("/v1/schedules").json["items"]]
    assert world.planned(other) is None


# ---------------------------------------------------------------- planned


def test_scheduler_gets_the_expression_its_zone_and_where_to_send_what(world: World) -> None:
    schedule = world.make("0 9 * * 1-5", timeZone="Europe/Berlin", startsAt="2099-06-08")
    planned = world.planned(schedule)
    assert planned is not None
    assert (planned["ScheduleExpression"], planned["ScheduleExpressionTimezone"]) == (
        "cron(0 9 ? * 2,3,4,5,6 *)",
        "Europe/Berlin",
    )
    target = planned["Target"]
    assert (target["Arn"], target["RoleArn"], target["DeadLetterConfig"]["Arn"]) == (QUEUE, ROLE, f"{QUEUE}-dead")
    assert world.api.patch(f"/v1/schedules/{schedule}", {"expression": "rate(2 days)"}).status == 200
    world.settle()
    planned = world.planned(schedule)
    assert planned is not None
    assert planned["ScheduleExpression"] == "rate(2 days)"
    assert SCHEDULED_TIME in planned["Target"]["Input"]


def test_a_schedule_whose_row_goes_is_planned_no_more_and_a_rebuild_plans_what_was_lost(world: World) -> None:
    kept, gone = world.make(), world.make()
    world.table.write([{"Delete": {"Key": row_key(schedule_keys.schedule(world.tenant, gone))}}])
    world.client.delete_schedule(Name=name_of(world.tenant, kept), GroupName=GROUP)
    row = world.table.get(*schedule_keys.schedule(world.tenant, kept))
    assert row is not None
    assert rebuild(world.table, row) == "schedules"
    world.settle()
    assert (world.planned(gone), world.planned(kept) is not None) == (None, True)


# ---------------------------------------------------------------- told


def test_changes_are_in_the_trail_and_occurrences_among_the_events(world: World) -> None:
    schedule = world.make(overlap="queue")
    for day in ("01", "02"):
        world.due(schedule, f"2099-06-{day}T09:00:00.000Z")
    assert world.api.patch(f"/v1/schedules/{schedule}", {"paused": True}).status == 200
    world.settle()
    assert world.api.delete(f"/v1/schedules/{schedule}").status == 204
    world.settle()
    entries = world.api.get(f"/v1/audit?track={schedule}").json["items"]
    assert [each["action"] for each in entries] == ["deleted", "updated", "created"]
    assert entries[1]["changes"] == [{"field": "paused", "before": False, "after": True, "cut": False}]
    assert {each["track"]["type"] for each in entries} == {"schedule"}
    told = [json.loads(each["Detail"]) for each in world.stream.bus.taken]
    ours = {each["id"]: each for each in told if each["type"].startswith("schedule.")}.values()
    assert [each["type"].partition(".")[2] for each in ours] == [
        "created",
        "occurred",
        "occurred",
        "updated",
        "deleted",
    ]
    assert [each["occurrence"]["outcome"] for each in ours if "occurrence" in each] == ["begun", "waiting"]
    for each in ours:
        message = payload(each)
        assert message is not None
        check(message)


# ---------------------------------------------------------------- who


def test_a_schedule_acts_in_the_name_of_who_changed_it_last(world: World, caller: Caller) -> None:
    schedule = world.make()
    agent = caller("agent_bo", kind="agent")
    assert agent.patch(f"/v1/schedules/{schedule}", {"name": "Mine"}).json["actsAs"] == "agent_bo"
    world.due(schedule, "2099-06-01T09:00:00.000Z")
    (begun,) = world.occurrences(schedule)
    assert world.api.get(f"/v1/tracks/{begun['track']}").json["createdBy"] == "agent_bo"


def test_a_schedule_of_a_personal_task_is_its_owners_alone(world: World, caller: Caller) -> None:
    mine = world.make(createTask={**TASK, "scope": {"type": "personal"}})
    other = caller("user_bob")
    assert_refused(other.get(f"/v1/schedules/{mine}"), 404)
    assert_refused(other.get(f"/v1/schedules/{mine}/occurrences"), 404)
    assert other.get("/v1/schedules").json["items"] == []
    assert [each["id"] for each in world.api.get("/v1/schedules").json["items"]] == [mine]
    assert_refused(caller(tenant=new_id()).delete(f"/v1/schedules/{mine}"), 404)


# ---------------------------------------------------------------- refused

BAD: list[tuple[dict[str, Any], str]] = [
    ({"expression": "cron(0 9 * * * *)"}, "expression"),
    ({"expression": "cron(61 9 ? * * *)"}, "expression"),
    ({"expression": "every monday"}, "expression"),
    ({"expression": "cron(0 9-17/2 ? * mon *)"}, "expression"),
    ({"expression": "rate(1 minute)"}, "expression"),
    ({"expression": "rate(2 day)"}, "expression"),
    ({"expression": "at(2026-01-01T00:00:00)"}, "expression"),
    ({"expression": "cron(0 0 31 2 ? *)"}, "expression"),
    ({"timeZone": "Mars/Olympus"}, "timeZone"),
    ({"timeZone": "localtime"}, "timeZone"),
    ({"timeZone": "right/Europe/Berlin"}, "timeZone"),
    ({"endsAt": "2020-01-01"}, "endsAt"),
    ({"createTask": None, "runGoal": {"id": "{goal}"}, "overlap": "allow"}, "overlap"),
    ({"runTask": {"id": new_id()}}, "body"),
]


def test_what_cannot_be_kept_is_refused_by_its_field(world: World) -> None:
    goal = make_goal(world.api)["id"]
    for fields, field in BAD:
        body = {"name": "Report", "expression": "rate(1 day)", "createTask": TASK, **fields}
        body = {name: value for name, value in body.items() if value is not None}
        if "runGoal" in body:
            body["runGoal"] = {"id": goal}
        assert_refused(world.api.post("/v1/schedules", body), 400, field)


def test_all_that_a_request_has_wrong_is_told_at_once(world: World) -> None:
    def fields(answer: Any) -> list[str]:
        assert answer.status == 400, answer.text
        return sorted(each["field"] for each in answer.json["errors"])

    body = {"name": "", "expression": "rate(2 day)", "timeZone": "Mars/Olympus", "endsAt": "soon", "overlap": "no"}
    wrong = {**body, "createTask": {**TASK, "title": ""}}
    assert fields(world.api.post("/v1/schedules", wrong)) == sorted([*body, "createTask.title"])
    assert fields(world.api.patch(f"/v1/schedules/{world.make()}", body)) == sorted(body)
    begins = {"runGoal": {"id": make_goal(world.api)["id"]}, "overlap": "allow"}
    both = {"name": "Report", "expression": "rate(1 minute)", **begins}
    assert fields(world.api.post("/v1/schedules", both)) == ["expression", "overlap"]
    ends = {"name": "Report", "expression": "rate(1 day)", **begins, "endsAt": "2020-01-01"}
    assert fields(world.api.post("/v1/schedules", ends)) == ["endsAt", "overlap"]


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("expression", ["rate(2 day)", "cron(0 9 * * * *)", "at(1)"])
def test_a_change_to_what_cannot_be_read_is_refused_also_in_a_pause(
    world: World, paused: bool, expression: str
) -> None:
    path = f"/v1/schedules/{world.make(paused=paused)}"
    assert_refused(world.api.patch(path, {"expression": expression}), 400, "expression")


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expression": "at(2098-06-01T09:00:00)"}, "expression"),
        ({"expression": "rate(1 minute)"}, "expression"),
        ({"expression": "cron(0 0 31 2 ? *)"}, "expression"),
        ({"startsAt": "2099-07-01", "endsAt": "2099-06-30"}, "endsAt"),
        ({"endsAt": "2099-06-01T08:30:00Z"}, "expression"),
        ({"overlap": "allow"}, "overlap"),
    ],
)
def test_a_change_to_what_may_not_be_is_refused_also_in_a_pause(
    world: World, paused: bool, change: dict[str, str], field: str
) -> None:
    begins = {"runGoal": {"id": make_goal(world.api)["id"]}} if "overlap" in change else {}
    path = f"/v1/schedules/{world.make(paused=paused, **begins)}"
    assert_refused(world.api.patch(path, change), 400, field)
    assert world.api.get(path).json["version"] == 1


def test_what_is_over_can_be_paused_and_renamed_in_the_pause_but_not_resumed(world: World) -> None:
    path = f"/v1/schedules/{world.make('at(2099-06-01T09:00:00)')}"
    world.at("2099-06-02T00:00:00.000Z")
    for change in ({"paused": True}, {"name": "Over"}):
        assert world.api.patch(path, change).status == 200
    assert_refused(world.api.patch(path, {"paused": False}), 400, "expression")


@pytest.mark.parametrize("paused", [False, True])
def test_an_end_is_taken_away_by_an_empty_one_and_by_no_null(world: World, paused: bool) -> None:
    schedule = world.make("at(2099-06-01T09:00:00)", endsAt="2099-06-30", paused=paused)
    path = f"/v1/schedules/{schedule}"
    assert_refused(world.api.patch(path, {"endsAt": None}), 400, "endsAt")
    assert world.api.patch(path, {"name": "Renamed"}).json["endsAt"] == "2099-06-30T00:00:00.000Z"
    assert world.api.patch(path, {"endsAt": ""}).json["endsAt"] is None
    assert world.api.get(path).json["endsAt"] is None
    # A schedule may be sent back as it is shown.
    assert world.api.patch(path, world.api.get(path).json).json["version"] == 3
    assert_refused(world.api.patch(path, {"startsAt": ""}), 400, "startsAt")
    assert world.api.get(f"/v1/schedules/{world.make(endsAt='')}").json["endsAt"] is None


def test_a_track_that_is_not_there_cannot_be_run(world: World) -> None:
    body = {"name": "Report", "expression": "rate(1 day)", "runTask": {"id": make_goal(world.api)["id"]}}
    assert_refused(world.api.post("/v1/schedules", body), 404)


# ---------------------------------------------------------------- repeats


def done(world: World, task: str) -> None:
    assert world.api.patch(f"/v1/tracks/{task}", {"task": {"status": "done"}}).status == 200
    world.settle()


def open_tasks(world: World) -> list[dict[str, Any]]:
    return list(world.api.get("/v1/tracks?status=todo&scope=all").json["items"])


def test_a_task_that_repeats_is_followed_by_the_next_one_once(world: World) -> None:
    own = {"dueDate": "2099-06-01", "repeat": "FREQ=WEEKLY;BYDAY=MO", "assignee": "user_ada", "remind": "P1D"}
    first = make_task(world.api, "Water the plants", **own)["id"]
    done(world, first)
    (second,) = open_tasks(world)
    shown = {name: second["task"][name] for name in (*own, "repeatFrom")}
    assert shown == {**own, "dueDate": "2099-06-08", "repeatFrom": None}
    assert (second["title"], second["createdBy"]) == ("Water the plants", "user_ada")
    assert world.api.get(f"/v1/tracks/{first}").json["task"]["repeat"] is None
    # Opened and done again, it is followed by nothing more.
    assert world.api.patch(f"/v1/tracks/{first}", {"task": {"status": "backlog"}}).status == 200
    done(world, first)
    assert [each["id"] for each in open_tasks(world)] == [second["id"]]


def test_of_two_consumers_one_makes_the_next_task(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    task = make_task(world.api, "Water", dueDate="2099-06-01", repeat="FREQ=DAILY")["id"]
    assert world.api.patch(f"/v1/tracks/{task}", {"task": {"status": "done"}}).status == 200
    others = before_a_create(monkeypatch, lambda: repeats.make_next(world.table, world.tenant, task, new_id()))
    assert repeats.make_next(world.table, world.tenant, task, new_id()) is None
    assert others[0].due == "2099-06-02"
    assert len(open_tasks(world)) == 1


NEXT: list[tuple[str, str | None, str | None, str, str | None]] = [
    ("FREQ=DAILY;INTERVAL=3", "done", "2099-06-01", "2099-06-10", "2099-06-13"),
    ("FREQ=DAILY;INTERVAL=3", None, "2099-06-01", "2099-06-10", "2099-06-10"),
    ("FREQ=WEEKLY;BYDAY=MO", None, None, "2099-06-03", "2099-06-08"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", None, "2099-06-30T15:00:00.000Z", "2099-06-29", "2099-07-31T15:00:00.000Z"),
    ("FREQ=WEEKLY;INTERVAL=2", None, "2099-06-01", "2099-06-01", "2099-06-15"),
    ("FREQ=DAILY;UNTIL=20990602", None, "2099-06-02", "2099-06-02", None),
]


def test_the_next_due_date_counts_from_what_the_task_says_and_skips_what_has_passed() -> None:
    found = [next_due(rule, counts, due, f"{day}T12:00:00.000Z") for rule, counts, due, day, _ in NEXT]
    assert found == [each[-1] for each in NEXT]


def test_rules_and_leads_that_cannot_be_kept_are_refused(world: World) -> None:
    scope = {"type": "projects", "ids": []}
    for name, value in (
        ("repeat", "every monday"),
        ("repeat", "FREQ=DAILY;FREQ=WEEKLY"),
        ("repeat", "FREQ=DAILY;INTERVAL=2;INTERVAL=3"),
        ("repeat", "FREQ=WEEKLY;BYDAY=1MO"),
        ("repeat", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        ("repeat", "FREQ=DAILY;UNTIL=20991399"),
        ("remind", "1 day"),
        ("remind", "P"),
    ):
        body = {"type": "task", "title": "T", "scope": scope, "task": {name: value}}
        assert_refused(world.api.post("/v1/tracks", body), 400, f"task.{name}")


# ---------------------------------------------------------------- reminders


def reminded(world: World) -> list[str]:
    return [each["track"]["id"] for each in world.api.get("/v1/inbox").json["items"] if each["kind"] == "due"]


def remind(world: World, task: str, at: str) -> None:
    world.at(at)
    body = {"of": "schedules", "tenant": world.tenant, "remind": task, "at": at.replace(".000Z", "Z")}
    for _ in range(2):
        world.consume([message(body)])
    world.settle()


def test_who_is_to_do_a_task_is_reminded_of_it_once(world: World, caller: Caller) -> None:
    task = make_task(caller("user_bob"), "Pay", dueDate="2099-06-10", remind="P1DT2H", assignee="user_ada")["id"]
    world.settle()
    planned = world.planned(task)
    assert planned is not None
    assert planned["ScheduleExpression"] == "at(2099-06-08T22:00:00)"
    assert world.api.patch(f"/v1/tracks/{task}", {"task": {"dueDate": "2099-06-12"}}).status == 200
    world.settle()
    # The message of before says nothing any more.
    remind(world, task, "2099-06-08T22:00:00.000Z")
    assert reminded(world) == []
    remind(world, task, "2099-06-10T22:00:00.000Z")
    assert reminded(world) == [task]


def test_a_task_that_is_done_or_has_no_reminder_plans_nothing(world: World) -> None:
    plain = make_task(world.api, "Plain", dueDate="2099-06-10")["id"]
    task = make_task(world.api, "Pay", dueDate="2099-06-10", remind="PT30M")["id"]
    world.settle()
    assert (world.planned(plain), world.planned(task) is not None) == (None, True)
    done(world, task)
    assert world.planned(task) is None
    remind(world, task, "2099-06-09T23:30:00.000Z")
    assert reminded(world) == []
