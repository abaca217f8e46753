"""GET /v1/session/oidc/callback"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.sessions import oidc
from switchyard.surfaces.sessions.models import FinishOidc
from switchyard.surfaces.sessions.surface import SESSIONS


@open_endpoint(
    SESSIONS, "sessions.finish_oidc", "GET /v1/session/oidc/callback", query=FinishOidc, status=303, empty=303
)
def handler(opened: Opened[None, FinishOidc]) -> Reply:
    """Begin a session of a person who comes back from the OpenID Connect issuer, and lead to the console."""
    return oidc.finish(opened)
