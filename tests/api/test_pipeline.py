"""What follows from changes: edges, goals' counts, detachment, events; and that no redelivery or crash disturbs it."""

import json
from typing import Any

from switchyard.aws.errors import ApiError
from switchyard.store import edges, keys
from switchyard.store.table import Item, Table
from tests.api.conftest import Caller, client_of, empty_table
from tests.support import stream as streams
from tests.support.http import Api
from tests.support.samples import path_of
from tests.support.stream import BusClient, Failing, Killed, Stream


def task(api: Api, title: str = "Task", **fields: Any) -> str:
    answer = api.post(
        "/v1/tracks", {"type": "task", "title": title, "scope": {"type": "projects", "ids": ["docs"]}, "task": fields}
    )
    assert answer.status == 201, answer.text
    return answer.json["id"]


def goal(api: Api, **fields: Any) -> str:
    answer = api.post(
        "/v1/tracks", {"type": "goal", "title": "Goal", "scope": {"type": "projects", "ids": ["docs"]}, "goal": fields}
    )
    assert answer.status == 201, answer.text
    return answer.json["id"]


def change(api: Api, track_id: str, **fields: Any) -> None:
    answer = api.patch(f"/v1/tracks/{track_id}", {"task": fields})
    assert answer.status == 200, answer.text


def delete(api: Api, track_id: str) -> None:
    assert api.delete(f"/v1/tracks/{track_id}").status == 204


def sorts(stream: Stream, track_id: str, prefix: str) -> set[str]:
    pk, _ = keys.track(stream.tenant, track_id)
    return {sk.removeprefix(prefix) for row_pk, sk in stream.scan() if row_pk == pk and sk.startswith(prefix)}


def counts(stream: Stream, goal_id: str) -> tuple[int, int]:
    row = stream.scan()[keys.track(stream.tenant, goal_id)]
    return int(row.get("tasks_total", {"N": "0"})["N"]), int(row.get("tasks_done", {"N": "0"})["N"])


def audited(stream: Stream) -> list[Item]:
    return [row for (pk, _), row in stream.scan().items() if pk.startswith("AUDIT#")]


def told(stream: Stream) -> list[tuple[str, int]]:
    details = [json.loads(each["Detail"]) for each in stream.bus.taken]
    return [(each["type"], each["sequence"]) for each in details]


# ---------------------------------------------------------------- edges and counts


def test_a_dependency_is_known_from_its_other_end_as_long_as_it_lasts(api: Api, stream: Stream) -> None:
    first = task(api)
    second = task(api, dependsOn=[first])
    stream.settle()
    assert sorts(stream, first, keys.BLOCKS) == {second}
    change(api, second, dependsOn=[])
    stream.settle()
    assert sorts(stream, first, keys.BLOCKS) == set()


def test_a_parent_knows_its_children(api: Api, stream: Stream) -> None:
    old, new = task(api), task(api)
    child = task(api, parentId=old)
    stream.settle()
    change(api, child, parentId=new)
    stream.settle()
    assert (sorts(stream, old, keys.CHILD), sorts(stream, new, keys.CHILD)) == (set(), {child})


def test_a_goal_counts_its_tasks_through_every_change_of_theirs(api: Api, stream: Stream) -> None:
    first_goal, second_goal = goal(api), goal(api)
    tasks = [task(api, goalId=first_goal) for _ in range(3)]
    stream.settle()
    assert counts(stream, first_goal) == (3, 0)
    for step, expected in (
        ({"status": "done"}, (3, 1)),
        ({"status": "in_progress"}, (3, 0)),
        ({"status": "cancelled"}, (2, 0)),
        ({"status": "done"}, (3, 1)),
        ({"goalId": second_goal}, (2, 0)),
    ):
        change(api, tasks[0], **step)
        stream.settle()
        assert counts(stream, first_goal) == expected, step
    assert counts(stream, second_goal) == (1, 1)
    delete(api, tasks[0])
    stream.settle()
    assert counts(stream, second_goal) == (0, 0)


def test_a_goal_shows_its_counts_and_the_progress_they_make(api: Api, stream: Stream) -> None:
    goal_id = goal(api)
    assert api.get(f"/v1/tracks/{goal_id}").json["rollup"] == {
        "follows": ["status", "progress"],
        "tasksTotal": 0,
        "tasksDone": 0,
        "progress": None,
    }
    done, *_ = [task(api, goalId=goal_id) for _ in range(3)]
    change(api, done, status="done")
    stream.settle()
    shown = api.get(f"/v1/tracks/{goal_id}").json
    counted = {"tasksTotal": 3, "tasksDone": 1, "progress": 33}
    assert shown["rollup"] == {"follows": ["status", "progress"], **counted}
    assert shown["goal"]["progress"] == 33


