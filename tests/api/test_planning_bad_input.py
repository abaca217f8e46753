"""Bad input gets a clear error that names the field, and nothing is written."""

import base64
import json
from typing import Any

import pytest

from tests.support.http import Api
from tests.support.planning import DOCS, assert_refused, make_task, read
from tests.support.samples import replay, sample

NO_NULL = 'a value; an optional field may be left out, and "" clears one that can be empty'
KNOWN = (
    "one of createdAt, completedAt, description, priority, relatedResource, metadata, externalId, "
    "type, title, scope, task, goal"
)
TASK = {"type": "task", "title": "T", "scope": DOCS}


@pytest.fixture(autouse=True)
def nothing_is_written(api: Api) -> Any:
    """Every test here must leave the tenant empty but for tracks named Kept or Round trip."""
    yield
    for kind in ("task", "goal"):
        titles = {track["title"] for track in api.get(f"/v1/tracks?type={kind}").json["items"]}
        assert titles <= {"Kept", "Round trip"}


# ---------------------------------------------------------------- the body as a whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "no json",
        '{"type": "task",}',
        "{'type': 'task'}",
        '{"title": "\\ud800"}',
        '{"title": "\\udc00x"}',
        '{"type":"task"}{"type":"task"}',
        "\x00",
        "[" * 100_000,
        '{"metadata":' * 10_000,
    ],
)
def test_invalid_json_is_refused(api: Api, text: str) -> None:
    answer = api.post("/v1/tracks", text=text)
    assert_refused(answer, 400, "body", "not valid JSON")
    assert answer.json["code"] == "malformed_body"


@pytest.mark.parametrize("text", ["null", "[]", "7", '"text"', "true"])
def test_json_that_is_not_an_object_is_refused(api: Api, text: str) -> None:
    assert_refused(api.post("/v1/tracks", text=text), 400, "body")


def test_bytes_that_are_no_utf8_are_refused(api: Api) -> None:
    event = sample("planning.create_track", api.token)
    event["body"], event["isBase64Encoded"] = base64.b64encode(b'{"title": "\xff\xfe"}').decode(), True
    assert_refused(replay("planning.create_track", event), 400, "body")


def test_a_body_that_is_not_base64_is_refused(api: Api) -> None:
    event = sample("planning.create_track", api.token)
    event["body"], event["isBase64Encoded"] = "{no base64", True
    assert_refused(replay("planning.create_track", event), 400, "body")


def test_a_base64_body_is_read_as_what_it_holds(api: Api) -> None:
    event = sample("planning.create_track", api.token)
    body = json.dumps({**TASK, "title": "Round trip"})
    event["body"], event["isBase64Encoded"] = base64.b64encode(body.encode()).decode(), True
    assert replay("planning.create_track", event).status == 201


