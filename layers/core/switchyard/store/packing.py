"""How fields lie in rows: as attributes, or together in one, so that an index can copy what a list shows and no more.

DynamoDB copies at most 20 named attributes into an index, and 100 into all indexes of a table (API reference,
Projection). A packed row has its fields as JSON in `fields`, an index copies that, and what changes all the time stays
beside it in the table alone: a heartbeat writes to no index. A write costs a unit for each KB in each index, so that a
text of 8 KB in ten lists would cost 80 units a change: fields are compressed where they would make a row larger than
1 KB (developer guide, "Best practices for storing large items"), and long ones are in `long_fields`, which no index
copies.
"""

import binascii
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from switchyard.domain.actors import ONE_SHARD, Shards
from switchyard.domain.json_text import pieces
from switchyard.store.indexes import FIELDS, LONG_FIELDS, SECONDARY, TABLE

Item = dict[str, Any]

#: What is written on its own, without a new version of the row. Not in `fields`.
MOVING = frozenset(
    {"version", "holder", "fence", "lease_until", "lease_listed", "lease_seconds"}
    | {"heartbeat_at", "wait_step", "wait_token", "comment_id", "open_dependencies", "next_number"}
    | {"tasks_total", "tasks_done", "expires_at"}
)
#: What conditions of other rows' writes, and filters of indexes without `fields`, ask for. In `fields` as well.
ASKED = frozenset({"type", "status", "owner", "deleted_at", "project_ids", "depends_on", "due"})
#: The keys of the table and of its indexes.
KEYS = frozenset(name for each in (TABLE, *SECONDARY) for name in (each.partition, each.sort))
#: What is not among the fields, and all that a packed row may have beside them.
APART = MOVING | KEYS
BESIDE = APART | ASKED
#: An index's copy of a row that has one of these is behind the row: it does not hold the end of a lease.
BEHIND = "holder"

#: Bytes of a text that lies in its row as it is; a longer one is compressed. A copy in an index has 300 beside.
PLAIN_MAX = 700
#: Bytes of the fields that indexes copy, before they are compressed. A row with more is read from the table to be
#: listed: 0.5 units up to 4 KB, where each copy would write two units and more.
COPIED_MAX = 1_700

#: What is JSON as an attribute too: within `fields` it is part of theirs.
_JSON = frozenset({"artifacts", "differences", "ext", "metadata", "output", "state"})
#: The names within `fields` that are not the attribute's own: each byte of a row is in all of its indexes.
SHORT = {
    "actor_id": "ai",
    "actor_kind": "ak",
    "assignee": "as",
    "assignee_type": "ay",
    "changed_by": "cb",
    "changed_by_kind": "ck",
    "changed_operation": "co",
    "changed_request": "cr",
    "changed_source": "cs",
    "completed_at": "da",
    "created_at": "ma",
    "created_by": "mb",
    "created_by_name": "mn",
    "created_by_number": "mo",
    "description": "d",
    "depends_on": "do",
    "differences": "df",
    "dispatched_at": "di",
    "environment": "en",
    "goal_id": "g",
    "idle_seconds": "is",
    "last_agent": "la",
    "latest_run_id": "li",
    "latest_run_status": "ls",
    "new_status": "ns",
    "operation": "op",
    "outcome": "oc",
    "parent_id": "pa",
    "pickup_seconds": "ps",
    "priority": "p",
    "project_id": "pj",
    "project_ids": "pi",
    "repository": "re",
    "repository_name": "rn",
    "request_id": "rq",
    "run_count": "rc",
    "shard": "sh",
    "started_at": "sa",
    "status": "s",
    "timeout_seconds": "ts",
    "title": "t",
    "track_type": "tt",
    "type": "y",
    "updated_at": "u",
}
#: The attribute's own name for each of those.
FULL = {short: name for name, short in SHORT.items()}

_pieces = pieces()
#: json.loads also looks for spaces: a third more.
_scan = json.JSONDecoder().raw_decode


def encode(value: Any) -> str:
    """Return a value as JSON, as rows have it."""
    return "".join(_pieces(value, 0))


def close(item: Item, fields: dict[str, Any]) -> None:
    """Put the fields into the row. The tenant is left out where the key begins with it."""
    if fields.get("tenant_id") == item["pk"]["S"].partition("#")[0]:
        del fields["tenant_id"]
    item |= stored(encode(fields))


def stored(text: str) -> Item:
    """Return the attribute that has the fields of a packed row, given as JSON."""
    return {LONG_FIELDS if len(_bytes(text)) > COPIED_MAX else FIELDS: compressed(text)}


def text_of(item: Mapping[str, Any]) -> str | None:
    """Return the fields of a packed row as JSON; None of a row that has them as attributes, and of a copy without."""
    value = item.get(FIELDS) or item.get(LONG_FIELDS)
    return expanded(value) if value else None


def is_as_stored(row: Mapping[str, Any]) -> bool:
    """Tell whether a row has its fields where, and as, they are written today."""
    text = text_of(row)
    return text is not None and all(row.get(name, {}).keys() == value.keys() for name, value in stored(text).items())


def at_hand(row: Item) -> Item:
    """Return a row with its fields expanded, as several look at them."""
    value = row.get(FIELDS) or row.get(LONG_FIELDS)
    return {**row, FIELDS: {"S": expanded(value)}} if value and "B" in value else row


