"""Permissions as on AWS.

SQS has no action of its own for a batch, the single call's permission covers it. And there is no TLS on this machine's
loopback, which a policy that asks for TLS must not take for the open network.

Two pairs of credentials are the administrator's: test/test, and the one in this process' environment, which is what
`sam local` gives functions in a shell without credentials. MiniStack knows one secret for both.
"""

from dataclasses import replace
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import s3

_original = iam_actions.extract_iam_action
_resolve = iam_evaluator.resolve_credential
COVERED_BY = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def install() -> None:
    """Have the emulator check the permission that AWS checks."""
    iam_actions.extract_iam_action = action_of
    app.pin_request_origin = pin_request_origin
    for module in (iam_evaluator, s3):
        module.resolve_credential = credential_of


def pin_request_origin(source_ip: str, _is_tls: bool) -> None:
    """Remember where a request comes from, as one over TLS."""
    iam_evaluator.pin_request_origin(source_ip, True)


def credential_of(access_key_id: str, *more: Any, **named: Any) -> Any:
    """What a key gives access to; the secret of `test` is `test`."""
    found = _resolve(access_key_id, *more, **named)
    if access_key_id == "test" and isinstance(found, iam_evaluator.ResolvedCredential):
        return replace(found, secret_access_key="test")
    return found


def action_of(*request: Any) -> str | None:
    """The IAM action that a request needs."""
    action = _original(*request)
    return COVERED_BY.get(action, action)
