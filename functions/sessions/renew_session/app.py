"""PUT /v1/session"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.sessions import changes
from switchyard.surfaces.sessions.replies import WhoAmI
from switchyard.surfaces.sessions.surface import ANYONE, SESSIONS


@endpoint(
    SESSIONS,
    "sessions.renew_session",
    "PUT /v1/session",
    scopes=ANYONE,
    keyed=False,
    reply=WhoAmI,
)
def handler(call: Call) -> Reply:
    """Extend the caller's session: it ends 12 hours later if nobody uses it."""
    return changes.renew(call)
