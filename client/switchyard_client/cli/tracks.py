"""Tracks at the command line: ready, list, show, add, edit, done, plan."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import click

from switchyard_client.cli import output
from switchyard_client.cli.failures import Ended, Exit, Usage
from switchyard_client.cli.session import Session, part, pass_session

PRIORITIES = ("urgent", "high", "medium", "low")
TASK_STATUSES = ("backlog", "todo", "in_progress", "done", "cancelled")
_ID = re.compile(
    r"(?:task_|obj_|tw_)?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)


def resolve(session: Session, ref: str) -> str:
    """Return the id that an argument means: an id as it is, anything else as an external id. Raises Ended."""
    if _ID.fullmatch(ref.strip()):
        return ref.strip()
    for kind in ("task", "goal"):
        found = session.get("/v1/tracks", {"type": kind, "externalId": [ref]})["items"]
        if found:
            return str(found[0]["id"])
    raise Ended(Exit.NOT_FOUND, f"{ref!r} is no id, and no track has it as its external id")


def own(track: dict[str, Any]) -> dict[str, Any]:
    """Return what a track shows of its own type."""
    found: dict[str, Any] = track[track["type"]]
    return found


@click.command()
@click.option("--agent", "kind", flag_value="agent", help="Only tasks for agents.")
@click.option("--user", "kind", flag_value="user", help="Only tasks for people.")
@click.option("--priority", type=click.Choice(PRIORITIES))
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@pass_session
def ready(session: Session, kind: str | None, priority: str | None, limit: int) -> None:
    """Show tasks that can be claimed now."""
    query = {"assigneeType": kind, "priority": priority, "limit": limit, "spaceId": session.settings.project}
    found = session.get("/api/v1/tasks/ready", query)
    if session.json:
        return output.emit(found)
    rows = [(each["id"], each["priority"], (each.get("dueDate") or "")[:10], each["title"]) for each in found]
    output.table(("ID", "PRIORITY", "DUE", "TITLE"), rows)
    if not found:
        output.note("nothing is ready")
    return None


@click.command("list")
@click.option("--type", "kind", type=click.Choice(("task", "goal")), default="task", show_default=True)
@click.option("--status", multiple=True, help="May be repeated; 'none' finds tasks without one.")
@click.option("--assignee", multiple=True)
@click.option("--goal", help="Tasks of this goal.")
@click.option("--query", help="Words in title or description.")
@click.option("--personal", is_flag=True, help="Only the caller's personal tracks.")
@click.option("--all", "everything", is_flag=True, help="All pages.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@pass_session
def list_(
    session: Session,
    kind: str,
    status: tuple[str, ...],
    assignee: tuple[str, ...],
    goal: str | None,
    query: str | None,
    personal: bool,
    everything: bool,
    limit: int,
) -> None:
    """List tasks or goals, newest first."""
    project = session.settings.project
    wanted = {
        "type": kind,
        "status": list(status),
        "assignee": list(assignee),
        "goalId": resolve(session, goal) if goal else None,
        "query": query,
        "scope": "personal" if personal else "projects" if project else None,
        "projectId": project if not personal else None,
        "limit": 100 if everything else limit,
    }
    with session.progress("reading"):
        if everything:
            found, more = list(session.pages("/v1/tracks", wanted, "items")), False
        else:
            page = session.get("/v1/tracks", wanted)
            found, more = page["items"], bool(page["nextCursor"])
    if session.json:
        return output.emit(found)
    rows = [
        (
            each["id"],
            own(each)["status"] or "",
            each["priority"],
            own(each).get("assignee") or "",
            own(each)["dueDate"] or "",
            each["title"],
        )
        for each in found
    ]
    output.table(("ID", "STATUS", "PRIORITY", "ASSIGNEE", "DUE", "TITLE"), rows)
    if more:
        output.note("there are more: --all, or a narrower filter")
    elif not found:
        output.note("nothing fits")
    return None


@click.command()
@click.argument("track")
@pass_session
def show(session: Session, track: str) -> None:
    """Show one task or goal with every field."""
    found = session.get(f"/v1/tracks/{part(resolve(session, track))}")
    if session.json:
        return output.emit(found)
    return _print(found)


def _print(track: dict[str, Any]) -> None:
    fields = own(track)
    rollup = track.get("rollup") or {}
    claim = track.get("claim") or {}
    metadata = json.dumps(track["metadata"], ensure_ascii=False) if track["metadata"] else ""
    output.details(
        {
            "id": track["id"],
            "external id": track.get("externalId"),
            "type": track["type"],
            "title": track["title"],
            "status": fields["status"],
            "priority": track["priority"],
            "due": track.get("dueAt") or fields["dueDate"],
            "assignee": fields.get("assignee"),
            "goal": fields.get("goalId"),
            "parent": fields.get("parentId"),
            "depends on": fields.get("dependsOn"),
            "tasks done": f"{rollup['tasksDone']} of {rollup['tasksTotal']}" if rollup.get("tasksTotal") else "",
            "held by": f"{claim['holder']} until {claim['leaseExpiresAt']}" if claim else "",
            "note": track["completedNote"],
            "created": f"{track['createdAt']} by {track['createdBy']}",
            "completed": track["completedAt"],
            "metadata": metadata,
            "description": track["description"],
        }
    )


def _fields(session: Session, given: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the body's fields from a command's options; None was not given."""
    names = {"title": "title", "description": "description", "priority": "priority", "external_id": "externalId"}
    body = {wire: given[name] for name, wire in names.items() if given.get(name) is not None}
    mine = {"status": "status", "due": "dueDate", "assignee": "assignee"}
    inner: dict[str, Any] = {wire: given[name] for name, wire in mine.items() if given.get(name) is not None}
    for name, wire in (("goal", "goalId"), ("parent", "parentId")):
        if given.get(name) is not None:
            inner[wire] = resolve(session, given[name]) if given[name] else ""
    if given.get("depends_on"):
        inner["dependsOn"] = [resolve(session, each) for each in given["depends_on"] if each]
    return {**body, kind: inner}


