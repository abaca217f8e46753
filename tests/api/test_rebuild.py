"""A tenant's derived rows are computed anew from its tracks, as often as one likes."""

from typing import Any

import pytest

from switchyard.admin.whole import Whole
from switchyard.domain.errors import Invalid, NotFound
from switchyard.domain.ids import new_id
from switchyard.store import keys
from switchyard.store.table import Item, Table
from tests.support.http import Api
from tests.support.projects import a_tenant
from tests.support.stream import Stream

DERIVED = ("BLOCKS#", "CHILD#", "MEMBER#", "COUNTED", "TOTAL", "BLOCK#", "REPOSITORY#")


def plan(api: Api, project: str) -> dict[str, str]:
    """Make a goal with a task done, and one that waits for another; return their ids."""
    scope = {"type": "projects", "ids": [project]}
    drafts = [
        {"id": "goal", "title": "Goal", "goal": {}},
        {"id": "a", "title": "A", "task": {"goalId": "goal", "status": "done"}},
        {"id": "b", "title": "B", "task": {"goalId": "goal", "dependsOn": ["a"]}},
        {"id": "c", "title": "C", "task": {"dependsOn": ["b"]}},
    ]
    answer = api.post("/v1/tracks/apply", {"scope": scope, "updateDrafts": drafts})
    assert answer.status == 200, answer.text
    return {each["draftId"]: each["id"] for each in answer.json["results"]}


def derived(stream: Stream) -> dict[tuple[str, str], Item]:
    """Return what the pipeline derives: its own rows, and its columns in those of tracks."""
    rows = stream.scan()
    own = {key: row for key, row in rows.items() if key[1].startswith(DERIVED)}
    counts = ("tasks_total", "tasks_done", "open_dependencies")
    tracks = {
        key: {name: row[name] for name in counts if name in row} for key, row in rows.items() if key[1] == "TRACK"
    }
    return own | tracks


def test_a_tenant_whose_records_were_lost_is_as_if_they_had_not_been(
    api: Api, table: Table, tenant: str, stream: Stream
) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    plan(api, project.id)
    lost = stream.collect()
    bare = derived(stream)
    told = Whole(table, tenant).rebuild()
    assert told == {"counts": {"tracks": 4}, "next": None}
    rebuilt = derived(stream)
    assert rebuilt != bare
    # the records come after all, and again: nothing changes any more
    stream.deliver(lost)
    assert derived(stream) == rebuilt
    Whole(table, tenant).rebuild()
    assert derived(stream) == rebuilt


def test_an_edge_that_no_track_has_is_dropped(api: Api, table: Table, tenant: str, stream: Stream) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    ids = plan(api, project.id)
    stream.settle()
    stray = keys.blocks(tenant, ids["a"], ids["c"])
    table.write([{"Put": {"Item": {"pk": {"S": stray[0]}, "sk": {"S": stray[1]}}}}])
    assert Whole(table, tenant).rebuild()["counts"] == {"tracks": 4, "edges dropped": 1}
    assert table.get(*stray) is None
    assert table.get(*keys.blocks(tenant, ids["b"], ids["c"])) is not None


def test_what_still_refers_to_a_deleted_track_is_detached(api: Api, table: Table, tenant: str, stream: Stream) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    ids = plan(api, project.id)
    stream.settle()
    assert api.delete(f"/v1/tracks/{ids['goal']}").status in (200, 204)
    stream.collect()  # the record of the deletion is lost
    Whole(table, tenant).rebuild()
    assert api.get(f"/v1/tracks/{ids['b']}").json["task"]["goalId"] is None


def test_a_rebuild_goes_on_where_it_ended_and_leaves_other_tenants_alone(
    api: Api, table: Table, tenant: str, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    other = new_id()
    a_tenant(table, other, "Other")
    plan(api, project.id)
    monkeypatch.setattr("switchyard.admin.whole.PAGE", 2)
    start: Any = None
    tracks = runs = 0
    while True:
        told = Whole(table, tenant).rebuild(start, most_pages=1)
        tracks, runs, start = tracks + told["counts"].get("tracks", 0), runs + 1, told["next"]
        if start is None:
            break
    assert (tracks, runs > 3) == (4, True)
    counts = Whole(table, tenant).counts()
    assert (counts["TRACK"], counts["PROJECT"]) == (4, 1)


def test_a_tenant_that_is_not_there_is_refused(table: Table) -> None:
    with pytest.raises(NotFound):
        Whole(table, new_id())
    with pytest.raises(Invalid):
        Whole(table, "acme")
