"""The queue of mails: tell people of what is new in their inbox."""

from switchyard.aws import mailer
from switchyard.aws.queues import Message
from switchyard.pipeline import batches, mails
from switchyard.pipeline.consumer import Invocation, consumer


@consumer("pipeline.send_mail", batches.queue)
def handler(invocation: Invocation, message: Message) -> bool:
    """Process a message; one whose mail is not due yet stays in the queue until it is."""
    return mails.handle(invocation.table, invocation.queue("mails"), mailer.shared(), message)
