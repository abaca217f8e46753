"""Reading the logs of runs, whole and by the page."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from switchyard.aws import objects
from switchyard.aws.errors import ApiError
from switchyard.aws.objects import ObjectStore
from switchyard.domain import clock
from switchyard.domain.ids import lowest_id, new_id
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import run_logs as run_log_rows
from switchyard.store.run_logs import Append
from switchyard.store.table import Table
from switchyard.surfaces.projects import run_logs
from tests.api.conftest import Caller
from tests.support.files import Recorded
from tests.support.http import Answer, Api
from tests.support.projects import a_run, a_task, a_tenant


@pytest.fixture
def task(table: Table, tenant: str) -> Track:
    (project,) = a_tenant(table, tenant, "Docs")
    return a_task(table, project)


@pytest.fixture
def run(table: Table, task: Track) -> Run:
    return a_run(table, task, status="in_progress")


def url(run: Run, tail: str) -> str:
    return f"/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/{tail}"


def log(table: Table, run: Run, *entries: Any, ago: float = 60) -> None:
    """Append entries to the run's log as of so many seconds ago."""
    lines = [json.dumps(entry, ensure_ascii=False) for entry in entries]
    table.write([run_log_rows.put(run.tenant_id, run.id, Append(lowest_id(time.time() - ago), lines))])


def update(kind: str, at: str | None = None) -> dict[str, Any]:
    notification = {"method": "session/update", "params": {"update": {"sessionUpdate": kind}}}
    return {"notification": notification} | ({"timestamp": at} if at else {})


def tell(method: Any, at: str | None = None) -> dict[str, Any]:
    return {"notification": {"method": method}} | ({"timestamp": at} if at else {})


