"""GET /v1/me"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import present
from switchyard.surfaces.administration.replies import MeShown
from switchyard.surfaces.administration.surface import ADMINISTRATION
from switchyard.surfaces.sessions.surface import ANYONE


@endpoint(ADMINISTRATION, "administration.get_me", "GET /v1/me", scopes=ANYONE, reply=MeShown)
def handler(call: Call) -> Reply:
    """Show whose token this is: the actor, its scopes, and the tenant. Every valid token may ask."""
    return Reply(200, present.me(call.actor))
