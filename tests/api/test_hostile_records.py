"""One hostile record keeps nobody else's from being done, and ends in the dead letters."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.aws.bus import Bus
from switchyard.aws.queues import Queue
from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.store import packing
from switchyard.store import runs as run_rows
from switchyard.store.table import Item, Table
from tests.support.refusing import Dynamo, Events, Sqs
from tests.support.samples import path_of
from tests.support.stream import Record, consume, message, record

#: Text of every kind that came in, or might: no characters, half ones, four-byte ones, controls, and much of each.
HOSTILE = st.builds(
    lambda text, times: text * times,
    st.text(st.sampled_from('x\0\ufffe\uffff\ud800\udfff\U0001f600\u0085\u2028"\\&<'), min_size=1, max_size=8),
    st.sampled_from([1, 40, 4_000, 100_000]),
)
#: What is not an attribute of a row at all.
BROKEN: st.SearchStrategy[Any] = st.sampled_from([{}, {"N": "x"}, {"L": []}, {"S": 7}, {"NULL": True}, None])


def a_run(**fields: Any) -> Item:
    now = clock.now()
    changed = {"changed_by": "user_ada", "changed_by_kind": "user", "changed_source": "api", "changed_request": "r"}
    times = {"created_by": "user_ada", "created_at": now, "updated_at": now}
    return run_rows.to_item(Run(tenant_id=new_id(), id=new_id(), task_id=new_id(), **times, **changed, **fields))


def a_track(**fields: str) -> Item:
    sample = json.loads(path_of("pipeline.project_changes").read_text())["Records"][0]["dynamodb"]["NewImage"]
    own = {"tenant_id": {"S": new_id()}, "id": {"S": new_id()}}
    return {**copy.deepcopy(sample), **own, **{name: {"S": value} for name, value in fields.items()}}


def numbered(rows: list[tuple[Item | None, Item]]) -> list[Record]:
    return [record(old, new, number) for number, (old, new) in enumerate(rows, 1)]


def of_queues() -> dict[str, Queue]:
    return {f"queue_{name}": Queue("url", Sqs()) for name in ("deliveries", "signals", "notifications", "dead_letters")}


def sent(clients: dict[str, Any], name: str) -> list[Any]:
    return [json.loads(body) for body in clients[f"queue_{name}"].client.bodies]


@settings(max_examples=60, deadline=None)
@given(text=HOSTILE, field=st.sampled_from(["branch", "stage", "error_message", "state", "output"]))
def test_hostile_text_in_a_run_reaches_no_queue_and_every_run_is_signalled(text: str, field: str) -> None:
    value: Any = {"x": text} if field == "state" else text
    runs = [a_run(), a_run(**{field: value}), a_run()]
    clients = of_queues()
    assert consume("pipeline.enqueue_deliveries", numbered([(None, each) for each in runs]), **clients) == []
    assert [each["start"] for each in sent(clients, "signals")] == [each["id"]["S"] for each in runs]
    assert all(len(body) < 400 for body in clients["queue_signals"].client.bodies)
    assert sent(clients, "dead_letters") == []


@settings(max_examples=60, deadline=None)
@given(text=HOSTILE, field=st.sampled_from(["title", "description", "assignee", "goal_id"]))
def test_hostile_text_in_a_track_keeps_no_other_record_from_being_published(text: str, field: str) -> None:
    tracks = [a_track(), a_track(**{field: text}), a_track()]
    clients = {"table": Table("table", Dynamo()), "bus": Bus("bus", Events()), **of_queues()}
    records = numbered([(None, each) for each in tracks])
    assert consume("pipeline.project_changes", records, **clients) == []
    told = [json.loads(each["Detail"])["track"]["id"] for each in clients["bus"].client.taken]  # type: ignore[union-attr]
    assert {tracks[0]["id"]["S"], tracks[2]["id"]["S"]} <= set(told)
    dead = sent(clients, "dead_letters")
    assert {each["record"]["dynamodb"]["SequenceNumber"] for each in dead} <= {records[1]["dynamodb"]["SequenceNumber"]}
    assert dead or tracks[1]["id"]["S"] in told, "it is told, or it is among the dead letters"


@settings(max_examples=40, deadline=None)
@given(broken=BROKEN, field=st.sampled_from(["version", "tenant_id", "id", "created_at", "status"]))
def test_a_broken_row_ends_in_the_dead_letters_and_the_others_pass(broken: Any, field: str) -> None:
    rows = [a_run(), {**a_run(), field: broken}, a_run()]
    clients = {"table": Table("table", Dynamo()), "bus": Bus("bus", Events()), **of_queues()}
    records = numbered([(None, each) for each in rows])
    for name in ("pipeline.enqueue_deliveries", "pipeline.project_changes"):
        assert consume(name, records, **clients) == []
    started = [each["start"] for each in sent(clients, "signals")]
    assert {rows[0]["id"]["S"], rows[2]["id"]["S"]} <= set(started)
    for dead in sent(clients, "dead_letters"):
        assert dead["record"] == records[1]
        assert dead["error"]


@pytest.mark.parametrize("damaged", ["", "x", "AAAA", packing.compressed("x" * 1_000)["B"][:-8], 7, None])
@pytest.mark.parametrize("place", ["fields", "long_fields"])
def test_fields_that_cannot_be_expanded_end_in_the_dead_letters_and_the_others_pass(damaged: Any, place: str) -> None:
    bad = {name: value for name, value in a_run().items() if name != "fields"}
    rows = [a_run(), {**bad, place: {"B": damaged}}, a_run()]
    clients = {"table": Table("table", Dynamo()), "bus": Bus("bus", Events()), **of_queues()}
    records = numbered([(None, each) for each in rows])
    for name in ("pipeline.enqueue_deliveries", "pipeline.project_changes"):
        assert consume(name, records, **clients) == []
    assert [each["start"] for each in sent(clients, "signals")] == [rows[0]["id"]["S"], rows[2]["id"]["S"]]
    assert [each["record"] for each in sent(clients, "dead_letters")] == [records[1], records[1]]


def test_a_record_that_is_given_up_can_be_brought_in_again() -> None:
    bad = numbered([(None, {**a_run(), "version": {"N": "x"}})])
    clients = {"table": Table("table", Dynamo()), "bus": Bus("bus", Events()), **of_queues()}
    assert consume("pipeline.project_changes", bad, **clients) == []
    (letter,) = sent(clients, "dead_letters")
    assert (letter["consumer"], letter["error"][:10]) == ("pipeline.project_changes", "ValueError")
    letter["record"]["dynamodb"]["NewImage"]["version"] = {"N": "1"}
    assert consume("pipeline.project_changes", [letter["record"]], **clients) == []
    assert len(clients["bus"].client.taken) == 1  # type: ignore[union-attr]


def test_a_record_too_large_for_a_message_is_named_there() -> None:
    bad = numbered([(None, {**a_run(), "version": {"N": "x"}, "output": {"S": "\uffff" * 60_000}})])
    clients = {"table": Table("table", Dynamo()), "bus": Bus("bus", Events()), **of_queues()}
    assert consume("pipeline.project_changes", bad, **clients) == []
    (letter,) = sent(clients, "dead_letters")
    wanted = {name: bad[0]["dynamodb"][name] for name in ("Keys", "SequenceNumber")}
    assert letter["record"]["dynamodb"] == wanted


def test_what_the_dead_letters_do_not_take_comes_again() -> None:
    bad = numbered([(None, a_run()), (None, {**a_run(), "version": {"N": "x"}})])
    full = Queue("url", Sqs(bytes_max=10))
    clients = {"table": Table("table", Dynamo()), "bus": Bus("bus", Events()), "queue_dead_letters": full}
    assert consume("pipeline.project_changes", bad, **clients) == [bad[1]["dynamodb"]["SequenceNumber"]]


def test_ten_tracks_of_four_byte_text_near_their_bounds_pass_in_one_batch() -> None:
    goal = new_id()
    tracks = [a_track(title="\U0001f600" * 250, description="\U0001f600" * 16_000, goal_id=goal) for _ in range(10)]
    clients = of_queues()
    records = numbered([(None, each) for each in tracks])
    assert consume("pipeline.enqueue_deliveries", records, **clients) == []
    assert [each["goals"] for each in sent(clients, "signals")] == [[goal]] * 10
    clients |= {"table": Table("table", Dynamo()), "bus": Bus("bus", Events())}  # type: ignore[dict-item]
    assert consume("pipeline.project_changes", records, **clients) == []
    assert sent(clients, "dead_letters") == []
    assert len(clients["bus"].client.taken) == 10


@pytest.mark.parametrize("name", ["signal_runs", "deliver_webhook", "notify_devices"])
@settings(max_examples=25, deadline=None)
@given(body=st.one_of(HOSTILE, st.just({}), st.just([]), st.just(7), st.just(None), st.just({"of": "runs"})))
def test_a_hostile_message_comes_again_alone(name: str, body: Any) -> None:
    event = json.loads(path_of(f"pipeline.{name}").read_text())
    good = [{**event["Records"][0], "messageId": each} for each in ("first", "last")]
    bad = message(body, name="bad")

    class Executions:
        deadline = 0.0
        started: list[str] = []

        def start(self, run: str, _: Any) -> None:
            self.started.append(run)

    clients = {"table": Table("table", Dynamo()), "executions_runs": Executions(), **of_queues()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUSH_SERVICE", "none")
        assert consume(f"pipeline.{name}", [good[0], bad, good[1]], **clients) == ["bad"]
