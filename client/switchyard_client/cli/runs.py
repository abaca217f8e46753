"""Carrying work out: run, follow, goal run, and the reference worker."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from switchyard_client.cli import files, output
from switchyard_client.cli.failures import Ended, Exit
from switchyard_client.cli.session import Session, part, pass_session
from switchyard_client.cli.tracks import resolve

#: Seconds between two looks at a goal run.
_LOOK = 1.0


@click.command()
@click.argument("task")
@click.option("--message", help="What the agent is told.")
@click.option("--agent", help="Assign the task to this agent first.")
@click.option("--file", "paths", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--follow", "follows", is_flag=True, help="Print the run's log until it ends.")
@pass_session
def run(
    session: Session, task: str, message: str | None, agent: str | None, paths: tuple[Path, ...], follows: bool
) -> None:
    """Start a run of a task: an agent's attempt at it."""
    task_id = part(resolve(session, task))
    if agent:
        session.patch(f"/v1/tracks/{task_id}", {"task": {"assignee": agent, "assigneeType": "agent"}})
    body: dict[str, Any] = {"pending_user_message": message} if message else {}
    if paths:
        body["pending_user_artifact_ids"] = files.stage(session, task_id, paths)
    started = session.post(f"/api/projects/-/tasks/{task_id}/run", body)
    latest = started["latest_run"]
    if session.json:
        output.emit(latest)
    else:
        output.note(f"run {latest['status']}")
        output.line(latest["id"])
    if follows:
        _follow(session, _url(session, task_id, latest["id"]))


@click.command("follow")
@click.argument("task")
@click.argument("run_id", metavar="[RUN]", required=False)
@pass_session
def follow(session: Session, task: str, run_id: str | None) -> None:
    """Print a run's log while it grows, until it ends; exit 1 when it failed."""
    task_id = part(resolve(session, task))
    if run_id is None:
        latest = session.get(f"/api/projects/-/tasks/{task_id}")["latest_run"]
        if latest is None:
            raise Ended(Exit.NOT_FOUND, "the task has no run: switchyard run")
        run_id = str(latest["id"])
    _follow(session, _url(session, task_id, part(run_id)))


def _url(session: Session, task_id: str, run_id: str) -> str:
    return f"{session.settings.url}/api/projects/-/tasks/{task_id}/runs/{run_id}"


def _follow(session: Session, url: str) -> None:
    from switchyard_client import follow as following
    from switchyard_client.retries import Deadline

    for each in following.lines(following.events(session.client, url, Deadline())):
        output.line(each)
    status = session.get(url)["status"]
    if status != "completed":
        raise Ended(Exit.FAILED, f"the run is {status}")


@click.group("goal")
def goal() -> None:
    """Run a goal: its agents' tasks, in the order of their dependencies."""


@goal.command("run")
@click.argument("goal_id", metavar="GOAL")
@click.option("--max-parallel", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--on-failure", type=click.Choice(("stop", "continue")), default="stop", show_default=True)
@click.option("--follow", "follows", is_flag=True, help="Tell of each task until the goal run ends.")
@pass_session
def goal_run(session: Session, goal_id: str, max_parallel: int, on_failure: str, follows: bool) -> None:
    """Start a run of the goal."""
    path = f"/v1/tracks/{part(resolve(session, goal_id))}/run"
    started = session.post(path, {"maxParallel": max_parallel, "onFailure": on_failure})
    if not follows:
        return _show_goal_run(session, started)
    return _watch(session, path)


@goal.command("show")
@click.argument("goal_id", metavar="GOAL")
@pass_session
def goal_show(session: Session, goal_id: str) -> None:
    """Show the goal's latest run."""
    _show_goal_run(session, session.get(f"/v1/tracks/{part(resolve(session, goal_id))}/run"))


@goal.command("cancel")
@click.argument("goal_id", metavar="GOAL")
@pass_session
def goal_cancel(session: Session, goal_id: str) -> None:
    """Cancel the goal's run, and the runs that it started."""
    _show_goal_run(session, session.post(f"/v1/tracks/{part(resolve(session, goal_id))}/run/cancel"))


def _show_goal_run(session: Session, found: Mapping[str, Any]) -> None:
    if session.json:
        return output.emit(found)
    output.note(f"goal run {found['status']}: {_counts(found)}")
    rows = [(each["id"], each["state"], each.get("assignee") or "", each["title"]) for each in found.get("tasks", [])]
    return output.table(("ID", "STATE", "ASSIGNEE", "TITLE"), rows)


def _counts(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {state}" for state, count in found.get("counts", {}).items() if count)


def _watch(session: Session, path: str) -> None:
    states: dict[str, str] = {}
    while True:
        found = session.get(path, {"limit": 200})
        for each in found["tasks"]:
            if states.get(each["id"]) != each["state"]:
                states[each["id"]] = each["state"]
                output.note(f"{each['state']:<10} {each['title']}")
        if found["completedAt"]:
            break
        time.sleep(_LOOK)
    if session.json:
        output.emit(found)
    output.note(f"goal run {found['status']}: {_counts(found)}")
    if found["status"] != "completed":
        raise Ended(Exit.FAILED, found.get("reason") or "")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", metavar="--exec COMMAND [OPTIONS]", nargs=-1, type=click.UNPROCESSED)
@pass_session
def worker(session: Session, arguments: tuple[str, ...]) -> None:
    """Carry out runs with a shell command."""
    from switchyard_client.worker.__main__ import main

    if "--help" not in arguments and "-h" not in arguments:
        # In the environment and not on the command line, where others on the machine would see the token.
        os.environ["SWITCHYARD_URL"] = session.settings.url
        os.environ["SWITCHYARD_TOKEN"] = session.settings.token
    sys.exit(main(list(arguments)))
