"""What a person must approve of a task: the start of its runs, or its completion (Track.requires_approval).

An approval is a question with choices (domain.questions), so that it waits, is answered and is recorded like any other.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.entities import replace
from switchyard.domain.errors import ApprovalRequired
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Unit


def held(unit: Unit, task: Track, run: Run) -> Run:
    """Return a run that is to begin as it waits for approval, with the question gathered; as it is without need."""
    return replace(run, **_ask(unit, run, "start")) if task.requires_approval == "start" else run


def confirmed(unit: Unit, task: Track, run: Run, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a change; of an agent's completion that a person must confirm, those of the wait for that.

    Raises ApprovalRequired for a run that would begin before its start is approved.
    """
    wanted = fields.get("status")
    if run.awaits_input and run.status != "in_progress" and wanted in ("in_progress", "completed"):
        raise ApprovalRequired(f"The run waits for the answer to its question {run.question_id}: it cannot begin.")
    if not (wanted == "completed" and task.requires_approval == "completion" and _is_bound(unit.actor)):
        return fields
    if run.is_final or run.status != "in_progress":
        return fields
    free = dict.fromkeys(("holder", "lease_until", "lease_listed"))
    return {**fields, **free, **_ask(unit, run, "completion"), "status": run.status}


def check(actor: Actor, task: Track, fields: Mapping[str, Any]) -> None:
    """Raise ApprovalRequired for a change by which an agent would begin or end a task that a person must approve."""
    needed = task.requires_approval
    if needed is None or not _is_bound(actor):
        return
    if fields.get("requires_approval", needed) != needed:
        raise ApprovalRequired("Only a person changes what of the task must be approved.")
    status = fields.get("status", task.status)
    if status == task.status:
        return
    if needed == "completion" and lifecycle.is_done(status):
        raise ApprovalRequired("A person must confirm that the task is done: complete its run, which waits for that.")
    if needed == "start" and (status == "in_progress" or lifecycle.is_done(status)):
        raise ApprovalRequired("A person must approve the start of the task: start a run, which waits for that.")


def _is_bound(actor: Actor) -> bool:
    return actor.kind == "agent" and actor.source != "workflow"


def _ask(unit: Unit, run: Run, what: Any) -> Mapping[str, Any]:
    # Imported here: few tasks need an approval, and every function that changes runs would load them.
    from switchyard.domain import questions
    from switchyard.store import questions as rows

    question = questions.approval(run, unit.actor, what)
    unit.write(rows.put(question))
    return questions.waiting(question)