# ---------------------------------------------------------------- the whole log


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_log_is_json_lines_in_the_order_of_appends(api: Api, table: Table, run: Run, slash: str) -> None:
    log(table, run, {"n": 3}, ago=10)
    log(table, run, {"n": 1}, {"n": 2, "text": "zwei\nZeilen \u2028 und eine"}, ago=60)
    answer = api.get(url(run, f"logs{slash}"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/jsonl")
    assert answer.text.endswith("}\n")
    read = [json.loads(line) for line in answer.text.removesuffix("\n").split("\n")]
    assert read == [{"n": 1}, {"n": 2, "text": "zwei\nZeilen \u2028 und eine"}, {"n": 3}]


def test_a_run_without_a_log_has_an_empty_one(api: Api, run: Run) -> None:
    answer = api.get(url(run, "logs"))
    assert (answer.status, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/jsonl"


def test_the_logs_of_resumed_runs_come_first(api: Api, table: Table, task: Track) -> None:
    first = a_run(table, task)
    second = a_run(table, task, resumed_from=first.id)
    third = a_run(table, task, resumed_from=second.id)
    for number, each in enumerate((third, first, second)):
        log(table, each, {"n": number}, ago=60 - number)
    assert api.get(url(third, "logs")).text == '{"n": 1}\n{"n": 2}\n{"n": 0}\n'
    assert api.get(url(second, "logs")).text == '{"n": 1}\n{"n": 2}\n'


def test_no_more_than_ten_logs_make_one_and_a_circle_ends(api: Api, table: Table, task: Track) -> None:
    made: list[Run] = []
    for number in range(12):
        made.append(a_run(table, task, resumed_from=made[-1].id if made else None))
        log(table, made[-1], {"n": number})
    lines = api.get(url(made[-1], "logs")).text.splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(2, 12))
    itself = new_id()
    a_run(table, task, id=itself, resumed_from=itself)
    assert api.get(url(replace(made[0], id=itself), "logs")).content == b""
    gone = a_run(table, task, resumed_from=new_id())
    log(table, gone, {"n": 1})
    assert api.get(url(gone, "logs")).content == b'{"n": 1}\n'


def test_what_has_expired_is_not_shown(api: Api, table: Table, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    log(table, run, {"n": 1})
    days = 86_400
    for after, shown in ((30 * days - 5, 1), (30 * days + 5, 0)):
        monkeypatch.setattr(run_log_rows.clock, "epoch", lambda after=after: int(time.time()) + after)
        assert len(api.get(url(run, "logs")).text.splitlines()) == shown
        assert api.get(url(run, "session_logs/")).headers["x-total-count"] == str(shown)


def test_the_log_of_a_personal_task_is_its_owners(api: Api, table: Table, tenant: str, caller: Caller) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    run = a_run(table, a_task(table, project, owner="user_ada"))
    log(table, run, {"n": 1})
    for tail in ("logs", "logs/", "session_logs/", "stream/?wait=0"):
        assert api.get(url(run, tail)).status == 200
        answer = caller("user_eve").get(url(run, tail))
        assert (answer.status, answer.json["detail"]) == (404, "Task not found")


def test_a_log_is_found_by_its_run_its_task_and_its_project(api: Api, table: Table, run: Run, task: Track) -> None:
    other = a_run(table, task)
    for tail in ("logs", "session_logs/", "stream/?wait=0"):
        wrong = (
            f"/api/projects/@current/tasks/{run.task_id}/runs/{new_id()}/{tail}",
            f"/api/projects/@current/tasks/{run.task_id}/runs/none/{tail}",
            f"/api/projects/@current/tasks/{new_id()}/runs/{other.id}/{tail}",
            f"/api/projects/2/tasks/{run.task_id}/runs/{run.id}/{tail}",
        )
        assert [api.get(each).status for each in wrong] == [404] * 4


# ---------------------------------------------------------------- pages of it


def session(api: Api, run: Run, query: str = "") -> tuple[list[Any], Answer]:
    answer = api.get(url(run, f"session_logs/?{query}"))
    assert answer.status == 200, answer.text
    return answer.json, answer


def counts(answer: Answer) -> tuple[str, ...]:
    """Total, filtered, matching and whether there is more."""
    return tuple(
        answer.headers[f"x-{name}"] for name in ("total-count", "filtered-count", "matching-count", "has-more")
    )


def test_a_run_without_a_log_has_an_empty_page(api: Api, run: Run) -> None:
    page, answer = session(api, run)
    assert (page, counts(answer)) == ([], ("0", "0", "0", "false"))


def test_a_page_has_the_counts_of_all_entries_and_of_those_that_fit(api: Api, table: Table, run: Run) -> None:
    kinds = ["user_message", "tool_call", "agent_message", "tool_call", "tool_result"]
    log(table, run, *map(update, kinds[:3]), ago=60)
    log(table, run, *map(update, kinds[3:]), ago=50)
    page, answer = session(api, run)
    assert (page, counts(answer)) == ([*map(update, kinds)], ("5", "5", "5", "false"))
    page, answer = session(api, run, "event_types=tool_call,%20tool_result,&limit=2")
    assert (page, counts(answer)) == ([update("tool_call")] * 2, ("5", "3", "3", "true"))
    page, answer = session(api, run, "event_types=tool_call,tool_result&limit=2&offset=2")
    assert (page, counts(answer)) == ([update("tool_result")], ("5", "3", "3", "false"))
    page, answer = session(api, run, "exclude_types=tool_call")
    assert [each["notification"]["params"]["update"]["sessionUpdate"] for each in page] == [
        "user_message",
        "agent_message",
        "tool_result",
    ]
    page, answer = session(api, run, "event_types=tool_call&exclude_types=tool_call")
    assert (page, counts(answer)) == ([], ("5", "0", "0", "false"))
    page, answer = session(api, run, "offset=7")
    assert (page, counts(answer)) == ([], ("5", "5", "5", "false"))


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (tell("_posthog/console"), "_posthog/console"),
        (update("plan"), "plan"),
        ({"notification": {"method": "session/update"}}, "session/update"),
        ({"notification": {"method": "session/update", "params": {"update": []}}}, "session/update"),
        ({"notification": {"method": "session/update", "params": {"update": {"sessionUpdate": 1}}}}, "session/update"),
    ],
)
def test_an_entrys_type_is_its_method_or_the_kind_of_update(
    api: Api, table: Table, run: Run, entry: Any, kind: str
) -> None:
    log(table, run, entry, tell("other"))
    assert session(api, run, f"event_types={kind}")[0] == [entry]


@pytest.mark.parametrize("entry", [{}, {"notification": None}, {"notification": []}, tell(None), tell({})])
def test_an_entry_without_a_method_has_no_type(api: Api, table: Table, run: Run, entry: Any) -> None:
    log(table, run, entry)
    assert session(api, run, "event_types=other")[0] == []
    assert session(api, run, "exclude_types=other")[0] == [entry]


@pytest.mark.parametrize(
    ("after", "left"),
    [
        ("2026-01-01T10:00:00Z", ["b", "c"]),
        ("2026-01-01T10:00:00%2B00:00", ["b", "c"]),
        ("2026-01-01T11:00:00%2B01:00", ["b", "c"]),
        ("2026-01-01T10:00:00.0004Z", ["b", "c"]),
        ("2026-01-01T10:00:00.0005Z", ["c"]),
        ("2026-01-01T10:00:01", []),
    ],
)
def test_after_is_the_entrys_own_time_in_any_format(
    api: Api, table: Table, run: Run, after: str, left: list[str]
) -> None:
    times = ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00.0005+00:00", "2026-01-01T10:00:01")
    undated = [tell("d"), tell("e", "yesterday"), {"timestamp": 5}]
    log(table, run, *(tell(kind, at) for kind, at in zip("abc", times, strict=True)), *undated)
    page, answer = session(api, run, f"after={after}")
    assert [each["notification"]["method"] for each in page] == left
    assert counts(answer)[:3] == ("6", str(len(left)), str(len(left)))


def test_a_page_ends_early_before_it_outgrows_an_answer(
    api: Api, table: Table, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_logs, "ANSWER_MAX_BYTES", 1_000)
    entries = [{"n": 0, "text": "x" * 500}, {"n": 1, "text": "x" * 500}, {"n": 2}, {"n": 3, "text": "x" * 700}]
    log(table, run, *entries)
    read: list[Any] = []
    while True:
        page, answer = session(api, run, f"offset={len(read)}")
        assert len(answer.content) <= 1_002
        read += page
        if counts(answer)[3] == "false":
            break
    assert read == entries


def test_of_a_log_beyond_all_measure_the_beginning_is_shown_and_the_answer_says_so(
    api: Api, table: Table, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(table, run, {"n": 1})
    assert session(api, run)[1].headers["x-truncated"] == "false"
    monkeypatch.setattr(run_logs, "EXAMINE_MAX_BYTES", 1_000)
    for number in range(3):
        log(table, run, {"text": "x" * 600}, ago=50 - number)
    monkeypatch.setattr(run_log_rows, "PAGE_MAX", 1)
    page, answer = session(api, run)
    assert (len(page), answer.headers["x-truncated"]) == (3, "true")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "Ensure this value is greater than or equal to 1."),
        ("limit=5001", "Ensure this value is less than or equal to 5000."),
        ("limit=x", "A valid integer is required."),
        ("offset=-1", "Ensure this value is greater than or equal to 0."),
        ("after=yesterday", "'yesterday' is not a valid date-time: expected an ISO 8601 date or date-time"),
        ("after=%20", "' ' is not a valid date-time: expected an ISO 8601 date or date-time"),
        (f"event_types={'x,' * 101}", "Ensure this field has no more than 100 elements."),
        (f"exclude_types={'x' * 201}", "Ensure this field has no more than 200 characters."),
    ],
)
def test_bad_parameters_are_refused(api: Api, run: Run, query: str, detail: str) -> None:
    answer = api.get(url(run, f"session_logs/?{query}"))
    assert (answer.status, answer.json["detail"]) == (400, detail)
    assert answer.json["attr"].partition("__")[0] == query.partition("=")[0]


