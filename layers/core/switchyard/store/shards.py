"""The lists of a whole tenant, spread over shards: partitions of an index that each have some of the tracks.

A partition takes 1,000 units of writing a second, whatever the table takes (DynamoDB developer guide, "Best practices
for designing and using partition keys"), and writes to the table are refused when an index falls behind ("Understanding
GSI write throttling and back pressure"). DynamoDB splits a busy partition, but not where all writes go to its end, as
in a list by time. A track stays in the shard that it was created in; the first shard is the list without shards.
"""

from collections.abc import Sequence

from switchyard.domain.actors import Actor
from switchyard.domain.structs import replace
from switchyard.store import keys
from switchyard.store.lists import Range

#: The attributes by which all tracks of a tenant are listed.
SHARDED = ("list", "by_priority")


def in_each(of_tenant: Range, actor: Actor) -> list[Range]:
    """Return a range of a list of the actor's whole tenant in each of its shards; one of personal tracks as it is."""
    count, tenant = actor.shards.read, actor.tenant_id
    if count == 1 or not of_tenant.partition.startswith(f"{tenant}#"):
        return [of_tenant]
    rest = of_tenant.partition.removeprefix(tenant)
    parts = [keys.realm(tenant, None, shard) + rest for shard in range(count)]
    return [replace(of_tenant, partition=part, shards=count) for part in parts]


def of_tracks(ranges: Sequence[Range], actor: Actor) -> list[Range]:
    """Return the ranges of a list of tracks, in each shard where the list has shards."""
    return [part for each in ranges for part in (in_each(each, actor) if each.index.partition in SHARDED else [each])]
