"""List the audit trail: newest first, of the tenant and of the caller's own personal tracks."""

from typing import Any

from switchyard.domain.audit import Entry, public_id
from switchyard.http.call import Call, Reply
from switchyard.http.models import to_camel
from switchyard.store import audit, filters, indexes, keys, lists, shards
from switchyard.store.filters import Filter
from switchyard.store.lists import Range
from switchyard.surfaces.audit.models import ListEntries

_END = "\U0010ffff"


def list_entries(call: Call[None, ListEntries]) -> Reply:
    """Answer a ListEntries query: a page of entries and a cursor."""
    query = call.query
    actor, row_filter = call.actor, Filter()
    low, high = query.from_ or " ", f"{query.to or ''}{_END}"
    realms = [keys.realm(actor.tenant_id, owner) for owner in (None, actor.id)]
    if query.track:
        partition, _ = keys.audit(actor.tenant_id, query.track, "")
        ranges = [Range(indexes.TABLE, partition, low=low, high=high)]
        row_filter.add(filters.any_of("owner", [None, actor.id]))
        if query.actor:
            row_filter.add(filters.any_of("actor_id", [query.actor]))
    elif query.actor:
        partitions = [keys.audit_by_actor(realm, query.actor) for realm in realms]
        ranges = [Range(indexes.BY_HOME, each, low=low, high=high) for each in partitions]
        ranges = [part for each in ranges for part in shards.in_each(each, actor)]
        # Entries of earlier versions.
        ranges += [Range(indexes.BY_ASSIGNEE, each, low=low, high=high) for each in partitions]
    else:
        partitions = [keys.listed(realm, "audit") for realm in realms]
        ranges = shards.of_tracks([Range(indexes.LISTED_BY_ID, each, low=low, high=high) for each in partitions], actor)
    if query.request_id:
        row_filter.add(filters.any_of("request_id", [query.request_id]))
    fingerprint = lists.fingerprint(
        "audit", actor.tenant_id, actor.id, query.model_dump(exclude={"limit", "cursor"}, exclude_unset=True)
    )
    after = lists.from_cursor(query.cursor, fingerprint)
    page = lists.read_page(call.unit.table, ranges, limit=query.limit, after=after, row_filter=row_filter)
    shown = [_shown(audit.from_item(item)) for item in page.rows]
    return Reply(200, {"items": shown, "nextCursor": lists.to_cursor(page.position, fingerprint)})


def _shown(entry: Entry) -> dict[str, Any]:
    related = {"type": entry.related_type, "id": entry.related_id} if entry.related_type else None
    return {
        "id": public_id(entry),
        "at": entry.at,
        "action": entry.action,
        "outcome": entry.outcome,
        "error": {"code": entry.error_code, "status": entry.error_status} if entry.error_code else None,
        "actor": {"id": entry.actor_id, "kind": entry.actor_kind, "source": entry.source},
        "operation": entry.operation,
        "track": {"id": entry.track_id, "type": entry.track_type},
        "version": entry.version,
        "previousStatus": entry.previous_status,
        "newStatus": entry.new_status,
        "relatedResource": related,
        "changes": [
            {"field": to_camel(each.field), "before": each.before, "after": each.after, "cut": each.cut}
            for each in entry.differences
        ],
        "overruled": list(entry.overruled),
        "requestId": entry.request_id,
    }
