"""POST /v1/feeds"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import feeds
from switchyard.surfaces.planning.feed_models import CreateFeed, FeedCreated
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.create_feed",
    "POST /v1/feeds",
    scopes=("tasks:read",),
    body=CreateFeed,
    body_optional=True,
    reply=FeedCreated,
    status=201,
)
def handler(call: Call[CreateFeed]) -> Reply:
    """Create a calendar feed of due dates; the answer has its address, once."""
    return feeds.create(call)
