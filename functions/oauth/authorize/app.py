"""GET /oauth/authorize"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.oauth.authorize import show
from switchyard.surfaces.oauth.models import Authorize
from switchyard.surfaces.oauth.surface import PAGES


@open_endpoint(PAGES, "oauth.authorize", "GET /oauth/authorize", query=Authorize, media="text/html", empty=303)
def handler(opened: Opened[None, Authorize]) -> Reply:
    """Show the page on which a person decides whether a program may act in their name; sign in before."""
    return show(opened)
