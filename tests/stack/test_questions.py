"""An agent's command asks, a person answers over the API, and the command goes on with the answer."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.admin import Admin
from tests.stack.test_worker import Yard, until

ASK = f"{sys.executable} -m switchyard_client ask 'Which of the two titles?' --choice 'Field notes' --choice Guide"


@pytest.fixture
def yard(stack: dict[str, Any], database: Any, outputs: dict[str, str]) -> Iterator[Yard]:
    made = Yard(stack, Admin(outputs["TableName"], database))
    yield made
    made.close()


def test_a_command_asks_waits_and_goes_on_with_the_answer(yard: Yard) -> None:
    yard.work(f'title=$({ASK}) && echo "as $title"')
    run = yard.start()
    waiting = until(lambda: yard.get(run), lambda shown: shown["awaiting_input"])
    assert waiting["status"] == "in_progress"
    path = f"/v1/runs/{waiting['task']}/{waiting['id']}/questions/{waiting['question']}"
    assert yard.bo.post(f"{path}/answer", json={"answer": "Guide"}).json()["code"] == "not_asked"
    answered = yard.ada.post(f"{path}/answer", json={"answer": "Guide"})
    assert (answered.status_code, answered.json()["status"]) == (200, "answered")
    again = yard.ada.post(f"{path}/answer", json={"answer": "Field notes"})
    assert (again.status_code, again.json()["answer"]) == (409, "Guide")
    over = yard.over(run)
    assert (over["status"], over["awaiting_input"]) == ("completed", False)
    assert yard.lines(run) == ["as Guide"]
