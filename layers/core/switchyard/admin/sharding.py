"""How many shards a tenant's lists have (store/shards.py): online, in steps, so that no page ever misses a track.

Requests go by the token's row, which a container remembers for 30 seconds. So lists are read from the new shards first,
and tracks are put there once every container reads them.
"""

import time
from collections.abc import Callable, Iterator

from switchyard.admin.whole import Whole
from switchyard.domain import oauth
from switchyard.domain.actors import SHARDS_MAX, Shards
from switchyard.domain.errors import FieldError, Invalid, NotFound
from switchyard.domain.structs import replace
from switchyard.http import auth
from switchyard.store import import_keys, keys, tenants, tracks
from switchyard.store.codec import THERE, row_key
from switchyard.store.migration import Meter
from switchyard.store.packing import SHARDS
from switchyard.store.table import ConditionFailed, Table

#: Seconds that a request takes at most (API Gateway, HTTP APIs: "Maximum integration timeout").
_REQUEST_SECONDS = 30
#: Seconds after which no row is made of what was read before: a code's time, begun by a container that remembers.
_MADE_SECONDS = auth.CACHE_SECONDS + oauth.CODE_SECONDS + 2 * _REQUEST_SECONDS
#: Seconds after which every request goes by a row that was written.
_SEEN_SECONDS = auth.CACHE_SECONDS + _REQUEST_SECONDS
#: Milliseconds that the table has for each step.
_STEP = 30_000


def set_shards(table: Table, tenant_id: str, count: int, pause: Callable[[float], None] = time.sleep) -> dict[str, int]:
    """Put new tracks of a tenant into so many shards of its lists; takes some four minutes.

    Returns how many shards are `written` and `read`: these never become fewer, for older tracks stay where they are.
    Interrupted, it may be run again. Raises Invalid and NotFound.
    """
    if not 1 <= count <= SHARDS_MAX:
        raise Invalid(FieldError("shards", f"is {count}", f"1 to {SHARDS_MAX}", "range"))
    _set(table, tenant_id, lambda was: was._replace(read=max(was.read, count)))
    _tell(table, tenant_id)
    pause(_MADE_SECONDS)
    # Rows that were made meanwhile, of what was read before.
    _tell(table, tenant_id)
    pause(_SEEN_SECONDS)
    _set(table, tenant_id, lambda was: was._replace(written=count))
    _tell(table, tenant_id)
    return _of(table, tenant_id)._asdict()


def spread(whole: Whole, units: int, pause: Callable[[float], None] = time.sleep) -> dict[str, int]:
    """Move a tenant's tracks into the shards that new ones would go to, at so many capacity units a second.

    Returns how many tracks were seen and moved. One that is changed meanwhile stays for the next run. A track gets no
    new version: nothing is told to anyone. Entries of the trail stay: none but the pipeline may write them.
    """
    table, shards = whole.table, _of(whole.table, whole.tenant)
    counts, meter = {"seen": 0, "moved": 0}, Meter(table, units, pause)
    for found, _ in whole.pages():
        meter.hold()
        for row in found:
            if row["sk"]["S"] != keys.TRACK:
                continue
            track = tracks.from_item(row)
            counts["seen"] += 1
            shard = shards.of(track.id)
            if track.deleted_at or track.shard == shard:
                continue
            try:
                table.write([tracks.update(track, replace(track, shard=shard))])
            except ConditionFailed:
                continue
            counts["moved"] += 1
            meter.hold()
    return counts


def _of(table: Table, tenant_id: str) -> Shards:
    table.give(_STEP)
    found = tenants.find_tenant(table, tenant_id)
    if found is None:
        raise NotFound(f"There is no tenant with the id {tenant_id}.")
    return found.shards


def _set(table: Table, tenant_id: str, change: Callable[[Shards], Shards]) -> None:
    """Change the tenant's shards; again when somebody else did meanwhile, so that `read` never becomes less."""
    while True:
        was = _of(table, tenant_id)
        try:
            table.write([tenants.set_shards(tenant_id, was, change(was))])
        except ConditionFailed:
            continue
        return


def _tell(table: Table, tenant_id: str) -> None:
    """Write the tenant's shards onto each row by which somebody reads its lists: tokens, sessions, calendar feeds."""
    value = SHARDS.write(_of(table, tenant_id))
    sets = "SET shards = :shards" if value else "REMOVE shards"
    values = {"ExpressionAttributeValues": {":shards": value}} if value else {}
    for key in _rows(table, tenant_id):
        table.give(_STEP)
        try:
            table.write([{"Update": {"Key": row_key(key), "UpdateExpression": sets, **THERE, **values}}])
        except ConditionFailed:
            continue  # gone


def _rows(table: Table, tenant_id: str) -> Iterator[tuple[str, str]]:
    tokens, _ = keys.token_id(tenant_id, "")
    feeds, prefix = import_keys.feed(tenant_id, "")
    for pk in (tokens, feeds):
        for rows in table.pages(
            KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": pk}}, ConsistentRead=True
        ):
            for row in rows:
                if pk == tokens:
                    yield keys.token(row["digest"]["S"])
                elif row["sk"]["S"].startswith(prefix):
                    yield pk, row["sk"]["S"]
