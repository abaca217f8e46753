"""External ids: what another system calls a track, unique among the tenant's live tracks.

A row leads from the external id to the track, and is written in the same transaction. A deleted track leaves its row
behind: the next track of that name takes the row over, so that deleting needs to know nothing.
"""

from switchyard.domain.text import folded
from switchyard.store import codec, keys
from switchyard.store.table import Item


def row_key(tenant_id: str, external_id: str) -> tuple[str, str]:
    """The key of the row of an external id, however it is spelled: texts that read alike are one id."""
    return keys.external_id(tenant_id, folded(external_id))


def track_id(row: Item | None) -> str | None:
    """Return the id that a row leads to; the track may be deleted since."""
    return row["objective_id"]["S"] if row else None


def claim(tenant_id: str, external_id: str, track_id: str, instead_of: str | None) -> Item:
    """The action that gives a track its external id; refused when the row leads elsewhere than was read."""
    free = "objective_id = :before" if instead_of else "attribute_not_exists(pk)"
    action: Item = {
        "Item": codec.row_key(row_key(tenant_id, external_id)) | {"objective_id": {"S": track_id}},
        "ConditionExpression": free,
    }
    if instead_of:
        action["ExpressionAttributeValues"] = {":before": {"S": instead_of}}
    return {"Put": action}
