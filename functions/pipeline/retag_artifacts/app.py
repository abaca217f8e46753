"""The bus: the files that a new run took are kept as long as the run's own."""

from switchyard.aws import objects
from switchyard.pipeline import files
from switchyard.pipeline.consumer import Event, Invocation, consumer


@consumer("pipeline.retag_artifacts")
def handler(invocation: Invocation, event: Event) -> None:
    """Retag the staged files of one run."""
    invocation.concerns(event["detail"]["run"]["id"])
    files.keep(invocation.table, objects.shared(invocation.deadline), event)
