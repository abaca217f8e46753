"""switchyard schedule: work that begins by itself."""

from typing import Any

import click

from switchyard_client.cli import output
from switchyard_client.cli.failures import Usage
from switchyard_client.cli.session import Session, part, pass_session
from switchyard_client.cli.tracks import resolve


@click.group("schedule")
def schedule() -> None:
    """Tasks, runs and goal runs that begin by themselves."""


@schedule.command("add")
@click.argument("expression")
@click.argument("title")
@click.option("--zone", default="UTC", show_default=True, help="Name of the time zone, such as Europe/Berlin.")
@click.option("--run", "task", metavar="TASK", help="Start a run of this task, in place of creating one.")
@click.option("--goal", metavar="GOAL", help="Run this goal, in place of creating a task.")
@click.option("--assignee", metavar="ID", help="Who is to do the task that is created.")
@click.option("--due-in", type=click.IntRange(0, 3_650), metavar="DAYS", help="Until that task is due.")
@click.option("--overlap", type=click.Choice(("skip", "queue", "allow")), default="skip", show_default=True)
@click.option("--catch-up", type=click.Choice(("skip", "once")), default="skip", show_default=True)
@pass_session
def add_schedule(
    session: Session,
    expression: str,
    title: str,
    zone: str,
    task: str | None,
    goal: str | None,
    assignee: str | None,
    due_in: int | None,
    overlap: str,
    catch_up: str,
) -> None:
    """Have something begin whenever EXPRESSION is due: '0 9 * * 1-5', 'rate(2 days)' or 'at(2026-12-24T09:00:00)'.

    Without --run or --goal it is a new task with the TITLE, which is the schedule's name too.
    """
    if task and goal:
        raise Usage("--run and --goal are two things to begin: give one of them")
    body: dict[str, Any] = {"name": title, "expression": expression, "timeZone": zone}
    body |= {"overlap": overlap, "catchUp": catch_up}
    if task or goal:
        body["runTask" if task else "runGoal"] = {"id": resolve(session, task or goal or "")}
    else:
        created = {"assignee": assignee, "dueInDays": due_in}
        given = {name: value for name, value in created.items() if value is not None}
        body["createTask"] = {"title": title, "scope": session.scope(), **given}
    made = session.post("/v1/schedules", body)
    if session.json:
        return output.emit(made)
    output.note(f"next: {', '.join(made['upcoming']) or 'never'}")
    return output.line(made["id"])


@schedule.command("list")
@pass_session
def list_schedules(session: Session) -> None:
    """List the schedules, with when each is due next."""
    found = list(session.pages("/v1/schedules", {"limit": 100}, "items"))
    if session.json:
        return output.emit(found)
    rows = [(each["id"], each["expression"], each["timeZone"], _next(each), each["name"]) for each in found]
    return output.table(("ID", "WHEN", "ZONE", "NEXT", "NAME"), rows)


def _next(found: Any) -> str:
    return "paused" if found["paused"] else next(iter(found["upcoming"]), "over")


@schedule.command("history")
@click.argument("schedule_id", metavar="SCHEDULE")
@pass_session
def show_history(session: Session, schedule_id: str) -> None:
    """Show what became of a schedule's latest occurrences."""
    found = session.get(f"/v1/schedules/{part(schedule_id)}/occurrences", {"limit": 50})["items"]
    if session.json:
        return output.emit(found)
    rows = [(each["at"], each["outcome"], each["track"] or "", each["reason"] or "") for each in found]
    return output.table(("AT", "OUTCOME", "TRACK", "REASON"), rows)


@schedule.command("pause")
@click.argument("schedule_id", metavar="SCHEDULE")
@pass_session
def pause_schedule(session: Session, schedule_id: str) -> None:
    """Let nothing begin by a schedule for now."""
    _set_paused(session, schedule_id, True)


@schedule.command("resume")
@click.argument("schedule_id", metavar="SCHEDULE")
@pass_session
def resume_schedule(session: Session, schedule_id: str) -> None:
    """Let a schedule that is paused go on."""
    _set_paused(session, schedule_id, False)


def _set_paused(session: Session, schedule_id: str, paused: bool) -> None:
    changed = session.patch(f"/v1/schedules/{part(schedule_id)}", {"paused": paused})
    if session.json:
        output.emit(changed)
    else:
        output.note(f"next: {_next(changed)}")


@schedule.command("rm")
@click.argument("schedule_id", metavar="SCHEDULE")
@pass_session
def remove_schedule(session: Session, schedule_id: str) -> None:
    """Delete a schedule; what it began stays."""
    session.send("DELETE", f"/v1/schedules/{part(schedule_id)}")
    output.note("deleted")
