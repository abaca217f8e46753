"""Dead letters: what lies in which queue, and bringing it in again.

A letter is deleted when the function that gave it up has done it. One that fails again stays, and is not looked at a
second time in the same run: a redrive ends, whatever the letters are.
"""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from switchyard.admin.shards import Gone, read_records
from switchyard.admin.stack import Stack
from switchyard.aws.errors import ApiError
from switchyard.domain.errors import NotFound
from switchyard.domain.structs import Struct
from switchyard.http.operation import function_of

#: The queues of dead letters, by the names that operators use; the queue that each is brought back to (None: its
#: letters tell by themselves where they belong).
QUEUES: Mapping[str, tuple[str, str | None]] = {
    "pipeline": ("PipelineDeadLetters", None),
    "deliveries": ("DeliveriesDeadLetters", "Deliveries"),
    "notifications": ("NotificationsDeadLetters", "Notifications"),
    "mails": ("MailsDeadLetters", "Mails"),
}
#: Those that a stack may lack: it sends no mails.
_OPTIONAL = frozenset({"mails"})
#: Seconds for which a letter that was looked at is out of others' sight; one that is brought in again, for longer than
#: its function may run. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_LOOK, _WORK = 5, 300
_BATCH = 10
_SHOWN = 200
#: What a message of deliveries, notifications or mails is about.
_NAMED = ("tenant", "webhook", "delivery", "task", "notification", "actor", "item")


class Letter(Struct):
    """One dead letter. `kind` says what it is: record, records, event, signal, message, or unreadable."""

    id: str
    kind: str
    about: str
    error: str
    since: str
    receipt: str
    body: Any
    function: str | None = None

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "kind": self.kind, "about": self.about, "error": self.error, "since": self.since}


