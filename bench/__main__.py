"""`python -m bench [--rounds N] [--write]`: prints the figures; `--write` puts them into docs/performance.md.

`python -m bench load` loads the local stack over HTTP instead; `python -m bench cost` says what the service costs,
`python -m bench designs` what other designs of the indexes would write and read.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench import load, page
from bench.measure import Figure, Row, measure
from bench.stack import emulator
from bench.variants import ROOT, TABLE
from switchyard.aws.clients import make_client
from switchyard.store.table import Table

ROWS = (
    Row("create", False, 0.45),
    Row("create_keyed", False, 0.45),
    Row("get", False, 0.35),
    Row("list", False, 0.30),
    Row("mcp", False, 0.35),
    Row("run", False, 0.40),
    Row("get", True, 0.40),
    Row("create", True, 0.55),
    Row("mcp", True, 0.60),
)
#: Megabytes that any function may have in memory.
MEMORY_BUDGET = 36
PEER_BUDGET = 0.4


def main() -> int:
    """Measure everything, or the load; exit 1 when a ratio is over its budget."""
    if sys.argv[1:2] == ["load"]:
        return load.main(sys.argv[2:])
    if sys.argv[1:2] in (["cost"], ["designs"]):
        # Nothing of an account is read or written: moto answers.
        os.environ.update(settings(), AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", STAGE="cost")
        os.environ.pop("AWS_ENDPOINT_URL", None)
        from bench import cost, designs

        return (cost if sys.argv[1] == "cost" else designs).main(sys.argv[2:])
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--only", nargs="+", choices=[row.name for row in ROWS], help="rows to measure")
    options = arguments.parse_args()
    started = time.monotonic()

    def report(text: str) -> None:
        print(f"  {time.monotonic() - started:5.0f} s  {text}", file=sys.stderr, flush=True)

    report("starting the emulator")
    with emulator() as endpoint:
        environment = {"AWS_ENDPOINT_URL": endpoint, **settings()}
        os.environ.update(environment)
        environment |= seed()
        wanted = [row for row in ROWS if not options.only or row.name in options.only]
        figures = [measure(row, options.rounds, environment, report) for row in wanted]
    table = render(figures)
    print(table)
    if options.write:
        page.write("figures", table)
    over = [problem for figure in figures for problem in over_budget(figure)]
    for problem in over:
        print(problem, file=sys.stderr)
    return bool(over)


def over_budget(figure: Figure) -> Iterator[str]:
    """Name each budget that a figure exceeds."""
    name = figure.row.name
    if figure.to_floor > figure.row.budget:
        yield f"{name}: {figure.to_floor:.2f} of the floor, budget {figure.row.budget}"
    peer_budget = PEER_BUDGET if figure.row.scenario in ("create", "get") else 0.5
    if (figure.to_peer or 0) > peer_budget:
        yield f"{name}: {figure.to_peer:.2f} of the peer, budget {peer_budget}"
    if figure.megabytes["switchyard"] > MEMORY_BUDGET:
        yield f"{name}: {figure.megabytes['switchyard']:.0f} MB, budget {MEMORY_BUDGET}"


def settings() -> dict[str, str]:
    """Return the environment of a deployed function."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TABLE_NAME": TABLE,
        "STAGE": "bench",
        "POWERTOOLS_SERVICE_NAME": "switchyard",
        "POWERTOOLS_METRICS_NAMESPACE": "Switchyard",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "core")]),
    }


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    """Return a row beside ours, in lists of its own."""
    kept = {name: value for name, value in item.items() if not name.startswith(("by_", "ready", "home"))}
    return {**kept, "pk": {"S": f"plain-{item['pk']['S']}"}, "list": {"S": "plain"}}


def seed() -> dict[str, str]:
    """Make the table of the template, a token, 200 tasks; return what the workers must know of them."""
    import boto3

    from switchyard.domain import clock, tokens, tracks
    from switchyard.domain.actors import SCOPES, Actor
    from switchyard.domain.ids import new_id
    from switchyard.store import idempotency, packing
    from switchyard.store import tokens as token_rows
    from switchyard.store import tracks as track_rows
    from switchyard.surfaces.planning import present
    from tests.support.template import table_definition

    # What the others list: rows that have an attribute for each field, whole in an index of their own.
    definition = table_definition()
    by_id = [{"AttributeName": "list", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}]
    whole = {"IndexName": "whole", "KeySchema": by_id, "Projection": {"ProjectionType": "ALL"}}
    definition["GlobalSecondaryIndexes"] = [*definition["GlobalSecondaryIndexes"], whole]
    boto3.client("dynamodb").create_table(TableName=TABLE, **definition)
    table = Table(TABLE, make_client("dynamodb"))
    tenant = new_id()
    secret = tokens.new_token(tenant)
    actor = Actor(tenant, "user_bench", "user", frozenset(SCOPES), new_id())
    row = token_rows.TokenRow(actor.token_id, tokens.digest(secret), actor, clock.now(), None, None)
    task = {"status": "todo", "dueDate": "2026-06-05", "assignee": "agent_research"}
    body = {
        "type": "task",
        "title": "Review the quarterly numbers",
        "description": "Compare with last quarter and name the three largest differences. " * 4,
        "scope": {"type": "projects", "ids": ["finance"]},
        "priority": "high",
        "metadata": {"tags": ["sales", "quarterly"], "source": "api"},
        "task": task,
    }
    made = [
        tracks.create(
            actor,
            "seed",
            "task",
            f"{body['title']} {number}",
            description=body["description"],
            status="todo",
            due="2026-06-05",
            assignee="agent_research",
            priority="high",
            project_ids=("finance",),
            metadata=body["metadata"],
        )
        for number in range(200)
    ]
    packed = [track_rows.to_item(each) for each in made]
    plain = [_plain(each) for each in map(packing.unpack, packed)]
    table.put_many([token_rows.to_item(row), *packed, *plain])
    shown = json.dumps(present.full(made[0]))
    use = idempotency.KeyUse(tenant, actor.id, "key", "0" * 64)
    plan = {
        "tenant": tenant,
        "id": made[0].id,
        "tasks": [each.id for each in made],
        "pk": plain[0]["pk"]["S"],
        "list": plain[0]["list"]["S"],
        "body": body,
        # The floor's creates are in lists of their own, so that every variant lists the same rows.
        "item": {**plain[0], "list": {"S": "floor"}},
        "key_row": idempotency.remember(use, 201, {"etag": '"1"'}, shown)[-1]["Put"]["Item"],
    }
    return {"BENCH_TOKEN": secret, "BENCH_PLAN": json.dumps(plan)}


def render(figures: list[Figure]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| scenario | ours, µs CPU | floor, µs CPU | peer, µs CPU | ours / floor | budget | ours / peer "
        "| ours, MB | floor, MB |",
        "|---" * 9 + "|",
    ]
    for figure in figures:
        peer, taken, memory = figure.microseconds.get("fastapi"), figure.microseconds, figure.megabytes
        lines.append(
            f"| {figure.row.name} | {taken['switchyard']:,.0f} | {taken['floor']:,.0f} "
            f"| {f'{peer:,.0f}' if peer else '-'} | {figure.to_floor:.2f} | {figure.row.budget} "
            f"| {f'{figure.to_peer:.2f}' if figure.to_peer else '-'} "
            f"| {memory['switchyard']:.0f} | {memory['floor']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
