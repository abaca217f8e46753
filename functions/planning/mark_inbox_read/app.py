"""POST /v1/inbox/read"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import inbox
from switchyard.surfaces.planning.inbox_models import Marked, MarkRead
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.mark_inbox_read",
    "POST /v1/inbox/read",
    scopes=("tasks:read",),
    body=MarkRead,
    reply=Marked,
)
def handler(call: Call[MarkRead]) -> Reply:
    """Mark items of the caller's inbox as read."""
    return inbox.mark_read(call)
