"""GET /v1/tracks/{id}/run"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import goal_runs
from switchyard.surfaces.planning.goal_run_models import ShowGoalRun
from switchyard.surfaces.planning.replies import GoalRunProgress
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.get_goal_run",
    "GET /v1/tracks/{id}/run",
    scopes=("tasks:read",),
    query=ShowGoalRun,
    reply=GoalRunProgress,
    reads=goal_runs.rows_of_path,
)
def handler(call: Call[None, ShowGoalRun]) -> Reply:
    """Show a goal's latest run, and the states of its tasks."""
    return goal_runs.show(call)
