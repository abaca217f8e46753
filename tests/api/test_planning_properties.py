"""Properties: any valid track survives a round trip, and no input makes the service fail."""

import json
import string
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchyard.domain.text import is_blank
from tests.support.http import Api
from tests.support.planning import PERSONAL

few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
name = st.text(string.ascii_letters + string.digits + "_-.@", min_size=1, max_size=40)
day = st.dates().map(str)
# Numbers that every JSON reader understands alike.
number = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
json_value = st.recursive(
    st.none() | st.booleans() | number | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=10,
)
scope = st.just(PERSONAL) | st.lists(name, min_size=1, max_size=4, unique=True).map(
    lambda ids: {"type": "projects", "ids": ids}
)
common = {
    "description": text,
    "priority": st.sampled_from(["urgent", "high", "medium", "low"]),
    "metadata": st.dictionaries(text, json_value, max_size=4),
    "relatedResource": st.fixed_dictionaries({"type": st.sampled_from(["pr", "issue"]), "id": name}),
}
task_fields = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["backlog", "todo", "in_progress", "done", "cancelled"]),
        "dueDate": day,
        "assignee": name,
        "assigneeType": st.sampled_from(["user", "agent"]),
    },
)
goal_fields = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["not_started", "on_track", "at_risk", "postponed", "completed"]),
        "dueDate": day,
        "progress": st.integers(0, 100),
    },
)


def track(kind: str, fields: Any) -> Any:
    title = text.filter(lambda each: not is_blank(each))
    needed = {"type": st.just(kind), "title": title, "scope": scope}
    return st.fixed_dictionaries(needed, optional={**common, kind: fields})


@given(body=track("task", task_fields) | track("goal", goal_fields))
@few
def test_any_valid_track_is_read_back_as_it_was_answered_and_as_it_was_sent(api: Api, body: Any) -> None:
    answer = api.post("/v1/tracks", body)
    assert answer.status == 201, answer.text
    shown = api.get(f"/v1/tracks/{answer.json['id']}").json
    assert shown == answer.json
    kind = body["type"]
    for field, value in body.items():
        if field == kind:
            assert {each: shown[kind][each] for each in value} == value
        else:
            assert shown[field] == value
    # what was shown can be sent back, and changes nothing
    own = {each: value for each, value in shown[kind].items() if value is not None and each != "number"}
    again = {each: shown[each] for each in ("title", "description", "priority", "metadata", "scope")} | {kind: own}
    assert api.patch(f"/v1/tracks/{shown['id']}", again).json == shown


# ---------------------------------------------------------------- hostile input

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
UUID = "01981f5c-7a00-7000-8000-00000000000b"
value = anything | st.sampled_from(["", "task", "goal", "personal", "projects", "todo", UUID, [UUID], [""], "t1"])


def mapping(*names: str) -> Any:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, value))


nested_scope = st.fixed_dictionaries({}, optional={"type": value, "ids": value, "sharedWith": value}) | st.just(
    PERSONAL
)
nested_task = mapping("status", "dueDate", "assignee", "assigneeType", "parentId", "dependsOn", "goalId", "zzz")
nested_goal = mapping("status", "dueDate", "progress")
hostile_track = st.fixed_dictionaries(
    {},
    optional={
        "type": value,
        "title": value,
        "scope": nested_scope | value,
        "task": nested_task | value,
        "goal": nested_goal | value,
        "metadata": value,
        "description": value,
        "priority": value,
        "relatedResource": mapping("type", "id") | value,
        "id": value,
    },
)
hostile_apply = st.fixed_dictionaries(
    {},
    optional={
        "scope": nested_scope,
        "updateDrafts": st.lists(hostile_track, max_size=4) | value,
        "upserts": st.lists(hostile_track, max_size=4) | value,
        "deleteDrafts": value,
        "deletes": value,
    },
)
FILTERS = ("status", "assignee", "goalId", "parentId", "dependsOn", "progressMin", "progressMax")
DATES = ("dueDateFrom", "dueDateTo", "updatedAtFrom", "updatedAtTo")
hostile_search = st.fixed_dictionaries(
    {"type": st.sampled_from(["task", "goal"])},
    optional={
        "query": value,
        "filter": mapping(*FILTERS, *DATES) | value,
        "scopes": st.lists(nested_scope, max_size=3) | value,
        "page": value,
        "cursor": value,
        "searchMode": value,
    },
)


@pytest.mark.parametrize(
    ("method", "url", "bodies"),
    [
        ("POST", "/v1/tracks", hostile_track),
        ("PATCH", f"/v1/tracks/{UUID}", hostile_track),
        ("POST", "/v1/tracks/apply", hostile_apply),
        ("POST", "/v1/tracks/search", hostile_search),
    ],
)
def test_no_body_makes_the_service_fail(api: Api, method: str, url: str, bodies: Any) -> None:
    @given(body=bodies)
    @few
    def holds(body: Any) -> None:
        assert api.request(method, url, text=json.dumps(body)).status < 500

    holds()


@given(garbage=st.text(max_size=200))
@few
def test_no_text_makes_the_service_fail(api: Api, garbage: str) -> None:
    assert api.post("/v1/tracks", text=garbage.encode("utf-8", "replace").decode()).status == 400


query_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    query=st.dictionaries(
        st.sampled_from(["type", "query", "scope", "projectId", "limit", "cursor", *FILTERS, *DATES]) | query_text,
        query_text | st.sampled_from(["task", "goal", "todo", "none", UUID, "1", "2026-06-05", "personal"]),
        max_size=5,
    )
)
@few
def test_no_query_makes_the_service_fail(api: Api, query: Any) -> None:
    assert api.get("/v1/tracks?" + urlencode(query)).status < 500


@given(
    moment=st.text("0123456789-:TZ+.W ", max_size=40)
    | st.datetimes(timezones=st.timezones()).map(lambda t: t.isoformat())
)
@few
def test_no_time_makes_the_service_fail(api: Api, moment: str) -> None:
    body = {"type": "task", "filter": {"updatedAtFrom": moment}}
    assert api.post("/v1/tracks/search", body).status in (200, 400)
