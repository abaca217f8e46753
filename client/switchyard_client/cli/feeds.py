"""switchyard feeds: calendars of due dates, read by whoever has the address."""

import click

from switchyard_client.cli import output
from switchyard_client.cli.session import Session, part, pass_session


@click.group("feeds")
def feeds() -> None:
    """Due dates as a calendar (iCal) with an address of its own."""


@feeds.command("create")
@click.option("--name", default="Due dates", show_default=True)
@click.option("--scope", type=click.Choice(("all", "projects", "personal")), default="all", show_default=True)
@pass_session
def create_feed(session: Session, name: str, scope: str) -> None:
    """Create a feed, and print its address: it is shown once, and whoever has it reads the feed."""
    made = session.post("/v1/feeds", {"name": name, "scope": scope})
    if session.json:
        return output.emit(made)
    if made["url"] is None:
        # The answer was lost and sent again: the address is not kept.
        return output.note(f"the address was lost on its way: revoke {made['id']}, then create another")
    return output.line(made["url"])


@feeds.command("list")
@pass_session
def list_feeds(session: Session) -> None:
    """List the feeds, without their addresses."""
    found = list(session.pages("/v1/feeds", {"limit": 100}, "items"))
    if session.json:
        return output.emit(found)
    rows = [(each["id"], each["scope"], each["createdBy"], each["createdAt"][:10], each["name"]) for each in found]
    return output.table(("ID", "SCOPE", "BY", "CREATED", "NAME"), rows)


@feeds.command("revoke")
@click.argument("feed")
@pass_session
def revoke_feed(session: Session, feed: str) -> None:
    """Revoke a feed: its address serves nothing any more."""
    session.send("DELETE", f"/v1/feeds/{part(feed)}")
    output.note("revoked")
