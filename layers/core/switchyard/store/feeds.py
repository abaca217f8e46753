"""Calendar feeds in the table: a row in the tenant's list, and one that finds it by the SHA-256 of its secret."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import lifecycle
from switchyard.domain.feeds import ENTRIES_MAX, Feed
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.tracks import Track
from switchyard.store import import_keys, indexes, keys, lists, shards
from switchyard.store import tracks as track_rows
from switchyard.store.codec import NEW, THERE, Codec, row_key
from switchyard.store.lists import Range
from switchyard.store.table import Item, Table
from switchyard.store.tokens import actor_from, actor_item


def _restore(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"actor": actor_from({**item, "id": {"S": ""}})}


ROWS = Codec(
    Feed,
    lambda feed: import_keys.feed(feed.tenant_id, feed.id),
    beside=lambda feed: actor_item(feed.actor),
    apart=("actor",),
    restore=_restore,
)
from_item = ROWS.from_item


def put(feed: Feed) -> list[Item]:
    """The actions that add a feed, and the row that finds it by its secret."""
    found_by = row_key(import_keys.feed_secret(feed.digest))
    found_by |= {"tenant_id": {"S": feed.tenant_id}, "feed_id": {"S": feed.id}}
    return [ROWS.put(feed, NEW), {"Put": {"Item": found_by, **NEW}}]


def revoke(feed: Feed) -> list[Item]:
    """The actions that end a feed, for good."""
    return [ROWS.delete(feed, THERE), {"Delete": {"Key": row_key(import_keys.feed_secret(feed.digest))}}]


def find(table: Table, digest: str) -> Feed | None:
    """Read a feed by the digest of its secret: 2 round trips, 1 for an unknown one."""
    found = table.get(*import_keys.feed_secret(digest))
    row = table.get(*import_keys.feed(found["tenant_id"]["S"], found["feed_id"]["S"])) if found else None
    return from_item(row) if row else None


def of_tenant(tenant_id: str) -> Range:
    """Return where the tenant's feeds are, by id."""
    return Range(indexes.TABLE, *import_keys.feed(tenant_id, ""))


def entries(table: Table, feed: Feed) -> list[Track]:
    """Read the open tracks with a due date that a feed has, soonest first, at most ENTRIES_MAX of tasks and of goals.

    2 queries or 4, in parallel for each type, and 1 read for 100 of what they find.
    """
    owners = {"all": (None, feed.actor.id), "personal": (feed.actor.id,), "projects": (None,)}[feed.which]
    found: list[Track] = []
    kinds: tuple[TrackType, ...] = ("task", "goal")
    for kind in kinds:
        first, last = lifecycle.open_codes(kind)
        codes = [each for each in lifecycle.all_codes(kind) if first <= each <= last]
        partitions = [keys.listed(keys.realm(feed.tenant_id, owner), kind) for owner in owners]
        ranges = [Range(indexes.DUE, partition, f"{code}#") for partition in partitions for code in codes]
        ranges = shards.of_tracks(ranges, feed.actor)
        page = lists.read_page(table, ranges, limit=ENTRIES_MAX, descending=False, whole=False)
        found += [track_rows.from_item(item) for item in page.rows]
    return sorted(found, key=lambda track: (track.due or "", track.id))[:ENTRIES_MAX]
