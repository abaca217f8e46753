"""From a stream record to a change, an entry of the trail, and events."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.aws.bus import BYTES_MAX
from switchyard.domain import audit, tracks
from switchyard.domain.actors import Actor
from switchyard.domain.changes import VALUE_MAX, Change, Difference, difference
from switchyard.domain.errors import Conflict
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.pipeline import records
from switchyard.pipeline.domain_events import FIELD_MAX, events_of
from switchyard.store import audit as audit_rows
from switchyard.store import tracks as track_rows
from tests.support.stream import record

ADA = Actor("tenant", "user_ada", "user", frozenset(), "token")
TASK = tracks.create(ADA, "request-1", "task", "Task", status="todo")


def changed(before: Track, **fields: Any) -> Change:
    return Change(before, tracks.change(before, ADA, "request-2", **fields))


def types(change: Change) -> list[str]:
    return [each.type for each in events_of(change)]


def test_a_record_of_a_new_version_is_a_change_with_both_sides() -> None:
    after = tracks.change(TASK, ADA, "request-2", title="New")
    assert records.read(record(track_rows.to_item(TASK), track_rows.to_item(after))) == Change(TASK, after)
    assert records.read(record(None, track_rows.to_item(TASK))) == Change(None, TASK)


def test_records_that_are_no_change_are_passed_over() -> None:
    row = track_rows.to_item(TASK)
    assert records.read(record(row, {**row, "tasks_total": {"N": "3"}})) is None
    assert records.read(record(row, None)) is None
    assert records.read(record(None, {**row, "sk": {"S": "BLOCKS#x"}})) is None


@pytest.mark.parametrize(
    ("fields", "action", "told"),
    [
        ({"title": "New"}, "updated", ["task.updated"]),
        ({"status": "in_progress"}, "status_changed", ["task.updated", "task.status_changed"]),
        ({"status": "done"}, "completed", ["task.updated", "task.status_changed", "task.completed"]),
        ({"assignee": "user_bo"}, "updated", ["task.updated", "task.assigned"]),
        ({"deleted_at": "2026-06-05T09:30:00.000Z"}, "deleted", ["task.deleted"]),
    ],
)
def test_each_kind_of_change_has_its_action_and_its_events(
    fields: dict[str, Any], action: str, told: list[str]
) -> None:
    change = changed(TASK, **fields)
    assert (change.action, types(change)) == (action, told)


def test_a_task_that_is_created_done_and_assigned_is_reported_as_such() -> None:
    born = tracks.create(ADA, "request", "task", "Task", status="done", assignee="user_bo")
    assert types(Change(None, born)) == ["task.created", "task.completed", "task.assigned"]


def test_a_goals_events_are_a_goals() -> None:
    goal = tracks.create(ADA, "request", "goal", "Goal")
    assert types(Change(None, goal)) == ["goal.created"]
    assert types(changed(goal, status="completed")) == ["goal.updated", "goal.status_changed", "goal.completed"]


def test_taking_an_assignee_away_is_not_an_assignment() -> None:
    assert types(changed(replace(TASK, assignee="user_bo"), assignee=None)) == ["task.updated"]


def test_what_is_made_of_a_record_twice_is_the_same_twice() -> None:
    change = changed(TASK, status="done")
    assert events_of(change) == events_of(change)
    assert audit_rows.to_item(audit.entry_of_change(change)) == audit_rows.to_item(audit.entry_of_change(change))
    ids = [each.id for each in events_of(change)]
    assert len(set(ids)) == len(ids)


def test_an_entry_comes_back_from_its_row() -> None:
    entry = audit.entry_of_change(changed(TASK, title="New", metadata={"a": [1, {"b": None}]}))
    assert audit_rows.from_item(audit_rows.to_item(entry)) == entry


def test_a_refusal_comes_back_from_the_row_that_waits_for_the_pipeline() -> None:
    entry = audit.refused(TASK, "done", ADA, "request-9", "2026-06-05T09:30:00.000Z", Conflict(), 409)
    row = audit_rows.attempt(entry)["Put"]["Item"]
    assert records.read(record(None, row)) == entry
    assert records.read(record(row, row)) is None


def test_entries_sort_by_time_then_by_track_and_version() -> None:
    first = audit.entry_of_change(Change(None, TASK))
    change = changed(TASK, title="New")
    second = audit.entry_of_change(change)
    tenth = audit.entry_of_change(Change(TASK, replace(change.after, version=10)))
    assert first.id < second.id < tenth.id


@given(title=st.text(max_size=200), description=st.text(max_size=20_000), note=st.text(max_size=5_000))
def test_shown_values_and_events_stay_within_their_bounds(title: str, description: str, note: str) -> None:
    change = changed(TASK, title=title, description=description, completed_note=note, metadata={"k": description})
    for each in change.differences():
        for value in (each.before, each.after):
            assert len(str(value).encode("utf-8", "surrogatepass")) <= VALUE_MAX + 100
    for event in events_of(change):
        assert len(event.entry()["Detail"].encode()) < BYTES_MAX
        assert all(len(json.dumps(value).encode()) <= 6 * FIELD_MAX for value in event.detail["track"].values())


def test_a_field_that_is_too_large_for_an_event_is_named_in_its_place() -> None:
    (event,) = events_of(changed(TASK, description="x" * 20_000))
    assert event.detail["omitted"] == ["description"]
    assert "description" not in event.detail["track"]


def test_the_event_of_a_track_that_became_shared_shows_nothing_of_its_personal_side() -> None:
    personal = replace(TASK, owner="user_ada", title="secret", status="backlog")
    (event, *_) = events_of(changed(personal, owner=None, title="open", status="todo"))
    text = json.dumps(event.detail)
    assert "secret" not in text
    assert "backlog" not in text


def test_a_value_of_as_many_bytes_as_are_shown_is_whole_and_a_longer_one_is_cut_or_left_out() -> None:
    whole, longer = {"a": "x" * (VALUE_MAX - len('{"a": ""}'))}, {"a": "x" * (VALUE_MAX + 1 - len('{"a": ""}'))}
    assert difference("metadata", None, whole) == Difference("metadata", None, whole)
    assert difference("metadata", longer, {}) == Difference("metadata", None, {}, cut=True)
    assert difference("title", None, "x" * VALUE_MAX) == Difference("title", None, "x" * VALUE_MAX)
    # Two bytes a character, of which the last one is not cut in half.
    assert difference("title", "é" * VALUE_MAX, None) == Difference("title", "é" * (VALUE_MAX // 2), None, cut=True)
