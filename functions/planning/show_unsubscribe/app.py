"""GET /v1/inbox/unsubscribe/{secret}"""

from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.surfaces.planning import unsubscribing
from switchyard.surfaces.planning.surface import PLANNING


@public_endpoint(PLANNING, "planning.show_unsubscribe", "GET /v1/inbox/unsubscribe/{secret}", media=unsubscribing.MEDIA)
def handler(request: Request) -> Reply:
    """Show the page that asks whether mails are to end. It changes nothing: programs that scan mails open links."""
    return unsubscribing.ask(request)
