"""GET /v1/sessions"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.sessions import changes
from switchyard.surfaces.sessions.replies import SessionPage
from switchyard.surfaces.sessions.surface import ANYONE, SESSIONS


@endpoint(
    SESSIONS,
    "sessions.list_sessions",
    "GET /v1/sessions",
    scopes=ANYONE,
    personal=True,
    query=Paging,
    reply=SessionPage,
)
def handler(call: Call[None, Paging]) -> Reply:
    """List the caller's sessions, for an administrator the tenant's, newest first."""
    return changes.list_all(call)
