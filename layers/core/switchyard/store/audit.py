"""The audit trail in the table, and the refused attempts on their way into it.

Entries have partition keys of their own (`AUDIT#…`), so that the table's policy can refuse them to every role but
the pipeline's. They are in two lists, of the tenant (or the one who may read them) and of the actor.
"""

import json
from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.domain.audit import Entry
from switchyard.domain.changes import Difference
from switchyard.domain.structs import replace
from switchyard.store import keys
from switchyard.store.codec import Codec, expiry, to_json
from switchyard.store.packing import NUMBER_UNLESS_ZERO, Column
from switchyard.store.table import Item

#: Seconds that the row of an attempt stays; the stream carries it on within one of them.
ATTEMPT_SECONDS = 86_400
#: Seconds that the entry of an attempt stays which was refused before its track was read: a caller without any rights
#: can have such entries written, one a request.
UNREAD_SECONDS = 90 * 86_400

#: What a difference has where its text does not say: most entries are to fit into 1 KB.
_UNTOLD: Mapping[str, Any] = {"before": None, "after": None, "cut": False}


def _told(difference: Difference) -> Mapping[str, Any]:
    values = difference.as_dict()
    return {name: value for name, value in values.items() if name not in _UNTOLD or value != _UNTOLD[name]}


_DIFFERENCES = Column(
    lambda found: {"S": to_json([_told(each) for each in found])} if found else None,
    lambda value: [Difference(**{**_UNTOLD, **each}) for each in json.loads(value["S"])],
)


#: A flag that most rows do not have.
_UNREAD = Column(lambda value: {"BOOL": True} if value else None, lambda value: value["BOOL"])
_COLUMNS = {"differences": _DIFFERENCES, "unread": _UNREAD}


def _expiry(entry: Entry) -> Item:
    return {"expires_at": expiry(entry.at, UNREAD_SECONDS)} if entry.unread else {}


def _of_key(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields that an entry's key tells."""
    _, tenant_id, track_id = item["pk"]["S"].split("#")
    return {"tenant_id": tenant_id, "track_id": track_id, "at": item["sk"]["S"].partition("#")[0]}


def _realm(entry: Entry) -> str:
    return keys.realm(entry.tenant_id, entry.owner, entry.shard)


ROWS = Codec(
    Entry,
    lambda entry: keys.audit(entry.tenant_id, entry.track_id, entry.id),
    columns=_COLUMNS,
    beside=_expiry,
    apart=("tenant_id", "track_id", "at", "shard"),
    restore=_of_key,
    index_keys=lambda entry: {
        "list": keys.listed(_realm(entry), "audit"),
        "home": keys.audit_by_actor(_realm(entry), entry.actor_id),
    },
    packed=True,
)
to_item, from_item = ROWS.to_item, ROWS.from_item

#: The same entry on its way: in no list, and gone after a day.
ATTEMPTS = Codec(
    Entry,
    lambda entry: keys.attempt(entry.tenant_id, entry.track_id, entry.request_id),
    columns={**_COLUMNS, "shard": NUMBER_UNLESS_ZERO},
    beside=lambda _: {"expires_at": {"N": str(clock.epoch() + ATTEMPT_SECONDS)}},
)


def attempt(entry: Entry) -> Item:
    """The action by which an API function leaves a refused attempt for the pipeline: a row in no list."""
    return ATTEMPTS.put(entry)


def entry_of_attempt(item: Mapping[str, Any]) -> Entry:
    """Return the entry of an attempt's row. Whatever the row says, the entry is a refusal."""
    return replace(ATTEMPTS.from_item(item), outcome="refused", version=None, differences=(), overruled=())
