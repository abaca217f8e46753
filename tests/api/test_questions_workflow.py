"""A run that asks and its workflow: one step waits until the deadline by its own timer; events and push tell."""

import json
from typing import Any

import pytest

from switchyard.aws.queues import ATTEMPTS, Message, Queue
from switchyard.domain import clock
from switchyard.domain import questions as domain
from switchyard.domain.runs import Run
from switchyard.ledger import questions, runs
from switchyard.pipeline import notifications, workflow
from switchyard.store import audit, keys
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload
from tests.api.test_runs_workflow import World

BEFORE = "2020-01-01T00:00:00.000Z"


@pytest.fixture
def world(table: Table, tenant: str) -> World:
    return World(table, tenant)


@pytest.fixture
def working(world: World) -> Run:
    """A run that agent_bo works on, with a workflow that waits with the token `work`."""
    run = world.run(idle_seconds=60, timeout_seconds=600)
    world.deliver()
    world.step(workflow.dispatch, run, "pickup")
    world.claim(run)
    world.deliver()
    watch(world, run, "work", world.states.answers["pickup"])
    world.deliver()
    return run


def watch(world: World, run: Run, token: str, word: Any) -> None:
    world.step(workflow.watch, run, token, word=word)


def ask(world: World, run: Run, seconds: int = 3_600, **fields: Any) -> None:
    unit = world.unit("agent_bo")
    task, found = runs.find(unit, run.task_id, run.id)
    deadline = clock.stamp(clock.milliseconds(clock.now()) / 1000 + seconds)
    questions.ask(unit, task, found, domain.ask(found, unit.actor, "Which?", deadline=deadline, **fields))
    unit.commit(200, {}, "")


def answer(world: World, run: Run, text: str = "this") -> None:
    unit = world.unit()
    question_id = world.now(run).question_id
    assert question_id
    questions.answer(unit, *questions.find(unit, run.task_id, run.id, question_id), text)
    unit.commit(200, {}, "")


def overdue(world: World, run: Run) -> None:
    """Let the deadline pass."""
    world.rewrite(run, asks_until=BEFORE)


# ---------------------------------------------------------------- waiting


def test_the_step_goes_over_to_the_clock_of_the_question_and_back(world: World, working: Run) -> None:
    ask(world, working, 3_600)
    world.deliver()
    word = world.states.answers["work"]
    assert (word["ended"], word["asks"]) == (False, world.now(working).question_id)
    assert 3_590 <= word["idle_seconds"] <= 3_600
    assert word["timeout_seconds"] == word["idle_seconds"] + 1
    watch(world, working, "answer", word)
    assert world.now(working).wait_step == "answer"
    world.deliver()
    assert "answer" not in world.states.answers
    answer(world, working)
    world.deliver()
    word = world.states.answers["answer"]
    assert (word["ended"], word["asks"], word["idle_seconds"]) == (False, None, 60)
    watch(world, working, "again", word)
    assert world.now(working).wait_step == "work"


def test_heartbeats_of_a_run_that_waits_do_not_move_the_deadline(world: World, working: Run) -> None:
    ask(world, working)
    world.deliver()
    watch(world, working, "answer", world.states.answers["work"])
    world.deliver()
    world.beat(working)
    world.deliver()
    assert world.states.heartbeats == []


def test_a_question_that_is_answered_before_the_step_waits_leaves_no_long_clock(world: World, working: Run) -> None:
    ask(world, working)
    world.deliver()
    answer(world, working)
    world.deliver()
    watch(world, working, "late", world.states.answers["work"])
    world.deliver()
    assert world.states.answers["late"]["idle_seconds"] == 60


def test_a_step_under_the_clock_of_another_question_is_left_at_once(world: World, working: Run) -> None:
    ask(world, working)
    world.deliver()
    answer(world, working)
    ask(world, working, 60)
    world.deliver()
    watch(world, working, "first's", world.states.answers["work"])
    world.deliver()
    assert world.states.answers["first's"]["asks"] == world.now(working).question_id


def test_an_execution_from_before_there_were_questions_waits_without_a_loop(world: World, working: Run) -> None:
    ask(world, working)
    world.deliver()
    world.step(workflow.watch, working, "old")
    world.deliver()
    assert "old" not in world.states.answers


def test_no_clock_counts_while_the_run_waits(world: World, working: Run) -> None:
    ask(world, working)
    world.rewrite(working, started_at=BEFORE, heartbeat_at=BEFORE, asks_since=clock.stamp(1_577_836_800 + 100))
    assert world.ended(working, "work", workflow.SILENCE)["ended"] is False
    answer(world, working)
    word = workflow.word(world.now(working))
    assert 495 <= word["timeout_seconds"] <= 500
    assert world.ended(working, "work", workflow.SILENCE)["ended"] is False


