"""POST /oauth/revoke"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.oauth.exchange import revoke
from switchyard.surfaces.oauth.models import Revocation
from switchyard.surfaces.oauth.surface import OAUTH


@open_endpoint(OAUTH, "oauth.revoke_token", "POST /oauth/revoke", body=Revocation, form=True)
def handler(opened: Opened[Revocation]) -> Reply:
    """End a connection by its refresh token, or one access token (RFC 7009)."""
    return revoke(opened)
