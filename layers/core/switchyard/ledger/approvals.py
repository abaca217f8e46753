"""What a person must approve of a task: the start of its runs, or its completion (Track.requires_approval).

An approval is a question with choices (domain.questions), so that it waits, is answered and is recorded like any other.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import claims, questions
from switchyard.domain.errors import ApprovalRequired
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Unit
from switchyard.store import questions as rows


def held(unit: Unit, run: Run) -> Run:
    """Return a run that is to begin as it waits for approval, with the question gathered."""
    return replace(run, **_ask(unit, run, "start"))


def confirmed(unit: Unit, task: Track, run: Run, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a change; of an agent's completion that a person must confirm, those of the wait for that.

    Raises ApprovalRequired for a run that would begin before its start is approved.
    """
    wanted = fields.get("status")
    if run.awaits_input and run.status != "in_progress" and wanted in ("in_progress", "completed"):
        raise ApprovalRequired(f"The run waits for the answer to its question {run.question_id}: it cannot begin.")
    if not (wanted == "completed" and task.requires_approval == "completion" and claims.needs_approval(unit.actor)):
        return fields
    if run.is_final or run.status != "in_progress":
        return fields
    free = dict.fromkeys(("holder", "lease_until", "lease_listed"))
    return {**fields, **free, **_ask(unit, run, "completion"), "status": run.status}


def _ask(unit: Unit, run: Run, what: Any) -> Mapping[str, Any]:
    question = questions.approval(run, unit.actor, what)
    unit.write(rows.put(question))
    return questions.waiting(question, run.asked)
