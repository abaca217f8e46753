"""Heartbeats in one round trip: a lease is extended on the conditions under which its holder may, without a read."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.store.codec import row_key
from switchyard.store.table import ConditionFailed, Item, Table


def extend(
    table: Table,
    key: tuple[str, str],
    holder: str,
    fence: int | None,
    now: float,
    seconds: int,
    more: Mapping[str, Item],
) -> tuple[Item, bool]:
    """Extend the live lease of a holder on a shared task or run, from `now` for so many seconds; `more` is set too.

    Returns the row as it then is and True, or the row as it stands ({}: none) and False where this can not be told
    without looking: nobody's or someone else's lease, another fence, an end that lists must be told of
    (domain.claims), a row that is personal or deleted. 1 round trip.
    """
    values: dict[str, Any] = {
        ":holder": {"S": holder},
        ":now": {"S": clock.stamp(now)},
        ":half": {"S": clock.stamp(now + seconds / 2)},
        ":until": {"S": clock.stamp(now + seconds)},
        **{f":{name}": value for name, value in more.items()},
    }
    condition = (
        "holder = :holder AND lease_until > :now AND lease_until <= :until"
        " AND (lease_listed >= :half OR (attribute_not_exists(lease_listed) AND lease_until >= :half))"
        " AND attribute_not_exists(#owner) AND attribute_not_exists(deleted_at)"
    )
    if fence is not None:
        condition += " AND fence = :fence"
        values[":fence"] = {"N": str(fence)}
    sets = ["lease_until = :until", "lease_listed = if_not_exists(lease_listed, lease_until)"]
    sets += [f"{name} = :{name}" for name in more]
    update = {
        "Key": row_key(key),
        "UpdateExpression": f"SET {', '.join(sets)}",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": values,
    }
    try:
        return table.update(update), True
    except ConditionFailed as refused:
        return refused.items[0] or {}, False
