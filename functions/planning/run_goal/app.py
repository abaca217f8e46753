"""POST /v1/tracks/{id}/run"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import goal_runs
from switchyard.surfaces.planning.goal_run_models import RunGoal
from switchyard.surfaces.planning.replies import GoalRunShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.run_goal",
    "POST /v1/tracks/{id}/run",
    scopes=("tasks:write",),
    body=RunGoal,
    body_optional=True,
    reply=GoalRunShown,
    status=201,
    reads=goal_runs.rows_of_path,
)
def handler(call: Call[RunGoal]) -> Reply:
    """Run a goal: its agents' tasks, in the order of their dependencies."""
    return goal_runs.start(call)
