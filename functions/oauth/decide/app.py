"""POST /oauth/authorize"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.oauth.authorize import decide
from switchyard.surfaces.oauth.models import Decide
from switchyard.surfaces.oauth.surface import PAGES


@open_endpoint(PAGES, "oauth.decide", "POST /oauth/authorize", body=Decide, form=True, status=303, empty=303)
def handler(opened: Opened[Decide]) -> Reply:
    """Take the decision of the consent page, and lead back to the program with a code or the refusal."""
    return decide(opened)
