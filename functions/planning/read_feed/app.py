"""GET /v1/feeds/{feed}"""

from switchyard.http.container import shared_table
from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.surfaces.planning import feeds
from switchyard.surfaces.planning.surface import PLANNING


@public_endpoint(PLANNING, "planning.read_feed", "GET /v1/feeds/{feed}", media=feeds.MEDIA, empty=304)
def handler(request: Request) -> Reply:
    """Read a calendar feed by the secret of its address and `.ics`: no token, until it is revoked."""
    return feeds.read(request, shared_table())
