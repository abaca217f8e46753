"""Questions of runs: asked by who holds the run, answered once by a person, waited for without a clock."""

from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain import questions as domain
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.ledger import runs
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.planning import assert_refused
from tests.support.runs import Runs

CHOICES = ["Field notes", "A field guide"]


@pytest.fixture
def held(ledger: Runs) -> Run:
    """A run that agent_bo holds."""
    run = ledger.run(dispatched_at=clock.now(), dispatches=1)
    ledger.claim(run)
    return ledger.now(run)


def path(run: Run, more: str = "") -> str:
    return f"/v1/runs/{run.task_id}/{run.id}/questions{more}"


def ask(client: Api, run: Run, **fields: Any) -> Any:
    answer = client.post(path(run), {"text": "Which of the two titles?", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def give(client: Api, run: Run, question: Any, text: str = CHOICES[0]) -> Answer:
    return client.post(path(run, f"/{question['id']}/answer"), {"answer": text})


# ---------------------------------------------------------------- asked


def test_a_run_that_asks_waits_beside_its_status(ledger: Runs, held: Run, bo: Api, api: Api) -> None:
    question = ask(bo, held, choices=CHOICES)
    assert (question["status"], question["asked_by"], question["choices"]) == ("open", "agent_bo", CHOICES)
    assert question["answer"] is question["answered_at"] is None
    run = ledger.now(held)
    assert (run.status, run.awaits_input, run.question_id) == ("in_progress", True, question["id"])
    shown = api.get(f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}").json
    assert (shown["status"], shown["awaiting_input"], shown["question"]) == ("in_progress", True, question["id"])
    assert api.get(path(run, f"/{question['id']}")).json == question
    assert api.get(path(run)).json == {"items": [question], "next_cursor": None}


def test_a_question_without_a_deadline_waits_for_28_days(held: Run, bo: Api) -> None:
    question = ask(bo, held)
    days = (clock.milliseconds(question["deadline"]) - clock.milliseconds(question["asked_at"])) / 86_400_000
    assert days == 28


def test_a_run_asks_one_question_at_a_time(held: Run, bo: Api) -> None:
    ask(bo, held)
    assert bo.post(path(held), {"text": "And then?"}).json["code"] == "question_open"


def test_a_run_asks_as_often_as_it_may_and_goes_on_without_answers(
    ledger: Runs, held: Run, bo: Api, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "QUESTIONS_MAX", 2)
    for _ in range(2):
        assert give(api, held, ask(bo, held)).status == 200
    for _ in range(2):
        refused = bo.post(path(held), {"text": "And then?"})
        assert_refused(refused, 409)
        assert refused.json["code"] == "too_many_questions"
        assert "has asked 2 questions" in refused.json["detail"]
        assert "decide without one, or end the run" in refused.json["detail"]
    run = ledger.now(held)
    assert (run.status, run.awaits_input, run.asked) == ("in_progress", False, 2)
    # It is its holder's as before; what it cannot do is ask.
    assert bo.post(f"/v1/runs/{run.task_id}/{run.id}/heartbeat", {}, headers={"claim-fence": "1"}).status == 200
    # Another run of the task asks as often again.
    again = ledger.run(ledger.task_of(held), dispatched_at=clock.now(), dispatches=1)
    ledger.claim(again)
    assert ask(bo, again)["status"] == "open"


def test_a_run_that_begins_anew_asks_anew(ledger: Runs, held: Run, bo: Api, api: Api) -> None:
    give(api, held, ask(bo, held))
    ledger.change(held, environment="local")
    unit = ledger.unit()
    runs.resume(unit, *runs.find(unit, held.task_id, held.id))
    unit.commit(200, {}, "")
    assert ledger.now(held).asked is None


def test_only_the_holder_asks_and_under_its_fence(held: Run, bo: Api, caller: Caller) -> None:
    other = caller("agent_eve", kind="agent")
    assert_refused(other.post(path(held), {"text": "Mine?"}), 409)
    assert bo.post(path(held), {"text": "Mine?"}, headers={"claim-fence": "7"}).json["code"] == "stale_fence"
    assert bo.post(path(held), {"text": "Mine?"}, headers={"claim-fence": "1"}).status == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": " "}, "text"),
        ({"choices": ["a", "a"]}, "choices"),
        ({"choices": ["a"], "default": "b"}, "default"),
        ({"deadline": "2020-01-01"}, "deadline"),
        ({"deadline": "2999-01-01"}, "deadline"),
        ({"artifact": "none"}, "artifact"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(held: Run, bo: Api, fields: Any, field: str) -> None:
    assert_refused(bo.post(path(held), {"text": "Which?", **fields}), 400, field)


@pytest.mark.parametrize("status", ["queued", "completed"])
def test_a_run_that_nobody_works_on_asks_nothing(ledger: Runs, api: Api, status: str) -> None:
    run = ledger.run()
    if status != "queued":
        ledger.change(run, status=status)
    assert_refused(api.post(path(run), {"text": "Which?"}), 409)


def test_under_a_key_a_question_is_asked_once(held: Run, bo: Api) -> None:
    first, second = (bo.post(path(held), {"text": "Which?"}, headers={"idempotency-key": "k"}) for _ in range(2))
    assert (first.status, first.json) == (second.status, second.json)


def test_other_tenants_find_nothing(held: Run, bo: Api, caller: Caller) -> None:
    question = ask(bo, held)
    stranger = caller(tenant=new_id())
    for answer in (
        stranger.get(path(held)),
        stranger.get(path(held, f"/{question['id']}")),
        give(stranger, held, question),
        stranger.post(path(held), {"text": "Which?"}),
    ):
        assert_refused(answer, 404)


# ---------------------------------------------------------------- answered


def test_the_first_answer_counts_and_the_second_is_told_it(held: Run, bo: Api, api: Api, caller: Caller) -> None:
    question = ask(bo, held, choices=CHOICES)
    answered = give(api, held, question).json
    assert (answered["status"], answered["answer"], answered["answered_by"]) == ("answered", CHOICES[0], "user_ada")
    late = give(caller("user_eve"), held, question, CHOICES[1])
    assert late.status == 409
    assert (late.json["code"], late.json["answer"], late.json["answeredBy"]) == ("answered", CHOICES[0], "user_ada")
    assert bo.get(path(held, f"/{question['id']}")).json == answered


def test_an_answer_that_meets_another_one_is_refused_with_it(
    held: Run, bo: Api, api: Api, caller: Caller, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, eve, real = ask(bo, held), caller("user_eve"), table.write
    # A request whose token was not seen before has a table of its own.
    assert {each.get("/v1/me").status for each in (api, eve)} == {200}
    answers: list[Answer] = []

    def write(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(table, "write", real)
        answers.append(give(eve, held, question, "Mine"))
        return real(*given, **more)

    monkeypatch.setattr(table, "write", write)
    late = give(api, held, question, "Ours")
    assert (answers[0].status, late.status, late.json["answer"]) == (200, 409, "Mine")


def test_an_answer_must_be_one_of_the_choices(held: Run, bo: Api, api: Api) -> None:
    assert_refused(give(api, held, ask(bo, held, choices=CHOICES), "Another"), 400, "answer")


def test_only_whom_it_names_answers_and_never_who_asks(held: Run, bo: Api, api: Api, caller: Caller) -> None:
    question = ask(bo, held, to="user_eve")
    assert give(api, held, question).json["code"] == "not_asked"
    assert give(bo, held, question).json["code"] == "not_asked"
    assert give(caller("user_eve"), held, question).status == 200


def test_the_run_that_goes_on_has_its_lease_and_its_idle_clock_anew(ledger: Runs, held: Run, bo: Api, api: Api) -> None:
    question = ask(bo, held)
    ledger.rewrite(held, lease_until="2020-01-01T00:00:00.000Z")
    give(api, held, question)
    run = ledger.now(held)
    assert (run.awaits_input, run.asks_until, run.holder) == (False, None, "agent_bo")
    assert run.lease_until
    assert run.lease_until > clock.now()
    assert bo.patch(f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}", {"status": "completed"}).status == 200


def test_the_answer_comes_with_the_next_heartbeat(held: Run, bo: Api, api: Api) -> None:
    beat = f"/v1/runs/{held.task_id}/{held.id}/heartbeat"
    assert "question" not in bo.post(beat).json
    question = ask(bo, held)
    assert bo.post(beat).json["question"]["status"] == "open"
    answered = give(api, held, question).json
    assert bo.post(beat).json["question"] == answered


def test_a_request_that_waits_gets_the_answer(held: Run, bo: Api, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    question = ask(bo, held)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            give(api, held, question)

    monkeypatch.setattr("time.sleep", sleep)
    found = bo.get(path(held, f"/{question['id']}?wait_seconds=20")).json
    assert (found["answer"], len(pauses)) == (CHOICES[0], 2)


def test_the_stream_tells_of_question_and_answer(held: Run, bo: Api, api: Api) -> None:
    stream = f"/api/projects/-/tasks/{held.task_id}/runs/{held.id}/stream?wait=0"
    question = ask(bo, held)
    asked = bo.get(stream).text
    assert f'"question": "{question["id"]}"' in asked
    assert '"awaiting_input": true' in asked
    give(api, held, question)
    assert '"awaiting_input": false' in bo.get(stream).text


def test_the_end_of_the_run_closes_its_question(ledger: Runs, held: Run, bo: Api, api: Api) -> None:
    question = ask(bo, held)
    ledger.change(held, status="cancelled")
    assert bo.get(path(held, f"/{question['id']}")).json["status"] == "closed"
    assert give(api, held, question).json["code"] == "question_closed"
    assert not ledger.now(held).awaits_input


def test_questions_come_in_pages_newest_first(held: Run, bo: Api, api: Api) -> None:
    asked = []
    for _ in range(3):
        question = ask(bo, held)
        asked.append(question["id"])
        give(api, held, question)
    first = api.get(path(held, "?limit=2")).json
    second = api.get(path(held, f"?limit=2&cursor={first['next_cursor']}")).json
    assert [each["id"] for page in (first, second) for each in page["items"]] == asked[::-1]
    assert second["next_cursor"] is None


# ---------------------------------------------------------------- held while it waits


def test_a_run_that_waits_is_offered_to_nobody_until_it_is_answered(
    ledger: Runs, held: Run, bo: Api, api: Api, caller: Caller
) -> None:
    eve = caller("agent_eve", kind="agent")
    question = ask(bo, held)
    assert run_rows.to_item(ledger.now(held))["ready"]["S"] == keys.runs_asking(held.tenant_id)
    assert bo.post(f"/v1/runs/{held.task_id}/{held.id}/release").status == 200
    for body in ({}, {"task": held.task_id}):
        assert eve.post("/v1/runs/claim", body).status == 204
    answered = give(api, held, question).json
    claimed = eve.post("/v1/runs/claim").json
    assert (claimed["run"]["id"], claimed["fence"], claimed["question"]) == (held.id, 2, answered)


def test_a_run_whose_agent_is_gone_when_it_is_answered_goes_to_the_next(
    ledger: Runs, held: Run, bo: Api, api: Api, caller: Caller
) -> None:
    give(api, held, ask(bo, held))
    ledger.rewrite(ledger.now(held), lease_until="2020-01-01T00:00:00.000Z")
    claimed = caller("agent_eve", kind="agent").post("/v1/runs/claim").json
    assert (claimed["run"]["id"], claimed["question"]["answer"]) == (held.id, CHOICES[0])


# ---------------------------------------------------------------- what it costs


def test_asking_and_answering_is_a_read_and_a_write_each(
    held: Run, bo: Api, api: Api, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo.get(path(held)), api.get(path(held))  # the tokens are known to the container
    calls: list[str] = []
    real = table.call
    monkeypatch.setattr(table, "call", lambda name, **more: [calls.append(name), real(name, **more)][1])
    question = ask(bo, held)
    assert calls == ["batch_get_item", "transact_write_items"]
    calls.clear()
    give(api, held, question)
    assert calls == ["batch_get_item", "transact_write_items"]


# ---------------------------------------------------------------- the projects surface


def test_a_message_or_a_command_of_a_client_is_the_answer(held: Run, bo: Api, api: Api) -> None:
    base = f"/api/projects/-/tasks/{held.task_id}/runs/{held.id}"
    question = ask(bo, held)
    answer = api.post(f"{base}/relay_message/", {"text": " Field notes "})
    assert (answer.status, answer.json) == (200, {"status": "accepted", "relay_id": question["id"]})
    assert bo.get(path(held, f"/{question['id']}")).json["answer"] == "Field notes"
    for method, params in (
        ("user_message", {"content": [{"type": "text", "text": "A field guide"}]}),
        ("permission_response", {"optionId": "A field guide"}),
    ):
        question = ask(bo, held, choices=CHOICES)
        body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 7}
        answer = api.post(f"{base}/command/", body)
        assert (answer.status, answer.json) == (200, {"jsonrpc": "2.0", "result": {"queued": True}, "id": 7})
        assert bo.get(path(held, f"/{question['id']}")).json["answer"] == "A field guide"


def test_what_is_no_answer_is_not_delivered(held: Run, bo: Api, api: Api) -> None:
    base = f"/api/projects/-/tasks/{held.task_id}/runs/{held.id}"
    question = ask(bo, held, choices=CHOICES)
    skipped = {"status": "skipped"}
    assert api.post(f"{base}/relay_message", {"text": "Another"}).json == skipped
    assert bo.post(f"{base}/relay_message", {"text": CHOICES[0]}).json == skipped
    body = {"jsonrpc": "2.0", "method": "user_message", "params": {"content": "Another"}}
    answer = api.post(f"{base}/command", body)
    assert (answer.status, answer.json["attr"]) == (400, "params__content")
    cancel = api.post(f"{base}/command", {"jsonrpc": "2.0", "method": "cancel"})
    assert (cancel.status, cancel.json) == (400, {"error": "No active sandbox for this task run"})
    assert bo.get(path(held, f"/{question['id']}")).json["status"] == "open"


# ---------------------------------------------------------------- what waits


def waiting(client: Api, query: str = "") -> list[str]:
    answer = client.get(f"/api/v1/executions?awaitingInput=true{query}")
    assert answer.status == 200, answer.text
    assert all(each["awaitingInput"] is True for each in answer.json)
    return [each["id"].partition(".")[2] for each in answer.json]


def test_runs_that_wait_for_an_answer_are_listed_until_they_have_it(
    held: Run, bo: Api, api: Api, caller: Caller, table: Table
) -> None:
    assert waiting(api) == []
    question = ask(bo, held)
    assert bo.post(f"/v1/runs/{held.task_id}/{held.id}/heartbeat", {"lease_seconds": 60}).status == 200
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert waiting(api) == [held.id]
    assert calls == ["query", "batch_get_item"]
    assert waiting(api, f"&taskId={held.task_id}") == [held.id]
    assert waiting(api, "&status=in_progress") == [held.id]
    assert waiting(api, "&status=pending") == waiting(api, "&agentId=agent_no") == []
    assert waiting(caller(tenant=new_id())) == []
    (shown,) = api.get("/api/v1/executions").json
    assert shown["awaitingInput"] is True
    assert give(api, held, question).status == 200
    assert waiting(api) == waiting(api, f"&taskId={held.task_id}") == []
    assert "awaitingInput" not in api.get("/api/v1/executions").json[0]
    assert api.get("/api/v1/executions?awaitingInput=false").status == 400


def test_a_run_that_ends_waits_no_more(ledger: Runs, held: Run, bo: Api, api: Api) -> None:
    ask(bo, held)
    assert api.post(f"/api/projects/-/tasks/{held.task_id}/runs/{held.id}/cancel", {}).status == 200
    assert waiting(api) == []
