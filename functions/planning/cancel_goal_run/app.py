"""POST /v1/tracks/{id}/run/cancel"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import goal_runs
from switchyard.surfaces.planning.replies import GoalRunShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.cancel_goal_run",
    "POST /v1/tracks/{id}/run/cancel",
    scopes=("tasks:write",),
    reply=GoalRunShown,
    reads=goal_runs.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Cancel a goal's run, and with it the runs that it started."""
    return goal_runs.cancel(call)
