"""Bulk imports: a file of drafts goes in by its references, whole parts at once, each line with its result."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from switchyard.aws.errors import ApiError
from switchyard.aws.objects import ObjectStore
from switchyard.domain import imports
from switchyard.domain.ids import new_id
from switchyard.store import import_keys
from switchyard.store import imports as rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.files import Recorded
from tests.support.http import Api
from tests.support.import_job import Ended, Job
from tests.support.planning import assert_refused

SHARED = {"type": "projects", "ids": []}


def task(name: str, *after: str, **fields: Any) -> dict[str, Any]:
    return {"externalId": name, "title": f"Task {name}", "task": {"dependsOn": list(after), **fields}}


def goal(name: str, **fields: Any) -> dict[str, Any]:
    return {"externalId": name, "title": f"Goal {name}", "goal": fields}


@pytest.fixture
def job(api: Api, table: Table, bucket: ObjectStore) -> Job:
    return Job(api, table, bucket)


def by_name(results: Sequence[Any]) -> dict[str, Any]:
    return {each["externalId"]: each for each in results}


def find(api: Api, name: str, kind: str = "task") -> Any:
    answer = api.get(f"/v1/tracks?type={kind}&externalId={name}")
    assert answer.status == 200
    return (answer.json["items"] or [None])[0]


def test_lines_go_in_whatever_their_order_and_each_has_a_result(api: Api, job: Job) -> None:
    done = job.run([task("c", "b", goalId="g"), task("b", "a"), goal("g"), task("a"), task("alone")])
    assert (done["status"], done["lines"], done["split"], done["done"]) == ("completed", 5, 0, 5)
    assert done["counts"] == {"created": 5, "updated": 0, "unchanged": 0, "refused": 0, "incomplete": 0}
    results = by_name(job.results())
    assert {name: each["line"] for name, each in results.items()} == {"c": 1, "b": 2, "g": 3, "a": 4, "alone": 5}
    assert all(each["outcome"] == "created" and each["atomic"] for each in results.values())
    found = find(api, "c")
    assert found["id"] == results["c"]["id"]
    assert found["task"]["dependsOn"] == [results["b"]["id"]]
    assert found["task"]["goalId"] == results["g"]["id"]


def test_a_second_import_of_the_same_file_makes_nothing_twice_and_changes_what_changed(api: Api, job: Job) -> None:
    lines = [task("a"), task("b", "a"), task("c")]
    job.run(lines)
    again = job.again().run([*lines[:2], {**lines[2], "title": "Another"}])
    assert again["counts"] == {"created": 0, "updated": 1, "unchanged": 2, "refused": 0, "incomplete": 0}
    assert len(api.get("/v1/tracks?type=task").json["items"]) == 3
    assert find(api, "c")["title"] == "Another"


def test_a_part_that_fits_into_a_transaction_goes_in_whole_or_not_at_all(api: Api, job: Job) -> None:
    good, bad = [task("a"), task("b", "a")], [task("x"), task("y", "x"), task("z", "y", goalId="nowhere")]
    done = job.run([*good, *bad])
    assert (done["counts"]["created"], done["counts"]["refused"]) == (2, 3)
    results = by_name(job.results())
    assert "goalId" in results["z"]["error"]
    assert "line 5" in results["x"]["error"]
    assert find(api, "x") is None
    assert find(api, "b") is not None


def test_a_part_too_large_for_a_transaction_goes_in_by_pieces_and_that_is_told(api: Api, job: Job) -> None:
    names = [f"n{number:03d}" for number in range(120)]
    lines = [task(name, *names[max(0, at - 2) : at]) for at, name in enumerate(names)]
    done = job.run([*reversed(lines), task("alone")])
    assert (done["counts"]["created"], done["split"], done["lines"]) == (121, 120, 121)
    results = by_name(job.results())
    assert (results["n050"]["atomic"], results["alone"]["atomic"]) == (False, True)
    assert find(api, "n119")["task"]["dependsOn"] == [results["n117"]["id"], results["n118"]["id"]]


def test_references_that_form_a_circle_of_parents_and_dependencies_are_all_there_in_the_end(api: Api, job: Job) -> None:
    children = [f"c{number:02d}" for number in range(49)]
    lines = [task("epic", *children), *(task(each, parentId="epic") for each in children)]
    done = job.run(lines)
    assert (done["counts"]["created"], done["counts"]["incomplete"], done["done"]) == (50, 0, 50)
    results = by_name(job.results())
    assert set(find(api, "epic")["task"]["dependsOn"]) == {results[each]["id"] for each in children}
    assert find(api, "c48")["task"]["parentId"] == results["epic"]["id"]


def test_a_cycle_of_dependencies_is_refused_by_name(api: Api, job: Job) -> None:
    done = job.run([task("a", "b"), task("b", "a"), task("c")])
    assert (done["counts"]["created"], done["counts"]["refused"]) == (1, 2)
    assert (
        "cycle: a -> b -> a" in by_name(job.results())["a"]["error"] or "cycle" in by_name(job.results())["b"]["error"]
    )
    assert find(api, "a") is None


def test_lines_that_are_no_drafts_are_refused_with_the_reason_and_the_others_go_in(api: Api, job: Job) -> None:
    long = json.dumps({**task("long"), "description": "x" * imports.LINE_MAX})
    text = "\n".join(
        [
            "\ufeff" + json.dumps(task("first")),
            '{"externalId": "cut", "title": "Cu',
            json.dumps({"title": "No name", "task": {}}),
            json.dumps({**task("odd"), "colour": "red"}),
            "",
            json.dumps(task("FIRST")),
            json.dumps({**task("own"), "id": new_id()}),
            long,
            "[1, 2]",
            json.dumps(task("last")),
            '{"externalId": "twice", "title": "One", "title": "Two", "task": {}}',
            json.dumps({**task("written"), "external_id": "written"}),
        ]
    )
    done = job.run(text=text)
    assert (done["lines"], done["counts"]["created"], done["counts"]["refused"]) == (11, 2, 9)
    told = {each["line"]: each.get("error", "") for each in job.results()}
    assert "JSON" in told[2]
    assert told[3].startswith("externalId: is required")
    assert told[4].startswith("colour: ")
    assert told[6] == "externalId: line 1 has it already"
    assert told[7].startswith("id: ")
    assert told[8].startswith(f"the line has {len(long) + 1} bytes")
    assert (told[1], told[10]) == ("", "")
    assert told[11] == "title: is given twice; expected one value"
    assert told[12] == "external_id: is not a known field; expected externalId"
    assert find(api, "last") is not None


def test_one_import_of_a_tenant_is_under_way_at_a_time(api: Api, job: Job, caller: Caller) -> None:
    job.create().upload([task("a")])
    assert job.start().status == 202
    other = Job(caller("user_eve"), job.table, job.bucket).create()
    other.upload([task("b")])
    refused = other.start()
    assert (refused.status, refused.json["code"]) == (409, "import_under_way")
    assert job.id in refused.json["detail"]
    job.carry_on()
    assert other.start().status == 202


def test_starting_twice_starts_once_and_an_import_that_is_over_starts_no_more(job: Job) -> None:
    job.create().upload([task("a")])
    assert (job.start().status, job.start().status) == (202, 202)
    job.carry_on()
    assert_refused(job.start(), 409)


def test_an_import_without_its_file_does_not_start(job: Job) -> None:
    job.create()
    answer = job.start()
    assert (answer.status, answer.json["code"]) == (409, "not_uploaded")
    job.upload([])
    assert job.start().status == 409


def test_the_file_is_the_one_that_was_there_at_the_start(api: Api, job: Job) -> None:
    job.create().upload([task("first")])
    job.start()
    job.upload([task("second")])
    job.carry_on()
    assert (find(api, "first") is None, find(api, "second") is None) == (False, True)


def test_a_cancelled_import_writes_nothing_more_and_tells_what_it_wrote(api: Api, job: Job) -> None:
    names = [f"n{number:03d}" for number in range(100)]
    job.create().upload([task(name, *names[max(0, at - 1) : at]) for at, name in enumerate(names)])
    job.start()
    job.sort()
    job.apply_chunks(1)
    answer = api.post(f"/v1/imports/{job.id}/cancel")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    written = answer.json["done"]
    assert 0 < written < 100
    job.apply_chunks(5)
    job.end()
    shown = job.shown()
    assert (shown["status"], shown["done"], len(job.results())) == ("cancelled", written, written)
    assert len([name for name in names if find(api, name)]) == written
    assert api.post(f"/v1/imports/{job.id}/cancel").status == 200
    job.again().create().upload([task("next")])


def test_a_step_that_ends_in_the_middle_is_carried_on_without_loss_or_double(api: Api, job: Job, table: Table) -> None:
    names = [f"n{number:03d}" for number in range(100)]
    job.create().upload([task(name, *names[max(0, at - 1) : at]) for at, name in enumerate(names)])
    job.start()
    job.sort()
    job.sort()

    def lost(make: Callable[[], Any]) -> Any:
        make()
        raise Ended

    def never(_: Callable[[], Any]) -> Any:
        raise Ended

    while not job.apply_chunks(1, around=lost):
        job.apply_chunks(1, around=never)
        job.apply_chunks(1)
    job.end()
    job.end()
    done = job.shown()
    assert (done["status"], done["counts"]["created"]) == ("completed", 100)
    assert sorted(each["externalId"] for each in job.results()) == names
    assert len({each["id"] for each in job.results()}) == 100
    found = api.get("/v1/tracks?type=task&limit=100").json
    assert (len(found["items"]), found["nextCursor"]) == (100, None)
    assert {each["version"] for each in found["items"]} == {1}


def test_two_invocations_of_a_lane_at_once_apply_it_once(api: Api, job: Job, table: Table, tenant: str) -> None:
    job.create().upload([task("a"), task("b")])
    job.start()
    job.sort()

    def overtaken(make: Callable[[], Any]) -> Any:
        assert job.apply_chunks(9)
        return make()

    assert not job.apply_chunks(9, around=overtaken)
    assert job.apply_chunks(9)
    assert {each["version"] for each in api.get("/v1/tracks?type=task").json["items"]} == {1}
    (lane,) = rows.read(table, tenant, job.id)[1]
    assert (lane.created, lane.unchanged) == (2, 0)


def test_a_revoked_token_ends_the_import_it_was_started_with(api: Api, job: Job, caller: Caller) -> None:
    job.create().upload([task("a")])
    job.start()
    job.sort()
    token_id = api.get("/v1/me").json["tokenId"]
    assert caller("user_root").delete(f"/v1/tokens/{token_id}").status == 204
    failure = job.failing_apply()
    assert failure["Error"] == "TokenRevoked"
    job.end(failure)
    rows_now, _ = rows.read(job.table, job.tenant, job.id)
    assert rows_now is not None
    assert (rows_now.status, "revoked" in str(rows_now.error)) == ("failed", True)


@pytest.mark.parametrize("step", [Job.sort, Job.end])
def test_of_a_file_that_a_step_could_not_write_nothing_is_left_and_the_step_may_be_repeated(
    job: Job, bucket: ObjectStore, monkeypatch: pytest.MonkeyPatch, step: Callable[[Job], Any]
) -> None:
    job.create().upload([task("a")])
    job.start()
    if step is Job.end:
        job.sort()
        job.apply_chunks(9)
    refused = ApiError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "UploadPart")
    recorded = Recorded(bucket.client, {"upload_part": refused})
    with monkeypatch.context() as broken:
        broken.setattr(bucket, "client", recorded)
        with pytest.raises(ApiError):
            step(job)
    assert recorded.calls[-2:] == ["upload_part", "abort_multipart_upload"]
    uploads = bucket.client.list_multipart_uploads(Bucket=bucket.bucket)
    assert not [each for each in uploads.get("Uploads", ()) if job.id in each["Key"]]
    job.carry_on()
    assert job.shown()["counts"]["created"] == 1


def test_an_import_writes_in_the_name_of_who_started_it_and_asks_for_its_scopes(api: Api, job: Job) -> None:
    job.run([task("a")])
    assert find(api, "a")["createdBy"] == "user_ada"
    past = {**task("old", status="done"), "createdAt": "2020-01-01T00:00:00Z", "completedAt": "2020-02-01T00:00:00Z"}
    assert job.again().run([past])["counts"]["created"] == 1
    assert find(api, "old")["createdAt"].startswith("2020-01-01")


def test_history_without_its_scope_is_refused_line_by_line(caller: Caller, table: Table, bucket: ObjectStore) -> None:
    job = Job(caller("user_bo", scopes=["tasks:read", "tasks:write"]), table, bucket)
    done = job.run([{**task("old"), "createdAt": "2020-01-01T00:00:00Z"}, task("new")])
    assert (done["counts"]["created"], done["counts"]["refused"]) == (1, 1)
    assert "tasks:history" in by_name(job.results())["old"]["error"]


def test_personal_imports_stay_with_their_owner(api: Api, job: Job, caller: Caller) -> None:
    job.run([task("mine")], scope={"type": "personal"})
    assert find(api, "mine")["scope"] == {"type": "personal"}
    assert find(caller("user_eve"), "mine") is None


def test_nobody_else_sees_starts_or_cancels_an_import(job: Job, caller: Caller) -> None:
    job.create().upload([task("a")])
    for other in (caller("user_eve"), caller(tenant=new_id())):
        assert_refused(other.get(f"/v1/imports/{job.id}"), 404)
        assert_refused(other.post(f"/v1/imports/{job.id}/start"), 404)
        assert_refused(other.post(f"/v1/imports/{job.id}/cancel"), 404)
        assert other.get("/v1/imports").json["items"] == []


def test_another_tenants_external_ids_and_tracks_are_not_found_by_an_import(job: Job, caller: Caller) -> None:
    foreign = Job(caller(tenant=new_id()), job.table, job.bucket)
    foreign.run([task("theirs")])
    track = foreign.results()[0]["id"]
    done = job.run([task("a", "theirs"), task("b", track)])
    assert done["counts"]["refused"] == 2


def test_the_form_takes_one_file_of_bounded_size_and_no_key_keeps_it(api: Api, bucket: ObjectStore) -> None:
    headers = {"idempotency-key": "import-1"}
    made = api.post("/v1/imports", {"scope": SHARED}, headers=headers)
    assert made.status == 201
    upload = made.json["upload"]
    assert upload["fields"]["key"].endswith(f"/import_{made.json['id']}/drafts.jsonl")
    again = api.post("/v1/imports", {"scope": SHARED}, headers=headers)
    assert (again.json["id"], again.json["upload"]) == (made.json["id"], None)


def test_the_callers_imports_are_listed_newest_first(api: Api, job: Job) -> None:
    first, second = job.create().id, job.again().create().id
    page = api.get("/v1/imports?limit=1").json
    rest = api.get(f"/v1/imports?limit=1&cursor={page['nextCursor']}").json
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [second, first]
    assert rest["nextCursor"] is None


def test_a_file_with_too_many_lines_fails_as_a_whole(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LINES_MAX", 2)
    job.create().upload([task("a"), task("b"), task("c")])
    job.start()
    failure = job.failing_sort()
    job.end(failure)
    assert (job.shown()["status"], job.shown()["error"]) == ("failed", "The file has more than 2 lines.")


def test_a_full_chunk_is_one_transaction_of_at_most_a_hundred_rows(job: Job, table: Table, tenant: str) -> None:
    """48 new tracks with their external ids, the lane's progress and the results."""
    done = job.run([task(f"n{number:02d}") for number in range(96)])
    assert done["counts"]["created"] == 96
    pk, _ = import_keys.job(tenant, job.id)
    found, _more = table.query(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :results)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":results": {"S": import_keys.RESULT}},
    )
    assert len(found) == 2
