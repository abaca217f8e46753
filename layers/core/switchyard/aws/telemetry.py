"""Log lines and metrics, as CloudWatch reads them from what a function prints: one JSON object a line.

Lines have the fields that Powertools for AWS Lambda gives them, and metrics are in the Embedded Metric Format
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
Written without Powertools and `logging`: importing them takes a quarter of a cold start (docs/performance.md).
"""

import os
import sys
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from switchyard.domain.json_text import pieces

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME") or "switchyard"


class Logger:
    """Prints lines of the level that POWERTOOLS_LOG_LEVEL names (INFO if it names none) and above."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.level = _LEVELS.get(environment.get("POWERTOOLS_LOG_LEVEL", "").upper(), _LEVELS["INFO"])

    def info(self, message: str, extra: Mapping[str, Any] | None = None) -> None:
        """Print a line; `extra` are further fields of it."""
        self._print("INFO", message, extra)

    def warning(self, message: str, extra: Mapping[str, Any] | None = None) -> None:
        """Print a warning."""
        self._print("WARNING", message, extra)

    def error(
        self, message: str, extra: Mapping[str, Any] | None = None, exc_info: BaseException | None = None
    ) -> None:
        """Print an error, with the traceback of the exception if there is one."""
        self._print("ERROR", message, extra, exc_info)

    def _print(
        self, level: str, message: str, extra: Mapping[str, Any] | None, error: BaseException | None = None
    ) -> None:
        if _LEVELS[level] < self.level:
            return
        caller, now = sys._getframe(2), time.time()
        line = {
            "level": level,
            "location": f"{caller.f_code.co_name}:{caller.f_lineno}",
            "message": message,
            "timestamp": time.strftime(f"%Y-%m-%d %H:%M:%S,{int(now * 1000) % 1000:03d}%z", time.localtime(now)),
            "service": _SERVICE,
            **(extra or {}),
            **(_traced(error) if error else {}),
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            line["xray_trace_id"] = trace.partition(";")[0].removeprefix("Root=")
        _write(line)


def _traced(error: BaseException) -> dict[str, Any]:
    # Imported here: it takes 8 ms, and errors are rare.
    import traceback

    frames = [
        {"file": each.filename, "line": each.lineno, "function": each.name, "statement": each.line}
        for each in traceback.extract_tb(error.__traceback__)
    ]
    kind = type(error)
    return {
        "exception": "".join(traceback.format_exception(error)).rstrip("\n"),
        "exception_name": kind.__name__,
        "stack_trace": {"type": kind.__name__, "value": str(error), "module": kind.__module__, "frames": frames},
    }


def count(operation: str, milliseconds: float, **counts: int) -> None:
    """Print the metrics of one invocation of an operation's function: Latency, and a count of each further name.

    They have few dimensions, as each combination of them is paid for (https://aws.amazon.com/cloudwatch/pricing/): of
    the operation its surface.
    """
    metrics = {"Latency": milliseconds, **counts}
    described, dimensions = _described(operation, *metrics)
    emf = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]}
    _write({"_aws": emf, **dimensions, **{name: [float(value)] for name, value in metrics.items()}})


@cache
def _described(operation: str, *metrics: str) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return what all metrics of an operation have in common: their description and their dimensions."""
    dimensions = {"stage": os.environ["STAGE"], "surface": operation.partition(".")[0], "service": _SERVICE}
    described = {
        "Namespace": os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "Switchyard",
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": "Milliseconds" if name == "Latency" else "Count"} for name in metrics],
    }
    return described, dimensions


_pieces = pieces(default=str)


def _write(line: Mapping[str, Any]) -> None:
    # One write a line, so that lines of threads do not mix. A lone surrogate is no reason to lose a line.
    sys.stdout.write("".join(_pieces(line, 0)).encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


logger = Logger()
