"""Sign-in links in the table: found by the SHA-256 of their secret, deleted by the sign-in that uses them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from switchyard.domain import clock
from switchyard.domain.sessions import SignInLink
from switchyard.store import keys
from switchyard.store.codec import NEW, Codec
from switchyard.store.table import Item, Table
from switchyard.store.tokens import actor_from, actor_item


def _beside(link: SignInLink) -> Item:
    """Return the actor, and when the row goes: soon after the link counts no more."""
    gone = int(datetime.fromisoformat(link.valid_until).timestamp())
    return {**actor_item(link.actor), "expires_at": {"N": str(gone)}}


def _restore(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"actor": actor_from(item)}


ROWS = Codec(
    SignInLink,
    lambda link: keys.secret(link.digest, keys.SIGN_IN_LINK),
    beside=_beside,
    apart=("actor",),
    restore=_restore,
)


def put(link: SignInLink) -> Item:
    """The action that adds a link."""
    return ROWS.put(link, NEW)


def find(table: Table, digest: str) -> SignInLink | None:
    """Read a link: 1 round trip."""
    item = table.get(*keys.secret(digest, keys.SIGN_IN_LINK))
    return ROWS.from_item(item) if item else None


def use(link: SignInLink) -> Item:
    """The action that uses a link up: it holds once, and only while the link counts."""
    condition = {
        "ConditionExpression": "valid_until > :now",
        "ExpressionAttributeValues": {":now": {"S": clock.now()}},
    }
    return ROWS.delete(link, condition)
