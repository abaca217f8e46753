"""Idempotency-Key: the same request again gives the same answer and changes nothing."""

from typing import Any

import pytest
from moto.dynamodb.models.dynamo_type import LimitedSizeDict

from switchyard.domain import clock
from switchyard.store import idempotency
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.planning import DOCS, assert_refused, make_task, read
from tests.support.runs import Runs

BODY = {"type": "task", "title": "Once", "scope": DOCS}
KEY = {"Idempotency-Key": "key-1"}


def count(api: Api) -> int:
    return len(api.get("/v1/tracks").json["items"])


def assert_replayed(first: Answer, again: Answer) -> None:
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers.get("etag") == first.headers.get("etag")


def test_a_create_sent_twice_creates_once(api: Api) -> None:
    first = api.post("/v1/tracks", BODY, headers=KEY)
    again = api.post("/v1/tracks", BODY, headers=KEY)
    assert first.status == 201
    assert_replayed(first, again)
    assert count(api) == 1


def test_a_change_sent_twice_changes_once_and_answers_as_it_did(api: Api) -> None:
    task = make_task(api)
    url = f"/v1/tracks/{task['id']}"
    first = api.patch(url, {"title": "New"}, headers=KEY)
    api.patch(url, {"title": "Newer"})
    assert_replayed(first, api.patch(url, {"title": "New"}, headers=KEY))
    assert read(api, task)["title"] == "Newer"


def test_a_change_that_changes_nothing_is_remembered_too(api: Api) -> None:
    task = make_task(api)
    url = f"/v1/tracks/{task['id']}"
    first = api.patch(url, {}, headers=KEY)
    assert_replayed(first, api.patch(url, {}, headers=KEY))
    assert_refused(api.patch(url, {"title": "x"}, headers=KEY), 409)


def test_a_delete_sent_twice_answers_204_twice(api: Api) -> None:
    url = f"/v1/tracks/{make_task(api)['id']}"
    first = api.delete(url, headers=KEY)
    assert first.status == 204
    assert_replayed(first, api.delete(url, headers=KEY))
    assert api.delete(url).status == 404


def test_an_apply_sent_twice_applies_once(api: Api) -> None:
    body = {"scope": DOCS, "upserts": [{"id": "a", "title": "A", "task": {}}, {"id": "b", "title": "B", "goal": {}}]}
    first = api.post("/v1/tracks/apply", body, headers=KEY)
    assert_replayed(first, api.post("/v1/tracks/apply", body, headers=KEY))
    assert count(api) == 1


def test_another_request_with_the_key_is_a_conflict_that_names_it(api: Api) -> None:
    task = api.post("/v1/tracks", BODY, headers=KEY).json
    other = api.post("/v1/tracks", {**BODY, "title": "Other"}, headers=KEY)
    assert_refused(other, 409)
    assert other.json["idempotencyKey"] == "key-1"
    assert api.patch(f"/v1/tracks/{task['id']}", {}, headers=KEY).status == 409
    assert api.delete(f"/v1/tracks/{task['id']}", headers=KEY).status == 409
    assert count(api) == 1


def test_a_key_is_the_actors_own(api: Api, caller: Caller) -> None:
    api.post("/v1/tracks", BODY, headers=KEY)
    assert caller("user_bob").post("/v1/tracks", {**BODY, "title": "Bob's"}, headers=KEY).status == 201
    assert count(api) == 2


def test_a_key_is_forgotten_after_its_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.post("/v1/tracks", BODY, headers=KEY)
    later = clock.epoch() + idempotency.KEEP_SECONDS + 1
    monkeypatch.setattr(clock, "epoch", lambda: later)
    again = api.post("/v1/tracks", {**BODY, "title": "Later"}, headers=KEY)
    assert again.status == 201
    assert count(api) == 2


def test_a_final_refusal_is_remembered(api: Api) -> None:
    missing = "01981f5c-7a00-7000-8000-0000deadbeef"
    first = api.patch(f"/v1/tracks/{missing}", {"title": "x"}, headers=KEY)
    assert first.status == 404
    assert_replayed(first, api.patch(f"/v1/tracks/{missing}", {"title": "x"}, headers=KEY))
    assert api.patch(f"/v1/tracks/{missing}", {"title": "y"}, headers=KEY).status == 409


def test_a_refusal_of_the_request_itself_leaves_the_key_free(api: Api) -> None:
    assert api.post("/v1/tracks", {**BODY, "title": ""}, headers=KEY).status == 400
    assert api.post("/v1/tracks", BODY, headers=KEY).status == 201


def test_a_stale_etag_leaves_the_key_free(api: Api) -> None:
    url = f"/v1/tracks/{make_task(api)['id']}"
    assert api.patch(url, {"title": "x"}, headers={**KEY, "If-Match": '"9"'}).status == 412
    assert api.patch(url, {"title": "x"}, headers={**KEY, "If-Match": '"1"'}).status == 200


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there", "é"])
def test_a_key_that_is_none_is_refused(api: Api, key: Any) -> None:
    assert_refused(api.post("/v1/tracks", BODY, headers={"Idempotency-Key": key}), 400, "Idempotency-Key")
    assert count(api) == 0


def test_the_longest_key_is_taken(api: Api) -> None:
    assert api.post("/v1/tracks", BODY, headers={"Idempotency-Key": "k" * 255}).status == 201


def test_a_search_takes_no_key(api: Api) -> None:
    for title in ("one", "two"):
        assert "idempotency-replayed" not in api.post("/v1/tracks/search", {"type": "task"}, headers=KEY).headers
        make_task(api, title)
    assert len(api.post("/v1/tracks/search", {"type": "task"}, headers=KEY).json["items"]) == 2


@pytest.fixture
def as_large_as_rows_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto measure a changed row as DynamoDB does: as it will be, without the value that is replaced."""
    replace = LimitedSizeDict.__setitem__

    def set_item(self: LimitedSizeDict, key: str, value: Any) -> None:
        self.pop(key, None)
        replace(self, key, value)

    monkeypatch.setattr(LimitedSizeDict, "__setitem__", set_item)


@pytest.mark.usefixtures("as_large_as_rows_may_be")
def test_an_answer_larger_than_a_row_is_given_again_whole(table: Table, tenant: str, api: Api) -> None:
    runs = Runs(table, tenant)
    task = runs.task(description="\x01" * 20_000)
    run = runs.run(task, status="not_started")
    entry = {"id": "a", "name": "n", "type": "plan", "source": "", "size": 1, "content_type": "", "uploaded_at": ""}
    artifacts = ({**entry, "storage_path": "x" * 150_000},)
    runs.rewrite(run, state={"a": "x" * 64_000}, output="x" * 98_000, artifacts=artifacts)
    url = f"/api/projects/-/tasks/{task.id}/runs/{run.id}/start"
    first = api.post(url, {"pending_user_message": "Go"}, headers=KEY)
    assert first.status == 200
    assert len(first.text.encode()) > 409_600
    assert_replayed(first, api.post(url, {"pending_user_message": "Go"}, headers=KEY))
    assert runs.now(run).version == 2
    assert api.post(url, {"pending_user_message": "Other"}, headers=KEY).status == 409
