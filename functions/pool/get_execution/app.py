"""GET /api/v1/executions/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import executions
from switchyard.surfaces.pool.execution_models import ExecutionShown
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.get_execution",
    "GET /api/v1/executions/{id}",
    scopes=("tasks:read",),
    reply=ExecutionShown,
    reads=executions.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Read one execution."""
    return executions.read(call)
