"""The queue of signals: executions are started, their waiting steps answered, and what schedules are due for begins."""

from switchyard.aws.queues import Message
from switchyard.pipeline import batches, signals
from switchyard.pipeline.consumer import Invocation, consumer


@consumer("pipeline.signal_runs", batches.queue)
def handler(invocation: Invocation, message: Message) -> None:
    """Do what follows from a signal."""
    if message.body["of"] == "schedules":
        # Imported here: most signals are of runs.
        from switchyard.pipeline import schedules

        schedules.take(invocation.table, lambda: invocation.scheduler, message.body)
        return
    signals.take(invocation.table, invocation.executions, message.body)
