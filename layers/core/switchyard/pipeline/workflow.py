"""The workflow of a run (docs/runs.md): what its steps write to the ledger, and what they return.

A step that waits leaves its task token on the run's row. Whoever changes the run later needs to know nothing of the
workflow: the row's next record on the stream says what to answer (pipeline/signals.py). Every step may be repeated.
"""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.domain import clock, run_clocks, runs
from switchyard.domain.actors import service_actor
from switchyard.domain.runs import Run
from switchyard.ledger import system
from switchyard.store.table import Table

#: What Step Functions calls a task that took too long, and one that was silent too long; it may call that TIMEOUT, too.
TIMEOUT, SILENCE = "States.Timeout", "States.HeartbeatTimeout"

Event = Mapping[str, Any]


class Superseded(Exception):
    """The execution has nothing to do with the run any more: it is gone, or another execution carries it."""


def start_input(run: Run) -> dict[str, Any]:
    """Return the input of the run's execution; the same each time, so that a second start is the first."""
    ids = {"tenant_id": run.tenant_id, "task_id": run.task_id, "run_id": run.id}
    return {**ids, "pickup_seconds": run.pickup_seconds}


def word(run: Run) -> dict[str, Any]:
    """Return the answer for a waiting step: whether the run has left the workflow, and its time in seconds.

    `idle_seconds` is for how long it may be silent, `timeout_seconds` for how long it may take. Step Functions wants
    at least one second of silence, and more for the whole. For a run that waits for an answer (`asks`: to which
    question), both are the question's time: the step's own timer is its deadline, and costs nothing.
    """
    now, idle = clock.now(), run.idle_seconds
    left = max(run_clocks.seconds_left(run, now), 2)
    if run.asks_until is not None:
        idle = max(1, -(-(clock.milliseconds(run.asks_until) - clock.milliseconds(now)) // 1000))
        left = idle + 1
    limits = {"idle_seconds": min(idle, left - 1), "timeout_seconds": left}
    asks = run.question_id if run.awaits_input else None
    return {"ended": run.is_outside, "status": run.status, "asks": asks, **limits}


def dispatch(table: Table, event: Event, request_id: str) -> None:
    """Offer the run to agents, and leave the token of the step that waits until one picks it up. Raises Superseded."""

    def decide(run: Run) -> Mapping[str, Any]:
        waits = _waits(run, event, "dispatch")
        if run.is_outside or run.status != "queued":
            return waits
        return {**waits, "dispatched_at": clock.now(), "dispatches": run.dispatches + 1}

    _must_be_there(_change(table, event, request_id, decide))


def watch(table: Table, event: Event, request_id: str) -> None:
    """Leave the token of the step that waits for the run's end, or for the answer to its question. Raises Superseded.

    The step is named for the clock that it was started under, which its `word` tells: if the run has asked or was
    answered meanwhile, the record of the token leads to the next step.
    """

    def decide(run: Run) -> Mapping[str, Any]:
        open_one = run.question_id if run.awaits_input else None
        # An execution that began before there were questions passes no word, and must not go round and round.
        clocked = event["word"].get("asks") if "word" in event else open_one
        return _waits(run, event, "answer" if clocked and open_one in (None, clocked) else "work")

    _must_be_there(_change(table, event, request_id, decide))


def end(table: Table, event: Event, request_id: str) -> dict[str, Any]:
    """Bring the run to its end after a step that failed; returns the run's state for the workflow.

    It says that the run continues when it has recovered from the failure: an agent picked it up, or a heartbeat came.
    """
    run = _change(table, event, request_id, lambda run: _end_of(run, event))
    if run is not None and run.awaits_input:
        # Imported here: the consumer of the stream loads this module too.
        from switchyard.ledger import questions

        run = questions.expire(table, request_id, run)
    if run is None or run.execution != event["execution"]:
        return {"ended": True, "status": "superseded", "asks": None, "idle_seconds": 1, "timeout_seconds": 2}
    return word(run)


def _must_be_there(run: Run | None) -> None:
    if run is None:
        raise Superseded("The run is gone.")


def _waits(run: Run, event: Event, step: str) -> Mapping[str, Any]:
    if run.execution != event["execution"]:
        raise Superseded(f"The run is carried by {run.execution}.")
    return {"wait_step": step, "wait_token": event["token"]}


def _end_of(run: Run, event: Event) -> Mapping[str, Any] | None:
    now, step, error = clock.now(), event["step"], event["error"]
    if run.is_outside or run.execution != event["execution"] or (step == "dispatch" and run.status == "in_progress"):
        return None
    if step == "work" and error in (TIMEOUT, SILENCE) and run.awaits_input:
        return None
    if step == "work" and error in (TIMEOUT, SILENCE) and run_clocks.seconds_left(run, now) > 0:
        if not run_clocks.is_silent(run, now):
            return None
        ended = "completed" if run.state.get("mode") == "interactive" else "failed"
        return {"status": ended, "error_message": "Run timed out due to inactivity"}
    return {"status": "failed", "error_message": _reason(run, step, error)}


def _reason(run: Run, step: str, error: str) -> str:
    if error not in (TIMEOUT, SILENCE):
        return f"The run's workflow failed: {error}"[: runs.ERROR_MAX]
    if step == "dispatch":
        return f"No agent picked the run up, though it was offered {run.dispatches} times."
    return f"The run did not finish within {run.timeout_seconds} seconds."


def _change(
    table: Table, event: Event, request_id: str, decide: Callable[[Run], Mapping[str, Any] | None]
) -> Run | None:
    actor = service_actor(event["tenant_id"])
    return system.change_run(table, actor, request_id, event["task_id"], event["run_id"], decide)
