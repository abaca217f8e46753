"""POST /v1/tokens"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import changes
from switchyard.surfaces.administration.models import CreateToken
from switchyard.surfaces.administration.replies import TokenCreated
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.create_token",
    "POST /v1/tokens",
    scopes=("settings:admin",),
    body=CreateToken,
    shown=lambda _: changes.NEW_TOKEN,
    reply=TokenCreated,
    status=201,
)
def handler(call: Call[CreateToken]) -> Reply:
    """Issue a token for an actor; only this answer has its secret."""
    return changes.create_token(call)
