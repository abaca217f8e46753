"""GET /v1/audit: who changed what, and who may read it."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.stream import BusClient, Stream

UNKNOWN = "01981f5c-7a00-7000-8000-0000000000ee"


def task(api: Api, title: str = "Task", scope: str = "projects", **more: Any) -> str:
    where = {"type": scope} | ({"ids": ["docs"]} if scope == "projects" else {})
    answer = api.post("/v1/tracks", {"type": "task", "title": title, "scope": where, **more})
    assert answer.status == 201, answer.text
    return answer.json["id"]


def entries(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/v1/audit?{query}")
    assert answer.status == 200, answer.text
    return answer.json["items"]


def actions(api: Api, query: str = "") -> list[str]:
    return [each["action"] for each in entries(api, query)]


# ---------------------------------------------------------------- content


def test_each_change_is_an_entry_that_says_who_what_when_and_how(api: Api, caller: Caller, stream: Stream) -> None:
    track = task(api, relatedResource={"type": "contact", "id": "c-1"})
    stream.settle()
    answer = caller("agent_bo", kind="agent").patch(
        f"/v1/tracks/{track}", {"title": "Renamed", "task": {"status": "done"}}
    )
    stream.settle()
    newest = entries(api)[0]
    assert newest.pop("id").startswith("aud_")
    assert newest == {
        "at": answer.json["updatedAt"],
        "action": "completed",
        "outcome": "applied",
        "error": None,
        "actor": {"id": "agent_bo", "kind": "agent", "source": "api"},
        "operation": "planning.update_track",
        "track": {"id": track, "type": "task"},
        "version": 2,
        "previousStatus": None,
        "newStatus": "done",
        "relatedResource": {"type": "contact", "id": "c-1"},
        "changes": [
            {"field": "title", "before": "Task", "after": "Renamed", "cut": False},
            {"field": "status", "before": None, "after": "done", "cut": False},
        ],
        "overruled": [],
        "requestId": answer.headers["x-request-id"],
    }


def test_the_actions_of_a_tracks_life_are_distinguished(api: Api, stream: Stream) -> None:
    track = task(api)
    stream.settle()
    for status in ("in_progress", "done", "todo"):
        api.patch(f"/v1/tracks/{track}", {"task": {"status": status}})
        stream.settle()
    api.patch(f"/v1/tracks/{track}", {"priority": "high"})
    stream.settle()
    api.delete(f"/v1/tracks/{track}")
    stream.settle()
    told = ["deleted", "updated", "status_changed", "completed", "status_changed", "created"]
    assert actions(api, f"track={track}") == told


def test_a_long_text_is_cut_and_says_so(api: Api, stream: Stream) -> None:
    track = task(api)
    stream.settle()
    api.patch(f"/v1/tracks/{track}", {"description": "ä" * 20_000})
    stream.settle()
    (shown,) = entries(api)[0]["changes"]
    assert shown["cut"]
    assert shown["after"] == "ä" * 500


# ---------------------------------------------------------------- refused completions


def assert_refused(api: Api, stream: Stream, track: str, answer: Answer, code: str) -> None:
    stream.settle()
    entry = entries(api, f"track={track}")[0]
    assert (entry["action"], entry["outcome"]) == ("completed", "refused")
    assert entry["error"] == {"code": code, "status": answer.status}
    assert (entry["previousStatus"], entry["newStatus"], entry["version"]) == ("todo", "done", None)
    assert entry["requestId"] == answer.headers["x-request-id"]
    assert entry["relatedResource"] == {"type": "contact", "id": "c-1"}


def test_a_completion_refused_by_a_precondition_is_audited(api: Api, stream: Stream) -> None:
    track = task(api, task={"status": "todo"}, relatedResource={"type": "contact", "id": "c-1"})
    stream.settle()
    answer = api.patch(f"/v1/tracks/{track}", {"task": {"status": "done"}}, headers={"if-match": '"9"'})
    assert answer.status == 412
    assert_refused(api, stream, track, answer, "precondition_failed")


def test_a_completion_refused_for_another_part_of_the_request_is_audited(api: Api, stream: Stream) -> None:
    track = task(api, task={"status": "todo"}, relatedResource={"type": "contact", "id": "c-1"})
    stream.settle()
    answer = api.patch(f"/v1/tracks/{track}", {"task": {"status": "done", "dependsOn": [UNKNOWN]}})
    assert answer.status == 422
    assert_refused(api, stream, track, answer, "unknown_reference")


def test_every_surface_leaves_word_of_a_refused_completion(api: Api, stream: Stream) -> None:
    track = task(api, task={"status": "todo"}, relatedResource={"type": "contact", "id": "c-1"})
    stream.settle()
    refused = api.patch(f"/api/v1/tasks/{track}", {"status": "completed"})
    assert refused.status == 409
    assert_refused(api, stream, track, refused, "invalid_transition")
    refused = api.patch(f"/v1/tasks/{track}", {"status": "completed"}, headers={"if-match": '"9"'})
    assert refused.status == 412
    assert_refused(api, stream, track, refused, "precondition_failed")


def test_a_refused_change_that_was_no_completion_leaves_no_entry(api: Api, stream: Stream) -> None:
    track = task(api)
    stream.settle()
    assert api.patch(f"/v1/tracks/{track}", {"title": "New"}, headers={"if-match": '"9"'}).status == 412
    stream.settle()
    assert actions(api, f"track={track}") == ["created"]


def test_a_row_that_claims_to_be_an_attempt_can_only_tell_of_a_refusal(api: Api, stream: Stream) -> None:
    track = task(api, task={"status": "todo"})
    stream.settle()
    api.patch(f"/v1/tracks/{track}", {"task": {"status": "done"}}, headers={"if-match": '"9"'})
    (record,) = [each for each in stream.collect() if each["dynamodb"]["Keys"]["sk"]["S"].startswith("ATTEMPT#")]
    record["dynamodb"]["NewImage"] |= {"outcome": {"S": "applied"}, "version": {"N": "7"}}
    stream.deliver([record])
    newest = entries(api)[0]
    assert (newest["outcome"], newest["version"]) == ("refused", None)


# ---------------------------------------------------------------- filters and pages


def test_entries_are_filtered_by_track_and_actor_and_both(api: Api, caller: Caller, stream: Stream) -> None:
    first, second = task(api), task(api)
    stream.settle()
    caller("agent_bo", kind="agent").patch(f"/v1/tracks/{first}", {"priority": "low"})
    stream.settle()
    assert actions(api, f"track={first}") == ["updated", "created"]
    assert [each["track"]["id"] for each in entries(api, "actor=agent_bo")] == [first]
    assert actions(api, f"track={first}&actor=agent_bo") == ["updated"]
    assert actions(api, f"track={second}&actor=agent_bo") == []
    assert actions(api, f"track={UNKNOWN}") == []


def test_entries_of_an_earlier_version_are_found_among_the_others(api: Api, stream: Stream, table: Table) -> None:
    tracks = [task(api) for _ in range(3)]
    stream.settle()
    (entry,) = [row for (pk, _), row in stream.scan().items() if pk.startswith("AUDIT#") and tracks[1] in pk]
    former = {"by_assignee": entry["home"], "rank": entry["id"]}
    table.put_many([{name: value for name, value in (entry | former).items() if name != "home"}])
    assert [each["track"]["id"] for each in entries(api, "actor=user_ada")] == tracks[::-1]


def test_both_ends_of_the_time_range_belong_to_it(api: Api, stream: Stream) -> None:
    for _ in range(3):
        task(api)
        stream.settle()
    times = [each["at"] for each in entries(api)]
    assert times == sorted(times, reverse=True)
    assert [each["at"] for each in entries(api, f"from={times[1]}")] == times[:2]
    assert [each["at"] for each in entries(api, f"to={times[1]}")] == times[1:]
    assert [each["at"] for each in entries(api, f"from={times[1]}&to={times[1]}")] == times[1:2]
    assert [each["at"] for each in entries(api, f"from={times[0][:10]}&to={times[0][:10]}&actor=user_ada")] == times
    assert entries(api, "from=2001-01-01&to=2001-12-31") == []


@pytest.mark.parametrize("filters", ["", "actor=user_ada&", "track={track}&"])
def test_pages_follow_each_other_without_gap_or_repetition(filters: str, api: Api, stream: Stream) -> None:
    track = task(api)
    stream.settle()
    for number in range(5):
        api.patch(f"/v1/tracks/{track}", {"title": f"Title {number}"})
        stream.settle()
    query, found, cursor = filters.format(track=track), [], ""
    while True:
        page = api.get(f"/v1/audit?{query}limit=2{cursor}").json
        found += [each["version"] for each in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert found == [6, 5, 4, 3, 2, 1]


def test_a_cursor_of_another_list_is_refused(api: Api, stream: Stream) -> None:
    for _ in range(3):
        task(api)
    stream.settle()
    cursor = api.get("/v1/audit?limit=1").json["nextCursor"]
    assert api.get(f"/v1/audit?limit=1&cursor={cursor}").status == 200
    answer = api.get(f"/v1/audit?limit=1&actor=user_ada&cursor={cursor}")
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=abc", "limit"),
        ("track=nonsense", "track"),
        ("from=2026-02-30", "from"),
        ("to=yesterday", "to"),
        ("from=%20", "from"),
        ("cursor=nonsense", "cursor"),
        ("tenant=other", "tenant"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(query: str, field: str, api: Api) -> None:
    answer = api.get(f"/v1/audit?{query}")
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, field)


# ---------------------------------------------------------------- who may read


def test_the_trail_of_a_personal_track_is_its_owners_alone(api: Api, caller: Caller, stream: Stream) -> None:
    track = task(api, "My secret", scope="personal")
    stream.settle()
    api.patch(f"/v1/tracks/{track}", {"task": {"status": "done"}}, headers={"if-match": '"9"'})
    stream.settle()
    assert actions(api) == ["completed", "created"]
    other = caller("user_bo")
    for query in ("", f"track={track}", "actor=user_ada", f"track={track}&actor=user_ada"):
        assert entries(other, query) == []
        assert len(entries(api, query)) == 2


def test_a_track_that_becomes_shared_or_personal_shows_nothing_of_its_personal_side(
    api: Api, caller: Caller, stream: Stream
) -> None:
    track = task(api, "My secret", scope="personal")
    stream.settle()
    api.patch(f"/v1/tracks/{track}", {"title": "For all", "scope": {"type": "projects", "ids": ["docs"]}})
    stream.settle()
    api.patch(f"/v1/tracks/{track}", {"title": "Mine again", "scope": {"type": "personal"}})
    stream.settle()
    answer = caller("user_bo").get(f"/v1/audit?track={track}")
    assert [each["version"] for each in answer.json["items"]] == [3, 2]
    assert "secret" not in answer.text
    assert "again" not in answer.text
    assert {each["field"]: each["cut"] for each in answer.json["items"][0]["changes"]} == {
        "title": True,
        "owner": False,
        "projectIds": False,
    }


def test_another_tenant_sees_nothing(api: Api, caller: Caller, stream: Stream) -> None:
    track = task(api)
    stream.settle()
    foreign = caller(tenant=new_id())
    for query in ("", f"track={track}", "actor=user_ada"):
        assert entries(foreign, query) == []


def test_the_events_of_a_personal_track_name_its_owner(api: Api, stream: Stream) -> None:
    stream.bus = BusClient()
    task(api, scope="personal")
    stream.settle()
    (event,) = stream.bus.taken
    assert '"owner":"user_ada"' in event["Detail"]
