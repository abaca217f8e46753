"""The clocks of a run, and what its workflow waits for: none counts while the run waits for an answer."""

from switchyard.domain import clock
from switchyard.domain.runs import Run


def seconds_left(run: Run, now: str) -> int:
    """Return how long the run may still take as a whole, in seconds; zero or less when its time is over."""
    begun, until = run.started_at or now, run.asks_since or now
    worked = (clock.milliseconds(until) - clock.milliseconds(begun)) // 1000
    return run.timeout_seconds - worked + (run.waited_seconds or 0)


def is_silent(run: Run, now: str) -> bool:
    """Return whether no heartbeat came for as long as the run may be idle: never while it waits for an answer."""
    if run.awaits_input:
        return False
    heard = max(run.heartbeat_at or "", run.started_at or run.created_at)
    return clock.milliseconds(now) - clock.milliseconds(heard) >= run.idle_seconds * 1000


def answers(run: Run) -> bool:
    """Return whether the step of the workflow that waits for word of the run has its answer.

    `work` waits under the run's idle clock, `answer` until the deadline of its question: each is left for the other.
    """
    if run.is_outside:
        return True
    if run.wait_step == "dispatch":
        return run.status == "in_progress"
    return run.wait_step == ("answer" if not run.awaits_input else "work")
