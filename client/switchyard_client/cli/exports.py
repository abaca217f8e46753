"""switchyard export: everything that the caller sees, for another workspace or another system."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from switchyard_client.cli import output
from switchyard_client.cli.failures import Usage
from switchyard_client.cli.session import Session, pass_session

FORMATS = ("jsonl", "beads", "csv", "ics")


@click.command("export")
@click.argument("target_format", metavar="FORMAT", type=click.Choice(FORMATS))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file in place of standard output.")
@click.option("--personal", is_flag=True, help="Only the caller's personal tracks.")
@pass_session
def export(session: Session, target_format: str, out: Path | None, personal: bool) -> None:
    """Export tasks and goals as jsonl, beads, csv or ics (due dates, for calendars)."""
    from switchyard_client.exporting import Export

    if session.json and out is None:
        raise Usage("--json is for commands without a format of their own: give --out, or leave it out")
    project = session.settings.project
    where = {"scope": "personal"} if personal else {"scope": "projects", "projectId": project} if project else {}

    def tracks() -> Iterator[dict[str, Any]]:
        for kind in ("goal", "task"):
            yield from session.pages("/v1/tracks", {"type": kind, "limit": 100, **where}, "items")

    made = Export()
    with output.Progress(lambda: f"reading: {made.count} tracks"):
        made.take(tracks())
    text = made.lines(target_format)
    if out is None:
        sys.stdout.writelines(text)
        sys.stdout.flush()
    else:
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(text)
    output.note(output.counted(made.count, "tracks"))
