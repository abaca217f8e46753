"""`switchyard ask` inside a worker's command: it asks, waits without heartbeats, and prints the answer."""

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from switchyard_client.client import Client
from switchyard_client.worker import asking
from tests.support.fake_service import FakeService
from tests.unit.test_worker import LEASE, Once, _no_long_pauses, once, service, until

__all__ = ["_no_long_pauses", "once", "service"]

ASK = f"{sys.executable} -m switchyard_client ask"


@pytest.fixture(autouse=True)
def _looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_FIRST_LOOK", 0.05)


@pytest.fixture
def answering(service: FakeService) -> Iterator[list[str]]:
    """Answers each question with the next of these texts, as soon as it is asked."""
    texts: list[str] = []
    over = threading.Event()

    def answer() -> None:
        while not over.wait(0.05):
            if texts and any(each["status"] == "open" for each in service.questions.values()):
                service.answer_question(texts.pop(0))

    thread = threading.Thread(target=answer)
    thread.start()
    yield texts
    over.set()
    thread.join()


def test_a_command_asks_and_gets_the_answer(service: FakeService, once: Once, answering: list[str]) -> None:
    run = service.offer()
    answering += ["Field notes", "no"]
    options = "--choice 'Field notes' --choice Guide --default Guide --to user_ada --deadline 60"
    assert once(f"{ASK} 'Which title?' {options} && {ASK} 'And a subtitle?'") == "completed"
    assert service.lines(run) == ["Field notes", "no"]
    first, second = service.questions.values()
    assert (first["text"], first["choices"], first["default"], first["to"]) == (
        "Which title?",
        ["Field notes", "Guide"],
        "Guide",
        "user_ada",
    )
    assert first["deadline"].endswith("+00:00")
    assert second.keys().isdisjoint({"choices", "default", "to", "deadline"})


def test_no_heartbeat_is_sent_while_a_command_waits(
    service: FakeService, once: Once, answering: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service.offer()
    seen: list[int] = []

    def answer_late() -> None:
        until(lambda: service.looks > 3)
        seen.append(service.heartbeats)
        until(lambda: service.looks > 5)
        seen.append(service.heartbeats)
        answering.append("yes")

    thread = threading.Thread(target=answer_late)
    thread.start()
    assert once(f"{ASK} 'Go on?'") == "completed"
    thread.join()
    assert seen[0] == seen[1]


def test_what_the_service_refuses_is_told_to_the_command(service: FakeService, once: Once) -> None:
    run = service.offer()
    service.failures["/questions"] = [(400, {}, b'{"detail": "deadline: is too soon"}')]
    assert once(f"{ASK} Which? || echo status $?") == "completed"
    assert service.lines(run) == ["status 1"]
    assert "deadline: is too soon" in service.lines(run, "stderr")[0]


def test_a_run_that_may_ask_no_more_goes_on(service: FakeService, once: Once) -> None:
    run = service.offer()
    told = b'{"code": "too_many_questions", "detail": "decide without one"}'
    service.failures["/questions"] = [(409, {}, told)]
    assert once(f"{ASK} Which? || echo status $?") == "completed"
    assert service.lines(run) == ["status 1"]
    assert "decide without one" in service.lines(run, "stderr")[0]


def test_a_run_that_ends_while_its_command_waits_stops_the_command(service: FakeService, once: Once) -> None:
    run = service.offer()
    thread = threading.Thread(target=lambda: (until(lambda: service.questions), service.cancel(run)))
    thread.start()
    assert once(f"{ASK} Which?; sleep 60") == "lost"
    thread.join()


def test_a_worker_that_stops_gives_back_the_run_that_waits(service: FakeService, once: Once) -> None:
    run = service.offer()
    stop = threading.Event()
    thread = threading.Thread(target=lambda: (until(lambda: service.looks > 1), stop.set()))
    thread.start()
    assert once(f"{ASK} Which?", stop) == "released"
    thread.join()
    assert service.released == [run]


def test_outside_a_command_there_is_nobody_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    from switchyard_client.cli.main import main

    assert main(["ask", "Which?"]) == 2
    assert "inside the command of a worker" in capsys.readouterr().err


def test_a_line_that_is_no_question_is_refused(service: FakeService, tmp_path: Path) -> None:
    from switchyard_client.cli.questions import _exchange
    from switchyard_client.client import Claimed
    from switchyard_client.worker.lease import Lease

    run = Claimed({"id": "t"}, {"id": "r"}, 1, service.url)
    client = Client(service.url, "sy_token")
    desk = asking.Desk(client, run, Lease(client, run, LEASE, threading.Event(), 1))
    assert _exchange(desk.path, []) == {"error": "send one line with a JSON object"}  # type: ignore[arg-type]
    desk.close()
    assert not Path(desk.path).exists()
    client.close()


def test_comments_on_the_task_are_a_file_of_the_command(service: FakeService, once: Once) -> None:
    run = service.offer()
    service.comments = [{"id": "1", "text": "Mind the limits."}, {"id": "2", "text": "And the price."}]
    assert (
        once("until grep -q price comments.jsonl 2>/dev/null; do sleep 0.05; done; cat comments.jsonl") == "completed"
    )
    assert [json.loads(each) for each in service.lines(run)] == service.comments
