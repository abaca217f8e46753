"""GET /health"""

from switchyard import __version__
from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.http.problems import SERVICE
from switchyard.http.replies import Health


@endpoint(SERVICE, "service.get_health", "GET /health", public=True, reply=Health)
def handler(_call: Call) -> Reply:
    """Tell that the service answers, and which version."""
    return Reply(200, {"status": "ok", "version": __version__})
