"""GET /v1/session"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.sessions import changes
from switchyard.surfaces.sessions.replies import WhoAmI
from switchyard.surfaces.sessions.surface import ANYONE, SESSIONS


@endpoint(
    SESSIONS,
    "sessions.get_session",
    "GET /v1/session",
    scopes=ANYONE,
    reply=WhoAmI,
)
def handler(call: Call) -> Reply:
    """Tell who the caller is, in which workspace, with which scopes."""
    return changes.who_am_i(call)
