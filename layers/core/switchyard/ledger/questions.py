"""Verbs of questions: each gathers a change of a question together with what it means for its run."""

from switchyard.domain import clock, questions, runs
from switchyard.domain.actors import service_actor
from switchyard.domain.errors import Busy, NotFound
from switchyard.domain.questions import Question
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.ledger import runs as run_verbs
from switchyard.ledger import system
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, keys, people_keys
from switchyard.store import questions as rows
from switchyard.store.table import Table


def find(unit: Unit, task_id: str, run_id: str, question_id: str) -> tuple[Track, Run, Question]:
    """Read a question with its run and its visible task: 1 round trip. Raises NotFound."""
    tenant = unit.actor.tenant_id
    question_key = people_keys.question(tenant, task_id, run_id, question_id)
    unit.prefetch([task_id], rows=[keys.run(tenant, task_id, run_id), question_key])
    task, run = run_verbs.find(unit, task_id, run_id)
    row = unit.row(question_key)
    if row is None:
        raise NotFound(f"The run has no question with the id {question_id}.")
    return task, run, rows.from_item(row)


def latest(unit: Unit, run: Run) -> Question | None:
    """Return the run's latest question: 1 round trip, none for a run that never asked."""
    if run.question_id is None:
        return None
    row = unit.row(people_keys.question(run.tenant_id, run.task_id, run.id, run.question_id))
    return rows.from_item(row) if row else None


def ask(unit: Unit, task: Track, run: Run, question: Question) -> Run:
    """Gather a question of a run that was read, which waits from then on. Raises StaleFence or Leased."""
    unit.write(rows.put(question))
    return run_verbs.change(unit, task, run, **questions.waiting(question, run.asked))


def answer(unit: Unit, task: Track, run: Run, question: Question, text: str) -> tuple[Run, Question]:
    """Gather the one answer to a question, by which its run goes on.

    Raises Answered, QuestionClosed, NotAsked, and Invalid for what is none of the choices.
    """
    questions.check_answer(question, run, unit.actor, text)
    return _answer(unit, task, run, question, text)


def expire(table: Table, request_id: str, found: Run) -> Run | None:
    """Take the default of a question whose deadline is over, or fail its run; None when the run is gone.

    Someone who answers at the same moment comes first or too late: both write the question under one condition.
    Raises Busy when rows keep changing until the table's deadline.
    """
    by = service_actor(found.tenant_id)
    for _ in contention.until(table.deadline - 1):
        task, run = system.load(table, found.tenant_id, found.task_id, found.id)
        if run is None or not run.awaits_input or (run.asks_until or "") > clock.now():
            return run
        unit = Unit(table, by, request_id)
        question = latest(unit, run)
        if question is None or question.default is None:
            why = f"Nobody answered the run's question until {run.asks_until}."
            after = run_verbs.apply(unit, task, run, {"status": "failed", "error_message": why[: runs.ERROR_MAX]})
        else:
            after, _ = _answer(unit, task, run, question, question.default)
        try:
            unit.commit(200, {}, "")
        except Stale:
            continue
        return after
    raise Busy("The run kept changing: try again.")


def _answer(unit: Unit, task: Track | None, run: Run, question: Question, text: str) -> tuple[Run, Question]:
    after = questions.answered(question, unit.actor, text)
    unit.write(rows.answer(question, after))
    fields = {**questions.resumed(run, after.answered_at or ""), **questions.outcome(after)}
    return run_verbs.apply(unit, task, run, fields), after
