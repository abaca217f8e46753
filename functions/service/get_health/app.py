"""GET /health"""

from switchyard import __version__
from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.http.problems import SERVICE
from switchyard.http.replies import Health


@public_endpoint(SERVICE, "service.get_health", "GET /health", reply=Health)
def handler(_request: Request) -> Reply:
    """Report that the service is up, and its version."""
    return Reply(200, {"status": "ok", "version": __version__})
