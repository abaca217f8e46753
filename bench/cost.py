"""`python -m bench cost [--write]`: what the service costs, from what is counted and the prices of prices.toml."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from bench.spending import RUN, Spent, measure
from switchyard.aws.clients import make_client
from switchyard_client.worker.work import IDLE_MAX
from tests.support.moto_pool import moto
from tests.support.template import ROOT, resources, template

PRICES: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("prices.toml").read_text(encoding="utf-8"))
PAGE = ROOT / "docs/cost.md"
BEGIN, END = '<!-- counted: begin, by `make bench ARGS="cost --write"` -->\n', "<!-- counted: end -->"
MILLION = 1_000_000
GB = 2**30
#: Seconds between two claims of an idle worker.
IDLE_SECONDS = int(IDLE_MAX)
#: Metrics that the reconciler's function has, the one that runs at rest: time, failures and five counts.
RESTING_METRICS = 7
#: The goals: USD a month.
AT_REST_MAX, IDLE_WORKER_MAX = 5.0, 2.0


def million(spent: Spent) -> dict[str, float]:
    """USD for a million of something, by what is paid for."""
    p, assumed = PRICES, PRICES["assumed"]
    seconds = (spent.invocations * assumed["own_ms"] + spent.calls * assumed["call_ms"]) / 1_000
    lines = spent.log_bytes + spent.lines * p["logs"]["event_overhead_bytes"]
    own = spent.invocations * assumed["platform_log_bytes"] + spent.requests * assumed["access_log_bytes"]
    return {
        "API": spent.requests * p["api"]["http_per_million"],
        "functions": spent.invocations * p["lambda"]["requests_per_million"]
        + seconds * assumed["memory_gb"] * p["lambda"]["gb_second"] * MILLION,
        "writes": spent.written * p["dynamodb"]["writes_per_million"],
        "reads": spent.read * p["dynamodb"]["reads_per_million"],
        "logs": (lines + own) * MILLION / GB * p["logs"]["ingested_gb"],
        "bus, queues": spent.events * p["events"]["custom_per_million"]
        + spent.queue_requests * p["sqs"]["requests_per_million"],
        "workflow": spent.transitions * p["states"]["transitions_per_million"],
    }


def naive(spent: Spent) -> float:
    """USD for a million in the plain design: REST API, a function that authorizes each request by one read, idempotency
    as two writes of a row of its own before and after each change; `spent` is counted over indexes that copy all."""
    p, assumed = PRICES, PRICES["assumed"]
    base = sum(million(spent).values())
    api = spent.requests * (p["api"]["rest_per_million"] - p["api"]["http_per_million"])
    each = p["lambda"]["requests_per_million"]
    each += (assumed["own_ms"] + assumed["call_ms"]) / 1_000 * assumed["memory_gb"] * p["lambda"]["gb_second"] * MILLION
    each += 0.5 * p["dynamodb"]["reads_per_million"]
    each += (assumed["platform_log_bytes"] + 300) * MILLION / GB * p["logs"]["ingested_gb"]
    changes = spent.written > 0
    keys = 2 * p["dynamodb"]["writes_per_million"] * spent.requests if changes else 0
    return base + api + spent.requests * each + keys


def always(kind: str) -> dict[str, Any]:
    """Return the resources of a type that each stack has, whatever its parameters."""
    conditional = {name for name, each in template()["Resources"].items() if "Condition" in each}
    return {name: each for name, each in resources(kind).items() if name not in conditional}


def alarm_metrics() -> int:
    """How many metrics the template's alarms name; queries of Metrics Insights find none at rest."""
    count = 0
    for alarm in always("AWS::CloudWatch::Alarm").values():
        metrics = alarm.get("Metrics")
        count += sum("MetricStat" in each for each in metrics) if metrics else 1
    return count


def at_rest(tick: Spent) -> dict[str, float]:
    """USD a month for a stack that nobody uses, in an account that has nothing else; `tick` is one look of the
    reconciler."""
    p, assumed = PRICES, PRICES["assumed"]
    month = assumed["hours_month"] * 3_600
    queues = sum("RedrivePolicy" in each for each in always("AWS::SQS::Queue").values())
    polls = queues * assumed["pollers"] * month / assumed["poll_seconds"]
    ticks = month / 300
    free = p["sqs"]["free_requests"]
    paid = p["cloudwatch"]["alarm_metric_month"] * max(alarm_metrics() - p["cloudwatch"]["free_alarm_metrics"], 0)
    return {
        "alarms": paid,
        "polls of three queues by Lambda": max(polls - free, 0) / MILLION * p["sqs"]["requests_per_million"],
        "reconciler, every five minutes": sum(million(tick).values()) * ticks / MILLION,
        f"{RESTING_METRICS} metrics of the reconciler (ten are free)": 0.0,
        "dashboard (one of three that are free)": 0.0,
        "table and its backups, 100 MB": 0.1 * (p["dynamodb"]["gb_month"] + p["dynamodb"]["backup_gb_month"]),
    }


