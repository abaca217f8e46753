"""The table's stream: messages for webhooks, devices, mails and workflows go to the queues."""

from switchyard.aws.queues import exists
from switchyard.pipeline import batches, notifications, records, signals, webhooks
from switchyard.pipeline.batches import Outbox, Record
from switchyard.pipeline.consumer import Invocation, consumer


@consumer("pipeline.enqueue_deliveries", batches.stream, reserve=9)
def handler(invocation: Invocation, record: Record, outbox: Outbox) -> None:
    """Add the messages that follow from a record to the outbox."""
    for name, due in (
        ("deliveries", webhooks.due),
        ("signals", signals.due),
        ("notifications", notifications.due),
        ("mails", notifications.mail_due),
    ):
        message = due(record["dynamodb"])
        if message and exists(name):
            image = record["dynamodb"].get("NewImage") or record["dynamodb"]["OldImage"]
            traced = {"correlation_id": records.correlation_id(image)}
            outbox.put(invocation.queue(name), {**message, **traced})
