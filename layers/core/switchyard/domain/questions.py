"""Questions: what a run asks a person, who answers once, while the run waits (docs/questions.md)."""

from collections.abc import Mapping
from typing import Any, Literal

from switchyard.domain import clock
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Answered, Conflict, FieldError, Invalid
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Finished, Run
from switchyard.domain.structs import Struct, replace

#: Seconds until the deadline: the shortest, and the longest, which a question without a deadline gets. An execution of
#: the workflow ends after 31 days in any case.
DEADLINE_MIN, DEADLINE_MAX = 10, 28 * 86_400
#: Questions of a run, from when its workflow began. An execution whose history has 25,000 events fails
#: (https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html); a question takes 16 to 21 of them, and
#: 77 at most, when each step is tried as often as it may be.
QUESTIONS_MAX = 300


class QuestionOpen(Conflict):
    """The run has asked already, and waits."""

    code, title = "question_open", "The run has an open question"


class TooManyQuestions(Conflict):
    """The run has asked as often as it may."""

    code, title = "too_many_questions", "The run has asked too many questions"


class QuestionClosed(Conflict):
    """Nobody waits for an answer any more."""

    code, title = "question_closed", "The question is closed"


class NotAsked(Conflict):
    """The question is for somebody else."""

    code, title = "not_asked", "The question is for somebody else"


Approves = Literal["start", "completion"]
#: The choices of an approval.
APPROVE, REJECT = "approve", "reject"
_APPROVAL: Mapping[str, str] = {"start": "May this run begin?", "completion": "Is this task done?"}


class Question(Struct, kw_only=True):
    """One question of a run. Times are instants of domain.clock.

    `to` is who alone may answer (None: any member), `artifact` the id of a file of the run that it is about. At the
    `deadline` the `default` becomes the answer; without one the run fails. `approves` says what of the run an
    approval is about: its start, or its completion; None for any other question.
    """

    tenant_id: str
    id: str
    task_id: str
    run_id: str
    text: str
    choices: tuple[str, ...] = ()
    artifact: str | None = None
    to: str | None = None
    default: str | None = None
    approves: str | None = None
    deadline: str
    asked_by: str
    asked_by_kind: str
    asked_at: str
    answer: str | None = None
    answered_by: str | None = None
    answered_by_kind: str | None = None
    answered_at: str | None = None

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    def state(self, run: Run) -> str:
        """Return `answered`, `open`, or `closed`: its run went on or ended without an answer."""
        if self.is_answered:
            return "answered"
        return "open" if run.awaits_input and run.question_id == self.id else "closed"


def ask(run: Run, actor: Actor, text: str, **fields: Any) -> Question:
    """Return a new question of the run; `fields` are those of Question, `deadline` None for the longest.

    Raises Finished, QuestionOpen, TooManyQuestions, Conflict for a run that nobody works on, and Invalid for fields
    that do not fit.
    """
    if run.is_final:
        raise Finished(run)
    if run.awaits_input:
        raise QuestionOpen(f"The run waits for the answer to its question {run.question_id}: ask when it is there.")
    if run.status != "in_progress":
        raise Conflict(f"The run is {run.status}: only a run in progress asks.")
    if (run.asked or 0) >= QUESTIONS_MAX:
        raise TooManyQuestions(
            f"The run has asked {run.asked} questions, and a run may ask {QUESTIONS_MAX}: decide without one, or end "
            "the run. Another run of the task may ask again."
        )
    now = clock.now()
    deadline = _deadline(fields.pop("deadline", None), now)
    choices, default = tuple(fields.get("choices") or ()), fields.get("default")
    if choices and default is not None and default not in choices:
        raise Invalid(FieldError("default", "is none of the choices", "one of the choices", "choice"))
    artifact = fields.get("artifact")
    if artifact is not None and artifact not in {each.get("id") for each in run.artifacts}:
        raise Invalid(FieldError("artifact", "is no file of the run", "the id of one of the run's artifacts"))
    return _made(run, actor, now, text=text, deadline=deadline, **{**fields, "choices": choices})


