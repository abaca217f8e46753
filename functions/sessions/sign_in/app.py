"""POST /v1/session"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.sessions import changes
from switchyard.surfaces.sessions.models import SignIn
from switchyard.surfaces.sessions.replies import WhoAmI
from switchyard.surfaces.sessions.surface import SESSIONS


@open_endpoint(
    SESSIONS,
    "sessions.sign_in",
    "POST /v1/session",
    body=SignIn,
    reply=WhoAmI,
    status=201,
)
def handler(opened: Opened[SignIn]) -> Reply:
    """Begin a session by the code of a sign-in link or by a token, and set its cookie."""
    return changes.sign_in(opened)
