"""Log lines and metrics are what Powertools would print: whoever reads them need not know who wrote them."""

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger as Powertools
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from switchyard.aws import telemetry
from switchyard.aws.telemetry import Logger
from switchyard.domain.ids import new_id

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
FIELDS = {
    "operation": "planning.get_track",
    "status": 404,
    "ms": 1.25,
    "detail": 'né "ö"\n',
    "nested": {"a": [1, None]},
}


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def both(write: Callable[[Any], None], capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is printed by ours and by Powertools for the same call."""
    write(Logger({"POWERTOOLS_LOG_LEVEL": "INFO"}))
    stream = io.StringIO()
    # Powertools keeps one handler a service.
    write(Powertools(service=new_id(), level="INFO", stream=stream))
    (ours,) = printed(capsys)
    (theirs,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert list(ours) == list(theirs)
    assert ours.pop("timestamp")[:16] == theirs.pop("timestamp")[:16]
    assert (ours.pop("service"), bool(theirs.pop("service"))) == ("switchyard", True)
    return ours, theirs


@pytest.mark.parametrize("trace", [None, TRACE])
def test_a_line_is_the_one_of_powertools(
    trace: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    if trace:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    ours, theirs = both(lambda logger: logger.info("request", extra=FIELDS), capsys)
    assert ours == theirs
    assert ours["location"].startswith("<lambda>:")


def test_an_error_has_its_traceback_as_with_powertools(capsys: pytest.CaptureFixture[str]) -> None:
    def write(logger: Any) -> None:
        try:
            json.loads("{")
        except ValueError as error:
            logger.error("failed", exc_info=error, extra={"operation": "x"})

    ours, theirs = both(write, capsys)
    assert ours == theirs
    assert ours["stack_trace"]["frames"][-1]["function"] == "raw_decode"


def test_metrics_are_those_of_powertools(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.count("planning.get_track", 12.5, ServerErrors=0, ClientErrors=1)
    (ours,) = printed(capsys)
    theirs = AmazonCloudWatchEMFProvider(namespace="Switchyard", service="switchyard")
    theirs.add_dimension("stage", "test")
    theirs.add_dimension("surface", "planning")
    theirs.add_metric("Latency", MetricUnit.Milliseconds, 12.5)
    theirs.add_metric("ServerErrors", MetricUnit.Count, 0)
    theirs.add_metric("ClientErrors", MetricUnit.Count, 1)
    wanted = json.loads(json.dumps(theirs.serialize_metric_set()))
    for made in (ours, wanted):
        del made["_aws"]["Timestamp"]
    assert ours == wanted


def test_a_line_below_the_level_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    logger = Logger({"POWERTOOLS_LOG_LEVEL": "warning"})
    logger.info("left out")
    logger.warning("said")
    assert [line["message"] for line in printed(capsys)] == ["said"]
    assert [line["level"] for line in (Logger({}).info("usual"), printed(capsys))[1]] == ["INFO"]


def test_what_is_no_json_and_no_text_costs_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    Logger({}).info("odd", extra={"where": sys, "text": "a\ud800\nb"})
    (line,) = printed(capsys)
    assert line["where"].startswith("<module 'sys'")
    assert line["text"] == "a\ud800\nb"