def test_counting_does_not_disturb_who_changes_the_goal(api: Api, stream: Stream) -> None:
    goal_id = goal(api)
    tag = api.get(f"/v1/tracks/{goal_id}").headers["etag"]
    task(api, goalId=goal_id)
    stream.settle()
    answer = api.patch(f"/v1/tracks/{goal_id}", {"goal": {"progress": 5}}, headers={"if-match": tag})
    assert answer.status == 200
    assert counts(stream, goal_id) == (1, 0)


# ---------------------------------------------------------------- readiness


def waits_for(stream: Stream, task_id: str) -> int:
    return int(stream.scan()[keys.track(stream.tenant, task_id)]["open_dependencies"]["N"])


def test_a_task_waits_for_as_many_as_are_open_whatever_becomes_of_them(api: Api, stream: Stream) -> None:
    first, second, done = task(api), task(api), task(api, status="done")
    waiting = task(api, dependsOn=[first, second, done])
    stream.settle()
    assert waits_for(stream, waiting) == 2
    for blocker, status, expected in (
        (first, "done", 1),
        (second, "done", 0),
        (second, "todo", 1),
        (second, "cancelled", 1),
    ):
        change(api, blocker, status=status)
        stream.settle()
        assert waits_for(stream, waiting) == expected
    delete(api, second)
    stream.settle()
    assert waits_for(stream, waiting) == 1, "what was not done stays in the way"
    assert api.get(f"/v1/tracks/{waiting}").json["version"] == 1
    delete(api, first)
    stream.settle()
    assert waits_for(stream, waiting) == 1
    assert api.get(f"/v1/tracks/{waiting}").json["version"] == 2, "only the lost dependency is a change of the task"


def test_what_is_unblocked_can_be_drawn_from_the_pool(api: Api, stream: Stream) -> None:
    blocker = task(api, status="in_progress")
    waiting = task(api, dependsOn=[blocker])
    stream.settle()
    assert api.post("/api/v1/tasks/claim", {"leaseSeconds": 60}).status == 204
    change(api, blocker, status="done")
    stream.settle()
    answer = api.post("/api/v1/tasks/claim", {"leaseSeconds": 60})
    assert (answer.status, answer.json["id"].replace("-", "")) == (200, "task_" + waiting.replace("-", ""))


# ---------------------------------------------------------------- detachment


def test_what_refers_to_a_deleted_task_is_detached_in_the_name_of_who_deleted_it(
    api: Api, caller: Caller, stream: Stream
) -> None:
    gone, other = task(api, status="done"), task(api)
    dependent, child = task(api, dependsOn=[gone, other]), task(api, parentId=gone)
    stream.settle()
    delete(caller("agent_bo", kind="agent"), gone)
    stream.settle()
    found = api.get(f"/v1/tracks/{dependent}").json
    assert found["task"]["dependsOn"] == [other]
    assert found["changedBy"] == {"id": "agent_bo", "kind": "agent", "source": "api"}
    assert api.get(f"/v1/tracks/{child}").json["task"]["parentId"] is None


def test_a_deleted_goals_tasks_stay_without_it(api: Api, stream: Stream) -> None:
    goal_id = goal(api)
    tasks = [task(api, goalId=goal_id) for _ in range(3)]
    change(api, tasks[0], status="cancelled")
    stream.settle()
    delete(api, goal_id)
    stream.settle()
    for each in tasks:
        shown = api.get(f"/v1/tracks/{each}").json["task"]
        assert (shown["goalId"], shown["number"]) == (None, None)


def test_a_personal_task_is_detached_from_a_shared_one_that_another_deletes(
    api: Api, caller: Caller, stream: Stream
) -> None:
    shared, bo = task(api, status="done"), caller("user_bo")
    body = {"type": "task", "title": "Mine", "scope": {"type": "personal"}, "task": {"dependsOn": [shared]}}
    mine = bo.post("/v1/tracks", body).json["id"]
    stream.settle()
    delete(api, shared)
    stream.settle()
    assert bo.get(f"/v1/tracks/{mine}").json["task"]["dependsOn"] == []


def test_a_reference_that_the_pipeline_sees_only_after_the_deletion_is_detached_too(api: Api, stream: Stream) -> None:
    target = task(api, status="done")
    stream.settle()
    referring = task(api, dependsOn=[target])
    late = stream.collect()
    delete(api, target)
    deletion = stream.collect()
    assert stream.deliver(deletion) == []
    assert stream.deliver(late) == []
    assert api.get(f"/v1/tracks/{referring}").json["task"]["dependsOn"] == []


