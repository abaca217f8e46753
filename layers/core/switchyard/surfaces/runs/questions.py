"""Questions of a run: an agent asks and waits, a person answers once."""

import random
import time

from switchyard.domain import questions
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import questions as verbs
from switchyard.ledger import runs
from switchyard.store import lists
from switchyard.store import questions as rows
from switchyard.surfaces.runs import present
from switchyard.surfaces.runs.question_models import Ask, GetQuestion, GiveAnswer, ListQuestions

#: Seconds between two looks of a request that waits, less and more so that those who wait do not look all at once.
_LOOK_AGAIN = (0.7, 1.3)
#: Seconds that are kept for the answer when the invocation ends.
_RESERVE = 3.0


def ask(call: Call[Ask]) -> Reply:
    """Ask an Ask body in the name of the run of the path: 1 round trip and the commit."""
    body = call.body
    task, run = runs.find(call.unit, call.path_id("task_id"), call.path_id("run_id"))
    given = {name: getattr(body, name) for name in ("choices", "artifact", "to", "deadline", "default")}
    question = questions.ask(run, call.actor, body.text, **given)
    after = verbs.ask(call.unit, task, run, question)
    return Reply(201, present.question(question, after))


def answer(call: Call[GiveAnswer]) -> Reply:
    """Give the question of the path its one answer: 1 round trip and the commit."""
    task, run, question = verbs.find(call.unit, *_path(call))
    return Reply(200, present.question(*verbs.answer(call.unit, task, run, question, call.body.answer)[::-1]))


def read(call: Call[None, GetQuestion]) -> Reply:
    """Show the question of the path; while it is open, wait for its answer as long as the query wants.

    1 round trip, and 1 a second while it waits.
    """
    unit = call.unit
    until = min(unit.started + call.query.wait_seconds, unit.table.deadline - _RESERVE)
    waited = 0.0
    while True:
        _, run, question = verbs.find(unit, *_path(call))
        pause = random.uniform(*_LOOK_AGAIN)  # noqa: S311 - jitter, not a secret
        if question.state(run) != "open" or time.monotonic() + pause > until:
            logged = {"waited_ms": round(waited * 1000)} if waited else {}
            return Reply(200, present.question(question, run), logged=logged)
        time.sleep(pause)
        waited += pause
        unit.forget()


def list_of_run(call: Call[None, ListQuestions]) -> Reply:
    """Answer with a page of the run's questions, newest first: 2 round trips."""
    query = call.query
    task, run = runs.find(call.unit, call.path_id("task_id"), call.path_id("run_id"))
    fingerprint = lists.fingerprint("questions", task.tenant_id, call.actor.id, run.id)
    after = lists.from_cursor(query.cursor, fingerprint)
    page = rows.of_run(call.unit.table, task.tenant_id, task.id, run.id, query.limit, after)
    items = [present.question(rows.from_item(each), run) for each in page.items]
    return Reply(200, {"items": items, "next_cursor": lists.to_cursor(page.position, fingerprint)})


def _path(call: AnyCall) -> tuple[str, str, str]:
    return call.path_id("task_id"), call.path_id("run_id"), call.path_id("question_id")