class DeadLetters:
    """The dead letters of one stack. Raises NotFound for a queue that there is not."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.sqs = stack.client("sqs")

    def counts(self) -> list[dict[str, Any]]:
        """Return each queue with how many letters it has."""
        found = []
        for name, (resource, _) in QUEUES.items():
            try:
                url = self.stack.resource(resource)
            except NotFound:
                if name in _OPTIONAL:
                    continue
                raise
            answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
            found.append({"queue": name, "letters": int(answer["Attributes"]["ApproximateNumberOfMessages"])})
        return found

    def show(self, name: str, most: int) -> list[dict[str, Any]]:
        """Return up to so many letters; they stay, and are out of sight for some seconds."""
        return [each.shown() for each in self._take(name, most, _LOOK)]

    def redrive(self, name: str, most: int) -> list[dict[str, Any]]:
        """Bring up to so many letters in again; returns each with its `outcome`: done, or why it stays."""
        _, back = self._queue(name)
        told = []
        for letter in self._take(name, most, _WORK):
            outcome = self._again(letter, back)
            if outcome == "done":
                self.sqs.delete_message(QueueUrl=self._url(name), ReceiptHandle=letter.receipt)
            else:
                self._let_go(name, letter)
            told.append({**letter.shown(), "outcome": outcome})
        return told

    def purge(self, name: str) -> None:
        """Delete all letters of a queue, for good."""
        self.sqs.purge_queue(QueueUrl=self._url(name))

    # ------------------------------------------------------------ reading
    def _queue(self, name: str) -> tuple[str, str | None]:
        if name not in QUEUES:
            raise NotFound(f"There is no queue of dead letters {name!r}: {', '.join(QUEUES)}.")
        return QUEUES[name]

    def _url(self, name: str) -> str:
        return self.stack.resource(self._queue(name)[0])

    def _take(self, name: str, most: int, hidden: int) -> Iterator[Letter]:
        """Take letters out of sight, each once: no more than there are at the beginning."""
        url, seen = self._url(name), set[str]()
        while len(seen) < most:
            answer = self.sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(_BATCH, most - len(seen)),
                VisibilityTimeout=hidden,
                WaitTimeSeconds=1,
                AttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
            new = [each for each in answer.get("Messages", ()) if each["MessageId"] not in seen]
            if not new:
                return
            for message in new:
                seen.add(message["MessageId"])
                yield read(message)

    def _let_go(self, name: str, letter: Letter) -> None:
        """Let others see a letter again, in a while."""
        self.sqs.change_message_visibility(
            QueueUrl=self._url(name), ReceiptHandle=letter.receipt, VisibilityTimeout=_LOOK
        )

    # ------------------------------------------------------------ bringing in again
    def _again(self, letter: Letter, back: str | None) -> str:
        try:
            if letter.kind == "unreadable":
                return "it is not one of ours: look at it, then purge"
            if back or letter.kind == "signal":
                self.sqs.send_message(
                    QueueUrl=self.stack.resource(back or "Signals"), MessageBody=json.dumps(letter.body)
                )
                return "done"
            return self._invoke(letter)
        except Gone:
            return "its records are no longer in the stream: rebuild the tenant"
        except ApiError as error:
            return f"AWS refused: {error}"

    def _invoke(self, letter: Letter) -> str:
        if letter.kind == "event":
            return self._call(letter.function, letter.body)
        records = [letter.body] if letter.kind == "record" else read_records(self.stack, letter.body)
        # The function must not write the same letter anew, and so tells what it could not do.
        return self._call(letter.function, {"Records": records, "redriven": True})

    def _call(self, function: str | None, event: Any) -> str:
        answer = self.stack.client("lambda", read_timeout=_WORK).invoke(
            FunctionName=function if function and ":" in function else self.stack.resource(function or ""),
            Payload=json.dumps(event).encode(),
        )
        content = answer["Payload"].read().decode("utf-8", "replace")
        if "FunctionError" in answer:
            return f"the function failed: {content[:_SHOWN]}"
        failed = (json.loads(content) or {}).get("batchItemFailures") if content else None
        return f"it failed again: {len(failed)} of its records" if failed else "done"


def read(message: Mapping[str, Any]) -> Letter:
    """Return a message of a queue of dead letters as what it is (docs/events.md#when-the-pipeline-fails)."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(message["Attributes"]["SentTimestamp"]) / 1000))
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = None
    kind, about, error, content, function = _kind_of(body, message.get("MessageAttributes", {})) or (
        ("unreadable", message["Body"], "", None, None)
    )
    return Letter(
        message["MessageId"], kind, about[:_SHOWN], error[:_SHOWN], since, message["ReceiptHandle"], content, function
    )


def _kind_of(body: Any, attributes: Mapping[str, Any]) -> tuple[str, str, str, Any, str | None] | None:
    """Return kind, what it is about, the error, what is to be brought in again, and the function for it."""
    given = {name: each.get("StringValue", "") for name, each in attributes.items()}
    match body:
        case {"consumer": str(consumer), "error": str(error), "record": {"dynamodb": {"Keys": keys}} as record}:
            about = f"{consumer} {keys['pk']['S']} {keys['sk']['S']}"
            whole = "NewImage" in record["dynamodb"] or "OldImage" in record["dynamodb"]
            content = record if whole else {"streamArn": record.get("eventSourceARN"), **record["dynamodb"]}
            return "record" if whole else "records", about, error, content, function_of(consumer)
        case {"DDBStreamBatchInfo": dict(batch), "requestContext": dict(context)}:
            about = f"{batch['batchSize']} records of {batch['shardId']}"
            return "records", about, str(context.get("condition", "")), batch, context["functionArn"]
        case {"requestPayload": payload, "requestContext": dict(context)}:
            error = str((body.get("responsePayload") or {}).get("errorMessage", context.get("condition", "")))
            return "event", str(payload.get("detail-type", "event")), error, payload, context["functionArn"]
        case {"detail-type": str(name), "detail": _}:
            error = f"{given.get('ERROR_CODE', '')} {given.get('ERROR_MESSAGE', '')}".strip()
            return "event", name, error, body, given.get("TARGET_ARN")
        case {"of": str(of)}:
            about = body.get("start") or body.get("track") or body.get("schedule") or ""
            error = f"{given.get('ERROR_CODE', '')} {given.get('ERROR_MESSAGE', '')}".strip()
            return "signal", f"{of} {about} {body.get('at', '')}".strip(), error, body, None
        case {"tenant": str()}:
            named = [f"{name} {body[name]}" for name in _NAMED if name in body]
            return "message", " ".join(named), "", body, None
    return None