def test_detaching_that_takes_longer_than_an_invocation_continues_in_the_next(api: Api, stream: Stream) -> None:
    target = task(api, status="done")
    referring = [task(api, dependsOn=[target]) for _ in range(3)]
    stream.settle()
    delete(api, target)
    records = stream.collect()
    # Ten seconds are kept for sending events: with less, no record is begun.
    again = stream.deliver(records, milliseconds=9_000)
    assert again == [each["dynamodb"]["SequenceNumber"] for each in records]
    assert stream.deliver(records) == []
    assert all(api.get(f"/v1/tracks/{each}").json["task"]["dependsOn"] == [] for each in referring)


# ---------------------------------------------------------------- events


def test_a_change_is_published_as_its_general_event_and_its_special_ones(api: Api, stream: Stream) -> None:
    track = task(api)
    stream.settle()
    change(api, track, status="done", assignee="agent_bo")
    stream.settle()
    delete(api, track)
    stream.settle()
    assert told(stream) == [
        ("task.created", 1),
        ("task.updated", 2),
        ("task.status_changed", 2),
        ("task.completed", 2),
        ("task.assigned", 2),
        ("task.deleted", 3),
    ]
    assert {(each["Source"], each["EventBusName"]) for each in stream.bus.taken} == {("switchyard", "bus")}


def test_events_go_out_ten_a_request_and_refused_ones_are_sent_again(api: Api, stream: Stream) -> None:
    stream.bus = BusClient(refuse=[2, 12])
    for _ in range(15):
        task(api)
    stream.settle()
    assert len(stream.bus.taken) == 15
    assert max(len(request) for request in stream.bus.requests) == 10


def test_a_record_whose_event_the_bus_never_takes_is_delivered_again(api: Api, stream: Stream) -> None:
    for _ in range(2):
        task(api)
    records = [each for each in stream.collect() if each["dynamodb"]["Keys"]["sk"]["S"] == keys.TRACK]
    stream.bus = BusClient(refuse=[2, 3, 4, 5])
    assert stream.deliver(records) == [records[1]["dynamodb"]["SequenceNumber"]]
    assert stream.deliver(records) == []
    assert {type_ for type_, _ in told(stream)} == {"task.created"}


# ---------------------------------------------------------------- redelivery and crashes


def story(api: Api, stream: Stream) -> list[Any]:
    """Changes of every kind, as batches of records, none of them delivered yet but what they build on."""
    # A person set the goal's fields: here each track has one new version a batch (test_rollup.py has others).
    goal_id, blocker = goal(api, status="on_track", progress=1), task(api, status="done")
    members = [task(api, goalId=goal_id, dependsOn=[blocker]), task(api, goalId=goal_id, parentId=blocker)]
    stream.settle()
    heir = task(api, dependsOn=members[:1])
    stream.settle()
    change(api, members[0], status="done")
    change(api, members[1], assignee="agent_bo", dependsOn=[blocker])
    first = stream.collect()
    delete(api, blocker)
    late = task(api, goalId=goal_id)
    return [goal_id, [*members, heir], late, [*first, *stream.collect()]]


def assert_settled(api: Api, stream: Stream, goal_id: str, members: list[str], late: str) -> None:
    *members, heir = members
    stream.settle()
    assert counts(stream, goal_id) == (3, 1)
    for member in members:
        shown = api.get(f"/v1/tracks/{member}").json["task"]
        assert (shown["dependsOn"], shown["parentId"]) == ([], None)
    assert sorts(stream, goal_id, keys.MEMBER) == {*members, late}
    assert waits_for(stream, heir) == 0
    tracks = [row for (_, sk), row in stream.scan().items() if sk == keys.TRACK]
    versions = {(row["id"]["S"], version) for row in tracks for version in range(1, int(row["version"]["N"]) + 1)}
    entries = [(row["pk"]["S"].rpartition("#")[2], int(row["version"]["N"])) for row in audited(stream)]
    assert sorted(entries) == sorted(versions)
    seen = {
        (json.loads(each["Detail"])["track"]["id"], json.loads(each["Detail"])["sequence"]) for each in stream.bus.taken
    }
    assert seen == versions


def test_records_that_come_again_change_nothing(api: Api, stream: Stream) -> None:
    goal_id, members, late, records = story(api, stream)
    assert stream.deliver(records) == []
    following = stream.settle()
    before = stream.scan()
    for again in (records, following, list(reversed([*records, *following]))):
        assert stream.deliver(again) == []
    assert stream.scan() == before
    assert_settled(api, stream, goal_id, members, late)
    ids = [json.loads(each["Detail"])["id"] for each in stream.bus.taken]
    assert len(set(ids)) < len(ids), "the same events went out again, under the same ids"


