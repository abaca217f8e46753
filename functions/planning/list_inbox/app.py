"""GET /v1/inbox"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import inbox
from switchyard.surfaces.planning.inbox_models import InboxPage, ListInbox
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.list_inbox",
    "GET /v1/inbox",
    scopes=("tasks:read",),
    query=ListInbox,
    reply=InboxPage,
)
def handler(call: Call[None, ListInbox]) -> Reply:
    """List what wants the caller, newest first."""
    return inbox.page(call)
