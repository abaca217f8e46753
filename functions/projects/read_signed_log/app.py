"""GET /api/run_logs/{address}"""

from switchyard.http.container import shared_table
from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.surfaces.projects import run_logs
from switchyard.surfaces.projects.surface import PROJECTS


@public_endpoint(
    PROJECTS,
    "projects.read_signed_log",
    "GET /api/run_logs/{address}",
    media=run_logs.JSONL,
    empty=303,
)
def handler(request: Request) -> Reply:
    """Read a run's log by its signed address, which the run shows as `log_url`: no token, for about an hour."""
    return run_logs.read_signed(request, shared_table())