def approval(run: Run, actor: Actor, of: Approves) -> Question:
    """Return the question whether a person approves the start of a run, or its completion."""
    now = clock.now()
    deadline, choices = _deadline(None, now), (APPROVE, REJECT)
    return _made(run, actor, now, text=_APPROVAL[of], choices=choices, approves=of, deadline=deadline)


def _made(run: Run, actor: Actor, now: str, **fields: Any) -> Question:
    """Return a question of the run that the actor asks now."""
    return Question(
        tenant_id=run.tenant_id,
        id=new_id(),
        task_id=run.task_id,
        run_id=run.id,
        asked_by=actor.id,
        asked_by_kind=actor.kind,
        asked_at=now,
        **fields,
    )


def outcome(question: Question) -> Mapping[str, Any]:
    """Return what the answer to an approval makes of the run: nothing for any other question."""
    if question.approves is None or (question.approves == "start" and question.answer == APPROVE):
        return {}
    if question.answer == APPROVE:
        return {"status": "completed"}
    ended = "cancelled" if question.approves == "start" else "failed"
    return {"status": ended, "error_message": f"{question.answered_by} did not approve the run's {question.approves}."}


def _deadline(given: str | None, now: str) -> str:
    low, high = (clock.stamp(clock.milliseconds(now) / 1000 + each) for each in (DEADLINE_MIN, DEADLINE_MAX))
    if given is not None and not low <= given <= high:
        span = f"an instant {DEADLINE_MIN} seconds to {DEADLINE_MAX // 86_400} days from now"
        raise Invalid(FieldError("deadline", "is too soon or too late", span, "deadline"))
    return given or high


def check_answer(question: Question, run: Run, actor: Actor, text: str) -> None:
    """Raise unless the actor may give this answer now: Answered, QuestionClosed, NotAsked or Invalid."""
    if question.is_answered:
        raise Answered(question.answer or "", question.answered_by or "", question.answered_at or "")
    if question.state(run) != "open" or question.deadline <= clock.now():
        raise QuestionClosed(f"The run is {run.status} and does not wait for this answer any more.")
    if question.approves and actor.kind != "user":
        raise NotAsked("An approval is a person's: an agent cannot give it.")
    if question.to not in (None, actor.id):
        raise NotAsked(f"The question is for {question.to}: only they can answer.")
    if run.holder == actor.id:
        raise NotAsked("You hold the run that asks: somebody else must answer.")
    if question.choices and text not in question.choices:
        raise Invalid(FieldError("answer", "is none of the choices", f"one of {', '.join(question.choices)}", "choice"))


def answered(question: Question, actor: Actor, text: str) -> Question:
    """Return the question with its answer."""
    return replace(question, answer=text, answered_by=actor.id, answered_by_kind=actor.kind, answered_at=clock.now())


def waiting(question: Question, asked: int | None) -> Mapping[str, Any]:
    """Return the fields of a run that waits for the answer, and had asked so many questions before."""
    return {
        "asked": (asked or 0) + 1,
        "question_id": question.id,
        "asks_since": question.asked_at,
        "asks_until": question.deadline,
        "asks_whom": question.to,
    }


def resumed(run: Run, now: str) -> Mapping[str, Any]:
    """Return the fields of a run that goes on: its clocks run again, and its holder gets the lease anew.

    So an agent that let its lease run out while it waited still has the run when the answer comes.
    """
    waited = clock.milliseconds(now) - clock.milliseconds(run.asks_since or now)
    fields: dict[str, Any] = {"asks_since": None, "asks_until": None, "asks_whom": None}
    if run.started_at:
        fields["waited_seconds"] = (run.waited_seconds or 0) + max(waited, 0) // 1000
    if run.holder is not None and run.lease_seconds:
        until = clock.stamp(clock.milliseconds(now) / 1000 + run.lease_seconds)
        fields |= {"lease_until": max(until, run.lease_until or ""), "lease_listed": None}
    return fields
