"""Artifacts staged for a task's next run (contract: projects.md §5.2, §6)."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import pytest

from switchyard.aws import objects
from switchyard.aws.errors import ApiError, NotConfigured
from switchyard.aws.objects import ObjectStore
from switchyard.domain import artifacts
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.artifacts import Entry
from switchyard.domain.ids import new_id
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.http.statuses import EndpointRefusal
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import keys
from switchyard.store import staged as staged_rows
from switchyard.store.table import Table
from switchyard.surfaces.projects import staged
from tests.api.conftest import Caller
from tests.api.test_correlation import Log, log
from tests.support.files import Recorded, policy_of, put
from tests.support.http import Answer, Api
from tests.support.projects import a_task, a_tenant

__all__ = ["log"]


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box")[0]


@pytest.fixture
def task(table: Table, project: Project) -> Track:
    return a_task(table, project)


# ---------------------------------------------------------------- what a run takes


def stage(table: Table, task: Track, *ids: str, seconds: int = 60) -> list[Entry]:
    entries = [{"id": each, "name": f"{each}.txt"} for each in ids]
    until = int(time.time()) + seconds
    table.write([staged_rows.put(task.tenant_id, task.id, each, until) for each in entries])
    return entries


def unit(table: Table, tenant: str) -> Unit:
    return Unit(table, Actor(tenant, "user_ada", "user", frozenset(SCOPES), "token"), new_id())


def refused(table: Table, task: Track, *ids: str) -> list[str]:
    with pytest.raises(EndpointRefusal) as error:
        staged.consume(unit(table, task.tenant_id), task, ids)
    assert error.value.status == 400
    assert error.value.body["detail"] == "Some pending_user_artifact_ids are invalid or expired"
    missing: list[str] = error.value.body["missing_artifact_ids"]
    return missing


def test_a_run_takes_staged_artifacts_in_the_order_it_names_them(table: Table, task: Track) -> None:
    a, b, c = stage(table, task, "a", "b", "c")
    work = unit(table, task.tenant_id)
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    work.prefetch([task.id], rows=staged.row_keys(task.tenant_id, task.id, ["c", "a", "c"]))
    assert staged.consume(work, task, ["c", "a", "c"]) == (c, a)
    work.commit(200, {}, "")
    assert calls == ["batch_get_item", "transact_write_items"]
    assert refused(table, task, "a", "b", "c") == ["a", "c"]
    assert staged.consume(unit(table, task.tenant_id), task, ["b"]) == (b,)


def test_nothing_is_taken_when_one_is_missing(table: Table, task: Track) -> None:
    stage(table, task, "a")
    assert refused(table, task, "a", "unknown", "other") == ["unknown", "other"]
    assert staged.consume(unit(table, task.tenant_id), task, ["a"])


def test_an_expired_artifact_is_missing_although_its_row_is_there(table: Table, task: Track) -> None:
    stage(table, task, "late", seconds=0)
    stage(table, task, "soon", seconds=60)
    assert refused(table, task, "late", "soon") == ["late"]


def test_an_artifact_of_another_task_is_missing(table: Table, project: Project, task: Track) -> None:
    stage(table, a_task(table, project), "a")
    assert refused(table, task, "a") == ["a"]


def test_the_loser_of_a_race_decides_again(table: Table, task: Track) -> None:
    stage(table, task, "a", "b")
    first, second = unit(table, task.tenant_id), unit(table, task.tenant_id)
    staged.consume(first, task, ["a"])
    staged.consume(second, task, ["b", "a"])
    first.commit(200, {}, "")
    with pytest.raises(Stale):
        second.commit(200, {}, "")
    assert staged.consume(unit(table, task.tenant_id), task, ["b"])


# ---------------------------------------------------------------- prepare


FILE = {"name": "notes.txt", "type": "context", "size": 5, "content_type": "text/plain", "source": "posthog_code"}


def url(task: Track, step: str) -> str:
    return f"/api/projects/1/tasks/{task.id}/staged_artifacts/{step}_upload/"


def prepare(api: Api, task: Track, *files: Mapping[str, Any]) -> Answer:
    return api.post(url(task, "prepare"), {"artifacts": list(files)})


def finalize(api: Api, task: Track, *files: Mapping[str, Any]) -> Answer:
    return api.post(url(task, "finalize"), {"artifacts": list(files)})


def assert_refused(answer: Answer, attr: str, detail: str) -> None:
    assert answer.status == 400, answer.text
    assert (answer.json["type"], answer.json["attr"]) == ("validation_error", attr)
    assert detail in answer.json["detail"]


def test_a_form_is_given_for_each_file_in_the_requests_order(api: Api, task: Track, bucket: ObjectStore) -> None:
    other = {"name": "dir/sub\\ the plan.md ", "type": "plan", "size": 31_457_280}
    answer = prepare(api, task, FILE, other)
    assert answer.status == 200, answer.text
    first, second = answer.json["artifacts"]
    assert re.fullmatch("[0-9a-f]{32}", first["id"])
    folder = f"tasks/artifacts/team_{task.tenant_id}/task_{task.id}/staged"
    assert {**first, "presigned_post": None} == {
        **FILE,
        "id": first["id"],
        "storage_path": f"{folder}/{first['id']}/notes.txt",
        "expires_in": 3600,
        "presigned_post": None,
    }
    assert (second["name"], second["source"], second["content_type"]) == ("the plan.md", "", "")
    assert second["storage_path"] == f"{folder}/{second['id']}/the plan.md"


def test_a_form_takes_this_object_with_these_tags_of_this_size_for_an_hour(
    api: Api, task: Track, bucket: ObjectStore
) -> None:
    (made,) = prepare(api, task, FILE).json["artifacts"]
    form = made["presigned_post"]
    assert all(isinstance(each, str) for each in form["fields"].values())
    policy = policy_of(form)
    assert ["content-length-range", 0, 5 + 65_536] in policy["conditions"]
    assert {"key": made["storage_path"]} in policy["conditions"]
    assert {"bucket": bucket.bucket} in policy["conditions"]
    tags = (
        "<Tagging><TagSet><Tag><Key>ttl_days</Key><Value>1</Value></Tag>"
        f"<Tag><Key>team_id</Key><Value>{task.tenant_id}</Value></Tag></TagSet></Tagging>"
    )
    assert form["fields"]["tagging"] == tags
    assert {"tagging": tags} in policy["conditions"]
    until = time.strptime(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ")
    assert 3_500 < time.mktime(until) - time.mktime(time.gmtime()) <= 3_600


def test_preparing_writes_nothing_and_asks_s3_nothing(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    api.get("/v1/tracks?limit=1")
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    assert prepare(api, task, *[FILE] * artifacts.REQUEST_MAX).status == 200
    assert calls == ["batch_get_item"]
    assert set(recorded.calls) == {"generate_presigned_post"}


def test_a_checksum_is_part_of_the_form(api: Api, task: Track, bucket: ObjectStore) -> None:
    digest = hashlib.sha256(b"hello")
    (made,) = prepare(api, task, {**FILE, "checksum_sha256": digest.hexdigest().upper()}).json["artifacts"]
    assert made["checksum_sha256"] == digest.hexdigest()
    fields = made["presigned_post"]["fields"]
    wanted = base64.b64encode(digest.digest()).decode()
    assert (fields["x-amz-checksum-algorithm"], fields["x-amz-checksum-sha256"]) == ("SHA256", wanted)
    assert {"x-amz-checksum-sha256": wanted} in policy_of(made["presigned_post"])["conditions"]


@pytest.mark.parametrize(
    ("given", "name", "key"),
    [
        ("../../etc/passwd", "passwd", "passwd"),
        ("C:\\Temp\\a b.txt", "a b.txt", "a b.txt"),
        ("Résumé “final”.pdf", "Résumé “final”.pdf", "Résumé “final”.pdf"),
        ('say "hi".txt', 'say "hi".txt', 'say "hi".txt'),
        ("folder/", "artifact", "artifact"),
        ("${filename}", "${filename}", "_{filename}"),
        ("\u65e5" * 250, "\u65e5" * 250, "\u65e5" * 250),
    ],
)
def test_a_name_is_the_last_part_of_its_path(
    api: Api, task: Track, bucket: ObjectStore, given: str, name: str, key: str
) -> None:
    (made,) = prepare(api, task, {**FILE, "name": given}).json["artifacts"]
    assert made["name"] == name
    assert made["storage_path"].partition("/staged/")[2] == f"{made['id']}/{key}"
    assert len(made["storage_path"]) <= 500
    assert len(made["storage_path"].encode()) <= 1_024
    policy = policy_of(made["presigned_post"])
    assert {"key": made["storage_path"]} in policy["conditions"]


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("name", "", "This field may not be blank."),
        ("name", "a" * 256, "no more than 255 characters"),
        ("name", "\U0001f600" * 213, "no more than 850 bytes"),
        ("name", "..", ".. is not a name"),
        ("name", "a/.", ". is not a name"),
        ("name", "a\u0000b", "control characters"),
        ("name", "a\nb", "control characters"),
        ("name", "a\u2028b", "control characters"),
        ("name", "cod\u202egpj.exe", "control characters"),
        ("name", 7, "Not a valid string."),
        ("name", None, "may not be null"),
        ("type", "poem", "is not a valid choice"),
        ("source", "s" * 65, "no more than 64 characters"),
        ("content_type", "t" * 256, "no more than 255 characters"),
        ("content_type", "text/plain\r\nset-cookie: a", "printable ASCII"),
        ("content_type", "text/plän", "printable ASCII"),
        ("size", 0, "greater than or equal to 1"),
        ("size", -1, "greater than or equal to 1"),
        ("size", 31_457_281, "less than or equal to 31457280"),
        ("size", "many", "A valid integer is required."),
        ("size", 1.5, "A valid integer is required."),
        ("checksum_sha256", "abc", "64 hexadecimal digits"),
        ("checksum_sha256", "g" * 64, "64 hexadecimal digits"),
    ],
)
def test_a_refused_field_is_named(api: Api, task: Track, field: str, value: Any, detail: str) -> None:
    assert_refused(prepare(api, task, FILE, {**FILE, field: value}), f"artifacts__1__{field}", detail)


@pytest.mark.parametrize("field", ["name", "type", "size"])
def test_a_missing_field_is_named(api: Api, task: Track, field: str) -> None:
    file = {name: value for name, value in FILE.items() if name != field}
    assert_refused(prepare(api, task, file), f"artifacts__0__{field}", "This field is required.")


def test_at_least_one_and_at_most_a_hundred_files_go_in_a_request(api: Api, task: Track, bucket: ObjectStore) -> None:
    assert_refused(prepare(api, task), "artifacts", "At least one artifact is required")
    assert_refused(finalize(api, task), "artifacts", "At least one artifact is required")
    assert prepare(api, task, *[FILE] * 100).status == 200
    assert_refused(prepare(api, task, *[FILE] * 101), "artifacts", "no more than 100 elements")


@pytest.mark.parametrize(
    ("more", "ok"),
    [
        ({"name": "a.pdf", "size": 10_485_760}, True),
        ({"name": "a.pdf", "size": 10_485_761}, False),
        ({"name": "A.PDF", "size": 10_485_761}, False),
        ({"name": "a", "content_type": "Application/PDF; charset=x", "size": 10_485_761}, False),
        ({"name": "a.pdf", "type": "reference", "size": 10_485_761}, True),
        ({"name": "a.txt", "size": 10_485_761}, True),
    ],
)
def test_attached_pdfs_have_a_limit_of_their_own(
    api: Api, task: Track, bucket: ObjectStore, more: Mapping[str, Any], ok: bool
) -> None:
    answer = prepare(api, task, {**FILE, "type": "user_attachment", **more})
    if ok:
        assert answer.status == 200, answer.text
    else:
        detail = f"{more['name']} exceeds the 10MB attachment limit for PDFs in cloud runs"
        assert_refused(answer, "artifacts__0__size", detail)


def test_without_credentials_no_form_can_be_signed(api: Api, task: Track, bucket: ObjectStore) -> None:
    objects.use(
        ObjectStore(bucket.bucket, Recorded(bucket.client, {"generate_presigned_post": NotConfigured("no keys")}))
    )
    answer = prepare(api, task, FILE)
    assert (answer.status, answer.json) == (400, {"error": "Unable to generate upload URL"})


@pytest.mark.parametrize("step", ["prepare", "finalize"])
def test_only_who_may_write_and_sees_the_task_stages_files(
    caller: Caller, table: Table, project: Project, task: Track, step: str
) -> None:
    body = {"artifacts": [FILE | {"id": "0" * 32, "storage_path": "x"}]}
    assert caller(scopes=["tasks:read"]).post(url(task, step), body).status == 403
    personal = a_task(table, project, owner="user_bob")
    goal = a_task(table, project, kind="goal")
    for each in (personal, goal):
        answer = caller().post(url(each, step), body)
        assert (answer.status, answer.json["detail"]) == (404, "Not found.")
    assert caller().post(f"/api/projects/2/tasks/{task.id}/staged_artifacts/{step}_upload/", body).status == 404


# ---------------------------------------------------------------- finalize


def uploaded(api: Api, task: Track, bucket: ObjectStore, *contents: bytes, **more: Any) -> list[dict[str, Any]]:
    """Prepare and upload files; returns what the client sends to finalize them."""
    files = [{**FILE, "name": f"{n}.txt", "size": len(content), **more} for n, content in enumerate(contents)]
    prepared = prepare(api, task, *files).json["artifacts"]
    for made, content in zip(prepared, contents, strict=True):
        put(bucket, made["storage_path"], content)
    names = ("id", "name", "type", "source", "storage_path", "content_type")
    return [{name: made[name] for name in names} for made in prepared]


def entries_of(table: Table, task: Track, files: list[dict[str, Any]]) -> list[Any]:
    found = table.get_many([keys.staged(task.tenant_id, task.id, each["id"]) for each in files])
    return [staged_rows.entry_of(row) for row in found.values()]


def test_what_was_uploaded_is_staged_with_its_real_size(
    api: Api, table: Table, task: Track, bucket: ObjectStore
) -> None:
    files = uploaded(api, task, bucket, b"hello", b"hello, world")
    answer = finalize(api, task, *files)
    assert answer.status == 200, answer.text
    shown = answer.json["artifacts"]
    assert [each["size"] for each in shown] == [5, 12]
    for file, each in zip(files, shown, strict=True):
        assert each == {**file, "size": each["size"], "uploaded_at": each["uploaded_at"]}
        assert each["uploaded_at"].endswith("+00:00")
    taken = staged.consume(unit(table, task.tenant_id), task, [each["id"] for each in reversed(files)])
    assert artifacts.shown(taken) == shown[::-1]
    assert all(each["version_id"] for each in taken)


def test_staging_costs_one_read_and_one_transaction_and_a_head_for_each_file(
    api: Api, table: Table, task: Track, bucket: ObjectStore
) -> None:
    files = uploaded(api, task, bucket, *[b"x"] * 20)
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    assert finalize(api, task, *files).status == 200
    assert calls == ["get_item", "transact_write_items"]
    assert recorded.calls == ["head_object"] * 20


def test_the_log_line_says_how_much_was_stored(api: Api, task: Track, bucket: ObjectStore, log: Log) -> None:
    files = uploaded(api, task, bucket, b"hello", b"hello, world")
    log.take()
    assert finalize(api, task, *files).status == 200
    assert [each["stored_bytes"] for each in log.take() if each["message"] == "request"] == [17]


def test_staging_again_is_harmless(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    files = uploaded(api, task, bucket, b"hello")
    first, second = finalize(api, task, *files).json, finalize(api, task, *files).json
    assert first["artifacts"][0]["uploaded_at"] <= second["artifacts"][0]["uploaded_at"]
    assert len(staged.consume(unit(table, task.tenant_id), task, [files[0]["id"]])) == 1


def test_a_hundred_files_are_staged_at_once(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    body = {"artifacts": uploaded(api, task, bucket, *[b"x"] * 100)}
    answer = api.post(url(task, "finalize"), body, headers={"idempotency-key": "k"})
    assert answer.status == 200, answer.text
    assert len(entries_of(table, task, body["artifacts"])) == 100


def test_a_file_can_be_taken_until_a_day_after_its_upload(
    api: Api, table: Table, task: Track, bucket: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = uploaded(api, task, bucket, b"hello")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_000)
    assert finalize(api, task, *files).status == 200
    assert entries_of(table, task, files) != [None]
    monkeypatch.setattr(time, "time", lambda: now + 86_500)
    assert entries_of(table, task, files) == [None]
    answer = finalize(api, task, *files)
    assert (answer.status, answer.json) == (400, {"error": "Artifact upload not found in object storage"})


@pytest.mark.parametrize(
    "path",
    [
        "{folder}/{id}/",
        "{folder}/{id}/..",
        "{folder}/{id}/a/b",
        "{folder}/other/a.txt",
        "{folder}/{id}a.txt",
        "/{folder}/{id}/a.txt",
        "{other_task}/{id}/a.txt",
        "{other_tenant}/{id}/a.txt",
        "{folder}/../staged/{id}/a.txt",
        "x",
    ],
)
def test_a_path_outside_the_tasks_own_folder_is_refused_before_s3_is_asked(
    api: Api, table: Table, task: Track, bucket: ObjectStore, path: str
) -> None:
    good, bad = uploaded(api, task, bucket, b"a", b"b")
    folder = f"tasks/artifacts/team_{task.tenant_id}/task_{task.id}/staged"
    places = {
        "folder": folder,
        "id": bad["id"],
        "other_task": folder.replace(task.id, new_id()),
        "other_tenant": folder.replace(task.tenant_id, new_id()),
    }
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    answer = finalize(api, task, good, {**bad, "storage_path": path.format(**places)})
    assert (answer.status, answer.json) == (400, {"error": "Artifact storage path is invalid for this task"})
    assert recorded.calls == []
    assert entries_of(table, task, [good, bad]) == []


def test_an_id_that_is_none_of_ours_is_refused(api: Api, task: Track) -> None:
    folder = f"tasks/artifacts/team_{task.tenant_id}/task_{task.id}/staged"
    for bad in ("..", "A" * 32, "g" * 32, "0" * 31, "0" * 32 + "\n"):
        file = {**FILE, "id": bad, "storage_path": f"{folder}/{bad}/a.txt"}
        answer = finalize(api, task, file)
        assert (answer.status, answer.json) == (400, {"error": "Artifact storage path is invalid for this task"})


def test_one_missing_upload_stages_nothing(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    files = uploaded(api, task, bucket, b"a", b"b")
    missing = prepare(api, task, FILE).json["artifacts"][0]
    gone = {name: missing[name] for name in files[0]}
    answer = finalize(api, task, files[0], gone, files[1])
    assert (answer.status, answer.json) == (400, {"error": "Artifact upload not found in object storage"})
    assert entries_of(table, task, [*files, gone]) == []


def test_what_s3_does_not_know_the_size_of_is_refused(api: Api, task: Track, bucket: ObjectStore) -> None:
    files = uploaded(api, task, bucket, b"a")
    recorded = Recorded(bucket.client, without="ContentLength")
    objects.use(ObjectStore(bucket.bucket, recorded))
    answer = finalize(api, task, *files)
    assert (answer.status, answer.json) == (400, {"error": "Artifact upload metadata is unavailable"})


@pytest.mark.parametrize(
    ("size", "more", "s3_type", "error"),
    [
        (31_457_281, {}, "", "1.txt exceeds the 30MB attachment limit"),
        (10_485_761, {"name": "a.pdf"}, "", "a.pdf exceeds the 10MB attachment limit for PDFs in cloud runs"),
        (
            10_485_761,
            {"content_type": ""},
            "application/pdf",
            "1.txt exceeds the 10MB attachment limit for PDFs in cloud runs",
        ),
    ],
)
def test_the_real_size_counts(
    api: Api, table: Table, task: Track, bucket: ObjectStore, size: int, more: Any, s3_type: str, error: str
) -> None:
    small, large = uploaded(api, task, bucket, b"a", b"b", type="user_attachment")
    put(bucket, large["storage_path"], b"x" * size, s3_type)
    answer = finalize(api, task, small, {**large, **more})
    assert (answer.status, answer.json) == (400, {"error": error})
    assert entries_of(table, task, [small, large]) == []


def test_without_a_content_type_that_of_the_upload_is_shown(api: Api, task: Track, bucket: ObjectStore) -> None:
    one, two = uploaded(api, task, bucket, b"a", b"b", content_type="")
    put(bucket, one["storage_path"], b"a", "image/png")
    shown = finalize(api, task, one, {**two, "content_type": "text/x"}).json["artifacts"]
    assert [each["content_type"] for each in shown] == ["image/png", "text/x"]


def test_a_checksum_is_compared_again(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    (file,) = uploaded(api, task, bucket, b"hello")
    wanted = hashlib.sha256(b"hello").hexdigest()
    answer = finalize(api, task, {**file, "checksum_sha256": wanted})
    assert answer.json == {"error": "0.txt has no checksum: prepare its upload with checksum_sha256"}
    put(bucket, file["storage_path"], b"hellO", checksum=True)
    answer = finalize(api, task, {**file, "checksum_sha256": wanted})
    assert (answer.status, answer.json) == (400, {"error": "0.txt has another checksum than checksum_sha256"})
    put(bucket, file["storage_path"], b"hello", checksum=True)
    (shown,) = finalize(api, task, {**file, "checksum_sha256": wanted}).json["artifacts"]
    assert shown["checksum_sha256"] == wanted
    assert artifacts.shown(entries_of(table, task, [file])) == [shown]


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("id", "a" * 129, "no more than 128 characters"),
        ("id", "", "may not be blank"),
        ("storage_path", "a" * 501, "no more than 500 characters"),
        ("storage_path", None, "may not be null"),
        ("name", "a\u0007", "control characters"),
        ("type", "poem", "is not a valid choice"),
    ],
)
def test_a_refused_field_of_an_upload_is_named(api: Api, task: Track, field: str, value: Any, detail: str) -> None:
    file = {**FILE, "id": "0" * 32, "storage_path": "x"}
    assert_refused(finalize(api, task, {**file, field: value}), f"artifacts__0__{field}", detail)


def test_an_artifact_goes_into_a_request_once(api: Api, task: Track, bucket: ObjectStore) -> None:
    (file,) = uploaded(api, task, bucket, b"a")
    assert_refused(finalize(api, task, file, file), "artifacts__1__id", "is there twice")


def test_a_storage_that_does_not_answer_is_reported_as_such(api: Api, task: Track, bucket: ObjectStore) -> None:
    files = uploaded(api, task, bucket, b"a")
    slow = ApiError({"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "HeadObject")
    objects.use(ObjectStore(bucket.bucket, Recorded(bucket.client, {"head_object": slow})))
    answer = Api(api.token, milliseconds=900).post(url(task, "finalize"), {"artifacts": files})
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert json.loads(answer.text)["type"] == "server_error"