def compressed(text: str) -> Item:
    """Return a text as an attribute: as it is, or, a long one, compressed."""
    plain = _bytes(text)
    if len(plain) <= PLAIN_MAX:
        return {"S": text}
    packer = zlib.compressobj(wbits=13, memLevel=6)  # 64 KB of memory: the usual 256 take longer than to compress
    return {"B": binascii.b2a_base64(packer.compress(plain) + packer.flush(), newline=False).decode()}


def _bytes(text: str) -> bytes:
    # Half a character, as JSON can have it, is kept as it is.
    return text.encode(errors="surrogatepass")


def expanded(value: Item) -> str:
    """Return the text of such an attribute. Raises ValueError for bytes that are not what was compressed."""
    if "S" in value:
        return str(value["S"])
    try:
        return zlib.decompress(binascii.a2b_base64(value["B"])).decode(errors="surrogatepass")
    except zlib.error as error:
        raise ValueError(f"A text of a row cannot be expanded: {error}") from error


def decode(text: str) -> dict[str, Any]:
    """Return the fields of a packed row, as JSON has them. Raises ValueError for what is not one JSON object."""
    fields, end = _scan(text)
    if end != len(text) or not isinstance(fields, dict):
        raise ValueError(f"The fields of a row are not one JSON object: {text[:40]!r}")
    return fields


def add(item: Item, fields: dict[str, Any], name: str, value: Item) -> None:
    """Put an attribute where a packed row has it: among the fields, beside them, or both."""
    if name in BESIDE:
        item[name] = value
    if name not in APART:
        fields[SHORT.get(name, name)] = json.loads(value["S"]) if name in _JSON else _plain(value)


def unpack(item: Mapping[str, Any]) -> Item:
    """Return a row with each field as an attribute: a packed one, or one that is so already.

    What a packed row has beside its fields and the known attributes is left from its time before it was packed.
    """
    if (text := text_of(item)) is None:
        return item if isinstance(item, dict) else dict(item)
    found = {name: value for name, value in item.items() if name in APART}
    tenant, entity = named(item)
    found["tenant_id"] = {"S": tenant}
    found.setdefault("id", {"S": entity})
    for stored, value in decode(text).items():
        name = FULL.get(stored, stored)
        found[name] = typed(name, value)
    return found


def named(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return the tenant and the id that a key tells: `id` itself is in the indexes that are sorted by it."""
    (tenant, _, entity), sort = item["pk"]["S"].partition("#"), item["sk"]["S"]
    if tenant == "AUDIT":
        return entity.partition("#")[0], sort
    return tenant, sort.partition("#")[2] or entity


def is_whole(copy: Mapping[str, Any]) -> bool:
    """Tell whether an index's copy of a row shows the row as it is."""
    return FIELDS in copy and BEHIND not in copy


def _plain(value: Item) -> Any:
    for kind, held in value.items():
        if kind == "N":
            return int(held)
        return [each["S"] for each in held] if kind == "L" else held


def typed(name: str, value: Any) -> Item:
    """Return a field of a packed row as an attribute."""
    if name in _JSON:
        return {"S": encode(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"L": [{"S": each} for each in value]}


# ---------------------------------------------------------------- columns


class Column(NamedTuple):
    """How a field lies in a row: `write` returns the attribute's value (None: no attribute), `read` takes it back.

    `attribute` is the attribute's name where it is another than the field's. None of a field is never written.
    `give` returns the value as packed rows have it (store/packing.py), and `take` takes it back; None: by way of the
    attribute.
    """

    write: Callable[[Any], Item | None]
    read: Callable[[Item], Any]
    attribute: str | None = None
    take: Callable[[Any], Any] | None = None
    give: Callable[[Any], Any] | None = None


def _read_text(value: Item) -> Any:
    return value["S"]


def as_it_is(value: Any) -> Any:
    return value


TEXT = Column(lambda value: {"S": value}, _read_text, take=as_it_is)
#: A text that may be long.
COMPRESSED = Column(compressed, expanded)
NUMBER = Column(lambda value: {"N": str(value)}, lambda value: int(value["N"]), take=as_it_is, give=as_it_is)
#: A number that most rows do not have.
NUMBER_UNLESS_ZERO = NUMBER._replace(
    write=lambda value: {"N": str(value)} if value else None, give=lambda value: value or None
)
#: What a tenant's row has, and each row that says who acts; nothing while there is one shard.
SHARDS = Column(
    lambda value: {"L": [{"N": str(each)} for each in value]} if value != ONE_SHARD else None,
    lambda value: Shards(*(int(each["N"]) for each in value["L"])),
)
FLAG = Column(lambda value: {"BOOL": value}, lambda value: value["BOOL"], take=as_it_is, give=as_it_is)


def texts(*, kept: bool = False) -> Column:
    """A tuple of texts; an empty one is left out unless it is `kept`."""
    return Column(
        lambda value: {"L": [{"S": each} for each in value]} if value or kept else None,
        lambda value: tuple([each["S"] for each in value["L"]]),
        take=tuple,
        give=lambda value: value if value or kept else None,
    )


def json_text(
    load: Callable[[Any], Any] | None = None, dump: Callable[[Any], Any] | None = None, *, kept: bool = False
) -> Column:
    """A value as compact JSON; an empty object or tuple is left out unless it is `kept`.

    `dump` turns the field into what JSON has, `load` turns that back.
    """

    def give(value: Any) -> Any:
        if not kept and value in ({}, ()):
            return None
        return dump(value) if dump else value

    def write(value: Any) -> Item | None:
        given = give(value)
        return None if given is None else {"S": encode(given)}

    def read(value: Item) -> Any:
        found = json.loads(value["S"])
        return load(found) if load else found

    return Column(write, read, take=load or as_it_is, give=give)
