"""Who acts: a user or an agent of one tenant, known by a token."""

import zlib
from typing import Any, Literal, NamedTuple

from switchyard.domain.structs import Struct

ActorKind = Literal["user", "agent"]

#: Every scope a token can carry, with what it opens.
SCOPES = {
    "tasks:read": "read tracks, graphs and runs",
    "tasks:write": "create, change, claim and delete tracks, and report on runs",
    "tasks:history": "say when tracks that come from another system were created and completed",
    "audit:read": "read the audit trail",
    "settings:admin": "manage tokens, projects and webhooks",
    "user:write": "register the caller's own devices for push",
}

#: Scopes that the follow-ups document recommends for agents, of modules that are not here: a token may carry them, and
#: they open nothing.
EMPTY_SCOPES = {
    "crm:read": "nothing here: contacts are named by their ids in their own system",
    "activity:write": "nothing here: the audit trail logs each change anyway",
}


#: What people who sign in may do, by their role in the tenant.
ROLES = {
    "owner": frozenset(SCOPES),
    "member": frozenset(SCOPES) - {"settings:admin"},
    "viewer": frozenset({"tasks:read"}),
}


#: Partitions that a tenant's lists may have at most: a page reads each of them, half a unit at least.
SHARDS_MAX = 32


class Shards(NamedTuple):
    """How many partitions each list of a whole tenant has: those that pages are read from, those of new tracks.

    `read` never becomes less, and is at least `written`: what was written is found, wherever it was put.
    """

    read: int = 1
    written: int = 1

    def of(self, track_id: str) -> int:
        """Return the shard of a new track, from 0 on."""
        return zlib.crc32(track_id.encode()) % self.written


ONE_SHARD = Shards()


class Actor(Struct):
    """The caller of a request. `source` is how it came in: api, mcp or admin; `operation` is what was called there.

    `number` is the tenant's small integer for the actor, for surfaces that number people. `shards` are the tenant's.
    """

    tenant_id: str
    id: str
    kind: ActorKind
    scopes: frozenset[str]
    token_id: str
    name: str = ""
    source: str = "api"
    number: int = 0
    operation: str | None = None
    shards: Shards = ONE_SHARD

    def may(self, *any_of: str) -> bool:
        """Return whether the token carries one of the scopes."""
        return not any_of or not self.scopes.isdisjoint(any_of)

    def stamp(self, request_id: str) -> dict[str, Any]:
        """Return the fields by which a track or a run names its latest change: who made it, how, in which request."""
        return {
            "changed_by": self.id,
            "changed_by_kind": self.kind,
            "changed_source": self.source,
            "changed_request": request_id,
            "changed_operation": self.operation,
        }


#: The id of the service itself, where it acts without a request.
SERVICE = "switchyard"


def service_actor(tenant_id: str) -> Actor:
    """Return the actor in whose name the service itself acts in a tenant: its workflows and its pipeline."""
    return Actor(tenant_id, SERVICE, "agent", frozenset(), "", "Switchyard", source="workflow")
