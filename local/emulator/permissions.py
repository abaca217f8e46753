"""Permissions as on AWS.

SQS has no action of its own for a batch, the single call's permission covers it. And there is no TLS on this machine's
loopback, which a policy that asks for TLS must not take for the open network.
"""

from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator

_original = iam_actions.extract_iam_action
COVERED_BY = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def install() -> None:
    """Have the emulator check the permission that AWS checks."""
    iam_actions.extract_iam_action = action_of
    app.pin_request_origin = pin_request_origin


def pin_request_origin(source_ip: str, _is_tls: bool) -> None:
    """Remember where a request comes from, as one over TLS."""
    iam_evaluator.pin_request_origin(source_ip, True)


def action_of(*request: Any) -> str | None:
    """The IAM action that a request needs."""
    action = _original(*request)
    return COVERED_BY.get(action, action)