def idle_worker(poll: Spent, seconds: float = IDLE_SECONDS) -> float:
    """USD a month of a worker that claims every so many seconds and gets nothing."""
    return PRICES["assumed"]["hours_month"] * 3_600 / seconds * sum(million(poll).values()) / MILLION


def waiting_worker(poll: Spent) -> float:
    """USD a month of one whose claims wait 20 seconds each, with a look a second: as it was."""
    p, assumed = PRICES, PRICES["assumed"]
    month = assumed["hours_month"] * 3_600
    looks = month * poll.read * p["dynamodb"]["reads_per_million"] / MILLION
    return month * assumed["memory_gb"] * p["lambda"]["gb_second"] + looks + idle_worker(poll, 20)


def reconciler() -> Spent:
    """One look of the reconciler at nothing: four queries and two for its mark, a log line and metrics."""
    return Spent("reconciler", invocations=1, calls=6, written=1, read=3, lines=2, log_bytes=900)


def render(found: list[Spent], copied: list[Spent]) -> str:
    """The page's tables."""
    columns = list(million(found[0]))
    lines = [
        "## Per million",
        "",
        "USD for a million of each, with all that follows from it, each change handled by itself (under load the",
        "readers of the stream take up to 100 at once, and cost a small part of that).",
        "",
        f"| | {' | '.join(columns)} | **together** | plain design |",
        f"|---|{'---|' * (len(columns) + 2)}",
    ]
    for spent, other in zip(found, copied, strict=True):
        cost = million(spent)
        parts = " | ".join(f"{cost[each]:.2f}" for each in columns)
        lines.append(f"| {spent.name} | {parts} | **{sum(cost.values()):.2f}** | {naive(other):.2f} |")
    lines += [
        "",
        "Counted:",
        "",
        "| | units written | units read | invocations | calls of the table | bytes logged | events | transitions |",
        "|---|---|---|---|---|---|---|---|",
    ]
    whole = {each.name: sum(million(each).values()) / 1_000 for each in found}
    cheapest, dearest = (pick(value for name, value in whole.items() if name != RUN) for pick in (min, max))
    lines[4:4] = [
        f"So 1,000 requests cost {cheapest:.3f} to {dearest:.3f} USD, and 1,000 whole runs {whole[RUN]:.2f}.",
    ]
    for s in found:
        logged = f"{round(s.log_bytes, -2):,}"
        told = (s.name, f"{s.written:g}", f"{s.read:g}", s.invocations, s.calls, logged, s.events, s.transitions)
        lines.append(f"| {' | '.join(map(str, told))} |")
    rest, cloudwatch = at_rest(reconciler()), PRICES["cloudwatch"]
    free = cloudwatch["alarm_metric_month"] * cloudwatch["free_alarm_metrics"] + PRICES["sqs"]["requests_per_million"]
    free += cloudwatch["metric_month"] * RESTING_METRICS
    board = cloudwatch["dashboard_month"]
    lines += ["", "## At rest", "", "USD a month for a stack that nobody uses:", "", "| | USD |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in rest.items()]
    poll = next(each for each in found if each.name.startswith("claim of runs"))
    lines += [
        f"| **together** | **{sum(rest.values()):.2f}** |",
        "",
        f"Alarms watch {alarm_metrics()} metrics, ten of which are free in an account. Where other stacks have used",
        f"up what is free, it is {sum(rest.values()) + free:.2f}, and {board:.2f} more for the dashboard.",
        "",
        "## An idle worker",
        "",
        f"A worker that finds nothing asks again after {IDLE_SECONDS} s: **{idle_worker(poll):.2f} USD a month**.",
        f"With claims that wait 20 seconds each, a function runs all the time: {waiting_worker(poll):.2f}.",
        "",
    ]
    return "\n".join(lines)


def page_with(tables: str) -> str:
    """docs/cost.md with these tables."""
    page = PAGE.read_text(encoding="utf-8")
    first = page.index(BEGIN) + len(BEGIN)
    return page[:first] + "\n" + tables + "\n" + page[page.index(END, first) :]


def count() -> tuple[list[Spent], list[Spent]]:
    """What is used, over the template's indexes, and over such that copy whole rows."""
    with moto():
        client = make_client("dynamodb")
        return measure(client), measure(client, everything=True)


def main(arguments: list[str]) -> int:
    """Print the tables, or write them into the page; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="bench cost", description=__doc__)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    found, copied = count()
    tables = render(found, copied)
    print(tables)
    if options.write:
        PAGE.write_text(page_with(tables), encoding="utf-8")
    poll = next(each for each in found if each.name.startswith("claim of runs"))
    missed = sum(at_rest(reconciler()).values()) > AT_REST_MAX or idle_worker(poll) > IDLE_WORKER_MAX
    if missed:
        print("a goal is missed", file=sys.stderr)
    return int(missed)
