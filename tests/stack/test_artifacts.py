"""Files on the deployed stack: real uploads by signed forms, what the bucket refuses, and who wins."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from switchyard.domain import artifacts
from switchyard.store import keys
from switchyard.store import staged as staged_rows
from switchyard.store.table import Table
from tests.support.uploads import finalize, prepare, staged, upload


@pytest.fixture
def http(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    token = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    with httpx.Client(base_url=stack["url"], headers=token, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def bucket(outputs: dict[str, str]) -> str:
    return outputs["ArtifactsBucket"]


@pytest.fixture
def task(http: httpx.Client) -> str:
    made = http.post("/api/projects/@current/tasks/", json={"title": "Read the attachments"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def tags_of(aws: Callable[[str], Any], bucket: str, key: str) -> dict[str, str]:
    found = aws("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {each["Key"]: each["Value"] for each in found}


def test_a_client_prepares_uploads_and_stages_files(
    http: httpx.Client, stack: dict[str, Any], aws: Callable[[str], Any], bucket: str, deployed: Table, task: str
) -> None:
    names = ["plan.md", 'say "hi" to Zoë & co.txt', "日本語.txt", "a+b%20c?d#e.txt", "${filename}"]
    prepared = prepare(http, staged(task), *({"name": name, "size": 100 + n} for n, name in enumerate(names)))
    contents = [name.encode() * 3 for name in names]
    for each, content in zip(prepared, contents, strict=True):
        assert upload(each, content).is_success
    answer = finalize(http, staged(task), *prepared)
    assert answer.status_code == 200, answer.text
    shown = answer.json()["artifacts"]
    assert [each["name"] for each in shown] == names
    assert [each["size"] for each in shown] == [len(content) for content in contents]
    tenant = stack["workspace_id"]
    for each, content in zip(shown, contents, strict=True):
        assert tags_of(aws, bucket, each["storage_path"]) == {"ttl_days": "1", "team_id": tenant}
        stored = aws("s3").get_object(Bucket=bucket, Key=each["storage_path"])
        assert stored["Body"].read() == content
        entry = staged_rows.entry_of(deployed.get(*keys.staged(tenant, task, each["id"])))
        assert entry
        assert entry["version_id"] == stored["VersionId"]
        assert artifacts.shown([entry]) == [each]


def test_the_bucket_refuses_what_the_form_does_not_allow(http: httpx.Client, task: str) -> None:
    (made,) = prepare(http, staged(task), {"name": "a.txt", "size": 10})
    assert upload(made, b"x" * (10 + 65_536)).is_success
    refused = upload(made, b"x" * (10 + 65_537))
    assert (refused.status_code, "EntityTooLarge" in refused.text) == (400, True)
    for changed in (
        {"key": made["storage_path"] + "2"},
        {"key": made["storage_path"].replace(task, task[::-1])},
        {"tagging": "<Tagging><TagSet><Tag><Key>ttl_days</Key><Value>9999</Value></Tag></TagSet></Tagging>"},
        {"acl": "public-read"},
        {"x-amz-signature": "0" * 64},
        {"policy": widened(made["presigned_post"]["fields"]["policy"])},
    ):
        assert upload(made, b"x", **changed).status_code == 403, changed


def widened(policy: str) -> str:
    document = json.loads(base64.b64decode(policy))
    document["conditions"] = [["content-length-range", 0, 10**9], *document["conditions"][:-1]]
    return base64.b64encode(json.dumps(document).encode()).decode()


def test_the_largest_file_goes_through_and_a_larger_one_is_refused_when_it_is_staged(
    http: httpx.Client, task: str
) -> None:
    large, pdf = prepare(
        http,
        staged(task),
        {"name": "large.bin", "size": 31_457_280},
        {"name": "paper.pdf", "size": 10_485_760, "content_type": "application/pdf"},
    )
    assert upload(large, b"x" * 31_457_280).is_success
    assert finalize(http, staged(task), large).json()["artifacts"][0]["size"] == 31_457_280
    # The form leaves some room above the declared size; what is above the limit is found when it is staged.
    assert upload(large, b"x" * 31_457_281).is_success
    assert finalize(http, staged(task), large).json() == {"error": "large.bin exceeds the 30MB attachment limit"}
    assert upload(pdf, b"x" * 10_485_761).is_success
    words = "paper.pdf exceeds the 10MB attachment limit for PDFs in cloud runs"
    assert finalize(http, staged(task), pdf).json() == {"error": words}


def test_nothing_is_staged_when_one_upload_is_missing(
    http: httpx.Client, stack: dict[str, Any], deployed: Table, task: str
) -> None:
    there, missing = prepare(http, staged(task), {"name": "a.txt", "size": 1}, {"name": "b.txt", "size": 1})
    assert upload(there, b"a").is_success
    answer = finalize(http, staged(task), there, missing)
    assert (answer.status_code, answer.json()) == (400, {"error": "Artifact upload not found in object storage"})
    assert deployed.get(*keys.staged(stack["workspace_id"], task, there["id"])) is None


def test_a_file_with_a_checksum_cannot_be_another_one(http: httpx.Client, task: str) -> None:
    digest = hashlib.sha256(b"hello").hexdigest()
    (made,) = prepare(http, staged(task), {"name": "a.txt", "size": 5, "checksum_sha256": digest})
    assert "BadDigest" in upload(made, b"hellO").text
    other = base64.b64encode(hashlib.sha256(b"hellO").digest()).decode()
    assert upload(made, b"hellO", **{"x-amz-checksum-sha256": other}).status_code == 403
    assert finalize(http, staged(task), made).json() == {"error": "Artifact upload not found in object storage"}
    assert upload(made, b"hello").is_success
    assert finalize(http, staged(task), made).json()["artifacts"][0]["checksum_sha256"] == digest
    wrong = {**made, "checksum_sha256": "0" * 64}
    assert finalize(http, staged(task), wrong).json() == {"error": "a.txt has another checksum than checksum_sha256"}


def test_many_may_stage_the_same_files_at_once(
    http: httpx.Client, stack: dict[str, Any], deployed: Table, task: str
) -> None:
    prepared = prepare(http, staged(task), *({"name": f"{n}.txt", "size": 9} for n in range(20)))
    for each in prepared:
        assert upload(each, each["name"].encode()).is_success
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: finalize(http, staged(task), *prepared), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    for answer in answers:
        assert [each["id"] for each in answer.json()["artifacts"]] == [each["id"] for each in prepared]
    for each in prepared:
        assert staged_rows.entry_of(deployed.get(*keys.staged(stack["workspace_id"], task, each["id"])))


def test_a_run_takes_its_files_and_keeps_them(
    http: httpx.Client, stack: dict[str, Any], aws: Callable[[str], Any], bucket: str, task: str
) -> None:
    prepared = prepare(http, staged(task), {"name": "a.txt", "size": 1}, {"name": "b.txt", "size": 1})
    for each in prepared:
        assert upload(each, each["name"].encode()).is_success
    assert finalize(http, staged(task), *prepared).status_code == 200
    ids = [each["id"] for each in reversed(prepared)]
    answer = http.post(f"/api/projects/@current/tasks/{task}/run/", json={"pending_user_artifact_ids": ids})
    assert answer.status_code == 200, answer.text
    run = answer.json()["latest_run"]
    assert [each["id"] for each in run["artifacts"]] == ids
    assert [each["storage_path"] for each in run["artifacts"]] == [each["storage_path"] for each in reversed(prepared)]
    kept = {"ttl_days": "30", "team_id": stack["workspace_id"]}
    deadline = time.monotonic() + 30
    while any(tags_of(aws, bucket, each["storage_path"]) != kept for each in prepared):
        assert time.monotonic() < deadline, "the files of the run are still to be forgotten after a day"
        time.sleep(0.2)
    url = f"/api/projects/-/tasks/{task}/runs/{run['id']}/artifacts/download"
    for each in prepared:
        assert http.post(url, json={"storage_path": each["storage_path"]}).content == each["name"].encode()


def test_of_many_runs_that_name_a_file_one_gets_it(http: httpx.Client, task: str) -> None:
    both, one = prepare(http, staged(task), {"name": "a.txt", "size": 1}, {"name": "b.txt", "size": 1})
    for each in (both, one):
        assert upload(each, b"x").is_success
    assert finalize(http, staged(task), both, one).status_code == 200
    url = f"/api/projects/@current/tasks/{task}/run/"
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: http.post(url, json={"pending_user_artifact_ids": [one["id"], both["id"]]}), range(8))
        )
    won = [each for each in answers if each.status_code == 200]
    lost = [each for each in answers if each.status_code == 400]
    assert (len(won), len(lost)) == (1, 7), [each.text for each in answers]
    for refused in lost:
        assert refused.json() == {
            "detail": "Some pending_user_artifact_ids are invalid or expired",
            "missing_artifact_ids": [one["id"], both["id"]],
        }


@pytest.fixture
def run(http: httpx.Client, task: str) -> str:
    made = http.post(f"/api/projects/@current/tasks/{task}/runs/", json={})
    assert made.status_code == 201, made.text
    return f"/api/projects/-/tasks/{task}/runs/{made.json()['id']}/artifacts"


def test_a_runs_files_go_up_and_come_down(
    http: httpx.Client, stack: dict[str, Any], aws: Callable[[str], Any], bucket: str, run: str
) -> None:
    everything = bytes(range(256)) * 64
    content = base64.b64encode(everything).decode()
    small = {"name": "all “bytes”.bin", "type": "output", "content": content, "content_encoding": "base64"}
    answer = http.post(f"{run}/", json={"artifacts": [small]})
    assert answer.status_code == 200, answer.text
    (shown,) = answer.json()["artifacts"]
    got = http.post(f"{run}/download/", json={"storage_path": shown["storage_path"]})
    assert (got.status_code, got.content) == (200, everything)
    assert got.headers["content-type"] == "application/octet-stream"
    assert "filename*=UTF-8''all%20%E2%80%9Cbytes%E2%80%9D.bin" in got.headers["content-disposition"]
    # A large one goes to the bucket by a form, and comes from there by an address.
    large = b"x" * 5_000_000
    (made,) = prepare(http, run, {"name": "large.txt", "type": "output", "size": len(large)})
    assert upload(made, large).is_success
    first, second = [finalize(http, run, made) for _ in range(2)]
    assert (first.status_code, first.json()) == (200, second.json())
    assert tags_of(aws, bucket, made["storage_path"]) == {"ttl_days": "30", "team_id": stack["workspace_id"]}
    elsewhere = http.post(f"{run}/download/", json={"storage_path": made["storage_path"]})
    assert elsewhere.status_code == 303
    got = httpx.get(elsewhere.headers["location"], trust_env=False)
    assert (got.content, got.headers["content-type"]) == (large, "text/plain")
    assert got.headers["content-disposition"] == 'attachment; filename="large.txt"'
    signed = http.post(f"{run}/presign/", json={"storage_path": shown["storage_path"]}).json()
    assert httpx.get(signed["url"], trust_env=False).content == everything
    assert httpx.get(signed["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0"), trust_env=False).status_code == 403


def test_a_form_that_is_sent_again_changes_no_file_of_a_manifest(http: httpx.Client, run: str) -> None:
    (made,) = prepare(http, run, {"name": "report.txt", "type": "output", "size": 8})
    assert upload(made, b"The real").is_success
    assert finalize(http, run, made).status_code == 200
    assert upload(made, b"A forged").is_success
    where = {"storage_path": made["storage_path"]}
    assert http.post(f"{run}/download/", json=where).content == b"The real"
    address = http.post(f"{run}/presign/", json=where).json()["url"]
    assert httpx.get(address, trust_env=False).content == b"The real"


def test_many_may_add_files_to_a_run_at_once_and_none_is_lost(http: httpx.Client, run: str) -> None:
    def add(number: int) -> httpx.Response:
        file = {"name": f"{number}.txt", "type": "output", "content": str(number)}
        return http.post(f"{run}/", json={"artifacts": [file]})

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(add, range(12)))
    assert {each.status_code for each in answers} == {200}
    last = max((each.json()["artifacts"] for each in answers), key=len)
    assert {each["name"] for each in last} == {f"{number}.txt" for number in range(12)}
    assert len(last) == 12


def test_another_tenant_cannot_stage_what_is_not_its_own(http: httpx.Client, stack: dict[str, Any], task: str) -> None:
    (made,) = prepare(http, staged(task), {"name": "a.txt", "size": 1})
    assert upload(made, b"a").is_success
    other = {"authorization": f"Bearer {stack['tokens']['other_tenant']}"}
    with httpx.Client(base_url=stack["url"], headers=other, timeout=30, trust_env=False) as stranger:
        assert finalize(stranger, staged(task), made).status_code == 404
        own = stranger.post("/api/v1/tasks", json={"title": "Own"})
        assert own.status_code == 201, own.text
        answer = finalize(stranger, f"/api/projects/-/tasks/{own.json()['id']}/staged_artifacts", made)
    assert (answer.status_code, answer.json()) == (400, {"error": "Artifact storage path is invalid for this task"})


def test_nobody_reads_the_bucket_without_a_signature(
    http: httpx.Client, stack: dict[str, Any], aws: Callable[[str], Any], bucket: str, task: str
) -> None:
    (made,) = prepare(http, staged(task), {"name": "a.txt", "size": 1})
    assert upload(made, b"a").is_success
    address = f"{stack['aws']['endpoint_url']}/{bucket}/{made['storage_path']}"
    assert httpx.get(address, trust_env=False).status_code == 403
    assert all(aws("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
