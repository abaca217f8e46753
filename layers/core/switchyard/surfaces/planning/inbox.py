"""A person's inbox: listed, and marked as read."""

from typing import Any

from switchyard.domain import clock, lifecycle
from switchyard.domain.inbox import Item
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger.unit import Unit
from switchyard.store import filters, indexes, keys, lists, people_keys
from switchyard.store import inbox as rows
from switchyard.store import questions as question_rows
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.lists import Page, Range
from switchyard.surfaces.planning.inbox_models import ListInbox, MarkRead
from switchyard.surfaces.runs import present

#: Tasks that are late which one answer has at most.
OVERDUE_MAX = 100


def page(call: Call[None, ListInbox]) -> Reply:
    """Answer with a page of the caller's inbox: 1 query, and 1 read of what the items are about: 2 round trips.

    The first page has what is late: 2 more queries, beside the first.
    """
    query, unit, actor = call.query, call.unit, call.actor
    fingerprint = lists.fingerprint("inbox", actor.tenant_id, actor.id)
    after = lists.from_cursor(query.cursor, fingerprint)
    got: dict[str, Any] = {"late": []}

    def read_items() -> None:
        got["page"] = rows.of_person(unit.table, actor.tenant_id, actor.id, query.limit, after)

    def read_late() -> None:
        got["late"] = _overdue(call)

    lists.side_by_side([read_items, read_late] if after is None else [read_items])
    found: Page = got["page"]
    items = rows.live(found.items)
    asked = [key for each in items for key in _about(each)]
    unit.prefetch([each.track_id for each in items], rows=asked)
    shown = [told for each in items if (told := _shown(unit, each))]
    return Reply(
        200, {"items": shown, "overdue": got["late"], "nextCursor": lists.to_cursor(found.position, fingerprint)}
    )


def _overdue(call: AnyCall) -> list[dict[str, Any]]:
    """Return the caller's open tasks that are late, the longest so first: 2 queries at once.

    A due date is over with its day, in UTC; a due time at once.
    """
    actor, now = call.actor, clock.now()
    first, last = lifecycle.open_codes("task")
    realms = [keys.realm(actor.tenant_id, owner) for owner in (None, actor.id)]
    mine = [keys.by_assignee(realm, actor.id) for realm in realms]
    ranges = [Range(indexes.BY_ASSIGNEE, each, low=first, high=f"{last}~") for each in mine]
    wanted = Filter()
    wanted.add(filters.between("due", None, now))
    page = lists.read_page(call.unit.table, ranges, limit=OVERDUE_MAX, row_filter=wanted, whole=False)
    tasks = [track_rows.from_item(row) for row in page.rows]
    late = [each for each in tasks if each.due and each.due != now[:10] and not each.deleted_at]
    return [_late(each) for each in sorted(late, key=lambda task: (task.due or "", task.id))]


def _late(task: Track) -> dict[str, Any]:
    due = task.due or ""
    dates = {"dueDate": due[:10], "dueAt": due if len(due) > 10 else None}
    return {"id": task.id, "title": task.title, "status": task.status, "priority": task.priority, **dates}


def mark_read(call: Call[MarkRead]) -> Reply:
    """Mark items of the caller's inbox as read: 1 read, and the commit."""
    unit, actor = call.unit, call.actor
    wanted = [people_keys.inbox_item(actor.tenant_id, actor.id, each) for each in call.body.ids]
    unit.prefetch((), rows=wanted)
    found = [rows.from_item(row) for key in wanted if (row := unit.row(key))]
    unread = [each for each in found if each.read_at is None]
    now = clock.now()
    unit.write(*(rows.mark(each, "read_at", now) for each in unread))
    return Reply(200, {"read": len(unread)})


def _about(item: Item) -> list[tuple[str, str]]:
    """Return the keys of the run and the question of an item that asks."""
    if item.run_id is None or item.question_id is None:
        return []
    ids = (item.tenant_id, item.track_id, item.run_id)
    return [keys.run(*ids), people_keys.question(*ids, item.question_id)]


def _shown(unit: Unit, item: Item) -> dict[str, Any] | None:
    """Return what is shown of an item; None where the caller may not see its track any more."""
    track = unit.find([item.track_id]).get(item.track_id)
    if track is None:
        return None
    question = None
    if about := _about(item):
        run, asked = (unit.row(key) for key in about)
        if run and asked:
            question = present.question(question_rows.from_item(asked), run_rows.from_item(run))
    return {
        "id": item.id,
        "kind": item.kind,
        "track": {"id": track.id, "type": track.type, "title": track.title},
        "run": item.run_id,
        "question": question,
        "comment": item.comment_id,
        "by": item.by,
        "at": item.at,
        "readAt": item.read_at,
    }