@pytest.mark.parametrize("declared", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused_and_named(api: Api, declared: str) -> None:
    answer = api.post("/v1/tracks", TASK, headers={"content-type": declared})
    assert_refused(answer, 415)
    assert "application/json" in answer.json["detail"]


@pytest.mark.parametrize(
    "declared", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
def test_json_by_another_name_is_taken(api: Api, declared: str) -> None:
    body = {**TASK, "title": "Round trip"}
    assert api.post("/v1/tracks", body, headers={"content-type": declared}).status == 201


def test_a_body_over_one_megabyte_is_refused_and_one_of_just_that_is_read(api: Api) -> None:
    def padded(size: int) -> str:
        start = json.dumps({**TASK, "title": "Round trip"})
        return start + " " * (size - len(start))

    refused = api.post("/v1/tracks", text=padded(1_048_577))
    assert_refused(refused, 413)
    assert "1048576" in refused.json["detail"]
    assert api.post("/v1/tracks", text=padded(1_048_576)).status == 201


def test_an_error_lists_every_wrong_field_up_to_twenty(api: Api) -> None:
    body = {"type": "chore", "title": 7, "scope": {}, "extra": 1, "task": {"status": 1, "dueDate": "x"}}
    fields = {each["field"] for each in api.post("/v1/tracks", body).json["errors"]}
    assert fields == {"type", "title", "scope.type", "extra", "task.status", "task.dueDate"}
    many = api.post("/v1/tracks", {**TASK, **{f"extra{n}": 1 for n in range(500)}})
    assert len(many.json["errors"]) == 20


# ---------------------------------------------------------------- fields


FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": "   \t\n"}, "title"),
    ({"title": "x" * 201}, "title"),
    ({"title": 7}, "title"),
    ({"title": ["T"]}, "title"),
    ({"titel": "T"}, "titel"),
    ({"type": "chore"}, "type"),
    ({"type": "Task"}, "type"),
    ({"description": "x" * 20_001}, "description"),
    ({"description": 7}, "description"),
    ({"priority": "asap"}, "priority"),
    ({"task": []}, "task"),
    ({"task": {"status": "started"}}, "task.status"),
    ({"task": {"status": "Done"}}, "task.status"),
    ({"task": {"status": "on_track"}}, "task.status"),
    ({"task": {"status": True}}, "task.status"),
    ({"task": {"dueDate": "2026-02-30"}}, "task.dueDate"),
    ({"task": {"dueDate": "2026-6-5"}}, "task.dueDate"),
    ({"task": {"dueDate": "20260605"}}, "task.dueDate"),
    ({"task": {"dueDate": "2026-W23-5"}}, "task.dueDate"),
    ({"task": {"dueDate": "2026-06-05T00:00:00Z"}}, "task.dueDate"),
    ({"task": {"dueDate": "٢٠٢٦-٠٦-٠٥"}}, "task.dueDate"),
    ({"task": {"dueDate": "0000-01-01"}}, "task.dueDate"),
    ({"task": {"dueDate": 20260605}}, "task.dueDate"),
    ({"task": {"parentId": "nobody"}}, "task.parentId"),
    ({"task": {"goalId": "7"}}, "task.goalId"),
    ({"task": {"dependsOn": "01981f5c-7a00-7000-8000-00000000000b"}}, "task.dependsOn"),
    ({"task": {"dependsOn": ["no id"]}}, "task.dependsOn.0"),
    ({"task": {"dependsOn": [""]}}, "task.dependsOn.0"),
    ({"task": {"dependsOn": ["01981f5c-7a00-7000-8000-00000000000b"] * 2}}, "task.dependsOn"),
    ({"task": {"dependsOn": [f"01981f5c-7a00-7000-8000-{n:012}" for n in range(51)]}}, "task.dependsOn"),
    ({"task": {"assignee": "x" * 129}}, "task.assignee"),
    ({"task": {"assignee": "a\x00b"}}, "task.assignee"),
    ({"task": {"assigneeType": "robot"}}, "task.assigneeType"),
    ({"task": {"progress": 5}}, "task.progress"),
    ({"goal": {}}, "goal"),
    ({"goal": {"status": "todo"}}, "goal.status"),
    ({"relatedResource": {"type": "pr"}}, "relatedResource.id"),
    ({"relatedResource": {"type": "pr", "id": ""}}, "relatedResource"),
    ({"relatedResource": {"type": "Not This", "id": "1"}}, "relatedResource.type"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"x": "y" * 33_000}}, "metadata"),
    ({"scope": {"type": "personal", "sharedWith": {"emails": ["a@example.com"]}}}, "scope.sharedWith.emails"),
]


@pytest.mark.parametrize(("fields", "field"), FIELDS, ids=lambda value: str(value)[:60])
def test_a_wrong_field_is_refused_by_its_path(api: Api, fields: dict[str, Any], field: str) -> None:
    answer = api.post("/v1/tracks", {**TASK, **fields})
    assert_refused(answer, 400, field)
    assert answer.json["status"] == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_field_of_a_change_is_refused_and_nothing_changes(api: Api) -> None:
    task = make_task(api, "Kept")
    for fields, field in FIELDS:
        if not {"type", "goal"} & set(fields):
            assert_refused(api.patch(f"/v1/tracks/{task['id']}", fields), 400, field)
    assert read(api, task) == task


@pytest.mark.parametrize("missing", ["type", "title", "scope"])
def test_what_a_new_track_needs_is_required(api: Api, missing: str) -> None:
    body = {name: value for name, value in TASK.items() if name != missing}
    assert_refused(api.post("/v1/tracks", body), 400, missing, "required")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(api: Api, number: str) -> None:
    text = '{"type":"task","title":"T","scope":{"type":"personal"},"metadata":{"x":[' + number + "]}}"
    assert_refused(api.post("/v1/tracks", text=text), 400, "metadata")


def test_a_number_of_thousands_of_digits_is_not_a_crash(api: Api) -> None:
    text = '{"type":"task","title":"T","scope":{"type":"personal"},"metadata":{"x":' + "9" * 5_000 + "}}"
    assert api.post("/v1/tracks", text=text).status == 400


