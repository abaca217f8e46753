"""GET /.well-known/oauth-authorization-server"""

from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.surfaces.oauth.metadata import describe
from switchyard.surfaces.oauth.replies import ServerMetadata
from switchyard.surfaces.oauth.surface import OAUTH


@public_endpoint(OAUTH, "oauth.get_metadata", "GET /.well-known/oauth-authorization-server", reply=ServerMetadata)
def handler(request: Request) -> Reply:
    """Describe the authorization server (RFC 8414)."""
    return describe(request)
