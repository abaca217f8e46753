"""Tracks that refer to a deleted one: each gets a version that does so no longer, from the rows as they are now."""

from switchyard.aws.telemetry import logger
from switchyard.domain import changes, tracks
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Busy
from switchyard.domain.tracks import Track
from switchyard.pipeline.consumer import check_time
from switchyard.store import contention, edges, keys
from switchyard.store import tracks as track_rows
from switchyard.store.table import ConditionFailed, Table


def detach_all(table: Table, target: Track) -> None:
    """Take the deleted track out of everything that refers to it. Raises Unfinished when the time is over, and Busy."""
    for ids in edges.referrers(table, target):
        found = table.get_many([keys.track(target.tenant_id, each) for each in ids])
        for row in found.values():
            check_time(table.deadline)
            track = track_rows.from_item(row)
            if not track.deleted_at and changes.without(track, target):
                detach(table, track.id, target)


def detach(table: Table, track_id: str, target: Track) -> None:
    """Change one track so that it no longer refers to the deleted one, in the name of its deleter. Raises Busy."""
    actor = Actor(
        target.tenant_id,
        target.changed_by,
        "agent" if target.changed_by_kind == "agent" else "user",
        frozenset(),
        "",
        source=target.changed_source,
    )
    for _ in contention.a_few_times():
        row = table.get(*keys.track(target.tenant_id, track_id))
        track = track_rows.from_item(row) if row else None
        if track is None or track.deleted_at:
            return
        fields = changes.without(track, target)
        if not fields:
            return
        after = tracks.change(track, actor, target.changed_request, **fields)
        try:
            table.write([track_rows.update(track, after)])
        except ConditionFailed:
            logger.info("changed meanwhile, read again", extra={"track": track_id})
        else:
            return
    raise Busy(f"The track {track_id} kept changing.")
