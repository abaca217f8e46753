"""Permissions as IAM names them: SQS has no action of its own for a batch, the single call's permission covers it."""

from typing import Any

from ministack.core import iam_actions

_original = iam_actions.extract_iam_action
COVERED_BY = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def install() -> None:
    """Have the emulator check the permission that AWS checks."""
    iam_actions.extract_iam_action = action_of


def action_of(*request: Any) -> str | None:
    """The IAM action that a request needs."""
    action = _original(*request)
    return COVERED_BY.get(action, action)
