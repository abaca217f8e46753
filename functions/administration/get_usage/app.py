"""GET /v1/usage"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import usage
from switchyard.surfaces.administration.surface import ADMINISTRATION
from switchyard.surfaces.administration.usage import ReadUsage, UsageShown


@endpoint(
    ADMINISTRATION,
    "administration.get_usage",
    "GET /v1/usage",
    scopes=("settings:admin",),
    query=ReadUsage,
    reply=UsageShown,
)
def handler(call: Call[None, ReadUsage]) -> Reply:
    """What the tenant used, day by day, and its limits. Counted from the log within a minute or so."""
    return usage.read(call)
