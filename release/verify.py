"""What the product relies on and the emulator does not have, tried against a deployed environment: `make verify-aws`.

Each check names the claim and the page of AWS for it, and is listed in docs/local-stack.md by its name. `--plan` prints
them with time and cost, and calls nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local.steps import StepFailed, step
from release import checks
from release.settings import Settings
from switchyard.aws.errors import AwsError
from switchyard.domain.errors import SwitchyardError

DOCS = "https://docs.aws.amazon.com/"


@dataclass(frozen=True)
class Check:
    """One claim. `minutes` is how long it may take, `usd` what it costs at most."""

    name: str
    claim: str
    source: str
    run: Callable[[checks.Deployed], None]
    minutes: float = 0.1
    usd: float = 0.0


CHECKS = (
    Check(
        "time to live",
        "rows with expires_at in the past go",
        f"{DOCS}amazondynamodb/latest/developerguide/TTL.html",
        checks.time_to_live,
    ),
    Check(
        "backups",
        "the table can be restored, and set up like it is",
        f"{DOCS}amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html",
        checks.backups,
        60,
        0.15,
    ),
    Check(
        "audit trail",
        "nobody but the pipeline writes under AUDIT#",
        f"{DOCS}amazondynamodb/latest/developerguide/rbac-overview.html",
        checks.audit_is_closed,
    ),
    Check(
        "lifecycle",
        "staged files go after a day or two",
        f"{DOCS}AmazonS3/latest/userguide/intro-lifecycle-rules.html",
        checks.lifecycle,
    ),
    Check(
        "only TLS",
        "the bucket refuses plain http",
        f"{DOCS}AmazonS3/latest/userguide/security-best-practices.html",
        checks.only_tls,
    ),
    Check(
        "workflows",
        "executions take tokens, and end",
        f"{DOCS}step-functions/latest/dg/connect-to-resource.html",
        checks.runs_end,
        2,
        0.01,
    ),
    Check(
        "scheduler",
        "a schedule is called at its time, and goes",
        f"{DOCS}scheduler/latest/UserGuide/managing-schedule-delete.html",
        checks.scheduler,
        7,
    ),
    Check(
        "metrics",
        "EMF lines become metrics",
        f"{DOCS}AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html",
        checks.metrics,
        10,
    ),
    Check(
        "access log",
        "the gateway writes a line for each request",
        f"{DOCS}apigateway/latest/developerguide/http-api-logging.html",
        checks.access_log,
        5,
    ),
    Check(
        "whole run",
        "a saved query finds all lines of a run",
        f"{DOCS}AmazonCloudWatch/latest/logs/AnalyzingLogData.html",
        checks.whole_run,
        2,
        0.01,
    ),
    Check(
        "usage",
        "lines reach a subscribed function",
        f"{DOCS}AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
        checks.usage_is_counted,
        2,
    ),
    Check("mail", "the address has confirmed", f"{DOCS}sns/latest/dg/sns-email-notifications.html", checks.mail),
)

#: What none of them tries, as docs/local-stack.md has it.
UNTRIED = (
    "a host name of one's own, where DomainName is not set; where it is, the checks that call the API go by it",
    "deliveries that fail: Scheduler and EventBridge try again for 24 hours, and then write to the dead letters",
    "mail about an inbox, push and webhooks, which reach people and services of others",
)


def plan() -> str:
    """What would be tried, with time and cost, and what would not."""
    lines = [f"  {each.name:<14} {each.claim}\n  {'':<14} {each.source}" for each in CHECKS]
    told = [f"not tried: {each}" for each in UNTRIED]
    minutes, usd = sum(each.minutes for each in CHECKS), sum(each.usd for each in CHECKS)
    return "\n".join([*lines, f"\n{len(CHECKS)} checks, up to {minutes:.0f} minutes, about {usd:.2f} USD", *told])


def verify(settings: Settings) -> None:
    """Try all of them. Raises StepFailed with those that did not hold."""
    deployed, failed = checks.Deployed(settings), []
    for each in CHECKS:
        try:
            with step(each.name):
                each.run(deployed)
        except (StepFailed, SwitchyardError, AwsError, BotoCoreError, ClientError) as failure:
            failed.append(f"{each.name}: {failure}")
    if failed:
        raise StepFailed("; ".join(failed), hint="the page of each claim stands in release/verify.py")
