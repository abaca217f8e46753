"""External ids: what the maker of an objective calls it, unique among the tenant's live objectives.

A row leads from the external id to the objective, and is written in the same transaction. A deleted objective
leaves its row behind: the next objective of that name takes the row over, so that deleting needs to know nothing.
"""

from switchyard.store import keys
from switchyard.store.codec import row_key
from switchyard.store.table import Item


def objective_id(row: Item | None) -> str | None:
    """Return the id that a row leads to; the objective may be deleted since."""
    return row["objective_id"]["S"] if row else None


def claim(tenant_id: str, external_id: str, objective_id: str, instead_of: str | None) -> Item:
    """The action that gives an objective its external id; refused when the row leads elsewhere than was read."""
    free = "objective_id = :before" if instead_of else "attribute_not_exists(pk)"
    action: Item = {
        "Item": row_key(keys.external_id(tenant_id, external_id)) | {"objective_id": {"S": objective_id}},
        "ConditionExpression": free,
    }
    if instead_of:
        action["ExpressionAttributeValues"] = {":before": {"S": instead_of}}
    return {"Put": action}
