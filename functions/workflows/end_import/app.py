"""The last step of import_tracks: results are written, and the next import may begin."""

from switchyard.aws import objects
from switchyard.pipeline.consumer import Event, Invocation, consumer
from switchyard.surfaces.planning.import_end import end


@consumer("workflows.end_import")
def handler(invocation: Invocation, event: Event) -> None:
    """End the import; `failure` is the error that it failed with, as Step Functions has it."""
    invocation.concerns(event["import_id"])
    bucket, ids = objects.shared(invocation.end), (event["tenant_id"], event["import_id"])
    end(invocation.table, bucket, *ids, event.get("failure"))
