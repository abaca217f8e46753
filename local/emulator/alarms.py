"""Alarms as CloudWatch has them: with dimensions, metric math and missing data, looked at regularly.

MiniStack takes no metric math in a template, mixes the metrics of all dimensions, and looks only when a metric is put.
Here each alarm is evaluated every few seconds over periods that end now. Where a query of Metrics Insights is watched
there is never a metric: the emulator throttles nothing.
"""

import ast
import asyncio
import logging
import operator
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sqs
from ministack.services.cloudformation import provisioners

from local.emulator.limits import checked

logger = logging.getLogger("switchyard.alarms")

INTERVAL_SECONDS = 2
#: Points that are older are dropped: no alarm of a template of ours looks back further.
KEPT_SECONDS = 1_000
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
NAME_MAX, DESCRIPTION_MAX, ACTIONS_MAX, DIMENSIONS_MAX = 255, 1_024, 5, 30
WINDOW_MAX = 86_400
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-data-queries.html
MATH_METRICS_MAX = 10
# "You can query the most recent three hours of data for alarm condition evaluations."
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-limits.html
QUERY_WINDOW_MAX = 10_800

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}

#: Requests of an API since they were last recorded, by the metric that counts them.
_requests: Counter[tuple[tuple[str, str, str], str]] = Counter()
_record = provisioners._cw_metric_alarm_record


def install() -> None:
    """Put this in the place of MiniStack's evaluation, and let templates have what CloudFormation has."""
    cloudwatch._evaluate_alarm = lambda _alarm: None
    provisioners._cw_metric_alarm_record = record
    handler = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
    handler |= {
        "create": checked(handler["create"], problems, 1),
        "update": checked(handler["update"], problems, 2),
    }


def problems(props: dict) -> Iterator[str]:
    """Say what CloudWatch refuses of an alarm."""
    if len(props.get("AlarmName") or "-") > NAME_MAX:
        yield f"AlarmName has more than {NAME_MAX} characters"
    if len(props.get("AlarmDescription") or "") > DESCRIPTION_MAX:
        yield f"AlarmDescription has more than {DESCRIPTION_MAX} characters"
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        if len(props.get(name) or ()) > ACTIONS_MAX:
            yield f"{name} has more than {ACTIONS_MAX} actions"
    if len(props.get("Dimensions") or ()) > DIMENSIONS_MAX:
        yield f"Dimensions has more than {DIMENSIONS_MAX}"
    metrics = props.get("Metrics") or []
    if bool(metrics) == bool(props.get("MetricName")):
        yield "An alarm has either MetricName or Metrics"
    if sum("MetricStat" in each for each in metrics) > MATH_METRICS_MAX:
        yield f"A math expression of an alarm has at most {MATH_METRICS_MAX} metrics"
    if metrics and sum(each.get("ReturnData", True) not in (False, "false") for each in metrics) != 1:
        yield "Exactly one of Metrics returns data"
    period, longest = period_of(props), QUERY_WINDOW_MAX if is_query(props) else WINDOW_MAX
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        yield f"Period {period}: 10, 20, 30 or a multiple of 60 seconds"
    if period * int(props.get("EvaluationPeriods", 1)) > longest:
        yield f"Period times EvaluationPeriods: at most {longest} seconds"


def is_query(alarm: dict) -> bool:
    """Whether the alarm watches a query of Metrics Insights."""
    return any(str(each.get("Expression", "")).upper().startswith("SELECT ") for each in alarm.get("Metrics") or ())


def period_of(alarm: dict) -> int:
    """The seconds of one period."""
    found = [each.get("Period") or each.get("MetricStat", {}).get("Period") for each in alarm.get("Metrics") or ()]
    return int(next((each for each in found if each), None) or alarm.get("Period") or 60)


def record(name: str, props: dict) -> dict:
    """The alarm of a template, which may have metric math."""
    metrics = props.get("Metrics")
    if not metrics:
        return _record(name, props)
    plain = {key: value for key, value in props.items() if key != "Metrics"}
    alarm = _record(name, {**plain, "MetricName": "-", "Namespace": "-"})
    return {**alarm, "Metrics": metrics, "Period": period_of(props)}


def count_request(api: tuple[str, str, str], status: int) -> None:
    """Count a request as the metrics of its API do."""
    _requests[api, "Count"] += 1
    _requests[api, "4xx"] += 400 <= status < 500
    _requests[api, "5xx"] += status >= 500


def record_requests() -> None:
    """Make points of the requests since last time."""
    for ((account, region, api_id), name), number in _requests.items():
        with request_scope(account, region):
            cloudwatch.record_metric("AWS/ApiGateway", name, number, "Count", {"ApiId": api_id})
    _requests.clear()


