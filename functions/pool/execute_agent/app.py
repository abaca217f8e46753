"""POST /api/v1/agents/{id}/execute"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import executions
from switchyard.surfaces.pool.execution_models import Execute, ExecutionShown
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.execute_agent",
    "POST /api/v1/agents/{id}/execute",
    scopes=("tasks:write",),
    body=Execute,
    reply=ExecutionShown,
    status=201,
)
def handler(call: Call[Execute]) -> Reply:
    """Have an agent execute a task."""
    return executions.execute(call)
