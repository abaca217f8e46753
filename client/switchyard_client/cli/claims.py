"""Holding work: claim, heartbeat, release."""

from typing import Any

import click

from switchyard_client.cli import output
from switchyard_client.cli.failures import Ended, Exit
from switchyard_client.cli.session import Session, part, pass_session
from switchyard_client.cli.tracks import resolve

_lease = click.option(
    "--lease", type=click.IntRange(1, 86_400), default=300, show_default=True, metavar="SECONDS", help="Of the claim."
)


def _shown(session: Session, task: dict[str, Any]) -> None:
    if session.json:
        return output.emit(task)
    claim = task.get("claim") or {}
    return output.details(
        {
            "id": task["id"],
            "title": task["title"],
            "priority": task["priority"],
            "fence": claim.get("fence"),
            "until": claim.get("leaseExpiresAt"),
            "description": task.get("description"),
        }
    )


@click.command()
@click.argument("task", required=False)
@_lease
@pass_session
def claim(session: Session, task: str | None, lease: int) -> None:
    """Claim TASK, or the next ready one; exit 7 when there is none."""
    body: dict[str, Any] = {"leaseSeconds": lease}
    if task:
        return _shown(session, session.post(f"/api/v1/tasks/{part(resolve(session, task))}/claim", body))
    if session.settings.project:
        body["spaceId"] = session.settings.project
    found = session.post("/api/v1/tasks/claim", body)
    if found is None:
        raise Ended(Exit.NOTHING, "nothing is ready")
    return _shown(session, found)


@click.command()
@click.argument("task")
@_lease
@pass_session
def heartbeat(session: Session, task: str, lease: int) -> None:
    """Extend a claim to so many seconds from now."""
    _shown(session, session.post(f"/api/v1/tasks/{part(resolve(session, task))}/heartbeat", {"leaseSeconds": lease}))


@click.command()
@click.argument("task")
@pass_session
def release(session: Session, task: str) -> None:
    """Give a claimed task back."""
    found = session.post(f"/api/v1/tasks/{part(resolve(session, task))}/release")
    if session.json:
        return output.emit(found)
    return output.note(f"released: {found['title']}")
