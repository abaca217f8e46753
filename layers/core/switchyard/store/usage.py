"""What each tenant uses, by day (UTC), and its limits. Written by the pipeline and the operator alone.

A day's row is added to, at least once for what was done: a batch of log lines that comes again is counted again.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.domain.structs import Struct
from switchyard.store import keys
from switchyard.store.codec import THERE, row_key
from switchyard.store.table import ConditionFailed, Item, Table

#: What is counted of a day.
COUNTS = ("requests", "changes", "runs", "refused", "failed", "storedBytes")
#: Seconds that a minute's row is kept, and a day's.
_MINUTE_SECONDS, _DAY_SECONDS = 3_600, 400 * 86_400


class Limits(Struct):
    """How many requests a tenant may make; None: as many as it likes."""

    per_minute: int | None = None
    per_day: int | None = None


def limits_of(tenant: Mapping[str, Any] | None) -> Limits:
    """Return the limits on a tenant's row."""
    found = {name: int(tenant[name]["N"]) for name in ("per_minute", "per_day") if tenant and name in tenant}
    return Limits(**found)


def set_limits(tenant_id: str, limits: Limits) -> Item:
    """The action that sets a tenant's limits."""
    given = {"per_minute": limits.per_minute, "per_day": limits.per_day}
    kept = {name: value for name, value in given.items() if value is not None}
    gone = [name for name, value in given.items() if value is None]
    sets = "SET " + ", ".join(f"{name} = :{name}" for name in kept) if kept else ""
    removes = "REMOVE " + ", ".join(gone) if gone else ""
    update: Item = {
        "Key": row_key(keys.tenant(tenant_id)),
        "UpdateExpression": f"{sets} {removes}".strip(),
        **THERE,
    }
    if kept:
        update["ExpressionAttributeValues"] = {f":{name}": {"N": str(value)} for name, value in kept.items()}
    return {"Update": update}


def add(table: Table, tenant_id: str, day: str, counts: Mapping[str, int]) -> int:
    """Add counts to a day (YYYY-MM-DD) of a tenant; returns the day's requests: 1 write."""
    return _add(table, keys.usage(tenant_id, day), counts, _DAY_SECONDS)


def add_minute(table: Table, tenant_id: str, minute: str, requests: int) -> int:
    """Add requests to a minute (YYYY-MM-DDTHH:MM) of a tenant; returns the minute's requests: 1 write."""
    return _add(table, keys.usage(tenant_id, minute), {"requests": requests}, _MINUTE_SECONDS)


def _add(table: Table, key: tuple[str, str], counts: Mapping[str, int], kept: int) -> int:
    names = [name for name in COUNTS if counts.get(name)]
    answer = table.call(
        "update_item",
        TableName=table.name,
        Key=row_key(key),
        UpdateExpression=f"ADD {', '.join(f'{each} :{each}' for each in names)} SET expires_at = :until",
        ExpressionAttributeValues={
            **{f":{each}": {"N": str(counts[each])} for each in names},
            ":until": {"N": str(clock.epoch() + kept)},
        },
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"].get("requests", {"N": "0"})["N"])


def days(table: Table, tenant_id: str, first: str, last: str) -> list[dict[str, Any]]:
    """Return the days from first to last that have a row, in order: 1 query."""
    (pk, low), (_, high) = keys.usage(tenant_id, first), keys.usage(tenant_id, last)
    found, _ = table.query(
        KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues={":pk": {"S": pk}, ":low": {"S": low}, ":high": {"S": high}},
    )
    named = ((row["sk"]["S"].rpartition("#")[2], row) for row in found)
    return [
        {"day": day, **{name: int(row[name]["N"]) if name in row else 0 for name in COUNTS}}
        for day, row in named
        if len(day) == len("2026-06-05")
    ]


def hold_back(table: Table, tenant_id: str, token_id: str, until: str) -> None:
    """Have a token refused until an instant: 1 read and 1 write. One that is gone needs none."""
    pointer = table.get(*keys.token_id(tenant_id, token_id))
    if pointer is None:
        return
    update = {
        "Key": row_key(keys.token(pointer["digest"]["S"])),
        "UpdateExpression": "SET limited_until = :until",
        "ConditionExpression": "attribute_exists(pk)"
        " AND (attribute_not_exists(limited_until) OR limited_until < :until)",
        "ExpressionAttributeValues": {":until": {"S": until}},
    }
    try:
        table.write([{"Update": update}])
    except ConditionFailed:
        return  # gone, or held back for longer
