"""Questions: `ask` inside a worker's command, `answer` for people."""

import json
import os
import socket
from typing import Any

import click

from switchyard_client.cli import output
from switchyard_client.cli.failures import Ended, Exit, Usage
from switchyard_client.cli.session import Session, part, pass_session
from switchyard_client.cli.tracks import resolve

#: Where a worker's command finds the socket that takes questions.
_VARIABLE = "SWITCHYARD_ASK"


@click.command()
@click.argument("text")
@click.option("--choice", "choices", multiple=True, help="One of the answers; may be repeated.")
@click.option("--default", help="The answer when the deadline is over; without one the run fails then.")
@click.option("--deadline", type=click.IntRange(10, 28 * 86_400), metavar="SECONDS", help="From now; 28 days.")
@click.option("--to", metavar="ACTOR", help="Who alone may answer.")
@pass_session
def ask(
    session: Session, text: str, choices: tuple[str, ...], default: str | None, deadline: int | None, to: str | None
) -> None:
    """Ask a person, inside a worker's command, and wait for the answer, which is printed."""
    where = os.environ.get(_VARIABLE)
    if not where:
        raise Usage("ask works inside the command of a worker: switchyard worker --exec COMMAND")
    given = {"text": text, "choices": list(choices), "default": default, "deadline_seconds": deadline, "to": to}
    told = _exchange(where, {name: value for name, value in given.items() if value not in (None, [])})
    if told is None:
        raise Ended(Exit.FAILED, "the run ended, or its worker stops: there is no answer")
    if "error" in told:
        raise Ended(Exit.FAILED, f"refused: {told['error']}")
    if session.json:
        return output.emit(told)
    return output.line(told["answer"])


def _exchange(where: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """Send a question to the worker and wait for what it tells; None when the worker goes away."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(where)
            connection.sendall(json.dumps(given).encode() + b"\n")
            with connection.makefile(encoding="utf-8") as stream:
                line = stream.readline()
    except OSError as problem:
        raise Ended(Exit.UNREACHABLE, f"the worker does not answer: {problem}") from None
    found: dict[str, Any] | None = json.loads(line) if line else None
    return found


@click.command()
@click.argument("task")
@click.argument("text", metavar="[ANSWER]", required=False)
@pass_session
def answer(session: Session, task: str, text: str | None) -> None:
    """Answer the question of the task's run; without ANSWER, show it."""
    task_id = part(resolve(session, task))
    latest = session.get(f"/api/projects/-/tasks/{task_id}")["latest_run"]
    if latest is None or not latest["question"]:
        raise Ended(Exit.NOT_FOUND, "the task's run has asked nothing")
    path = f"/v1/runs/{task_id}/{latest['id']}/questions/{latest['question']}"
    found = session.post(f"{path}/answer", {"answer": text}) if text else session.get(path)
    if session.json:
        return output.emit(found)
    shown = {name: found[name] for name in ("text", "to", "deadline", "default", "answer", "answered_by")}
    return output.details({"status": found["status"], **shown, "choices": ", ".join(found["choices"])})
