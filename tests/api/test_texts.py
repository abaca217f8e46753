"""Texts, times and bodies as clients really write them: what is taken as the same, and what is refused by name."""

import gzip
import json
import re
import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from switchyard.domain.text import VISIBLE, folded, is_blank
from switchyard.store.table import Table
from tests.support.http import Answer, Api
from tests.support.planning import DOCS, make_task
from tests.support.projects import a_tenant

TASK = {"type": "task", "title": "A task", "scope": DOCS, "task": {}}
#: Titles that show nothing: zero width space, soft hyphen, Hangul filler, Braille blank, a variation selector, marks.
INVISIBLE = [
    "\u200b",
    "\u00ad\u2060",
    "\u3164",
    "\u2800",
    "\ufe0f",
    "\u200e \u202e",
    "\u034f",
    "\u115f\u1160",
    "\t\u3000",
]


def titles(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [each["title"] for each in answer.json["items"]]


# ---------------------------------------------------------------- compared


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("Cafe\u0301 menu", "CAFÉ"),
        ("Café menu", "cafe\u0301"),
        ("ＦＵＬＬ width", "full"),
        ("Straße", "STRASSE"),
        ("the \ufb01le", "FILE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("x² + y", "X2"),
    ],
)
def test_a_search_finds_what_reads_the_same(api: Api, table: Table, tenant: str, kept: str, asked: str) -> None:
    make_task(api, kept)
    make_task(api, "Something else")
    assert titles(api.post("/v1/tracks/search", {"type": "task", "query": asked})) == [kept]
    a_tenant(table, tenant, "Docs")
    assert api.post("/api/projects/1/tasks", {"title": kept}).status == 201
    listed = api.get("/api/projects/1/tasks")
    assert [each["title"] for each in listed.json["results"]] == [kept]
    found = api.get(f"/api/projects/1/tasks?search={quote(asked)}")
    assert [each["title"] for each in found.json["results"]] == [kept]


def test_external_ids_that_read_the_same_are_one(api: Api, tenant: str) -> None:
    path = f"/v1/workspaces/{tenant}/objectives"
    body = {"agentId": "agent_a", "systemPromptData": {}, "metadata": {"externalId": "Réf-1"}}
    made = api.post(path, body)
    assert made.status == 200, made.text
    again = {**body, "metadata": {"externalId": unicodedata.normalize("NFD", "RÉF-1")}}
    assert api.post(path, again).status == 409
    found = api.get(f"{path}/external_id:re\u0301f-1")
    assert found.json["metadata"]["id"] == made.json["metadata"]["id"]
    assert found.json["metadata"]["externalId"] == "Réf-1"


def test_folding_twice_is_folding_once() -> None:
    for text in ("ǅ", "ﬃ", "İ", "ẞ", "①", "ｶﾞ", "ΐ"):
        assert folded(folded(text)) == folded(text)


# ---------------------------------------------------------------- blank


@pytest.mark.parametrize("title", INVISIBLE)
def test_a_title_that_shows_nothing_is_blank_on_every_surface(api: Api, table: Table, tenant: str, title: str) -> None:
    a_tenant(table, tenant, "Docs")
    goal = api.post("/v1/tracks", {"type": "goal", "title": "G", "scope": DOCS, "goal": {}}).json["id"]
    for path, body in (
        ("/v1/tracks", {**TASK, "title": title}),
        ("/v1/tracks/apply", {"scope": DOCS, "updateDrafts": [{"id": "a", "title": title, "task": {}}]}),
        ("/api/v1/tasks", {"title": title}),
        ("/v1/tasks", {"title": title}),
        (f"/v1/workspaces/{tenant}/objectives/obj_{goal}/tasks", {"task": title}),
        ("/v1/projects", {"name": title}),
    ):
        answer = api.post(path, body)
        assert answer.status == 400, (path, answer.text)
        assert "blank" in answer.text or "Missing required field: title" in answer.text, answer.text
    derived = api.post("/api/projects/1/tasks", {"title": title, "description": "Write it."})
    assert derived.json["title"] == "Write it."


@pytest.mark.parametrize("title", ["é", "👩\u200d💻", "\u200fשלום", "한글", "🏳\ufe0f"])
def test_a_title_with_anything_to_see_is_kept_as_it_came(api: Api, title: str) -> None:
    assert not is_blank(title)
    assert make_task(api, title)["title"] == title


def test_the_published_pattern_of_a_title_tells_what_can_be_seen() -> None:
    seen = re.compile(VISIBLE)
    assert [code for code in range(0x10000) if bool(seen.search(chr(code))) == is_blank(chr(code))] == []


