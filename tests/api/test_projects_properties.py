"""No input makes the projects surface fail, and what it takes comes back as it was."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchyard.domain.tenants import Project
from switchyard.store.table import Table
from switchyard.surfaces.projects import schemas
from switchyard.surfaces.projects.models import ListTasks, TaskFields
from tests.support.http import Api
from tests.support.projects import a_tenant

TASKS = "/api/projects/1/tasks/"
few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
text = st.text(max_size=40)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box")[0]


def sensible(answer: Any, *taken: int) -> None:
    assert answer.status in (*taken, 400), answer.text
    if answer.status == 400:
        assert set(answer.json) == {"type", "code", "detail", "attr"}


@few
@given(st.dictionaries(st.sampled_from(list(TaskFields.model_fields)), anything, max_size=4) | anything)
def test_any_body_is_taken_or_refused(api: Api, project: Project, body: Any) -> None:
    sensible(api.post(TASKS, text=json.dumps(body)), 201)


@few
@given(st.dictionaries(st.sampled_from([*ListTasks.model_fields, "other"]), text, max_size=4))
def test_any_query_is_answered_or_refused(api: Api, project: Project, query: dict[str, str]) -> None:
    sensible(api.get(f"{TASKS}?{urlencode(query, errors='surrogatepass')}"), 200)


@few
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_texts_come_back_as_they_were(api: Api, project: Project, given_text: str) -> None:
    made = api.post(TASKS, {"title": "x", "description": given_text, "ci_prompt": given_text}).json
    read = api.get(TASKS + made["id"]).json
    assert (read["description"], read["ci_prompt"]) == (given_text, given_text)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"$ref": "#"}, "itself without end"),
        ({"allOf": [{"$ref": "#"}]}, "itself without end"),
        ({"type": "object"}, "is not of type"),
        ({"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "number"}}}, None),
    ],
)
def test_any_schema_that_was_taken_gives_a_verdict(schema: Any, problem: str | None) -> None:
    schemas.check(schema)
    found = schemas.problem(schema, "text")
    assert (problem in found) if problem and found else found == problem
