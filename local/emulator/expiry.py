"""Time to live as DynamoDB has it: an expired row goes, and the stream gets a record.

MiniStack looks at every row of every table once a minute, in a thread beside the requests, and tells the stream
nothing. Here rows wait in the order in which they expire.
"""

import asyncio
import heapq
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb

INTERVAL_SECONDS = 30
# How a stream record says that no user deleted the row.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
SERVICE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
# "... older than five years is ... not deleted".
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html
OLDEST_SECONDS = 5 * 365 * 86_400

# Of each table with a time to live: the attribute, its rows' container, and when its rows expire.
_waiting: dict[tuple, tuple[str, Any, list[tuple[float, Any, Any]]]] = {}


class NoReaper:
    """In the place of MiniStack's lock: ends its own reaper when that takes it, and is a lock for everybody else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if threading.current_thread().name == "dynamodb-ttl-reaper":
            raise SystemExit
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def install() -> None:
    """Put this in the place of MiniStack's reaper."""
    dynamodb._lock = NoReaper()
    dynamodb._set_item = remembered(dynamodb._set_item)


def remembered(change: Callable) -> Callable:
    """Have a row that is stored wait for its expiry."""

    def with_expiry(table: dict, pk: Any, sk: Any, item: dict) -> dict | None:
        for attribute, items, rows in _waiting.values():
            if items is table["items"] and (when := expiry_of(item, attribute)) is not None:
                heapq.heappush(rows, (when, pk, sk))
        return change(table, pk, sk, item)

    return with_expiry


def expiry_of(item: dict, attribute: str) -> float | None:
    """The second at which a row expires; None when it does not."""
    value = item.get(attribute, {}).get("N")
    return None if value is None else float(value)


async def expire_regularly() -> None:
    """Take out what expired, between requests."""
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        expire()


def expire() -> None:
    """Take out what expired."""
    now = time.time()
    for key, setting in dynamodb._ttl_settings.all_items():
        table = dynamodb._tables.get_scoped(*key)
        attribute = setting.get("AttributeName")
        if not table or setting.get("TimeToLiveStatus") != "ENABLED" or not attribute:
            _waiting.pop(key, None)
            continue
        known = _waiting.get(key)
        if known is None or known[0] != attribute or known[1] is not table["items"]:
            known = _waiting[key] = (attribute, table["items"], all_rows(table, attribute))
        rows = known[2]
        while rows and rows[0][0] <= now:
            _, pk, sk = heapq.heappop(rows)
            item = table["items"].get(pk, {}).get(sk)
            when = None if item is None else expiry_of(item, attribute)
            # The row may be another one by now, which expires later or never.
            if when is not None and now - OLDEST_SECONDS <= when <= now:
                delete(key, table, pk, sk)


def all_rows(table: dict, attribute: str) -> list[tuple[float, Any, Any]]:
    """When the rows of a table expire, as a heap."""
    found = [
        (when, pk, sk)
        for pk, rows in table["items"].items()
        for sk, item in rows.items()
        if (when := expiry_of(item, attribute)) is not None
    ]
    heapq.heapify(found)
    return found


def delete(key: tuple[str, str, str], table: dict, pk: Any, sk: Any) -> None:
    """Delete one expired row."""
    account, region, name = key
    _request_account_id.set(account)
    _request_region.set(region)
    old = dynamodb._remove_item(table, pk, sk)
    before = dynamodb.stream_end_position(name)
    dynamodb._emit_stream_event(name, "REMOVE", old, None)
    if dynamodb.stream_end_position(name) > before:
        dynamodb._stream_records[name][-1]["userIdentity"] = SERVICE
