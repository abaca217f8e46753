"""Queues whose messages are tried again, later each time, until they go to the dead letters."""

import os
import random
from typing import Any

from switchyard.aws.clients import make_client

#: Seconds before the second attempt; each further pause is three times as long, up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 1, 21_600


def pause(attempt: int) -> int:
    """Return the seconds to wait after the failed attempt of this number (1: the first), with jitter."""
    seconds = min(_FIRST_PAUSE * 3 ** (attempt - 1), _LONGEST_PAUSE)
    return max(1, round(seconds * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter, not a secret


class Queue:
    """One queue."""

    def __init__(self, url: str, client: Any) -> None:
        self.url = url
        self.client = client

    @classmethod
    def deliveries(cls) -> "Queue":
        """Return the queue of webhooks' deliveries, of the environment variable DELIVERIES_QUEUE_URL."""
        return cls(os.environ["DELIVERIES_QUEUE_URL"], make_client("sqs"))

    @classmethod
    def notices(cls) -> "Queue":
        """Return the queue of notices, of the environment variable NOTICES_QUEUE_URL."""
        return cls(os.environ["NOTICES_QUEUE_URL"], make_client("sqs"))

    @classmethod
    def signals(cls) -> "Queue":
        """Return the queue of signals for workflows, of the environment variable SIGNALS_QUEUE_URL."""
        return cls(os.environ["SIGNALS_QUEUE_URL"], make_client("sqs"))

    def send(self, bodies: list[str]) -> list[int]:
        """Send up to ten messages; returns the positions of those that were not taken."""
        entries = [{"Id": str(position), "MessageBody": body} for position, body in enumerate(bodies)]
        answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        return [int(each["Id"]) for each in answer.get("Failed", ())]

    def hide(self, receipt: str, seconds: int) -> None:
        """Keep a message from being received again before so many seconds have passed."""
        self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
