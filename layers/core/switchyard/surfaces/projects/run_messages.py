"""What clients send to an agent (contract: projects.md §7): it reaches a run that waits for an answer, as the answer.

Agents run on their own machines, and are not interrupted: to a run that asks nothing there is nobody to deliver to.
"""

from typing import Any

from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.questions import Question
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.statuses import EndpointRefusal
from switchyard.ledger import questions
from switchyard.surfaces.projects import scope
from switchyard.surfaces.projects.run_models import Command, RelayMessage
from switchyard.surfaces.projects.runs import NO_SANDBOX


def relay_message(call: Call[RelayMessage]) -> Reply:
    """Answer the question of the run of the path with a RelayMessage body; skip it where that is no answer."""
    text = call.body.text.strip()
    task, run, question = _waiting(call)
    if question is None or not text or run.holder == call.actor.id or not _fits(question, text):
        return Reply(200, {"status": "skipped"})
    questions.answer(call.unit, task, run, question, text)
    return Reply(200, {"status": "accepted", "relay_id": question.id})


def send_command(call: Call[Command]) -> Reply:
    """Answer the question of the run of the path with a Command body: a message, or a choice.

    Raises EndpointRefusal (no sandbox) for any other method, and for a run that waits for nothing.
    """
    body = call.body
    field, text = _said(body)
    task, run, question = _waiting(call)
    if question is None or text is None:
        raise EndpointRefusal(400, NO_SANDBOX)
    if not _fits(question, text):
        raise Invalid(FieldError(field, f"is none of the answers: {', '.join(question.choices)}"))
    questions.answer(call.unit, task, run, question, text)
    named = {"id": body.id} if body.id is not None else {}
    return Reply(200, {"jsonrpc": "2.0", "result": {"queued": True}, **named})


def _waiting(call: AnyCall) -> tuple[Track, Run, Question | None]:
    """Return task and run of the path, and the question that the run waits with: 1 round trip, 2 for one that waits."""
    task, run = scope.run_in(call)
    return task, run, questions.latest(call.unit, run) if run.awaits_input else None


def _fits(question: Question, text: str) -> bool:
    return not question.choices or text in question.choices


def _said(body: Command) -> tuple[str, str | None]:
    """Return what a command says, and the field that says it; None for one that says nothing to a question."""
    if body.method == "permission_response":
        chosen = body.params.get("optionId")
        return "params.optionId", chosen if isinstance(chosen, str) else None
    if body.method != "user_message":
        return "method", None
    if not (body.params.get("content") or body.params.get("artifact_ids")):
        raise Invalid(FieldError("params", "user_message requires content or artifact_ids"))
    return "params.content", _text(body.params.get("content"))


def _text(content: Any) -> str | None:
    """Return a message's text: as it is, or of its text blocks."""
    if isinstance(content, list):
        texts = [each.get("text") for each in content if isinstance(each, dict) and each.get("type") == "text"]
        content = "\n".join(each for each in texts if isinstance(each, str))
    return content.strip() or None if isinstance(content, str) else None
