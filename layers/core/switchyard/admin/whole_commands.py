"""Commands on a tenant as a whole."""

import json
from collections.abc import Callable
from typing import Any

from switchyard.admin.whole import Whole


def add(command: Callable[..., Any]) -> None:
    """Add the commands to those of the command line."""
    made = command(
        "rebuild",
        "Compute what is derived from a tenant's rows anew: edges, counts, what tasks wait for.",
        lambda admin, o: Whole(admin.table, o.tenant).rebuild(json.loads(o.start) if o.start else None, o.pages),
        _rebuilt,
    )
    made.add_argument("--pages", type=int, default=1_000_000, help="pages of the table to read in this run")
    made.add_argument("--start", help="go on where the last run ended, as it printed")
    command(
        "count-rows",
        "Count a tenant's rows by kind.",
        lambda admin, o: Whole(admin.table, o.tenant, must_exist=False).counts(),
        lambda answer: "\n".join(f"{count:>8}  {kind}" for kind, count in answer.items()) or "none",
    )


def _rebuilt(answer: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {kind}" for kind, count in answer["counts"].items()) or "nothing"
    return counts + (f"\n(more: --start '{json.dumps(answer['next'])}')" if answer["next"] else "")
