"""DELETE /v1/sessions/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.sessions import changes
from switchyard.surfaces.sessions.surface import ANYONE, SESSIONS


@endpoint(
    SESSIONS,
    "sessions.revoke_session",
    "DELETE /v1/sessions/{id}",
    scopes=ANYONE,
    personal=True,
    status=204,
)
def handler(call: Call) -> Reply:
    """End a session: one's own, or with settings:admin any of the tenant."""
    return changes.revoke(call)
