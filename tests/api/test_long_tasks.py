"""A task with a long text: in no index, and in every list, found and claimed like any other."""

import json
from typing import Any

import pytest

from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import indexes, keys, migration, packing, webhooks
from switchyard.store import tracks as track_rows
from switchyard.store.table import Item, Table
from tests.api.conftest import Caller
from tests.support import entities
from tests.support.http import Api
from tests.support.lists import DUE, lists_of
from tests.support.projects import a_task, a_tenant
from tests.support.stream import Stream

#: More bytes than an index copies, though fewer characters.
TEXT = "Wörtlich: " + "ä" * (packing.COPIED_MAX // 2)


@pytest.fixture
def task(table: Table, tenant: str, stream: Stream) -> Track:
    """A task that is in every list, with a long text."""
    (project,) = a_tenant(table, tenant, "Docs")
    goal = a_task(table, project, "Goal", "goal")
    blocker, parent = a_task(table, project, "Blocker", status="done"), a_task(table, project, "Parent")
    made = a_task(
        table,
        project,
        "Quarterly review",
        description=TEXT,
        status="todo",
        due=DUE,
        goal_id=goal.id,
        parent_id=parent.id,
        depends_on=(blocker.id,),
        assignee="user_bo",
        related_type="deal",
        related_id="7",
    )
    stream.settle()
    return made


def made_by(api: Api, **fields: Any) -> dict[str, Any]:
    scope = {"type": "projects", "ids": ["docs"]}
    answer = api.post("/v1/tracks", {"type": "task", "title": "A", "scope": scope, **fields})
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def row_of(table: Table, task_id: str, tenant: str) -> Item:
    row = table.get(*keys.track(tenant, task_id))
    assert row is not None
    return row


def copies(table: Table, task_id: str, tenant: str) -> dict[str, Item]:
    """Return what the indexes hold of a task, by their names."""
    found = {}
    for each in indexes.SECONDARY:
        rows = table.client.scan(TableName=table.name, IndexName=each.name)["Items"]
        found |= {str(each.name): row for row in rows if row["pk"]["S"] == keys.track(tenant, task_id)[0]}
    return found


def test_every_list_has_it_and_those_that_show_texts_show_all_of_it(task: Track, caller: Caller) -> None:
    api = caller("user_bo", scopes=["tasks:read", "tasks:write"])
    for method, path, body in lists_of(task):
        answer = api.request(method, path, body)
        text = json.dumps(answer.json, ensure_ascii=False)
        assert answer.status == 200, answer.text
        assert task.id in text, (path, body)
        assert TEXT in text or "ä" not in text, (path, body)


def test_no_index_has_the_text_and_each_has_what_it_is_narrowed_by(task: Track, table: Table) -> None:
    row, held = row_of(table, task.id, task.tenant_id), copies(table, task.id, task.tenant_id)
    assert "fields" not in row
    assert TEXT in (packing.text_of(row) or "")
    assert len(held) > 10
    for each in indexes.SECONDARY:
        if each.name in held:
            expected = {"pk", "sk", each.partition, each.sort, *each.projected} & row.keys()
            assert held[each.name] == {name: row[name] for name in expected}


def test_a_text_that_becomes_short_is_copied_again_and_back(api: Api, table: Table, tenant: str) -> None:
    made = made_by(api, description=TEXT)["id"]
    for text, there, gone in (("short", "fields", "long_fields"), (TEXT, "long_fields", "fields")):
        assert api.patch(f"/v1/tracks/{made}", {"description": text}).json["description"] == text
        row = row_of(table, made, tenant)
        assert there in row
        assert gone not in row
        assert ("fields" in copies(table, made, tenant)["list-id"]) is (text == "short")
        assert [each["description"] for each in api.get("/v1/tracks").json["items"]] == [text]


@pytest.mark.parametrize("first", ["x", "€"])
def test_fields_are_plain_then_compressed_then_copied_by_no_index_as_their_bytes_grow(first: str) -> None:
    def of(size: int) -> str:
        return first + "x" * (size - len(first.encode()))

    plain, copied = of(packing.PLAIN_MAX), of(packing.COPIED_MAX)
    assert packing.stored(plain) == {"fields": {"S": plain}}
    for text, where in ((plain + "x", "fields"), (copied, "fields"), (copied + "x", "long_fields")):
        row = packing.stored(text)
        assert (row.keys(), row[where].keys()) == ({where}, {"B"})
        assert packing.text_of(row) == text


def test_half_a_character_is_kept_as_it_is() -> None:
    for text in ("\ud800", "\ud800" * packing.PLAIN_MAX):
        assert packing.text_of(packing.stored(text)) == text


def test_words_are_found_in_a_long_text(task: Track, api: Api) -> None:
    def found(query: str) -> list[str]:
        return [each["id"] for each in api.get(f"/v1/tracks?query={query}").json["items"]]

    assert found("wörtlich") == found("WÖRTLICH review") == [task.id]
    assert found("sinngemäß") == []


@pytest.mark.parametrize("text", [TEXT, TEXT[:500]])
def test_a_list_expands_a_compressed_text_once(text: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made_by(api, description=text)
    expanded, real = [], packing.expanded
    monkeypatch.setattr(packing, "expanded", lambda value: expanded.append(value) or real(value))
    (found,) = api.get("/v1/tracks?query=wörtlich").json["items"]
    assert found["description"] == text
    assert [each.keys() for each in expanded if "B" in each] == [{"B"}]


def test_it_is_claimed_worked_on_and_completed(caller: Caller, api: Api, table: Table, tenant: str) -> None:
    made = api.post("/api/v1/tasks", {"title": "A", "description": TEXT}).json["id"]
    bo = caller("agent_bo", kind="agent")
    claimed = bo.post("/api/v1/tasks/claim", {"leaseSeconds": 60}).json
    assert (claimed["id"], claimed["description"]) == (made, TEXT)
    assert bo.post(f"/api/v1/tasks/{made}/heartbeat", {"leaseSeconds": 90}).status == 200
    done = bo.patch(f"/api/v1/tasks/{made}", {"status": "completed"}).json
    assert (done["status"], done["description"]) == ("completed", TEXT)
    assert "long_fields" in row_of(table, made.removeprefix("task_"), tenant)


def test_the_trail_has_a_long_entry(api: Api, stream: Stream) -> None:
    text, other = "ä" * 400, "ö" * 400
    made = made_by(api, description=text, metadata={"a": text})["id"]
    stream.settle()
    api.patch(f"/v1/tracks/{made}", {"description": other, "metadata": {"a": other}})
    stream.settle()
    for query in ("", f"track={made}", "actor=user_ada"):
        newest = api.get(f"/v1/audit?{query}").json["items"][0]
        assert json.dumps(newest, ensure_ascii=False).count("ö" * 400) == 2, query


def test_the_answer_under_a_key_is_kept_compressed_and_given_again(api: Api, table: Table) -> None:
    scope = {"type": "projects", "ids": ["docs"]}
    body, key = {"type": "task", "title": "A", "scope": scope, "description": TEXT}, {"Idempotency-Key": "once"}
    first = api.post("/v1/tracks", body, headers=key)
    (row,) = (each for each in table.client.scan(TableName=table.name)["Items"] if "fingerprint" in each)
    assert row["body"].keys() == {"B"}
    again = api.post("/v1/tracks", body, headers=key)
    assert (again.status, again.text) == (201, first.text)


def test_a_long_delivery_is_kept_compressed_and_sent_as_it_was() -> None:
    delivery = replace(entities.DELIVERIES["minimal"], body=TEXT)
    row = webhooks.DELIVERIES.to_item(delivery)
    assert row["body"].keys() == {"B"}
    assert webhooks.delivery_from(row) == delivery


def test_migration_compresses_what_makes_a_row_large(
    api: Api, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(packing, "PLAIN_MAX", packing.COPIED_MAX)
        made = made_by(api, description=TEXT[:500])
        assert row_of(table, made["id"], tenant)["fields"].keys() == {"S"}
    assert migration.migrate(table, units=10**9)["changed"] == 1
    row = row_of(table, made["id"], tenant)
    assert row["fields"].keys() == {"B"}
    assert row == track_rows.to_item(track_rows.from_item(row))
    assert api.get(f"/v1/tracks/{made['id']}").json == made
    assert migration.migrate(table, units=10**9)["changed"] == 0


def test_migration_takes_a_long_text_out_of_the_indexes(
    api: Api, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(packing, "PLAIN_MAX", 10**6)
        before.setattr(packing, "COPIED_MAX", 10**6)
        made = made_by(api, description=TEXT)
        assert "fields" in copies(table, made["id"], tenant)["list-id"]
    assert migration.migrate(table, units=10**9)["changed"] == 1
    row = row_of(table, made["id"], tenant)
    assert row == track_rows.to_item(track_rows.from_item(row))
    assert "long_fields" in row
    assert "fields" not in copies(table, made["id"], tenant)["list-id"]
    assert api.get(f"/v1/tracks/{made['id']}").json == made
    assert migration.migrate(table, units=10**9)["changed"] == 0
