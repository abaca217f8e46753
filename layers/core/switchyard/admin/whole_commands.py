"""Commands on a tenant as a whole."""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from switchyard.admin import moving, sharding
from switchyard.admin.stack import Stack
from switchyard.admin.whole import Whole
from switchyard.domain import clock
from switchyard.domain.actors import SHARDS_MAX
from switchyard.store import usage
from switchyard.store.table import Item


def add(command: Callable[..., Any]) -> None:
    """Add the commands to those of the command line."""
    made = command(
        "rebuild",
        "Compute what is derived from a tenant's rows anew: edges, counts, what tasks wait for.",
        lambda admin, o: Whole(admin.table, o.tenant).rebuild(o.start, o.pages),
        _rebuilt,
    )
    made.add_argument("--pages", type=_positive, default=1_000_000, help="pages of the table to read in this run")
    made.add_argument("--start", type=_position, help="go on where the last run ended, as it printed")
    command(
        "count-rows",
        "Count a tenant's rows by kind.",
        lambda admin, o: Whole(admin.table, o.tenant, must_exist=False).counts(),
        lambda answer: "\n".join(f"{count:>8}  {kind}" for kind, count in answer.items()) or "none",
    )


def add_usage(command: Callable[..., Any]) -> None:
    """Add the commands on what tenants use, and on how much they can write."""
    made = command(
        "set-shards",
        "Spread a tenant's lists over so many partitions, for 1,000 writes a second each. Takes four minutes.",
        lambda admin, o: sharding.set_shards(admin.table, Whole(admin.table, o.tenant).tenant, o.shards),
        lambda answer: f"new tracks go to {answer['written']} shards, lists are read from {answer['read']}",
    )
    made.add_argument("shards", type=_positive, help=f"1 to {SHARDS_MAX}")
    made = command(
        "spread-tracks",
        "Move a tenant's tracks into the shards where new ones go.",
        lambda admin, o: sharding.spread(Whole(admin.table, o.tenant), o.units),
        lambda answer: f"{answer['moved']} of {answer['seen']} tracks moved",
    )
    made.add_argument("--units", type=_positive, default=100, help="capacity units a second to take (default 100)")
    made = command(
        "set-limits", "Set how many requests a tenant may make; what is left out has no limit.", _limit, _limits
    )
    made.add_argument("--per-minute", type=_positive, help="requests a minute")
    made.add_argument("--per-day", type=_positive, help="requests a day (UTC)")
    made = command("usage", "Show what a tenant used, by day.", _usage, _days)
    made.add_argument("--days", type=_positive, default=30, help="how many days, until today (default 30)")


def add_moves(command: Callable[..., Any], stack: Callable[[Any], str]) -> None:
    """Add the commands that take a tenant out of a stack and into one."""

    def bucket(options: Any) -> tuple[Any, str]:
        found = Stack(stack(options))
        return found.client("s3"), found.resource("Artifacts")

    made = command(
        "export-tenant",
        "Write a tenant's rows and files into a folder; goes on where it was broken off.",
        lambda admin, o: moving.write(Whole(admin.table, o.tenant), *bucket(o), o.folder),
        _counted,
    )
    made.add_argument("folder")
    made = command(
        "import-tenant",
        "Read an export into this stack; again, it writes the same.",
        lambda admin, o: moving.read(Whole(admin.table, o.tenant, must_exist=False), *bucket(o), o.folder),
        _counted,
    )
    made.add_argument("folder")
    made = command("delete-tenant", "Delete a tenant's rows and files for good.", _delete(bucket), _counted)
    made.add_argument("--confirm", required=True, metavar="TENANT", help="the tenant's id again")


def _delete(bucket: Callable[[Any], tuple[Any, str]]) -> Callable[[Any, Any], dict[str, Any]]:
    def run(admin: Any, options: Any) -> dict[str, Any]:
        moving.require_confirmation(options.confirm, options.tenant)
        return moving.delete(Whole(admin.table, options.tenant, must_exist=False), *bucket(options))

    return run


def _counted(answer: dict[str, Any]) -> str:
    return json.dumps(answer, indent=2)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _position(text: str) -> Item:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.keys() != {"pk", "sk"}:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a position that an earlier run printed after --start")
    return found


def _limit(admin: Any, options: Any) -> dict[str, Any]:
    tenant, limits = Whole(admin.table, options.tenant).tenant, usage.Limits(options.per_minute, options.per_day)
    admin.table.write([usage.set_limits(tenant, limits)])
    return {"perMinute": limits.per_minute, "perDay": limits.per_day}


def _limits(answer: dict[str, Any]) -> str:
    def word(value: int | None) -> str:
        return "any number" if value is None else f"{value:,}"

    return f"{word(answer['perMinute'])} of requests a minute, {word(answer['perDay'])} a day; seen within a minute"


def _usage(admin: Any, options: Any) -> list[dict[str, Any]]:
    tenant = Whole(admin.table, options.tenant).tenant
    now = time.time()
    first = clock.stamp(now - (options.days - 1) * 86_400)[:10]
    return usage.days(admin.table, tenant, first, clock.stamp(now)[:10])


def _days(found: list[dict[str, Any]]) -> str:
    head = "day         " + "".join(f"{name:>12}" for name in usage.COUNTS)
    lines = [each["day"] + "  " + "".join(f"{each[name]:>12,}" for name in usage.COUNTS) for each in found]
    return "\n".join([head, *lines])


def _rebuilt(answer: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {kind}" for kind, count in answer["counts"].items()) or "nothing"
    return counts + (f"\n(more: --start '{json.dumps(answer['next'])}')" if answer["next"] else "")
