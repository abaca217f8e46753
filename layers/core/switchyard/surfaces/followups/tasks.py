"""Create, read, list and change follow-ups. The REST handlers and the MCP tools call these same functions."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import lifecycle, tracks
from switchyard.domain.errors import FieldError, Invalid, NotFound
from switchyard.domain.ids import parse_id
from switchyard.domain.tracks import Track
from switchyard.ledger import tracks as track_verbs
from switchyard.ledger.unit import Unit
from switchyard.store import filters, indexes, keys, lists, shards
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.indexes import Index
from switchyard.store.lists import Range
from switchyard.surfaces.followups import statuses
from switchyard.surfaces.followups.models import CreateTask, ListTasks, UpdateTask
from switchyard.surfaces.followups.statuses import Word


def create(unit: Unit, given: CreateTask) -> Track:
    """Gather a new task that everyone in the tenant sees."""
    return track_verbs.create(
        unit,
        "task",
        given.title,
        description=given.description,
        status=statuses.new("open"),
        due=given.due_at,
        assignee=given.assignee_id,
        related_type=given.related_resource_type,
        related_id=given.related_resource_id,
    )


def wanted(body: Mapping[str, Any]) -> str | None:
    """Return the status to store that a body means, as it was sent; None for none."""
    status = body.get("status")
    return statuses.new(status) if status in ("open", "completed", "canceled") else None


def find(unit: Unit, task_id: str) -> Track:
    """Read one visible task by its id in any surface's form; raises NotFound, also for what is not a valid id."""
    known = parse_id(task_id)
    if known is None:
        raise NotFound(f"There is no task with the id {task_id[:80]!r}.")
    return unit.get(known, "task")


def update(
    unit: Unit,
    task_id: str,
    status: Word | None,
    note: str | None,
    if_match: frozenset[str] | None = None,
    **others: Any,
) -> Track:
    """Gather a change of status, note and `others`, which are fields of the track.

    Reopening forgets the note of the former completion.
    """
    before = find(unit, task_id)
    fields: dict[str, Any] = dict(others)
    if "due" in fields and tracks.is_shown_due(fields["due"], before):
        del fields["due"]
    if status is not None:
        fields["status"] = statuses.kept(status, before.status)
        unit.ends.intend(before, fields["status"])
    tracks.check_version(before, if_match)
    if status == "open" and statuses.word(before.status) != "open":
        fields["completed_note"] = None
    if note is not None:
        fields["completed_note"] = note or None
    return track_verbs.change(unit, before, **fields)


def details(given: UpdateTask) -> dict[str, Any]:
    """Return the fields of a change beside status and note, of those that were sent; empty ones are cleared."""
    names = {"title": "title", "due_at": "due", "assignee_id": "assignee"}
    return {name: getattr(given, wire) or None for wire, name in names.items() if wire in given.model_fields_set}


def page(unit: Unit, wanted: ListTasks) -> tuple[list[Track], str | None]:
    """Read a page of the tasks that the caller sees, and the cursor to continue with.

    By due date, soonest first, when a bound on it is given; otherwise newest first.
    """
    actor = unit.actor
    low, high = _low(wanted.due_at_from), _high(wanted.due_at_to)
    if low is not None and high is not None and low > high:
        raise Invalid(FieldError("due_at_to", "lies before due_at_from", "an instant after it", "range"))
    bounded = low is not None or high is not None
    ranges: list[Range] = []
    for owner in (None, actor.id):
        realm = keys.realm(actor.tenant_id, owner)
        ranges += shards.of_tracks(_ranges(realm, wanted, low, high), actor)
    row_filter = Filter()
    by_due = ranges[0].index == indexes.DUE
    if wanted.assignee_id and wanted.related_resource_id:
        row_filter.add(filters.any_of("assignee", [wanted.assignee_id]))
    if bounded and not by_due:
        row_filter.add(filters.between("due", low, high))
    fingerprint = lists.fingerprint(
        actor.tenant_id,
        actor.id,
        wanted.status,
        wanted.assignee_id,
        low,
        high,
        wanted.related_resource_type,
        wanted.related_resource_id,
    )
    found = lists.read_page(
        unit.table,
        ranges,
        limit=wanted.limit,
        after=lists.from_cursor(wanted.cursor, fingerprint),
        descending=not by_due,
        row_filter=row_filter,
    )
    return [track_rows.from_item(item) for item in found.rows], lists.to_cursor(found.position, fingerprint)


def _ranges(realm: str, wanted: ListTasks, low: str | None, high: str | None) -> list[Range]:
    """Choose the narrowest index that fits: related resource, assignee, due date, status, all."""
    if wanted.related_resource_id:
        related = keys.by_related(realm, wanted.related_resource_type, wanted.related_resource_id)
        return _by_status(indexes.BY_RELATED, related, wanted.status)
    if wanted.assignee_id:
        return _by_status(indexes.BY_ASSIGNEE, keys.by_assignee(realm, wanted.assignee_id), wanted.status)
    everything = keys.listed(realm, "task")
    if low is not None or high is not None:
        found = _by_status(indexes.DUE, everything, wanted.status)
        return [Range(each.index, each.partition, each.prefix, low or each.low, high or each.high) for each in found]
    if wanted.status:
        return _by_status(indexes.LISTED_BY_RANK, everything, wanted.status)
    return [Range(indexes.LISTED_BY_ID, everything)]


def _by_status(index: Index, partition: str, wanted: Word | None) -> list[Range]:
    """One range a stored status, so that open tasks are found without passing the finished ones."""
    group = statuses.STORED[wanted] if wanted else None
    codes = [lifecycle.code("task", each) for each in group] if group else lifecycle.all_codes("task")
    return [Range(index, partition, f"{code}#") for code in codes]


def _low(bound: str | None) -> str | None:
    """A day's first instant is the day itself: tasks that are due on a date count from its midnight."""
    return bound.removesuffix("T00:00:00.000Z") if bound else None


def _high(bound: str | None) -> str | None:
    """Take in everything that begins with the bound: all of a day, or the very instant."""
    return f"{bound}\U0010ffff" if bound else None
