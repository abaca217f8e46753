"""What OAuth keeps: registered clients, authorization codes, refresh tokens. All of it goes by itself (TTL)."""

from switchyard.domain import clock
from switchyard.domain.oauth import REGISTRATIONS_MAX, REUSE_SECONDS, Client, Code, RefreshToken
from switchyard.store import keys
from switchyard.store.codec import NEW, THERE, Codec, expiry, row_key
from switchyard.store.table import Item, Table
from switchyard.store.tokens import actor_item, restore_actor

_UNUSED = "attribute_not_exists(used_at) AND valid_until > :now"


CLIENTS = Codec(
    Client,
    lambda client: keys.oauth("CLIENT", client.id),
    beside=lambda client: {"expires_at": expiry(client.valid_until)},
)
CODES = Codec(
    Code,
    lambda code: keys.secret(code.digest, keys.CODE),
    beside=lambda code: actor_item(code.actor) | {"expires_at": expiry(code.valid_until, REUSE_SECONDS)},
    apart=("actor",),
    restore=restore_actor,
)
REFRESH_TOKENS = Codec(
    RefreshToken,
    lambda token: keys.secret(token.digest, keys.REFRESH),
    beside=lambda token: {"expires_at": expiry(token.valid_until, REUSE_SECONDS)},
)


# ---------------------------------------------------------------- clients


def find_client(table: Table, client_id: str) -> Client | None:
    """Read a registered client: 1 round trip; None for one that is over, too."""
    item = table.get(*keys.oauth("CLIENT", client_id))
    client = CLIENTS.from_item(item) if item else None
    return client if client and client.valid_until > clock.now() else None


def register(client: Client, hour: str) -> list[Item]:
    """The actions that register a client, and count it among those of an hour: refused above REGISTRATIONS_MAX."""
    count = {
        "Key": row_key(keys.oauth("REGISTRATIONS", hour)),
        "UpdateExpression": "SET registered = if_not_exists(registered, :none) + :one, expires_at = :gone",
        "ConditionExpression": "attribute_not_exists(registered) OR registered < :most",
        "ExpressionAttributeValues": {
            ":none": {"N": "0"},
            ":one": {"N": "1"},
            ":most": {"N": str(REGISTRATIONS_MAX)},
            ":gone": {"N": str(clock.epoch() + 2 * 3_600)},
        },
    }
    return [{"Update": count}, CLIENTS.put(client, NEW)]


def keep_client(client_id: str, until: str) -> Item:
    """The action that keeps a registered client for longer: somebody connects it."""
    return {
        "Update": {
            "Key": row_key(keys.oauth("CLIENT", client_id)),
            "UpdateExpression": "SET valid_until = :until, expires_at = :gone",
            **THERE,
            "ExpressionAttributeValues": {":until": {"S": until}, ":gone": expiry(until)},
        }
    }


# ---------------------------------------------------------------- codes and refresh tokens


def find_code(table: Table, digest: str) -> Code | None:
    """Read a code, used or not: 1 round trip."""
    item = table.get(*keys.secret(digest, keys.CODE))
    return CODES.from_item(item) if item else None


def find_refresh(table: Table, digest: str) -> RefreshToken | None:
    """Read a refresh token, used or not: 1 round trip."""
    item = table.get(*keys.secret(digest, keys.REFRESH))
    return REFRESH_TOKENS.from_item(item) if item else None


def put_code(code: Code) -> Item:
    """The action that adds a code."""
    return CODES.put(code, NEW)


def put_refresh(token: RefreshToken) -> Item:
    """The action that adds a refresh token."""
    return REFRESH_TOKENS.put(token, NEW)


def use_code(code: Code) -> Item:
    """The action that uses a code up: it holds once, and only while the code counts."""
    return _use(keys.secret(code.digest, keys.CODE))


def use_refresh(token: RefreshToken) -> Item:
    """The action that uses a refresh token up: it holds once, and only while the token counts."""
    return _use(keys.secret(token.digest, keys.REFRESH))


def _use(key: tuple[str, str]) -> Item:
    now = {"S": clock.now()}
    return {
        "Update": {
            "Key": row_key(key),
            "UpdateExpression": "SET used_at = :now",
            "ConditionExpression": _UNUSED,
            "ExpressionAttributeValues": {":now": now},
        }
    }