# ---------------------------------------------------------------- times


@pytest.mark.parametrize("given", ["2026-06-05t09:30:00z", "2026-06-05T09:30:00z", "2026-06-05t11:30:00+02:00"])
def test_times_in_lower_case_are_times(api: Api, given: str) -> None:
    made = api.post("/v1/tasks", {"title": "A", "due_at": given})
    assert made.json["data"]["due_at"] == "2026-06-05T09:30:00.000Z"
    assert api.post("/api/v1/tasks", {"title": "A", "dueDate": given}).json["dueDate"] == "2026-06-05T09:30:00Z"
    assert api.get(f"/v1/tasks?due_at_from={given.replace('+', '%2B')}").status == 200


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("2016-12-31T23:59:60Z", "leap second"),
        ("2016-12-31t23:59:60.5+00:00", "leap second"),
        ("20161231T235960Z", "leap second"),
        ("0001-01-01T00:00:00Z", "means no time"),
        ("0001-01-01", "means no time"),
        ("0001-01-01T00:00:00+23:59", "means no time"),
        ("9999-12-31T23:59:59-12:00", "year 10000"),
        ("0000-01-01T00:00:00Z", "not a valid date-time"),
        ("2026-06-05T09:30:61Z", "not a valid date-time"),
    ],
)
def test_times_that_cannot_be_kept_are_refused_by_their_reason(api: Api, given: str, reason: str) -> None:
    for path, body in (
        ("/v1/tasks", {"title": "A", "due_at": given}),
        ("/api/v1/tasks", {"title": "A", "dueDate": given}),
        ("/v1/tracks/search", {"type": "task", "filter": {"updatedAtFrom": given}}),
    ):
        answer = api.post(path, body)
        assert answer.status == 400, answer.text
        assert reason in answer.text, answer.text


def test_a_day_of_the_year_one_is_refused_by_its_reason(api: Api) -> None:
    answer = api.post("/v1/tracks", {**TASK, "task": {"dueDate": "0001-01-01"}})
    assert answer.status == 400
    assert "means no time" in answer.text


# ---------------------------------------------------------------- bodies

#: A path of each surface, with what it takes.
BODIES: list[tuple[str, Any]] = [
    ("/v1/tracks", TASK),
    ("/api/v1/tasks", {"title": "A"}),
    ("/v1/tasks", {"title": "A"}),
    ("/v1/tracks/search", {"type": "task"}),
    ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"}),
]


@pytest.mark.parametrize(("path", "body"), BODIES)
@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf8_by_any_name_is_read(api: Api, path: str, body: Any, charset: str) -> None:
    answer = api.post(path, body, headers={"content-type": f"application/json; charset={charset}"})
    assert answer.status in (200, 201), answer.text


@pytest.mark.parametrize(("path", "body"), BODIES)
@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "us-ascii", "windows-1252", ""])
def test_another_charset_is_refused_by_name(api: Api, path: str, body: Any, charset: str) -> None:
    answer = api.post(path, body, headers={"content-type": f"application/json; version=1;charset={charset}"})
    assert answer.status == 415, answer.text
    assert "UTF-8" in answer.text
    assert charset in answer.text


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_a_byte_order_mark_is_dropped(api: Api, path: str, body: Any) -> None:
    assert api.post(path, text="\ufeff" + json.dumps(body)).status in (200, 201)
    twice = api.post(path, text="\ufeff\ufeff" + json.dumps(body))
    assert twice.status == 400


@pytest.mark.parametrize(("path", "body"), BODIES)
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "x-unknown"])
def test_a_compressed_body_is_refused_by_name(api: Api, path: str, body: Any, encoding: str) -> None:
    packed = gzip.compress(json.dumps(body).encode()).decode("latin-1")
    answer = api.post(path, text=packed, headers={"content-encoding": encoding})
    assert answer.status == 415, answer.text
    assert encoding in answer.text
    assert answer.headers["accept-encoding"] == "identity"


def test_a_body_declared_as_not_compressed_is_read(api: Api) -> None:
    assert api.post("/v1/tracks", TASK, headers={"content-encoding": "identity"}).status == 201


def test_a_key_covers_a_body_with_a_byte_order_mark(api: Api) -> None:
    key = {"idempotency-key": "k"}
    first = api.post("/v1/tracks", TASK, headers=key)
    again = api.post("/v1/tracks", text="\ufeff" + json.dumps(TASK), headers=key)
    assert (again.status, again.json["id"]) == (201, first.json["id"])
