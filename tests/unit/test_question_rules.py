"""How long a question may be open, and who answers it until when."""

import pytest

from switchyard.domain import clock, questions
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Answered, Conflict, Invalid
from switchyard.domain.questions import DEADLINE_MAX, DEADLINE_MIN, NotAsked, Question, QuestionClosed, QuestionOpen
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from tests.support.entities import a_run
from tests.support.instants import at

AGENT = Actor("acme", "agent_one", "agent", frozenset(), "token")
ADA = Actor("acme", "user_ada", "user", frozenset(), "token")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: at(0))


def working(**fields: object) -> Run:
    return a_run(**{"status": "in_progress", "holder": "agent_one", "started_at": at(-60), **fields})


def asked(**fields: object) -> tuple[Question, Run]:
    """Return an open question and the run that waits for its answer."""
    run = working()
    question = questions.ask(run, AGENT, "Which?", **fields)
    return question, replace(run, status="queued", holder=None, **questions.waiting(question, None))


@pytest.mark.parametrize("seconds", [DEADLINE_MIN, DEADLINE_MIN + 0.001, DEADLINE_MAX])
def test_a_deadline_may_be_as_near_and_as_far_as_its_bounds(seconds: float) -> None:
    assert questions.ask(working(), AGENT, "Which?", deadline=at(seconds)).deadline == at(seconds)


@pytest.mark.parametrize("seconds", [DEADLINE_MIN - 0.001, 0, -1, DEADLINE_MAX + 0.001])
def test_a_deadline_beyond_its_bounds_is_refused(seconds: float) -> None:
    with pytest.raises(Invalid) as refused:
        questions.ask(working(), AGENT, "Which?", deadline=at(seconds))
    (problem,) = refused.value.fields
    assert (problem.field, problem.expected) == ("deadline", "an instant 10 seconds to 28 days from now")


def test_a_question_without_a_deadline_gets_the_longest() -> None:
    assert questions.ask(working(), AGENT, "Which?").deadline == at(DEADLINE_MAX)


def test_only_a_run_in_progress_asks_and_one_question_at_a_time() -> None:
    with pytest.raises(Conflict, match="only a run in progress asks"):
        questions.ask(a_run(status="queued"), AGENT, "Which?")
    with pytest.raises(QuestionOpen):
        questions.ask(working(question_id="q", asks_since=at(-1)), AGENT, "Which?")


def test_a_question_is_answered_before_its_deadline_and_not_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    question, run = asked(deadline=at(60))
    for now, is_open in ((59.999, True), (60, False)):
        monkeypatch.setattr(clock, "now", lambda now=now: at(now))
        if is_open:
            questions.check_answer(question, run, ADA, "This")
        else:
            with pytest.raises(QuestionClosed):
                questions.check_answer(question, run, ADA, "This")


def test_a_question_is_answered_once_by_whom_it_is_for_and_with_one_of_its_choices() -> None:
    question, run = asked(choices=("This", "That"), to="user_ada")
    questions.check_answer(question, run, ADA, "This")
    with pytest.raises(Invalid, match="answer: is none of the choices"):
        questions.check_answer(question, run, ADA, "Neither")
    with pytest.raises(NotAsked, match="for user_ada"):
        questions.check_answer(question, run, replace(ADA, id="user_bo"), "This")
    with pytest.raises(Answered, match="user_ada answered"):
        questions.check_answer(questions.answered(question, ADA, "This"), run, ADA, "That")


def test_who_asks_does_not_answer_and_no_agent_approves() -> None:
    question, run = asked()
    with pytest.raises(NotAsked, match="You hold the run"):
        questions.check_answer(question, replace(run, holder="agent_one"), AGENT, "This")
    approval = questions.approval(working(), AGENT, "completion")
    waiting = replace(run, **questions.waiting(approval, None))
    with pytest.raises(NotAsked, match="An approval is a person's"):
        questions.check_answer(approval, waiting, replace(AGENT, id="agent_two"), "approve")
    questions.check_answer(approval, waiting, ADA, "approve")
