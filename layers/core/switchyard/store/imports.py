"""Imports in the table: the job, its lanes, the results of its lines, and the tenant's only place for one under way.

What a transaction did to the tracks is noted in the same transaction, so that a lane which is carried on after an
interruption applies nothing twice and has the result of every line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from switchyard.domain import clock, imports
from switchyard.domain.imports import Import, Lane
from switchyard.store import import_keys, keys
from switchyard.store.codec import NEW, Codec, expiry, row_key, to_json
from switchyard.store.packing import NUMBER, compressed, expanded
from switchyard.store.table import ConditionFailed, Item, Table
from switchyard.store.tokens import actor_from, actor_item

Result = Mapping[str, Any]


def _actor(found: Import) -> Item:
    return actor_item(found.actor) | {"token_id": {"S": found.actor.token_id}, "expires_at": _kept(found.created_at)}


def _kept(created_at: str) -> Item:
    return expiry(created_at, imports.KEPT_SECONDS)


def _restore(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"actor": actor_from({**item, "id": item["token_id"]})}


JOBS = Codec(
    Import,
    lambda found: import_keys.job(found.tenant_id, found.id),
    # Imports are shown to whoever created them.
    index_keys=lambda found: {"list": keys.listed(keys.realm(found.tenant_id, found.actor.id), "import")},
    beside=_actor,
    apart=("actor",),
    restore=_restore,
)
#: The attribute `updated` is an index key, and a text.
_COUNTED = {name: f"lines_{name}" for name in imports.OUTCOMES}
LANES = Codec(
    Lane,
    lambda lane: import_keys.lane(lane.tenant_id, lane.import_id, lane.number),
    columns={name: NUMBER._replace(attribute=attribute) for name, attribute in _COUNTED.items()},
)
from_item, lane_from = JOBS.from_item, LANES.from_item


def read(table: Table, tenant_id: str, import_id: str) -> tuple[Import | None, list[Lane]]:
    """Read a job (None: there is none) and its lanes: 1 round trip, strongly consistent."""
    pk, _ = import_keys.job(tenant_id, import_id)
    rows, _more = table.query(
        KeyConditionExpression="pk = :pk AND sk < :results",
        ExpressionAttributeValues={":pk": {"S": pk}, ":results": {"S": import_keys.RESULT}},
        ConsistentRead=True,
    )
    job = next((from_item(row) for row in rows if row["sk"]["S"] == import_keys.IMPORT), None)
    return job, [lane_from(row) for row in rows if row["sk"]["S"] != import_keys.IMPORT]


def begin_lanes(lanes: Sequence[Lane], created_at: str) -> list[Item]:
    """The actions that create the lanes of a job, none of which may be there."""
    beside = {"expires_at": _kept(created_at)}
    return [{"Put": {"Item": LANES.to_item(lane) | beside, **NEW}} for lane in lanes]


def stop(lane: Lane) -> Item:
    """The action that stops a lane, wherever it is by now."""
    return {
        "Update": {
            "Key": row_key(import_keys.lane(lane.tenant_id, lane.import_id, lane.number)),
            "UpdateExpression": "SET stopped = :yes",
            "ExpressionAttributeValues": {":yes": {"BOOL": True}},
        }
    }


def advance(before: Lane, after: Lane, results: Sequence[Result], created_at: str) -> list[Item]:
    """The actions that take a lane on and note what became of some lines.

    Refused when the lane was taken on or stopped since it was read.
    """
    counted = ("offset", "done", *_COUNTED.values())
    new = LANES.to_item(after)
    names = {f"#{name}": name for name in counted}
    values = {f":{name}": new[name] for name in counted}
    lane = {
        "Key": row_key(import_keys.lane(before.tenant_id, before.import_id, before.number)),
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in counted),
        "ConditionExpression": "#offset = :was_at AND #done = :was_done AND stopped = :no",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {
            **values,
            ":was_at": {"N": str(before.offset)},
            ":was_done": {"N": str(before.done)},
            ":no": {"BOOL": False},
        },
    }
    key = import_keys.result(before.tenant_id, before.import_id, before.number, before.offset, before.done)
    noted = {**row_key(key), "results": compressed(to_json(list(results))), "expires_at": _kept(created_at)}
    return [{"Update": lane}, {"Put": {"Item": noted}}]


def results(table: Table, tenant_id: str, import_id: str) -> Iterator[Result]:
    """Read the results of all lines, lane by lane: 1 round trip for each MB."""
    pk, _ = import_keys.job(tenant_id, import_id)
    for rows in table.pages(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :results)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":results": {"S": import_keys.RESULT}},
        ConsistentRead=True,
    ):
        for row in rows:
            yield from json.loads(expanded(row["results"]))


# ---------------------------------------------------------------- one at a time


def holder(row: Item | None) -> str | None:
    """Return the id of the import that is under way, by the row of the tenant's slot; None when none is."""
    if row is None or int(row["held_until"]["N"]) <= clock.epoch():
        return None
    return str(row["import_id"]["S"])


def take_slot(job: Import, row: Item | None) -> Item:
    """The action that takes the slot, which was read as free: nobody may have taken it since."""
    until = str(clock.epoch() + imports.LASTS_SECONDS)
    item = {**row_key(import_keys.slot(job.tenant_id)), "import_id": {"S": job.id}, "held_until": {"N": until}}
    if row is None:
        return {"Put": {"Item": item, **NEW}}
    free = {"ConditionExpression": "held_until = :was", "ExpressionAttributeValues": {":was": row["held_until"]}}
    return {"Put": {"Item": item, **free}}


def give_slot_back(job: Import) -> Item:
    """The action that leaves the slot, which the job has."""
    return {
        "Delete": {
            "Key": row_key(import_keys.slot(job.tenant_id)),
            "ConditionExpression": "import_id = :own",
            "ExpressionAttributeValues": {":own": {"S": job.id}},
        }
    }


def leave_slot(table: Table, job: Import) -> None:
    """Leave the slot to the next import, unless that has it already: 1 write."""
    try:
        table.write([give_slot_back(job)])
    except ConditionFailed:
        return
