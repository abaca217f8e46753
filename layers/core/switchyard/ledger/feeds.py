"""Calendar feeds in the ledger: made by an actor who sees the tracks, revoked by that actor or an administrator."""

from switchyard.domain import clock, feeds, tokens
from switchyard.domain.errors import Conflict, NotFound
from switchyard.domain.feeds import Feed, Which
from switchyard.domain.ids import new_id
from switchyard.ledger.unit import Unit
from switchyard.store import feeds as rows
from switchyard.store import filters, import_keys, lists
from switchyard.store.filters import Filter


def create(unit: Unit, name: str, which: Which) -> tuple[Feed, str]:
    """Gather a new feed; returns it and its secret (1 query). Raises Conflict when the actor has FEEDS_MAX."""
    wanted = Filter()
    wanted.add(filters.any_of("actor_id", [unit.actor.id]))
    own = lists.read_page(unit.table, [rows.of_tenant(unit.actor.tenant_id)], limit=feeds.FEEDS_MAX, row_filter=wanted)
    if len(own.items) >= feeds.FEEDS_MAX:
        raise Conflict(f"You have {feeds.FEEDS_MAX} feeds: revoke one of them first.")
    secret = tokens.new_token()
    feed = Feed(unit.actor.tenant_id, new_id(), tokens.digest(secret), unit.actor, name, which, clock.now())
    unit.write(*rows.put(feed))
    return feed, secret


def revoke(unit: Unit, feed_id: str) -> None:
    """Gather the end of a feed (1 read). Raises NotFound, also for another's unless the caller is an administrator."""
    row = unit.row(import_keys.feed(unit.actor.tenant_id, feed_id))
    feed = rows.from_item(row) if row else None
    if feed is None or not (feed.actor.id == unit.actor.id or unit.actor.may("settings:admin")):
        raise NotFound(f"There is no feed with the id {feed_id}.")
    unit.write(*rows.revoke(feed))