def test_a_log_is_read_a_query_at_a_time_and_never_ahead(api: Api, table: Table, run: Run) -> None:
    log(table, run, {"n": 1})
    for tail in ("logs", "session_logs/"):
        api.get(url(run, tail))
        calls: list[str] = []
        table.observe = lambda operation, _, calls=calls: calls.append(operation)
        api.get(url(run, tail))
        table.observe = None
        assert calls == ["batch_get_item", "query"]


def test_a_long_append_is_kept_compressed_and_shown_as_it_was(api: Api, table: Table, run: Run) -> None:
    entry = {"text": "Grüße an alle, " * 200}
    log(table, run, entry, {"n": 2})
    assert run_log_rows.put(run.tenant_id, run.id, Append("1", [json.dumps(entry)]))["Put"]["Item"][
        "entries"
    ].keys() == {"B"}
    assert session(api, run)[0] == [entry, {"n": 2}]
    lines = api.get(url(run, "logs")).text.splitlines()
    assert [json.loads(line) for line in lines] == [entry, {"n": 2}]


def test_a_page_of_rows_is_bounded_however_well_they_compress(
    table: Table, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log_rows, "PAGE_CHARACTERS", 10_000)
    for number in range(5):
        log(table, run, {"n": number, "text": "x" * 6_000}, ago=60 - number)
    pages = list(run_log_rows.pages(table, run.tenant_id, run.id))
    assert [len(page) for page in pages] == [2, 2, 1]
    lines = [json.loads(line)["n"] for page in pages for append in page for line in append.lines]
    assert lines == list(range(5))


def test_times_of_a_log_are_kept_by_the_clock(table: Table, run: Run) -> None:
    log(table, run, {"n": 1})
    pk, sk = run_log_rows.keys.run_log(run.tenant_id, run.id, "")
    (row,), _ = table.query(
        KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": pk}}, ConsistentRead=True
    )
    assert abs(int(row["expires_at"]["N"]) - clock.epoch() - 30 * 86_400) < 5
    assert (row["count"]["N"], sk) == ("1", "")


