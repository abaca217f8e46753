"""DELETE /v1/session"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.sessions import changes
from switchyard.surfaces.sessions.surface import ANYONE, SESSIONS


@endpoint(
    SESSIONS,
    "sessions.sign_out",
    "DELETE /v1/session",
    scopes=ANYONE,
    keyed=False,
    status=204,
)
def handler(call: Call) -> Reply:
    """End the caller's session and take its cookie away."""
    return changes.sign_out(call)
