"""`?workspaceId=` says which workspace a client means; a token opens exactly one."""

import pytest

from switchyard.domain.ids import new_id
from tests.support.http import Api

BODY = {"type": "task", "title": "Task", "scope": {"type": "projects", "ids": ["docs"]}}


def test_the_tokens_own_workspace_may_be_named_in_any_form(api: Api, tenant: str) -> None:
    made = api.post(f"/v1/tracks?workspaceId={tenant}", BODY)
    assert made.status == 201
    assert api.get(f"/v1/tracks/{made.json['id']}?workspaceId=ws_{tenant.replace('-', '')}").status == 200
    listed = api.get(f"/v1/tracks?scope=projects&workspaceId={tenant}")
    assert [item["id"] for item in listed.json["items"]] == [made.json["id"]]


@pytest.mark.parametrize("other", [new_id(), "nonsense", ""])
def test_another_workspace_is_not_found_and_nothing_is_written(api: Api, other: str) -> None:
    assert api.post(f"/v1/tracks?workspaceId={other}", BODY).status == 404
    assert api.get(f"/v1/tracks?workspaceId={other}").status == 404
    assert api.get("/v1/tracks?scope=projects").json["items"] == []


def test_a_workspace_named_twice_is_refused(api: Api, tenant: str) -> None:
    assert api.post(f"/v1/tracks?workspaceId={tenant}&workspaceId={new_id()}", BODY).status == 400
