"""POST /v1/inbox/unsubscribe/{secret}"""

from switchyard.http.container import shared_table
from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.surfaces.planning import unsubscribing
from switchyard.surfaces.planning.surface import PLANNING


@public_endpoint(PLANNING, "planning.unsubscribe", "POST /v1/inbox/unsubscribe/{secret}", media=unsubscribing.MEDIA)
def handler(request: Request) -> Reply:
    """End a person's mails by the secret of one of them, as mail programs do with one click (RFC 8058): no token."""
    return unsubscribing.unsubscribe(request, shared_table())
