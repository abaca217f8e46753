"""GET /v1/session/oidc"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.sessions import oidc
from switchyard.surfaces.sessions.models import BeginOidc
from switchyard.surfaces.sessions.surface import SESSIONS


@open_endpoint(SESSIONS, "sessions.begin_oidc", "GET /v1/session/oidc", query=BeginOidc, status=303, empty=303)
def handler(opened: Opened[None, BeginOidc]) -> Reply:
    """Lead to the OpenID Connect issuer to sign in there."""
    return oidc.begin(opened)
