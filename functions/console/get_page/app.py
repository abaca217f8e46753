"""GET /console
GET /console/{screen}
GET /console/{screen}/{id}
GET /console/{screen}/{id}/{part}
"""

from functools import cache
from pathlib import Path

from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.surfaces.console.files import Site
from switchyard.surfaces.console.surface import CONSOLE


@cache
def site() -> Site:
    return Site(Path(__file__).with_name("files"))


@public_endpoint(
    CONSOLE,
    "console.get_page",
    "GET /console",
    "GET /console/{screen}",
    "GET /console/{screen}/{id}",
    "GET /console/{screen}/{id}/{part}",
    media="*/*",
    empty=304,
)
def handler(request: Request) -> Reply:
    """Serve the console: its page, and the files that the page loads."""
    return site().show(request)
