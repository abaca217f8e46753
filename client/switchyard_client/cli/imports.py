"""switchyard import: the plan of another system, checked first, applied in its order, safe to repeat."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from switchyard_client.cli import output, settings
from switchyard_client.cli.failures import Ended, Exit, Usage
from switchyard_client.cli.session import Session, pass_session
from switchyard_client.errors import Unreachable

if TYPE_CHECKING:
    from switchyard_client.importing.memory import Memory
    from switchyard_client.importing.plan import Plan
    from switchyard_client.importing.upload import Outcome

#: What the formats are called; the formats themselves are loaded when one is read.
FORMATS = ("beads", "csv", "github", "linear", "markdown", "switchyard", "taskmaster", "taskwarrior", "todoist")
HISTORY = "tasks:history"
#: Items above which the service applies a file by itself.
SERVER_ABOVE = 2_000


@click.command("import")
@click.argument("source_format", metavar="FORMAT", type=click.Choice(("auto", *FORMATS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what would be done, with its exit status; asks nobody.")
@click.option(
    "--prefix", help="Begins all external ids (default: the format's name); apart for each file of equal ids."
)
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="For csv; may be repeated.")
@click.option("--personal", is_flag=True, help="Only the caller sees it.")
@click.option("--fresh", is_flag=True, help="Send everything, also what has not changed since the last import.")
@click.option(
    "--server/--no-server",
    default=None,
    help=f"Whether the service applies a file by itself; it does above {SERVER_ABOVE} items.",
)
@pass_session
def import_(
    session: Session,
    source_format: str,
    file: Path,
    dry_run: bool,
    prefix: str | None,
    pairs: tuple[str, ...],
    personal: bool,
    fresh: bool,
    server: bool | None,
) -> None:
    """Import a plan: auto, beads, csv, github, linear, markdown, switchyard, taskmaster, taskwarrior or todoist.

    Running it again changes what changed, makes nothing twice, and goes on where it was interrupted.
    """
    with closing(_plan(source_format, file, _mapping(pairs))) as plan:
        begins = plan.prefix if prefix is None else prefix
        if dry_run:
            return _tell_dry_run(session, plan, begins)
        by_service = len(plan.nodes) > SERVER_ABOVE if server is None else server
        return _upload(session, plan, begins, personal, fresh, by_service)


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    from switchyard_client.importing.formats.tables import FIELDS

    found = {}
    for each in pairs:
        field, equals, column = each.partition("=")
        if not equals or field not in FIELDS or not column:
            raise Usage(f"--map {each}: FIELD=COLUMN, with a field of {', '.join(FIELDS)}")
        found[field] = column
    return found


def _plan(source_format: str, file: Path, mapping: dict[str, str]) -> "Plan":
    """Read and check a file. Raises Usage when it is not of the format."""
    from switchyard_client.importing import formats
    from switchyard_client.importing.plan import Plan
    from switchyard_client.importing.sources import Source, WrongFile, kind_of

    known = formats.formats(mapping)
    source, plan = Source(file), Plan()
    try:
        found = kind_of(source)
        chosen = source_format if source_format != "auto" else found
        if chosen is None:
            raise WrongFile(f"{file.name} is of no known format")
        if found not in (None, chosen, "csv") and chosen != "csv":
            raise WrongFile(
                f"{file.name} is not {known[chosen].title}, it looks like {known[found].title}: import {found}"
            )
        with output.Progress(lambda: f"reading {file.name}: {len(plan.nodes)} items"):
            plan.take(known[chosen].read(source), source.adopted)
            plan.problems += source.problems
            plan.settle()
    except WrongFile as wrong:
        plan.close()
        raise Usage(str(wrong)) from None
    plan.prefix = known[chosen].prefix
    if not plan.nodes:
        plan.close()
        for each in plan.problems:
            output.note(str(each))
        raise Usage(f"{file.name} has nothing to import")
    return plan


def _problems(plan: "Plan") -> list[dict[str, Any]]:
    return [
        {"kind": each.kind, "names": list(each.names), "does": each.does, "loses": each.loses} for each in plan.problems
    ]


def _tell_dry_run(session: Session, plan: "Plan", prefix: str) -> None:
    from switchyard_client.importing.drafts import draft
    from switchyard_client.importing.records import Problem, external_id

    for node in plan.nodes.values():

        def tell(kind: str, does: str, name: str = node.name) -> None:
            plan.problems.append(Problem(kind, (name,), does))

        draft(plan.item(node), node, lambda name: external_id(prefix, name), True, tell)
    counts = {
        "goals": sum(node.kind == "goal" for node in plan.nodes.values()),
        "tasks": sum(node.kind == "task" for node in plan.nodes.values()),
        "dependencies": sum(len(node.depends_on) for node in plan.nodes.values()),
    }
    if session.json:
        output.emit({**counts, "problems": _problems(plan)})
    else:
        for each in plan.problems:
            output.line(str(each))
        output.line(", ".join(output.counted(count, what) for what, count in counts.items()) + ": nothing was sent")
    _end(plan)


def _upload(session: Session, plan: "Plan", prefix: str, personal: bool, fresh: bool, server: bool) -> None:
    import sqlite3

    from switchyard_client.importing.memory import Memory
    from switchyard_client.importing.upload import Outcome, Upload

    me = session.get("/v1/me")
    history = HISTORY in me["scopes"]
    if not history:
        output.note(f"the token lacks the scope {HISTORY}: when items were created and completed is not taken")
    outcome, lines = Outcome(len(plan.nodes)), []

    def send(body: dict[str, Any]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = session.post("/v1/tracks/apply", body)["results"]
        return results

    def note_result(name: str, result: dict[str, Any]) -> None:
        if session.json:
            lines.append({"name": name, **result})

    path = settings.folder() / "imports.sqlite3"
    try:
        memory = Memory(path, f"{session.settings.url} {me['workspaceId']}")
    except sqlite3.Error as error:
        raise Usage(f"{path}: {error}; without it the next import sends everything: delete it") from None
    if fresh:
        memory.forget()
    scope = session.scope(personal)
    try:
        with closing(memory), output.Progress(lambda: f"importing: {outcome.done} of {outcome.total}"):
            applied = _bulk(session, plan, prefix, scope, history, memory, outcome, note_result) if server else {}
            # What the service did by itself is remembered, so that requests are made for the rest alone.
            outcome.counts = dict.fromkeys(outcome.counts, 0)
            Upload(plan, send, prefix, scope, history, outcome, memory, note_result).run()
            for name, count in applied.items():
                outcome.counts[name] += count
                outcome.counts["unchanged"] -= count
    except (KeyboardInterrupt, Unreachable):
        output.note(f"{outcome.done} of {outcome.total} are in: the same command goes on from there")
        raise
    _tell_end(session, plan, outcome, lines)


def _bulk(
    session: Session,
    plan: "Plan",
    prefix: str,
    scope: dict[str, Any],
    history: bool,
    memory: "Memory",
    outcome: "Outcome",
    note_result: Callable[[str, dict[str, Any]], None],
) -> dict[str, int]:
    """Have the service apply the plan; returns how many items it created, and how many it changed."""
    import tempfile

    from switchyard_client.cli.bulk import Imports
    from switchyard_client.importing.bulk import Bulk, Failed

    with tempfile.TemporaryDirectory() as folder:
        bulk = Bulk(
            plan, Imports(session), prefix, scope, history, memory, outcome, Path(folder), on_result=note_result
        )
        try:
            bulk.run()
        except Failed as failed:
            raise Ended(Exit.FAILED, f"{failed}; the same command goes on from there") from None
    return {name: outcome.counts[name] for name in ("created", "updated")}


def _tell_end(session: Session, plan: "Plan", outcome: "Outcome", lines: list[dict[str, Any]]) -> None:
    if session.json:
        output.emit({**outcome.counts, "problems": _problems(plan), "results": lines})
    for each in plan.problems:
        output.note(str(each))
    output.note(", ".join(f"{count} {word}" for word, count in outcome.counts.items() if count))
    _end(plan)


def _end(plan: "Plan") -> None:
    """End as every import does, a dry run too. Raises Ended when something is left out."""
    if any(each.loses for each in plan.problems):
        raise Ended(Exit.PARTLY)
