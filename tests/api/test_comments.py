"""Comments on tracks: written, edited and deleted by their authors, seen by who sees the track, told to its agent."""

import json
from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.mcp import Mcp
from tests.support.planning import assert_refused, make_goal, make_task
from tests.support.runs import Runs
from tests.support.stream import Stream


@pytest.fixture
def path(api: Api) -> str:
    return f"/v1/tracks/{make_task(api)['id']}/comments"


def say(client: Api, path: str, text: str = "Mind the limits.", **more: Any) -> Any:
    answer = client.post(path, {"text": text, **more})
    assert answer.status == 201, answer.text
    return answer.json


# ---------------------------------------------------------------- writing and reading


def test_a_comment_shows_who_wrote_it_and_whether_that_is_an_agent(api: Api, bo: Api, path: str) -> None:
    mine, theirs = say(api, path), say(bo, path, "Done **so far**.")
    assert (mine["author"], mine["authorKind"], mine["text"]) == ("user_ada", "user", "Mind the limits.")
    assert (theirs["author"], theirs["authorKind"]) == ("agent_bo", "agent")
    assert mine["editedAt"] is mine["deletedAt"] is None
    assert api.get(path).json == {"items": [mine, theirs], "nextCursor": None}


def test_a_goal_has_comments_too(api: Api) -> None:
    path = f"/v1/tracks/{make_goal(api)['id']}/comments"
    made = say(api, path)
    assert api.get(path).json["items"] == [made]


def test_comments_come_in_pages_the_oldest_first_and_after_one(api: Api, path: str) -> None:
    said = [say(api, path, f"{number}")["id"] for number in range(5)]
    first = api.get(f"{path}?limit=2").json
    second = api.get(f"{path}?limit=3&cursor={first['nextCursor']}").json
    assert [each["id"] for page in (first, second) for each in page["items"]] == said
    assert second["nextCursor"] is None
    assert [each["id"] for each in api.get(f"{path}?after={said[2]}").json["items"]] == said[3:]
    assert_refused(api.get(f"{path}?limit=3&after={said[0]}&cursor={first['nextCursor']}"), 400, "cursor")


