"""Metrics tell their stage, so that two stacks of one account are told apart."""

import json
from typing import Any

import pytest

from tests.support.http import Api


def metrics_of(printed: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith('{"_aws"')]
    return [line for line in lines if "Latency" in line]


def test_the_metrics_of_a_request_name_stage_and_operation(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.get("/v1/tracks?scope=projects")
    (line,) = metrics_of(capsys.readouterr().out)
    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert (line["stage"], line["operation"]) == ("test", "planning.list_tracks")
    assert set(described["Dimensions"][0]) == {"stage", "operation", "service"}
