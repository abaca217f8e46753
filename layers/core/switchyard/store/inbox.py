"""Inboxes in the table: a partition for each person, an item a row, gone after a while."""

from collections.abc import Iterable
from typing import Literal

from switchyard.domain.inbox import Item
from switchyard.store import people_keys
from switchyard.store.codec import NEW, THERE, Codec, expiry, row_key, unexpired
from switchyard.store.indexes import TABLE
from switchyard.store.lists import Page, Range, read_page
from switchyard.store.table import ConditionFailed, Table
from switchyard.store.table import Item as Row

#: Seconds that an item stays.
ITEM_SECONDS = 90 * 86_400

ROWS = Codec(
    Item,
    lambda each: people_keys.inbox_item(each.tenant_id, each.actor_id, each.id),
    beside=lambda each: {"expires_at": expiry(each.at, ITEM_SECONDS)},
)
to_item, from_item = ROWS.to_item, ROWS.from_item


def put(table: Table, item: Item) -> None:
    """Write an item, once: one that is there stays as it is, read or not. 1 round trip."""
    try:
        table.write([ROWS.put(item, NEW)])
    except ConditionFailed:
        return  # its record came again


def mark(item: Item, name: Literal["read_at", "mailed_at"], at: str) -> Row:
    """The action that notes when an item was read or mailed; one that has ended meanwhile stays away."""
    return {
        "Update": {
            "Key": row_key(people_keys.inbox_item(item.tenant_id, item.actor_id, item.id)),
            "UpdateExpression": f"SET {name} = :at",
            "ExpressionAttributeValues": {":at": {"S": at}},
            **THERE,
        }
    }


def live(found: Iterable[Row]) -> list[Item]:
    """Return the items of rows that have not ended."""
    return [from_item(each) for each in unexpired(found)]


def of_person(table: Table, tenant_id: str, actor_id: str, limit: int, after: str | None) -> Page:
    """Return rows of a person's inbox, newest first: 1 query. A position is an item's id."""
    pk, prefix = people_keys.inbox(tenant_id, actor_id)
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after)