@pytest.mark.parametrize(
    ("text", "named", "mentions"),
    [
        ("@user_eve and @agent_bo: look", [], ["user_eve", "agent_bo"]),
        ("mail ada@example.com, see /@home", [], []),
        ("@user_eve.", ["Grace Hopper", "user_eve"], ["Grace Hopper", "user_eve"]),
    ],
)
def test_who_is_mentioned_is_told(api: Api, path: str, text: str, named: list[str], mentions: list[str]) -> None:
    assert say(api, path, text, mentions=named)["mentions"] == mentions


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": " "}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"text": "x", "mentions": ["a"] * 2}, "mentions"),
        ({"text": "x", "mentions": [str(each) for each in range(21)]}, "mentions"),
        ({"text": "x", "author": "user_eve"}, "author"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(api: Api, path: str, body: Any, field: str) -> None:
    assert_refused(api.post(path, body), 400, field)


def test_under_a_key_a_comment_is_written_once(api: Api, path: str) -> None:
    first, second = (api.post(path, {"text": "Once"}, headers={"idempotency-key": "k"}).json for _ in range(2))
    assert first == second
    assert api.get(path).json["items"] == [first]


# ---------------------------------------------------------------- editing and deleting


def test_an_author_edits_a_comment_which_then_says_so(api: Api, bo: Api, path: str) -> None:
    made = say(api, path)
    edited = api.patch(f"{path}/{made['id']}", {"text": "Mind them, @user_eve."}).json
    assert (edited["text"], edited["mentions"]) == ("Mind them, @user_eve.", ["user_eve"])
    assert edited["editedAt"] >= made["createdAt"]
    answer = bo.patch(f"{path}/{made['id']}", {"text": "Mine"})
    assert (answer.status, answer.json["code"]) == (409, "not_author")


def test_a_deleted_comment_stays_without_its_text(api: Api, bo: Api, path: str) -> None:
    made = say(bo, path)
    assert bo.delete(f"{path}/{made['id']}").status == 204
    (left,) = api.get(path).json["items"]
    assert (left["id"], left["author"], left["text"]) == (made["id"], "agent_bo", None)
    assert left["deletedAt"]
    assert bo.patch(f"{path}/{made['id']}", {"text": "Back"}).json["code"] == "comment_deleted"
    assert bo.delete(f"{path}/{made['id']}").status == 204


def test_administrators_delete_what_others_wrote_and_members_do_not(api: Api, caller: Caller, path: str) -> None:
    made = say(caller("user_eve"), path)
    member = caller("user_bo", scopes=["tasks:read", "tasks:write"])
    assert member.delete(f"{path}/{made['id']}").json["code"] == "not_author"
    assert api.delete(f"{path}/{made['id']}").status == 204


# ---------------------------------------------------------------- who sees them


def test_comments_are_seen_by_those_who_see_the_track(api: Api, caller: Caller) -> None:
    track = make_task(api, scope={"type": "personal"})["id"]
    path = f"/v1/tracks/{track}/comments"
    made = say(api, path)
    for other in (caller("user_eve"), caller(tenant=new_id())):
        assert_refused(other.get(path), 404)
        assert_refused(other.post(path, {"text": "Hello"}), 404)
        assert_refused(other.patch(f"{path}/{made['id']}", {"text": "Hello"}), 404)
        assert_refused(other.delete(f"{path}/{made['id']}"), 404)
    assert_refused(api.patch(f"{path}/{new_id()}", {"text": "Hello"}), 404)


# ---------------------------------------------------------------- what follows


def test_trail_and_events_tell_of_comments(api: Api, path: str, stream: Stream) -> None:
    stream.settle()
    stream.bus.taken.clear()
    made = say(api, path, "Look, @user_eve")
    stream.settle()
    (event,) = [json.loads(each["Detail"]) for each in stream.bus.taken]
    assert (event["type"], event["comment"]["text"]) == ("task.commented", "Look, @user_eve")
    message = payload(event)
    assert message
    assert message["data"]["comment"]["mentions"] == ["user_eve"]
    api.patch(f"{path}/{made['id']}", {"text": "Look"})
    stream.settle()
    api.delete(f"{path}/{made['id']}")
    stream.settle()
    assert len(stream.bus.taken) == 1
    trail = [each for each in api.get(f"/v1/audit?track={made['track']}").json["items"] if "comment" in each["action"]]
    assert [(each["action"], each["relatedResource"]["id"]) for each in trail] == [
        ("comment_deleted", made["id"]),
        ("comment_edited", made["id"]),
        ("commented", made["id"]),
    ]
    assert [(each["changes"][0]["before"], each["changes"][0]["after"]) for each in trail] == [
        ("Look", None),
        ("Look, @user_eve", "Look"),
        (None, "Look, @user_eve"),
    ]


def held(ledger: Runs) -> Run:
    run = ledger.run(dispatched_at=clock.now(), dispatches=1)
    ledger.claim(run)
    return run


def test_the_agent_that_works_on_the_task_is_told_with_its_heartbeat(ledger: Runs, api: Api, bo: Api) -> None:
    run = held(ledger)
    path, beat = f"/v1/tracks/{run.task_id}/comments", f"/v1/runs/{run.task_id}/{run.id}/heartbeat"
    version = ledger.now(run).version
    assert "comments" not in bo.post(beat).json
    first = say(api, path)
    say(bo, path, "Noted.")
    told = bo.post(beat).json["comments"]
    assert told == [
        {
            "id": first["id"],
            "author": "user_ada",
            "author_kind": "user",
            "text": "Mind the limits.",
            "created_at": first["createdAt"],
        }
    ]
    assert ledger.now(run).version == version
    second = say(api, path, "And the price.")
    assert [each["id"] for each in bo.post(beat, {"comments_after": first["id"]}).json["comments"]] == [second["id"]]
    assert "comments" not in bo.post(beat, {"comments_after": second["id"]}).json


def followed(client: Api, run: Run, after: str = "") -> list[dict[str, str]]:
    """Return the comments of an answer of the run's stream, each as its fields; their ids say where to go on."""
    headers = {"last-event-id": after} if after else {}
    answer = client.get(f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}/stream?wait=0", headers=headers)
    assert answer.status == 200, answer.text
    blocks = [dict(line.split(": ", 1) for line in each.split("\n")) for each in answer.text.split("\n\n") if each]
    return [each for each in blocks if each.get("event") == "comment"]


def test_who_follows_the_run_is_told_of_what_others_say_once_each(ledger: Runs, api: Api, bo: Api) -> None:
    run = held(ledger)
    path = f"/v1/tracks/{run.task_id}/comments"
    assert followed(bo, run) == []
    first, own, second = say(api, path), say(bo, path, "Noted."), say(api, path, "And the price.")
    told = followed(bo, run)
    assert [json.loads(each["data"])["id"] for each in told] == [first["id"], second["id"]]
    assert json.loads(told[0]["data"]) == {
        "type": "comment",
        "id": first["id"],
        "author": "user_ada",
        "author_kind": "user",
        "text": "Mind the limits.",
        "created_at": first["createdAt"],
    }
    assert [json.loads(each["data"])["id"] for each in followed(bo, run, told[0]["id"])] == [second["id"]]
    assert followed(bo, run, told[1]["id"]) == []
    assert [json.loads(each["data"])["id"] for each in followed(api, run)] == [own["id"]]
    api.delete(f"{path}/{first['id']}")
    assert [json.loads(each["data"])["id"] for each in followed(bo, run)] == [second["id"]]


def test_who_asks_over_mcp_reads_what_others_say_beside_the_answer(ledger: Runs, api: Api, bo: Api) -> None:
    run, mcp = held(ledger), Mcp(bo)
    asked = mcp.ok("ask", task_id=run.task_id, text="Which?")
    assert "comments" not in asked
    assert "comments" not in mcp.ok("ask", task_id=run.task_id)
    path = f"/v1/tracks/{run.task_id}/comments"
    said, _ = say(api, path), say(bo, path, "Noted.")
    assert [each["id"] for each in mcp.ok("ask", task_id=run.task_id)["comments"]] == [said["id"]]


def test_tools_write_and_read_comments(api: Api, bo: Api, path: str) -> None:
    task, mcp = path.split("/")[3], Mcp(bo)
    made = mcp.ok("comment", task_id=task, text="Which limits, @user_ada?")["comments"][0]
    assert (made["author"], made["author_kind"]) == ("agent_bo", "agent")
    said = say(api, path)
    assert [each["id"] for each in mcp.ok("comment", task_id=task)["comments"]] == [made["id"], said["id"]]
    assert [each["id"] for each in mcp.ok("comment", task_id=task, after=made["id"])["comments"]] == [said["id"]]


def test_writing_is_a_read_and_a_write(api: Api, path: str, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    api.get(path)
    calls: list[str] = []
    real = table.call
    monkeypatch.setattr(table, "call", lambda name, **more: [calls.append(name), real(name, **more)][1])
    say(api, path)
    assert calls == ["get_item", "put_item"]
    calls.clear()
    api.get(path)
    assert calls == ["get_item", "query"]