def test_records_in_the_wrong_order_come_to_the_same(api: Api, stream: Stream) -> None:
    goal_id, members, late, records = story(api, stream)
    assert stream.deliver(list(reversed(records))) == []
    assert_settled(api, stream, goal_id, members, late)


def test_a_consumer_killed_at_any_call_loses_nothing_and_counts_nothing_twice(table: Table, tenant: str) -> None:
    at = 0
    while True:
        at += 1
        with empty_table(table.client) as own:
            api, stream = client_of(own, tenant), Stream(own, tenant)
            goal_id, members, late, records = story(api, stream)
            try:
                stream.deliver(records, Failing(own.client, at, Killed()))
            except Killed:
                assert stream.deliver(records) == []
                assert_settled(api, stream, goal_id, members, late)
            else:
                break
    assert at > 20, "the story was over after a few calls"


def test_one_record_that_fails_is_reported_and_the_others_are_done(api: Api, stream: Stream, table: Table) -> None:
    first = task(api)
    stream.settle()
    waiting = {task(api, dependsOn=[first]) for _ in range(3)}
    records = [each for each in stream.collect() if each["dynamodb"]["Keys"]["sk"]["S"] == keys.TRACK]

    def dependents() -> set[str]:
        return {each for ids in edges.other_ends(table, stream.tenant, first, keys.BLOCKS) for each in ids}

    # Each has its edge written and is read: the third call is the second one's.
    denied = ApiError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "BatchWriteItem")
    assert stream.deliver(records, Failing(table.client, 3, denied)) == [records[1]["dynamodb"]["SequenceNumber"]]
    assert len(dependents()) == 2
    assert stream.deliver(records) == []
    assert dependents() == waiting
    assert {row["pk"]["S"].rpartition("#")[2] for row in audited(stream)} == {first, *waiting}


def test_entries_of_the_trail_that_were_not_taken_come_again_with_their_records(
    api: Api, stream: Stream, table: Table
) -> None:
    tracks = [task(api) for _ in range(3)]
    records = [each for each in stream.collect() if each["dynamodb"]["Keys"]["sk"]["S"] == keys.TRACK]
    numbers = [each["dynamodb"]["SequenceNumber"] for each in records]

    class Denied:
        """A client that may not write the trail."""

        def __getattr__(self, name: str) -> Any:
            return self.refuse if name == "batch_write_item" else getattr(table.client, name)

        def refuse(self, **_: Any) -> Any:
            raise ApiError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "BatchWriteItem")

    assert stream.deliver(records, Denied()) == numbers
    assert audited(stream) == []
    assert stream.deliver(records) == []
    assert {row["pk"]["S"].rpartition("#")[2] for row in audited(stream)} == set(tracks)


def test_a_task_with_dependencies_is_projected_in_a_few_calls(api: Api, stream: Stream, table: Table) -> None:
    """Its edges at once, one read of it and what it depends on; the trail once a batch. The count was right already."""
    first, second = task(api), task(api)
    stream.settle()
    task(api, dependsOn=[first, second])
    (record,) = [each for each in stream.collect() if each["dynamodb"]["Keys"]["sk"]["S"] == keys.TRACK]
    counting = Failing(table.client, 0, Killed())
    assert stream.deliver([record], counting) == []
    assert counting.calls == 3


def test_rows_of_other_kinds_and_unchanged_versions_lead_to_nothing(api: Api, stream: Stream) -> None:
    task(api)
    stream.settle()
    before, events = stream.scan(), len(stream.bus.taken)
    row = next(row for (_, sk), row in before.items() if sk == keys.TRACK)
    records = [
        streams.record(row, {**row, "tasks_total": {"N": "4"}}),
        streams.record(row, None),
        streams.record(None, {"pk": {"S": f"{stream.tenant}#TENANT"}, "sk": {"S": "PROJECT#x"}}),
    ]
    assert stream.deliver(records) == []
    assert (stream.scan(), len(stream.bus.taken)) == (before, events)


def test_the_sample_event_runs_through_the_function(table: Table) -> None:
    event = json.loads(path_of("pipeline.project_changes").read_text())
    stream = Stream(table, event["Records"][0]["dynamodb"]["NewImage"]["tenant_id"]["S"])
    assert stream.deliver(event["Records"]) == []
    assert len(audited(stream)) == len(event["Records"])