def _options(command: Any) -> Any:
    """The options that add and edit share."""
    options = (
        click.option("--description", help="Text, or - for standard input."),
        click.option("--status"),
        click.option("--priority", type=click.Choice(PRIORITIES)),
        click.option("--due", metavar="DATE", help="YYYY-MM-DD."),
        click.option("--assignee", help="A user's or an agent's id."),
        click.option("--goal", help="The goal that the task is for."),
        click.option("--parent"),
        click.option("--depends-on", multiple=True, metavar="TRACK", help="May be repeated."),
        click.option("--external-id", help="What another system calls it; unique, set once."),
    )
    for each in reversed(options):
        command = each(command)
    return command


def _with_stdin(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("description") == "-":
        given["description"] = sys.stdin.read()
    return given


@click.command()
@click.argument("title")
@click.option("--type", "kind", type=click.Choice(("task", "goal")), default="task", show_default=True)
@click.option("--personal", is_flag=True, help="Only the caller sees it.")
@_options
@pass_session
def add(session: Session, /, title: str, kind: str, personal: bool, **given: Any) -> None:
    """Add a task, or a goal."""
    body = _fields(session, _with_stdin({**given, "title": title}), kind)
    made = session.post("/v1/tracks", {"type": kind, "scope": session.scope(personal), **body})
    if session.json:
        return output.emit(made)
    output.note(f"added {kind}")
    return output.line(made["id"])


@click.command()
@click.argument("track")
@click.option("--title")
@_options
@pass_session
def edit(session: Session, /, track: str, **given: Any) -> None:
    """Change a task or goal. An empty value clears ("")."""
    track_id = part(resolve(session, track))
    given = _with_stdin(given)
    if all(value in (None, ()) for value in given.values()):
        raise Usage("nothing to change: give at least one option")
    before = session.get(f"/v1/tracks/{track_id}")
    body = _fields(session, given, before["type"])
    if not body[before["type"]]:
        del body[before["type"]]
    after = session.patch(f"/v1/tracks/{track_id}", body)
    if session.json:
        return output.emit(after)
    changed = after["version"] != before["version"]
    return output.note(f"changed: version {after['version']}" if changed else "nothing differs")


@click.command()
@click.argument("tracks", nargs=-1, required=True)
@click.option("--note", help="What came of it; tasks alone.")
@pass_session
def done(session: Session, tracks: tuple[str, ...], note: str | None) -> None:
    """Complete tasks or goals."""
    results = []
    for each in tracks:
        track_id = part(resolve(session, each))
        kind = session.get(f"/v1/tracks/{track_id}")["type"]
        if note and kind == "goal":
            raise Usage("a goal has no note")
        if note:
            session.patch(f"/v1/tasks/{track_id}", {"status": "completed", "completed_note": note})
            after = session.get(f"/v1/tracks/{track_id}")
        else:
            word = "done" if kind == "task" else "completed"
            after = session.patch(f"/v1/tracks/{track_id}", {kind: {"status": word}})
        results.append(after)
        unblocked = after.get("unblocked") or []
        more = f"; now ready: {', '.join(unblocked)}" if unblocked else ""
        output.note(f"done: {after['title']}{more}")
    if session.json:
        output.emit(results)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--personal", is_flag=True, help="Only the caller sees it.")
@pass_session
def plan(session: Session, file: Path, personal: bool) -> None:
    """Create the tracks of a plan, all or none.

    FILE is JSON: {"updateDrafts": [{"id": LABEL, "title": …, "task": {"dependsOn": [LABEL]}}]}, or the list alone.
    At most 100 drafts; for more, and for other formats: import.
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        given = json.loads(text)
    except (OSError, ValueError) as error:
        raise Usage(f"{file}: {error}") from None
    body = given if isinstance(given, dict) else {"updateDrafts": given}
    with session.progress("applying"):
        answer = session.post("/v1/tracks/apply", {"scope": session.scope(personal), **body})
    if session.json:
        return output.emit(answer)
    rows = [(each["id"], each["type"], each["outcome"], each["draftId"]) for each in answer["results"]]
    return output.table(("ID", "TYPE", "OUTCOME", "DRAFT"), rows)
