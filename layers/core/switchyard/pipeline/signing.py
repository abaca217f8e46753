"""Signatures of Standard Webhooks (v1): HMAC-SHA256 over id, time and body, keyed by the endpoint's secret."""

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """Return a new secret of 256 bits; its owner sees it once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """Return one signature, `v1,…`; `timestamp` is in whole seconds since the epoch."""
    return Webhook(secret).sign(message_id, datetime.fromtimestamp(timestamp, UTC), body)


def headers(valid: Iterable[str], message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """Return the headers of a message that is signed with every secret that is valid."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(each, message_id, timestamp, body) for each in valid),
    }