def nested(levels: int) -> str:
    start = '{"type":"task","title":"Round trip","scope":{"type":"personal"},"metadata":'
    return start + '{"x":' * levels + "1" + "}" * levels + "}"


def test_metadata_nests_up_to_32_levels(api: Api) -> None:
    answer = api.post("/v1/tracks", text=nested(32))
    assert answer.status == 201
    assert read(api, answer.json) == answer.json
    assert_refused(api.post("/v1/tracks", text=nested(33)), 400, "metadata", "nests")


@pytest.mark.parametrize("levels", [100, 199, 1_000, 50_000])
def test_no_depth_of_nesting_is_a_crash(api: Api, levels: int) -> None:
    assert api.post("/v1/tracks", text=nested(levels)).status == 400


@pytest.mark.parametrize(
    "bad", ["7", "search-me", "task_", "x" * 500, "%00", "01981f5c-7a00-7000-8000-00000000000", "💥"]
)
def test_an_id_that_is_none_is_refused(api: Api, bad: str) -> None:
    for answer in (
        api.get(f"/v1/tracks/{bad}"),
        api.get(f"/v1/tracks/{bad}/graph"),
        api.patch(f"/v1/tracks/{bad}", {}),
        api.delete(f"/v1/tracks/{bad}"),
    ):
        assert_refused(answer, 400, "id")


def test_an_id_that_nothing_has_is_not_found(api: Api) -> None:
    answer = api.get("/v1/tracks/01981f5c-7a00-7000-8000-0000deadbeef")
    assert_refused(answer, 404)
    assert "01981f5c-7a00-7000-8000-0000deadbeef" in answer.json["detail"]


# ---------------------------------------------------------------- text survives


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦 family 🏳️‍🌈",
        "שלום עולם",
        "\u202eright to left\u202c",
        "NUL \x00 inside",
        "e\u0301 and \u00e9 stay apart",
        "\ufeffmark",
        "𝕊𝕦𝕡𝕡𝕝𝕖𝕞𝕖𝕟𝕥𝕒𝕣𝕪",
        "line\nbreak\ttab\r\n",
        "</script><!--",
        "' OR 1=1 --",
        "\x7f\x1b[31m",
        "\uffff\ufdd0",
    ],
)
def test_any_text_survives_a_round_trip(api: Api, text: str) -> None:
    task = make_task(api, "Round trip", more={"description": text, "metadata": {text: [text]}}, status="todo")
    answer = api.get(f"/v1/tracks/{task['id']}")
    assert (answer.json["description"], answer.json["metadata"]) == (text, {text: [text]})
    assert api.patch(f"/v1/tracks/{task['id']}", {"title": text}).json["title"] == text
    assert api.patch(f"/v1/tracks/{task['id']}", {"title": "Round trip"}).status == 200


def test_a_title_of_200_characters_counts_characters_not_bytes(api: Api) -> None:
    task = make_task(api, "💡" * 200)
    assert read(api, task)["title"] == "💡" * 200
    api.delete(f"/v1/tracks/{task['id']}")


@pytest.mark.parametrize(
    ("fields", "field", "reason", "expected"),
    [
        ({"scop": None}, "scop", "is not a known field", KNOWN),
        ({"title": None}, "title", "may not be null", NO_NULL),
        ({"scope": {"type": "projects", "ids": [None]}}, "scope.ids.0", "may not be null", "a value"),
    ],
)
def test_null_is_refused_with_what_would_be_right(
    api: Api, fields: dict[str, Any], field: str, reason: str, expected: str
) -> None:
    (error,) = api.post("/v1/tracks", {**TASK, **fields}).json["errors"]
    assert (error["field"], error["reason"], error["expected"]) == (field, reason, expected)


def test_an_offset_whose_plus_was_not_encoded_is_refused_with_how_to_write_it(api: Api) -> None:
    given = "/v1/tracks?updatedAtFrom=2026-12-31T00:00:00"
    (error,) = api.get(f"{given}+14:00").json["errors"]
    assert error["expected"] == "an ISO 8601 date or date-time, the + of an offset written %2B in an address"
    (other,) = api.get(f"{given}+14:99%20").json["errors"]
    assert other["expected"] == "an ISO 8601 date or date-time"
    assert api.get(f"{given}%2B14:00").status == 200
