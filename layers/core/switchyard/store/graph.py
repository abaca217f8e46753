"""What holds the graph of tracks together when many write at once: goals' counters, and the guard row of a tenant.

Both are optimistic: a write is conditional on what was read, and is refused when it changed since.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import keys, tracks
from switchyard.store.codec import row_key
from switchyard.store.table import Item


def put(track: Track, drawn: int) -> Item:
    """The action that creates a track, from which so many numbers are drawn already."""
    return tracks.put(_after_draw(track, drawn))


def update(before: Track, after: Track, drawn: int) -> Item:
    """The action that turns one version of a track into the next, and takes so many numbers from it."""
    action = tracks.update(before, _after_draw(after, drawn))
    if drawn:
        condition, values = _counter_stands(before)
        action["Update"]["ConditionExpression"] += f" AND {condition}"
        action["Update"]["ExpressionAttributeValues"] |= values
    return action


def draw(goal: Track, count: int) -> Item:
    """The action that takes numbers from a goal: its counter must still be what was read, and it must live."""
    condition, values = _counter_stands(goal)
    return {
        "Update": {
            "Key": row_key(keys.track(goal.tenant_id, goal.id)),
            "UpdateExpression": "SET next_number = :next",
            "ConditionExpression": f"attribute_exists(pk) AND attribute_not_exists(deleted_at) AND {condition}",
            "ExpressionAttributeValues": values | {":next": {"N": str((goal.next_number or 1) + count)}},
        }
    }


def _after_draw(track: Track, drawn: int) -> Track:
    return replace(track, next_number=(track.next_number or 1) + drawn) if drawn else track


def _counter_stands(goal: Track) -> tuple[str, Item]:
    """The condition that nobody drew a number from the goal since it was read, with its values."""
    if goal.next_number is None:
        return "attribute_not_exists(next_number)", {}
    return "next_number = :drawn", {":drawn": {"N": str(goal.next_number)}}


def guard_of(row: Mapping[str, Any] | None) -> int:
    """Return how often the tenant's graph gained edges, by its guard row; 0 without one."""
    return int(row["edges"]["N"]) if row else 0


def advance_guard(tenant_id: str, was: int) -> Item:
    """The action by which a change that adds edges passes the tenant's guard row: nobody else may have since."""
    return {
        "Update": {
            "Key": row_key(keys.graph_guard(tenant_id)),
            "UpdateExpression": "SET edges = :next",
            "ConditionExpression": "edges = :was" if was else "attribute_not_exists(edges)",
            "ExpressionAttributeValues": {":next": {"N": str(was + 1)}} | ({":was": {"N": str(was)}} if was else {}),
        }
    }
