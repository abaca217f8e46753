"""What is derived from a tenant's rows, computed anew from them, for when records of the stream were lost.

Edges, counts of goals and of projects, what tasks wait for, what still refers to deleted tracks, and what Scheduler
plans. What only the lost records told stays lost: entries of the audit trail, events, webhooks. Every step may be
repeated.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import changes
from switchyard.domain.tracks import Track
from switchyard.pipeline import detachment
from switchyard.store import edges, homes, keys, readiness, schedule_keys, schedules
from switchyard.store import tracks as rows
from switchyard.store.table import Table

#: What the edge rows beside a track begin with, and the field of the other track that they tell of.
_EDGES = {keys.BLOCKS: "depends_on", keys.CHILD: "parent_id"}


def rebuild(table: Table, item: Mapping[str, Any]) -> str | None:
    """Bring what follows from one row up to date; returns the kind of row it was, None for one that nothing follows
    from. Raises Busy."""
    sort, tenant = item["sk"]["S"], item["pk"]["S"].partition("#")[0]
    if sort == keys.TRACK:
        _track(table, rows.from_item(item))
        return "tracks"
    if sort.startswith(schedule_keys.SCHEDULE):
        return "schedules" if schedules.plan_again(table, schedules.from_item(item)) else None
    for prefix, field in _EDGES.items():
        if sort.startswith(prefix):
            return _edge(table, tenant, item["pk"]["S"].partition("#")[2], sort.removeprefix(prefix), field)
    return None


def _track(table: Table, track: Track) -> None:
    for field, target in changes.references(track):
        if field == "goal_id":
            edges.count(table, track.tenant_id, target, [track])
        else:
            edges.put(table, field, track.tenant_id, target, track.id)
    if track.is_task:
        homes.count(table, track.tenant_id, [track])
    if track.deleted_at:
        detachment.detach_all(table, track)
    elif track.depends_on:
        readiness.recount(table, track.tenant_id, track.id)


def _edge(table: Table, tenant: str, target: str, referrer: str, field: str) -> str | None:
    """Take away an edge that no track has any more."""
    row = table.get(*keys.track(tenant, referrer))
    if (field, target) in changes.references(rows.from_item(row) if row else None):
        return None
    edges.drop(table, field, tenant, target, referrer)
    return "edges dropped"
