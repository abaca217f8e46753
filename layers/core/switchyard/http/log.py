"""One log line and three metrics for each request."""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from switchyard.domain.actors import Actor
from switchyard.domain.errors import SwitchyardError
from switchyard.domain.tokens import redacted

_DETAIL_MAX = 500

logger = Logger(service="switchyard")
metrics = Metrics(namespace="Switchyard", service="switchyard")


def record(
    operation: str,
    request_id: str,
    status: int,
    milliseconds: float,
    actor: Actor | None,
    error: SwitchyardError | None,
    more: Mapping[str, Any],
) -> None:
    """Log how a request ended, and count it. `more` is added to the line.

    `correlation_id` joins the lines of all functions that work on one thing: the id of the run, if the request is
    about one, else the request's own. The metrics have few dimensions, as each combination of them is paid for
    (https://aws.amazon.com/cloudwatch/pricing/): the surface; the operation is in the line. Latency leaves out the
    time that a request waited because it wanted to.
    """
    fields: dict[str, Any] = {"operation": operation, "status": status, "ms": milliseconds, "request_id": request_id}
    fields["correlation_id"] = request_id
    if actor:
        fields |= {"tenant": actor.tenant_id, "actor": actor.id, "token_id": actor.token_id}
    if error:
        fields |= {"error": error.code, "detail": redacted(error.detail)[:_DETAIL_MAX]}
    logger.info("request", extra={**fields, **more})
    metrics.add_dimension("stage", os.environ["STAGE"])
    metrics.add_dimension("surface", operation.partition(".")[0])
    metrics.add_metric("Latency", MetricUnit.Milliseconds, milliseconds - more.get("waited_ms", 0))
    metrics.add_metric("ServerErrors", MetricUnit.Count, int(status >= 500))
    metrics.add_metric("ClientErrors", MetricUnit.Count, int(400 <= status < 500))
    metrics.flush_metrics()
