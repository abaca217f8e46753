"""Feeds: due dates as a calendar that anyone reads who has the address, until it is revoked."""

from typing import Literal

from switchyard.domain.actors import Actor
from switchyard.domain.structs import Struct

#: Which tracks a feed has: the shared ones, the owner's personal ones, or both.
Which = Literal["all", "personal", "projects"]
#: Feeds of one actor, and entries of one feed.
FEEDS_MAX, ENTRIES_MAX = 20, 500


class Feed(Struct):
    """A feed sees what its `actor` sees. The secret of its address is stored as `digest` alone."""

    tenant_id: str
    id: str
    digest: str
    actor: Actor
    name: str
    which: Which
    created_at: str
