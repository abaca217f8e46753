"""POST /oauth/register"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.oauth.exchange import register
from switchyard.surfaces.oauth.models import ClientMetadata
from switchyard.surfaces.oauth.replies import Registered
from switchyard.surfaces.oauth.surface import OAUTH


@open_endpoint(
    OAUTH, "oauth.register_client", "POST /oauth/register", body=ClientMetadata, reply=Registered, status=201
)
def handler(opened: Opened[ClientMetadata]) -> Reply:
    """Register a program that people can then connect (RFC 7591)."""
    return register(opened)
