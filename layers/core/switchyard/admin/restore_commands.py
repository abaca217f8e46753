"""The command that restores the table: `restore NEW`."""

from typing import Any

from switchyard.admin.restoring import Restore
from switchyard.aws.clients import make_client

_SAMPLES, _MINUTES = 200, 120


def add(commands: Any) -> None:
    """Add the command to those of the command line."""
    help_ = "Restore the table to a new one, set it up like the one in use and compare them: docs/restoring.md."
    made = commands.add_parser("restore", help=help_, description=help_)
    made.set_defaults(run=_restore, show=_shown)
    made.add_argument("into", help="name of the new table; the same name goes on where it was broken off")
    made.add_argument("--at", metavar="TIME", help="an ISO 8601 time of the last 35 days (default: the latest)")
    made.add_argument("--samples", type=int, default=_SAMPLES, help=f"rows to compare (default {_SAMPLES})")
    made.add_argument("--minutes", type=int, default=_MINUTES, help=f"how long to wait for it (default {_MINUTES})")


def _restore(admin: Any, options: Any) -> dict[str, Any]:
    restore = Restore(admin.table, options.into, make_client("dynamodb", read_timeout=30))
    return restore.walk(options.at, max(options.samples, 0), options.minutes * 60)


def _shown(answer: dict[str, Any]) -> str:
    samples = answer["samples"]
    lines = [
        f"{answer['table']} has the rows of {answer['asOf']}",
        "set up: " + ", ".join(f"{name} {how}" for name, how in answer["setUp"].items()),
        f"{'restored':>10}{'in use':>10}  rows",
        *(f"{then:>10,}{now:>10,}  {kind}" for kind, (then, now) in answer["rows"].items()),
        f"samples: {samples['same']} the same, {samples['changedSince']} changed, {samples['goneSince']} gone since",
        *(f"  {each}" for each in samples["examples"]),
    ]
    if answer["differences"]:
        return "\n".join([*lines, f"NOT to be switched to, it differs in: {', '.join(answer['differences'])}"])
    return "\n".join([*lines, f"next: make deploy ENV=… SET='TableStream={answer['stream']}'"])
