"""POST /oauth/token"""

from switchyard.http.endpoint import Opened, Reply, open_endpoint
from switchyard.surfaces.oauth.exchange import issue
from switchyard.surfaces.oauth.models import TokenRequest
from switchyard.surfaces.oauth.replies import TokensIssued
from switchyard.surfaces.oauth.surface import OAUTH


@open_endpoint(OAUTH, "oauth.issue_tokens", "POST /oauth/token", body=TokenRequest, form=True, reply=TokensIssued)
def handler(opened: Opened[TokenRequest]) -> Reply:
    """Issue an access token and a refresh token, by a code or by the refresh token before."""
    return issue(opened)
