"""Queues whose messages are tried again, later each time, until they go to the dead letters."""

import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from switchyard.aws.clients import make_client
from switchyard.aws.retry import within
from switchyard.aws.sending import NotTaken, Outcome, send_all
from switchyard.domain.structs import Struct

#: How often a message is received before it goes to the dead letters: maxReceiveCount of the queue in template.yaml.
ATTEMPTS: Mapping[str, int] = {"deliveries": 14, "mails": 8, "notifications": 7, "signals": 10}
#: Bytes of one SendMessageBatch, all messages together: 1,048,576 since August 2025 (API reference), and 262,144
#: before, which holds everywhere.
BYTES_MAX = 262_144
#: Seconds before the second attempt; each further pause is three times as long, up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 1, 21_600


def exists(name: str) -> bool:
    """Return whether the stack has a queue: without mail it has none for mails, whose URL is then empty."""
    return os.environ.get(f"{name.upper()}_QUEUE_URL") != ""


class Message(Struct):
    """One message as a consumer gets it. `attempt` counts how often it was received, from 1."""

    body: Any
    attempt: int
    receipt: str

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Message":
        """Return the message of a record of an SQS event. Raises ValueError for a body that is not JSON."""
        count = int(record["attributes"]["ApproximateReceiveCount"])
        return cls(json.loads(record["body"]), count, record["receiptHandle"])


class Queue:
    """One queue. `attempts` is how often a message is received; `deadline` a time.monotonic() value: no retry of
    sending starts after it."""

    def __init__(self, url: str, client: Any, attempts: int = 1) -> None:
        self.url = url
        self.client = client
        self.attempts = attempts
        self.deadline = time.monotonic() + 30

    @classmethod
    def named(cls, name: str) -> "Queue":
        """Return a queue by its name, e.g. `signals`: its URL is that of the environment, SIGNALS_QUEUE_URL."""
        return cls(os.environ[f"{name.upper()}_QUEUE_URL"], make_client("sqs"), ATTEMPTS.get(name, 1))

    def send(self, bodies: Sequence[Mapping[str, Any]]) -> Outcome:
        """Send messages; returns for each what it finally failed with, or None.

        They go as JSON in ASCII: SQS takes only the characters that XML 1.0 does (U+FFFE, U+FFFF, surrogates and most
        control characters are refused: SendMessageBatch, API reference).
        """
        texts = [json.dumps(body, separators=(",", ":")) for body in bodies]
        return send_all(texts, len, BYTES_MAX, self._post, self.deadline)

    def _post(self, texts: Sequence[str]) -> Outcome:
        entries = [{"Id": str(position), "MessageBody": text} for position, text in enumerate(texts)]
        answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        failed = {int(each["Id"]): NotTaken(each["Code"], each.get("Message", "")) for each in answer.get("Failed", ())}
        return [failed.get(position) for position in range(len(texts))]

    def is_last(self, message: Message) -> bool:
        """Return whether this is the last attempt of a message: it goes to the dead letters next."""
        return message.attempt >= self.attempts

    def postpone(self, message: Message, seconds: int) -> None:
        """Keep a message from being received again before so many seconds have passed."""
        with within(self.deadline):
            self.client.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=message.receipt, VisibilityTimeout=seconds
            )

    def pause(self, message: Message) -> int:
        """Return the seconds until the next attempt of a message, with jitter; 0 after the last one."""
        return 0 if self.is_last(message) else pause(message.attempt)


def pause(attempt: int) -> int:
    """Return the seconds to wait after the failed attempt of this number (1: the first), with jitter."""
    seconds = min(_FIRST_PAUSE * 3 ** (attempt - 1), _LONGEST_PAUSE)
    return max(1, round(seconds * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter, not a secret
