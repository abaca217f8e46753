"""Sign-in links in the table: found by the SHA-256 of their secret, deleted by the sign-in that uses them."""

from switchyard.domain import clock
from switchyard.domain.sessions import SignInLink
from switchyard.store import keys
from switchyard.store.codec import NEW, Codec, expiry
from switchyard.store.table import Item, Table
from switchyard.store.tokens import actor_item, restore_actor


def _beside(link: SignInLink) -> Item:
    """Return the actor, and when the row goes: soon after the link counts no more."""
    return {**actor_item(link.actor), "expires_at": expiry(link.valid_until)}


ROWS = Codec(
    SignInLink,
    lambda link: keys.secret(link.digest, keys.SIGN_IN_LINK),
    beside=_beside,
    apart=("actor",),
    restore=restore_actor,
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
