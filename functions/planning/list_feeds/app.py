"""GET /v1/feeds"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.planning import feeds
from switchyard.surfaces.planning.feed_models import FeedPage
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.list_feeds",
    "GET /v1/feeds",
    scopes=("tasks:read",),
    query=Paging,
    reply=FeedPage,
)
def handler(call: Call[None, Paging]) -> Reply:
    """List the caller's calendar feeds, newest first; an administrator sees everybody's."""
    return feeds.page(call)
