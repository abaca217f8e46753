"""One log line and three metrics for each request."""

from collections.abc import Mapping
from typing import Any

from switchyard.aws import telemetry
from switchyard.aws.telemetry import logger
from switchyard.domain.actors import Actor
from switchyard.domain.errors import SwitchyardError
from switchyard.domain.tokens import redacted

_DETAIL_MAX = 500


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
    latency = milliseconds - more.get("waited_ms", 0)
    telemetry.count(operation, latency, ServerErrors=int(status >= 500), ClientErrors=int(400 <= status < 500))
