"""A run's artifacts: upload, finalize, download (contract: projects.md §7)."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from switchyard.aws import objects
from switchyard.aws.errors import NotConfigured
from switchyard.aws.objects import ObjectStore
from switchyard.domain import artifacts
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.ledger import runs, system
from switchyard.ledger.unit import Unit
from switchyard.pipeline import files
from switchyard.store.table import Table
from switchyard.surfaces.projects import run_artifacts
from tests.api.conftest import Caller
from tests.api.test_correlation import Log, log
from tests.support.files import Recorded, policy_of, put
from tests.support.http import Answer, Api
from tests.support.projects import a_task, a_tenant

__all__ = ["log"]

FILE = {"name": "report.md", "type": "output", "content": "# Report", "content_type": "text/markdown"}
PREPARED = {"name": "report.md", "type": "output", "size": 8, "content_type": "text/markdown"}
LEASED = {"status": "in_progress", "holder": "agent_a", "fence": 3, "lease_until": "2999-01-01T00:00:00.000Z"}


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box")[0]


@pytest.fixture
def task(table: Table, project: Project) -> Track:
    return a_task(table, project)


@pytest.fixture
def run(table: Table, task: Track) -> Run:
    return a_run(table, task)


def a_run(table: Table, task: Track, **fields: Any) -> Run:
    unit = Unit(table, Actor(task.tenant_id, "user_ada", "user", frozenset(SCOPES), "seed"), new_id())
    made = runs.create(unit, unit.get(task.id), **fields)
    unit.commit(200, {}, "")
    return made


def url(run: Run, step: str = "") -> str:
    return f"/api/projects/1/tasks/{run.task_id}/runs/{run.id}/artifacts/{step}"


def upload(api: Api, run: Run, *files: Mapping[str, Any], **more: Any) -> Answer:
    return api.post(url(run), {"artifacts": list(files)}, **more)


def finalize(api: Api, run: Run, *files: Mapping[str, Any]) -> Answer:
    return api.post(url(run, "finalize_upload/"), {"artifacts": list(files)})


def prepare(api: Api, run: Run, *files: Mapping[str, Any]) -> list[dict[str, Any]]:
    answer = api.post(url(run, "prepare_upload/"), {"artifacts": list(files)})
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["artifacts"]
    return found


def uploaded(api: Api, run: Run, bucket: ObjectStore, *contents: bytes) -> list[dict[str, Any]]:
    """Prepare and upload files; returns what the client sends to finalize them."""
    prepared = prepare(api, run, *({**PREPARED, "name": f"{n}.md"} for n in range(len(contents))))
    for made, content in zip(prepared, contents, strict=True):
        put(bucket, made["storage_path"], content)
    names = ("id", "name", "type", "source", "storage_path", "content_type")
    return [{name: made[name] for name in names} for made in prepared]


def manifest(table: Table, run: Run) -> list[Any]:
    _, found = system.load(table, run.tenant_id, run.task_id, run.id)
    assert found is not None
    return [dict(each) for each in found.artifacts]


def tags_of(bucket: ObjectStore, key: str) -> dict[str, str]:
    found = bucket.client.get_object_tagging(Bucket=bucket.bucket, Key=key)["TagSet"]
    return {each["Key"]: each["Value"] for each in found}


# ---------------------------------------------------------------- in the request itself


def test_the_log_line_says_how_much_was_stored(api: Api, run: Run, bucket: ObjectStore, log: Log) -> None:
    log.take()
    assert upload(api, run, FILE).status == 200
    files = uploaded(api, run, bucket, b"hello")
    for _ in range(2):
        assert finalize(api, run, *files).status == 200
    stored = [each.get("stored_bytes") for each in log.take() if each["message"] == "request"]
    # Sent with the request, a form, finalized, and finalized again: what is there already is not stored once more.
    assert stored == [8, None, 5, 0]


def test_small_files_go_in_the_request_and_the_whole_manifest_comes_back(
    api: Api, table: Table, run: Run, bucket: ObjectStore
) -> None:
    assert upload(api, run, FILE).status == 200
    binary = {
        "name": "out/pixel.png",
        "type": "artifact",
        "source": "posthog_code",
        "content": base64.b64encode(bytes(range(256))).decode(),
        "content_encoding": "base64",
    }
    answer = upload(api, run, binary, {**FILE, "name": "ü.md", "content": "ü"})
    assert answer.status == 200, answer.text
    first, second, third = answer.json["artifacts"]
    assert [first["name"], second["name"], third["name"]] == ["report.md", "pixel.png", "ü.md"]
    assert [first["size"], second["size"], third["size"]] == [8, 256, 2]
    assert (second["type"], second["source"], second["content_type"]) == ("artifact", "posthog_code", "")
    assert re.fullmatch("[0-9a-f]{32}", second["id"])
    folder = f"tasks/artifacts/team_{run.tenant_id}/task_{run.task_id}/run_{run.id}"
    assert second["storage_path"] == f"{folder}/{second['id'][:8]}_pixel.png"
    assert second["uploaded_at"].endswith("+00:00")
    assert manifest(table, run) == answer.json["artifacts"]
    stored = bucket.client.get_object(Bucket=bucket.bucket, Key=second["storage_path"])
    assert stored["Body"].read() == bytes(range(256))
    assert tags_of(bucket, second["storage_path"]) == {"ttl_days": "30", "team_id": run.tenant_id}


def test_an_upload_under_a_key_happens_once(api: Api, table: Table, run: Run, bucket: ObjectStore) -> None:
    first, second = [upload(api, run, FILE, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert first.json == second.json
    assert len(manifest(table, run)) == 1


@pytest.mark.parametrize(
    ("more", "attr", "detail"),
    [
        ({"content": "a$b", "content_encoding": "base64"}, "content", "Invalid base64 content"),
        ({"content": "YQ", "content_encoding": "base64"}, "content", "Invalid base64 content"),
        ({"content": "ü", "content_encoding": "base64"}, "content", "Invalid base64 content"),
        ({"content": ""}, "content", "may not be blank"),
        ({"content": None}, "content", "may not be null"),
        ({"content_encoding": "latin-1"}, "content_encoding", "is not a valid choice"),
        ({"type": "poem"}, "type", "is not a valid choice"),
        ({"name": "a\u0001"}, "name", "control characters"),
        ({"content_type": "a\r\nb"}, "content_type", "printable ASCII"),
    ],
)
def test_a_refused_field_is_named_and_nothing_is_stored(
    api: Api, table: Table, run: Run, bucket: ObjectStore, more: Any, attr: str, detail: str
) -> None:
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    answer = upload(api, run, FILE, {**FILE, **more})
    assert (answer.status, answer.json["attr"]) == (400, f"artifacts__1__{attr}")
    assert detail in answer.json["detail"]
    assert (recorded.calls, manifest(table, run)) == ([], [])


def test_half_a_character_is_refused(api: Api, run: Run) -> None:
    text = json.dumps({"artifacts": [FILE]}).replace("# Report", "\\ud800")
    answer = api.request("POST", url(run), text=text)
    assert answer.status == 400, answer.text


def test_what_is_too_large_for_a_request_is_refused(api: Api, run: Run) -> None:
    assert upload(api, run, {**FILE, "content": "x" * 1_048_576}).status == 413


def test_a_run_has_at_most_a_hundred_artifacts(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    full = tuple({"id": f"{n:032x}", "storage_path": f"x/{n}"} for n in range(98))
    run = a_run(table, task, artifacts=full)
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    refused = {"error": "A run has at most 100 artifacts; this one has 98"}
    assert upload(api, run, FILE, FILE, FILE).json == refused
    answer = api.post(url(run, "prepare_upload/"), {"artifacts": [PREPARED] * 3})
    assert (answer.status, answer.json) == (400, refused)
    assert recorded.calls == []
    assert len(prepare(api, run, PREPARED, PREPARED)) == 2


def test_a_manifest_has_a_size(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    run = a_run(table, task, artifacts=({"id": "0" * 32, "storage_path": "x", "name": "n" * 159_000},))
    answer = upload(api, run, *[FILE] * 5)
    assert (answer.status, answer.json["attr"]) == (400, "artifacts")
    assert "at most 160000 bytes" in answer.json["detail"]


# ---------------------------------------------------------------- who may


def test_only_the_holder_adds_files_to_a_claimed_run(
    api: Api, caller: Caller, table: Table, task: Track, bucket: ObjectStore
) -> None:
    run = a_run(table, task, **LEASED)
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    answer = upload(api, run, FILE)
    assert (answer.status, answer.json["code"]) == (409, "leased")
    holder = caller("agent_a", kind="agent")
    answer = upload(holder, run, FILE, headers={"claim-fence": "2"})
    assert (answer.status, answer.json["code"]) == (409, "stale_fence")
    assert recorded.calls == []
    assert upload(holder, run, FILE, headers={"claim-fence": "3"}).status == 200
    assert len(manifest(table, run)) == 1


@pytest.mark.parametrize("step", ["", "prepare_upload/", "finalize_upload/", "presign/", "download/"])
def test_a_run_is_found_under_its_task_by_who_may_see_that(
    caller: Caller, table: Table, project: Project, run: Run, step: str
) -> None:
    body: dict[str, Any] = {"storage_path": "x"}
    if step in ("", "prepare_upload/", "finalize_upload/"):
        body = {"artifacts": [{**FILE, "size": 1, "id": "0" * 32, "storage_path": "x"}]}
    other = a_task(table, project)
    api = caller()
    wrong_task = api.post(url(run, step).replace(run.task_id, other.id), body)
    assert (wrong_task.status, wrong_task.json["detail"]) == (404, "Not found.")
    unknown = api.post(url(run, step).replace(run.id, new_id()), body)
    assert (unknown.status, unknown.json["detail"]) == (404, "Not found.")
    no_task = api.post(url(run, step).replace(run.task_id, new_id()), body)
    assert (no_task.status, no_task.json["detail"]) == (404, "Task not found")
    personal = a_run(table, a_task(table, project, owner="user_ada"))
    assert caller("user_bob").post(url(personal, step), body).status == 404
    reader = caller(scopes=["tasks:read"]).post(url(run, step), body)
    assert reader.status == (404 if step in ("presign/", "download/") else 403)


# ---------------------------------------------------------------- prepare and finalize


def test_a_form_for_a_run_keeps_what_it_uploads_for_thirty_days(api: Api, run: Run, bucket: ObjectStore) -> None:
    one, two = prepare(api, run, PREPARED, {**PREPARED, "name": "$a.md"})
    folder = f"tasks/artifacts/team_{run.tenant_id}/task_{run.task_id}/run_{run.id}"
    assert one["storage_path"] == f"{folder}/{one['id'][:8]}_report.md"
    assert two["storage_path"] == f"{folder}/{two['id'][:8]}__a.md"
    policy = policy_of(one["presigned_post"])
    assert {"key": one["storage_path"]} in policy["conditions"]
    assert "<Key>ttl_days</Key><Value>30</Value>" in one["presigned_post"]["fields"]["tagging"]


def test_what_was_uploaded_comes_into_the_manifest_and_back_alone(
    api: Api, table: Table, run: Run, bucket: ObjectStore
) -> None:
    upload(api, run, FILE)
    files = uploaded(api, run, bucket, b"a", b"bb")
    answer = finalize(api, run, *files)
    assert answer.status == 200, answer.text
    shown = answer.json["artifacts"]
    assert [each["size"] for each in shown] == [1, 2]
    assert [each["storage_path"] for each in shown] == [each["storage_path"] for each in files]
    kept = manifest(table, run)[1:]
    assert artifacts.shown(kept) == shown
    assert all(each["version_id"] for each in kept)


def test_what_the_manifest_has_is_echoed_without_asking_s3(
    api: Api, table: Table, run: Run, bucket: ObjectStore
) -> None:
    files = uploaded(api, run, bucket, b"a", b"bb")
    first = finalize(api, run, *files).json
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert finalize(api, run, *files).json == first
    assert (recorded.calls, calls) == ([], ["batch_get_item"])
    table.observe = None
    renamed = {**files[0], "id": "f" * 32}
    assert finalize(api, run, renamed).json["artifacts"] == first["artifacts"][:1]
    (new,) = uploaded(api, run, bucket, b"ccc")
    mixed = finalize(api, run, files[1], new, files[0]).json["artifacts"]
    assert [each["size"] for each in mixed] == [2, 3, 1]
    assert [each["size"] for each in manifest(table, run)] == [1, 2, 3]


def test_finalizing_is_one_read_and_one_write(api: Api, table: Table, run: Run, bucket: ObjectStore) -> None:
    files = uploaded(api, run, bucket, *[b"a"] * 20)
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert finalize(api, run, *files).status == 200
    assert calls == ["batch_get_item", "update_item"]


@pytest.mark.parametrize(
    "path",
    [
        "{folder}/{id8}_",
        "{folder}/{id8}_a/b",
        "{folder}/{id8}a.md",
        "{folder}/00000000_a.md",
        "{folder}/x/{id8}_a.md",
        "{other_run}/{id8}_a.md",
        "{other_tenant}/{id8}_a.md",
        "x",
    ],
)
def test_a_path_outside_the_runs_own_folder_is_refused_before_s3_is_asked(
    api: Api, table: Table, run: Run, bucket: ObjectStore, path: str
) -> None:
    good, bad = uploaded(api, run, bucket, b"a", b"b")
    folder = f"tasks/artifacts/team_{run.tenant_id}/task_{run.task_id}/run_{run.id}"
    places = {
        "folder": folder,
        "id8": bad["id"][:8],
        "other_run": folder.replace(run.id, new_id()),
        "other_tenant": folder.replace(run.tenant_id, new_id()),
    }
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    answer = finalize(api, run, good, {**bad, "storage_path": path.format(**places)})
    assert (answer.status, answer.json) == (400, {"error": "Artifact storage path is invalid for this run"})
    assert (recorded.calls, manifest(table, run)) == ([], [])


def test_one_missing_upload_adds_nothing(api: Api, table: Table, run: Run, bucket: ObjectStore) -> None:
    there, gone = uploaded(api, run, bucket, b"a", b"b")
    bucket.client.delete_object(Bucket=bucket.bucket, Key=gone["storage_path"])
    answer = finalize(api, run, there, gone)
    assert (answer.status, answer.json) == (400, {"error": "Artifact upload not found in object storage"})
    assert manifest(table, run) == []


def test_the_real_size_counts(api: Api, table: Table, run: Run, bucket: ObjectStore) -> None:
    (file,) = uploaded(api, run, bucket, b"x" * 10_485_761)
    answer = finalize(api, run, {**file, "type": "user_attachment", "name": "a.pdf"})
    words = "a.pdf exceeds the 10MB attachment limit for PDFs in cloud runs"
    assert (answer.status, answer.json, manifest(table, run)) == (400, {"error": words}, [])


# ---------------------------------------------------------------- presign and download


def test_a_file_is_served_as_it_was_uploaded_under_its_type_and_name(api: Api, run: Run, bucket: ObjectStore) -> None:
    content = base64.b64encode(bytes(range(256))).decode()
    file = {"name": "pixel.png", "type": "output", "content": content, "content_encoding": "base64"}
    typed, untyped = upload(api, run, {**file, "content_type": "image/png"}, file).json["artifacts"]
    answer = api.post(url(run, "download/"), {"storage_path": typed["storage_path"]})
    assert (answer.status, answer.content) == (200, bytes(range(256)))
    wanted = {
        "content-type": "image/png",
        "content-disposition": 'attachment; filename="pixel.png"',
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    answer = api.post(url(run, "download/"), {"storage_path": untyped["storage_path"]})
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("a b (1).txt", 'attachment; filename="a b (1).txt"'),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("Zoë;.txt", "attachment; filename=\"Zo_;.txt\"; filename*=UTF-8''Zo%C3%AB%3B.txt"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("日本.txt", "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"),
    ],
)
def test_any_name_makes_a_header(api: Api, run: Run, bucket: ObjectStore, name: str, disposition: str) -> None:
    (made,) = upload(api, run, {**FILE, "name": name}).json["artifacts"]
    answer = api.post(url(run, "download/"), {"storage_path": made["storage_path"]})
    assert answer.headers["content-disposition"] == disposition


def test_a_large_file_is_elsewhere(api: Api, run: Run, bucket: ObjectStore) -> None:
    fits, large = uploaded(api, run, bucket, b"x" * run_artifacts.INLINE_MAX, b"x" * (run_artifacts.INLINE_MAX + 1))
    assert finalize(api, run, fits, large).status == 200
    answer = api.post(url(run, "download/"), {"storage_path": fits["storage_path"]})
    assert (answer.status, len(answer.content)) == (200, run_artifacts.INLINE_MAX)
    answer = api.post(url(run, "download/"), {"storage_path": large["storage_path"]})
    assert (answer.status, answer.text) == (303, "")
    asked = dict(httpx.URL(answer.headers["location"]).params)
    assert asked["X-Amz-Expires"] == "3600"
    assert asked["response-content-type"] == "text/markdown"
    assert asked["response-content-disposition"] == 'attachment; filename="1.md"'


def test_an_address_is_signed_for_an_hour(api: Api, run: Run, bucket: ObjectStore) -> None:
    (made,) = upload(api, run, FILE).json["artifacts"]
    recorded = Recorded(bucket.client)
    objects.use(ObjectStore(bucket.bucket, recorded))
    answer = api.post(url(run, "presign/"), {"storage_path": made["storage_path"]})
    assert (answer.status, answer.json["expires_in"]) == (200, 3600)
    address = httpx.URL(answer.json["url"])
    assert address.path.endswith("/" + made["storage_path"])
    assert address.params["X-Amz-Expires"] == "3600"
    assert recorded.calls == ["generate_presigned_url"]


def test_without_credentials_no_address_can_be_signed(api: Api, run: Run, bucket: ObjectStore) -> None:
    (made,) = upload(api, run, FILE).json["artifacts"]
    objects.use(
        ObjectStore(bucket.bucket, Recorded(bucket.client, {"generate_presigned_url": NotConfigured("no keys")}))
    )
    answer = api.post(url(run, "presign/"), {"storage_path": made["storage_path"]})
    assert (answer.status, answer.json) == (400, {"error": "Unable to generate download URL"})


@pytest.mark.parametrize("step", ["presign/", "download/"])
def test_only_what_the_manifest_names_is_served(
    api: Api, table: Table, task: Track, run: Run, bucket: ObjectStore, step: str
) -> None:
    (other,) = upload(api, a_run(table, task), FILE).json["artifacts"]
    for path in (other["storage_path"], "x", "../x"):
        answer = api.post(url(run, step), {"storage_path": path})
        assert (answer.status, answer.json) == (404, {"error": "Artifact not found on this run"})


@pytest.mark.parametrize("step", ["presign/", "download/"])
@pytest.mark.parametrize("given", [{}, {"storage_path": ""}, {"storage_path": "a" * 501}, {"storage_path": 1}])
def test_a_path_has_to_be_one(api: Api, run: Run, step: str, given: Any) -> None:
    answer = api.post(url(run, step), given)
    assert (answer.status, answer.json["attr"]) == (400, "storage_path")


def test_a_file_whose_content_is_gone_is_reported_as_such(api: Api, run: Run, bucket: ObjectStore) -> None:
    (made,) = upload(api, run, FILE).json["artifacts"]
    bucket.client.delete_object(Bucket=bucket.bucket, Key=made["storage_path"])
    answer = api.post(url(run, "download/"), {"storage_path": made["storage_path"]})
    assert (answer.status, answer.json) == (404, {"error": "Artifact content not found"})


@pytest.mark.parametrize("step", ["presign/", "download/"])
def test_files_of_the_runs_that_a_run_resumed_are_served_too(
    api: Api, table: Table, task: Track, run: Run, bucket: ObjectStore, step: str
) -> None:
    (made,) = upload(api, run, FILE).json["artifacts"]
    chain = [run]
    for _ in range(9):
        chain.append(a_run(table, task, resumed_from=chain[-1].id))
    body = {"storage_path": made["storage_path"]}
    assert api.post(url(chain[-1], step), body).status == 200
    beyond = a_run(table, task, resumed_from=chain[-1].id)
    assert api.post(url(beyond, step), body).status == 404


def test_a_file_that_was_staged_is_served_from_where_it_lies(
    api: Api, table: Table, task: Track, bucket: ObjectStore
) -> None:
    path = artifacts.staged_path(task.tenant_id, task.id, "0" * 32, "brief.txt")
    put(bucket, path, b"brief")
    entry = {"id": "0" * 32, "name": "brief.txt", "type": "context", "content_type": "", "storage_path": path}
    run = a_run(table, task, artifacts=(entry,))
    assert api.post(url(run, "download/"), {"storage_path": path}).content == b"brief"


def test_what_was_finalized_is_what_is_downloaded(api: Api, table: Table, run: Run, bucket: ObjectStore) -> None:
    # given a file that is sent again by its form after it was finalized
    (made,) = api.post(url(run, "prepare_upload/"), {"artifacts": [PREPARED]}).json["artifacts"]
    put(bucket, made["storage_path"], b"# Report")
    named = {name: made[name] for name in ("id", "name", "type", "storage_path")}
    shown = api.post(url(run, "finalize_upload/"), {"artifacts": [named]}).json
    put(bucket, made["storage_path"], b"# Forged")
    # then the manifest, its finalizing again, and both ways to read it speak of the first
    assert api.post(url(run, "finalize_upload/"), {"artifacts": [named]}).json == shown
    assert "version_id" not in json.dumps(shown) + api.get(url(run).removesuffix("artifacts/")).text
    where = {"storage_path": made["storage_path"]}
    assert api.post(url(run, "download/"), where).content == b"# Report"
    assert "versionId=" in api.post(url(run, "presign/"), where).json["url"]


def test_what_was_staged_is_what_a_run_gets(api: Api, table: Table, task: Track, bucket: ObjectStore) -> None:
    staged = f"/api/projects/1/tasks/{task.id}/staged_artifacts/"
    (made,) = api.post(f"{staged}prepare_upload/", {"artifacts": [PREPARED]}).json["artifacts"]
    put(bucket, made["storage_path"], b"# Report")
    named = {name: made[name] for name in ("id", "name", "type", "storage_path")}
    assert "version_id" not in api.post(f"{staged}finalize_upload/", {"artifacts": [named]}).text
    put(bucket, made["storage_path"], b"# Forged")
    answer = api.post(f"/api/projects/1/tasks/{task.id}/run/", {"pending_user_artifact_ids": [made["id"]]})
    latest = answer.json["latest_run"]
    run = system.load(table, task.tenant_id, task.id, latest["id"])[1]
    assert run
    # the version that it got is kept as long as the run's files, the other one is not
    files.keep(table, bucket, {"detail": {"tenantId": run.tenant_id, "run": {"id": run.id, "taskId": run.task_id}}})
    newest = bucket.client.get_object_tagging(Bucket=bucket.bucket, Key=made["storage_path"])["TagSet"]
    assert newest == []
    assert api.post(url(run, "download/"), {"storage_path": made["storage_path"]}).content == b"# Report"
    assert "version_id" not in answer.text
