"""The queue of signals: executions are started, their waiting steps answered, and what schedules are due for begins."""

from switchyard.aws.queues import Message
from switchyard.pipeline import batches, signals
from switchyard.pipeline.consumer import Invocation, consumer


@consumer("pipeline.signal_runs", batches.queue)
def handler(invocation: Invocation, message: Message) -> None:
    """Do what follows from a signal."""
    signals.take(invocation.table, invocation.executions, lambda: invocation.scheduler, message.body)