async def evaluate_regularly() -> None:
    """Look at all alarms every few seconds."""
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        record_requests()
        for (account, region, _), alarm in list(cloudwatch._alarms.all_items()):
            with request_scope(account, region):
                try:
                    evaluate(alarm, time.time())
                except (ArithmeticError, LookupError, TypeError, ValueError):
                    logger.exception("alarm %s could not be evaluated", alarm.get("AlarmName"))


def evaluate(alarm: dict, now: float) -> None:
    """Bring the state of one alarm up to date, and tell its actions when it changed."""
    count, period = int(alarm["EvaluationPeriods"]), period_of(alarm)
    found = [value_of(alarm, now - period * (back + 1), now - period * back) for back in range(count)]
    state, reason = judged(alarm, found)
    if state and state != alarm["StateValue"]:
        before, alarm["StateValue"], alarm["StateReason"] = alarm["StateValue"], state, reason
        alarm["StateUpdatedTimestamp"] = int(now)
        cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
        cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
        logger.info("alarm %s: %s (%s)", alarm["AlarmName"], state, reason)


def judged(alarm: dict, found: list[float | None]) -> tuple[str | None, str]:
    """The state that values of the periods mean, and why; None: as it is.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    compare, threshold = COMPARISONS[alarm["ComparisonOperator"]], float(alarm["Threshold"])
    treat = alarm.get("TreatMissingData") or "missing"
    if all(each is None for each in found) and treat in ("missing", "ignore"):
        return ("INSUFFICIENT_DATA" if treat == "missing" else None), "no data"
    breaches = [treat == "breaching" if each is None else compare(each, threshold) for each in found]
    needed = int(alarm.get("DatapointsToAlarm") or len(found))
    return ("ALARM" if sum(breaches) >= needed else "OK"), f"values {found}, threshold {threshold}"


def value_of(alarm: dict, start: float, end: float) -> float | None:
    """What an alarm watches in one period; None when there is no such metric."""
    if not alarm.get("Metrics"):
        statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
        return statistic_of(
            alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions") or [], statistic, start, end
        )
    if is_query(alarm):
        return None
    values, watched = {}, ""
    for each in alarm["Metrics"]:
        if "MetricStat" in each:
            metric = each["MetricStat"]["Metric"]
            dimensions = metric.get("Dimensions") or []
            stat = each["MetricStat"]["Stat"]
            values[each["Id"]] = statistic_of(metric["Namespace"], metric["MetricName"], dimensions, stat, start, end)
        else:
            watched = each["Expression"]
    try:
        return computed(ast.parse(watched, mode="eval").body, values)
    except (TypeError, ZeroDivisionError):  # a metric without data, and nothing that stands for it
        return None


def computed(node: ast.expr, values: dict[str, float | None]) -> Any:
    """A math expression: metrics, numbers, + - * /, comparisons, IF and FILL."""
    match node:
        case ast.Name(name):
            return values[name]
        case ast.Constant(number):
            return number
        case ast.BinOp(left, sign, right):
            return OPERATORS[type(sign)](computed(left, values), computed(right, values))
        case ast.Compare(left, [sign], [right]):
            return OPERATORS[type(sign)](computed(left, values), computed(right, values))
        case ast.Call(ast.Name("IF"), [condition, then, otherwise]):
            return computed(then if computed(condition, values) else otherwise, values)
        case ast.Call(ast.Name("FILL"), [series, missing]):
            found = computed(series, values)
            return computed(missing, values) if found is None else found
    raise ValueError(f"no such metric math here: {ast.unparse(node)}")


def statistic_of(
    namespace: str, name: str, dimensions: list[dict], statistic: str, start: float, end: float
) -> float | None:
    """One statistic of one metric in one period."""
    named = {each["Name"]: each["Value"] for each in dimensions}
    if namespace == "AWS/SQS":
        return of_queue(name, named)
    found: list[dict] = []
    for (space, metric, key), points in list(cloudwatch._metrics.items()):
        # Lambda has its metrics of all functions together too.
        together = namespace == "AWS/Lambda" and not named
        if space == namespace and metric == name and (together or key == cloudwatch._dims_key(named)):
            old = next((at for at, each in enumerate(points) if each["Timestamp"] >= end - KEPT_SECONDS), len(points))
            del points[:old]
            found += [each for each in points if start <= each["Timestamp"] < end]
    if not found:
        return None
    value = cloudwatch._stat_value(cloudwatch._calc_stats(found), statistic, found)
    return None if value is None else float(value)


def of_queue(name: str, dimensions: dict[str, str]) -> float | None:
    """How many messages of a queue are visible, or how long the oldest one has been there, now."""
    for _, queue in sqs._queues.all_items():
        if queue["name"] == dimensions["QueueName"]:
            now = time.time()
            if name == "ApproximateNumberOfMessagesVisible":
                return float(sum(each["visible_at"] <= now for each in queue["messages"]))
            # Those received more than three times are left out.
            ages = [now - each["sent_at"] for each in queue["messages"] if each["receive_count"] <= 3]
            return max(ages, default=0.0)
    return None
