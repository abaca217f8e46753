"""Wire models of goal runs (docs/goal-runs.md)."""

from typing import Annotated

from switchyard.domain.goal_runs import PARALLEL_DEFAULT, PARALLEL_MAX, OnFailure
from switchyard.http.models import Field
from switchyard.surfaces.inputs import ABSENT, CamelBody, CamelQuery, Cursor, Whole


class RunGoal(CamelBody):
    """`maxParallel`: so many runs at once. `onFailure`: whether independent tasks are still run when one failed."""

    #: How many runs to have at once, at most.
    max_parallel: Annotated[int, Field(ge=1, le=PARALLEL_MAX), Whole] = PARALLEL_DEFAULT
    #: Whether independent tasks are still run when one failed (`continue`) or not (`stop`).
    on_failure: OnFailure = "stop"


class ShowGoalRun(CamelQuery):
    limit: Annotated[int, Field(ge=1, le=200)] = 100  #: At most so many of the goal's tasks in the page.
    cursor: Cursor = ABSENT
