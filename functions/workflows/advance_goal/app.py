"""The step of goal_run: a round over the goal's tasks."""

from switchyard.pipeline import goal_rounds
from switchyard.pipeline.consumer import Event, Invocation, consumer


@consumer("workflows.advance_goal")
def handler(invocation: Invocation, event: Event) -> None:
    """Start ready tasks; the step waits until something changes, or the goal run is over."""
    invocation.concerns(event["goal_run_id"])
    goal_rounds.advance(invocation.table, invocation.executions("goal_runs"), event, invocation.request_id)