# ---------------------------------------------------------------- a large log


@pytest.fixture
def large(table: Table, task: Track, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that resumed another one, with a log that is too large for an answer."""
    monkeypatch.setattr(run_logs, "ANSWER_MAX_BYTES", 3_000)
    resumed = a_run(table, task, resumed_from=run.id)
    log(table, run, {"n": 0, "text": "ä" * 1_000})
    for number in range(1, 4):
        log(table, resumed, {"n": number, "text": "x" * 1_000}, ago=60 - number)
    return resumed


def at(bucket: ObjectStore, answer: Answer) -> tuple[str, list[Any]]:
    """Return the key that an answer points to, and the numbers of the entries there."""
    assert answer.status == 303, answer.text
    address = urlsplit(answer.headers["location"])
    asked = parse_qs(address.query)
    assert asked["X-Amz-Expires"] == ["3600"]
    assert asked["response-content-type"] == ["application/jsonl"]
    key = address.path.removeprefix(f"/{bucket.bucket}").removeprefix("/")
    content = bucket.client.get_object(Bucket=bucket.bucket, Key=key)["Body"].read().decode()
    assert content.endswith("\n")
    return key, [json.loads(line)["n"] for line in content.removesuffix("\n").split("\n")]


@pytest.fixture(params=["with a token", "by its address"])
def read(request: pytest.FixtureRequest, api: Api, large: Run) -> Callable[[], Answer]:
    """Reads the large log."""
    if request.param == "with a token":
        return lambda: api.get(url(large, "logs"))
    address = urlsplit(api.get(url(large, "")).json["log_url"]).path
    return lambda: Api(None).get(address)


def test_a_large_log_is_read_elsewhere(read: Callable[[], Answer], bucket: ObjectStore, large: Run) -> None:
    key, numbers = at(bucket, read())
    assert numbers == [0, 1, 2, 3]
    assert key.startswith(f"tasks/logs/team_{large.tenant_id}/task_{large.task_id}/run_{large.id}.")
    assert key.endswith(".jsonl")
    tags = bucket.client.get_object_tagging(Bucket=bucket.bucket, Key=key)["TagSet"]
    assert {each["Key"]: each["Value"] for each in tags} == {"ttl_days": "1", "team_id": large.tenant_id}


def test_a_large_log_is_written_once_until_it_grows(
    api: Api, table: Table, bucket: ObjectStore, large: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded(bucket.client)
    monkeypatch.setattr(bucket, "client", recorded)
    first, _ = at(bucket, api.get(url(large, "logs")))
    again, _ = at(bucket, api.get(url(large, "logs")))
    assert (again, recorded.calls.count("create_multipart_upload")) == (first, 1)
    log(table, large, {"n": 4}, ago=1)
    grown, numbers = at(bucket, api.get(url(large, "logs")))
    assert (grown != first, numbers) == (True, [0, 1, 2, 3, 4])


def test_of_a_large_log_that_could_not_be_written_nothing_is_left(
    read: Callable[[], Answer], bucket: ObjectStore, large: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = ApiError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "UploadPart")
    recorded = Recorded(bucket.client, {"upload_part": refused})
    monkeypatch.setattr(bucket, "client", recorded)
    assert read().status == 500
    assert recorded.calls == ["head_object", "create_multipart_upload", "upload_part", "abort_multipart_upload"]
    monkeypatch.undo()
    found = bucket.client.list_objects_v2(Bucket=bucket.bucket, Prefix=f"tasks/logs/team_{large.tenant_id}/")
    assert found["KeyCount"] == 0
    uploads = bucket.client.list_multipart_uploads(Bucket=bucket.bucket)
    assert not [each for each in uploads.get("Uploads", ()) if large.id in each["Key"]]


def test_a_log_whose_large_part_is_another_runs_is_whole(
    api: Api, table: Table, task: Track, bucket: ObjectStore, large: Run
) -> None:
    last = a_run(table, task, resumed_from=large.id)
    assert at(bucket, api.get(url(last, "logs")))[1] == [0, 1, 2, 3]


def test_parts_of_a_large_object_are_as_large_as_they_must_be() -> None:
    chunks = [b"x" * 3_000_000] * 7
    parts = list(objects.parts(chunks))
    assert b"".join(parts) == b"".join(chunks)
    assert [len(part) > 8 * 1_048_576 for part in parts] == [True, True, False]
    assert list(objects.parts([])) == [b""]  # an upload has at least one part
