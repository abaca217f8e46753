"""GET /api/v1/executions"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import executions
from switchyard.surfaces.pool.execution_models import ExecutionsShown, ListExecutions
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.list_executions",
    "GET /api/v1/executions",
    scopes=("tasks:read",),
    query=ListExecutions,
    reply=ExecutionsShown,
)
def handler(call: Call[None, ListExecutions]) -> Reply:
    """List executions: the latest of each task, or all of one task."""
    return executions.list_all(call)
