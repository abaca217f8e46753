"""A step of import_tracks: a lane is carried on for as long as the invocation lasts."""

from switchyard.aws import objects
from switchyard.pipeline.consumer import Event, Invocation, consumer
from switchyard.surfaces.planning.import_apply import carry_on

#: Seconds that the last transaction may take.
RESERVE = 30


@consumer("workflows.apply_import", reserve=RESERVE)
def handler(invocation: Invocation, event: Event) -> dict[str, bool]:
    """Apply chunks of the lane; answer whether it is over."""
    invocation.concerns(event["import_id"])
    ids = event["tenant_id"], event["import_id"], event["lane"]
    return {"over": carry_on(invocation.table, objects.shared(invocation.end), *ids, until=invocation.deadline)}
