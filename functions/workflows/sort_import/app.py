"""A step of import_tracks: the file is put into order."""

from switchyard.aws import objects
from switchyard.pipeline.consumer import Event, Invocation, consumer
from switchyard.surfaces.planning.import_sort import sort


@consumer("workflows.sort_import")
def handler(invocation: Invocation, event: Event) -> dict[str, list[int]]:
    """Write the lanes of the import; answer with their numbers."""
    invocation.concerns(event["import_id"])
    bucket = objects.shared(invocation.end)
    return {"lanes": sort(invocation.table, bucket, event["tenant_id"], event["import_id"])}