# ---------------------------------------------------------------- the deadline


def test_the_deadline_takes_the_default(world: World, working: Run) -> None:
    ask(world, working, default="that")
    overdue(world, working)
    word = world.ended(working, "work", workflow.SILENCE)
    assert (word["ended"], word["asks"], word["idle_seconds"]) == (False, None, 60)
    run = world.now(working)
    unit = world.unit()
    question = questions.latest(unit, run)
    assert question
    assert (question.answer, question.answered_by) == ("that", "switchyard")
    assert (run.status, run.awaits_input) == ("in_progress", False)


def test_the_deadline_fails_the_run_that_has_no_default(world: World, working: Run) -> None:
    ask(world, working)
    overdue(world, working)
    assert world.ended(working, "work", workflow.TIMEOUT)["ended"] is True
    run = world.now(working)
    assert (run.status, run.error_message) == ("failed", f"Nobody answered the run's question until {BEFORE}.")
    assert world.task_of(working).status == "todo"


def test_a_timer_that_is_early_waits_for_the_rest(world: World, working: Run) -> None:
    ask(world, working, 30)
    assert 28 <= world.ended(working, "work", workflow.SILENCE)["idle_seconds"] <= 30


def test_the_reconciler_settles_a_question_whose_timer_was_lost(world: World, working: Run) -> None:
    ask(world, working, default="that")
    overdue(world, working)
    assert world.reconcile()["settled"] == 1
    assert not world.now(working).awaits_input
    assert world.reconcile()["settled"] == 0


def test_the_reconciler_repeats_the_signal_of_a_question(world: World, working: Run) -> None:
    ask(world, working)
    assert world.reconcile()["answered"] == 1
    assert world.states.answers["work"]["asks"]


# ---------------------------------------------------------------- who is told


def told(world: World) -> list[dict[str, Any]]:
    """The details of the events of runs since the last call."""
    world.stream.settle()
    details = [json.loads(each["Detail"]) for each in world.stream.bus.taken]
    world.stream.bus.taken.clear()
    return [each for each in details if each["type"].startswith("run.")]


def test_question_and_answer_are_published_with_what_they_say(world: World, working: Run) -> None:
    told(world)
    ask(world, working, choices=["this", "that"])
    (asked,) = told(world)
    assert (asked["type"], asked["run"]["awaitingInput"], asked["question"]["text"]) == ("run.asked", True, "Which?")
    assert asked["question"]["choices"] == ["this", "that"]
    answer(world, working)
    (answered,) = told(world)
    assert (answered["type"], answered["run"]["awaitingInput"]) == ("run.answered", False)
    assert (answered["question"]["answer"], answered["question"]["answeredBy"]) == ("this", "user_ada")


def test_a_run_that_was_given_up_is_offered_with_the_answer(world: World, working: Run) -> None:
    ask(world, working)
    world.give_back(working)
    told(world)
    answer(world, working)
    assert [each["type"] for each in told(world)] == ["run.answered", "run.dispatched"]


def test_the_trail_has_who_asked_and_who_answered_what(world: World, working: Run) -> None:
    ask(world, working)
    told(world)
    answer(world, working)
    told(world)
    rows = [row for (pk, _), row in sorted(world.stream.scan().items()) if pk.startswith("AUDIT#")]
    found = [entry for row in rows if (entry := audit.from_item(row)).action in ("run_asked", "run_answered")]
    assert [(each.action, each.actor_id, each.related_id) for each in found] == [
        ("run_asked", "agent_bo", working.id),
        ("run_answered", "user_ada", working.id),
    ]
    assert [(each.field, each.after) for each in found[1].differences] == [("question", "Which?"), ("answer", "this")]


def test_webhooks_carry_the_question(world: World, working: Run) -> None:
    told(world)
    ask(world, working)
    message = payload(told(world)[0])
    assert message
    assert (message["type"], message["data"]["question"]["text"]) == ("run.asked", "Which?")


def test_a_person_who_is_asked_by_name_is_notified_and_nobody_else(world: World, working: Run) -> None:
    world.stream.collect()
    ask(world, working, to="user_eve")
    (message,) = filter(None, (notifications.due(each["dynamodb"]) for each in world.stream.collect()))
    assert (message["kind"], message["question"]) == ("awaiting", world.now(working).question_id)
    queue = Queue("url", None, ATTEMPTS["notifications"])
    notifications.handle(world.table, queue, None, Message(message, 1, "r"))
    row = world.table.get(*keys.notification(working.tenant_id, working.task_id, message["notification"]))
    assert row
    assert row["recipient"]["S"] == "user_eve"
