"""Signatures, as the standard has them and as receivers check them."""

import base64
import hashlib
import hmac
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from switchyard.pipeline import signing

BODY = '{"title":"Grüße ✓"}'


def test_a_signature_is_an_hmac_over_id_time_and_body_by_the_decoded_secret() -> None:
    key = bytes(range(32))
    digest = hmac.new(key, f"evt_1.1700000000.{BODY}".encode(), hashlib.sha256).digest()
    secret = "whsec_" + base64.b64encode(key).decode()
    assert signing.headers([secret], "evt_1", 1_700_000_000, BODY) == {
        "webhook-id": "evt_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def test_the_reference_library_accepts_a_signature() -> None:
    secret = signing.new_secret()
    headers = signing.headers([secret], "evt_1", int(time.time()), BODY)
    assert Webhook(secret).verify(BODY, headers) == {"title": "Grüße ✓"}


def test_two_secrets_sign_while_one_takes_over_from_the_other() -> None:
    former, new, other = (signing.new_secret() for _ in range(3))
    headers = signing.headers([new, former], "evt_1", int(time.time()), BODY)
    for secret in (former, new):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)


@pytest.mark.parametrize("change", ["webhook-id", "webhook-timestamp", "body"])
def test_id_time_and_body_are_signed(change: str) -> None:
    secret = signing.new_secret()
    headers = signing.headers([secret], "evt_1", int(time.time()), BODY)
    changed = {**headers, **({"webhook-id": "evt_2"} if change == "webhook-id" else {})}
    if change == "webhook-timestamp":
        changed[change] = str(int(time.time()) - 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + " " if change == "body" else BODY, changed)


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({signing.new_secret() for _ in range(100)}) == 100
    assert all(len(signing.new_secret()) == len("whsec_") + 44 for _ in range(3))
