"""Metrics tell their stage, so that two stacks of one account are told apart."""

import json
from typing import Any

import pytest

from switchyard.http import exchange
from switchyard.http.log import record
from switchyard.surfaces.runs import claims
from tests.api.conftest import Caller
from tests.support.http import Api


def metrics_of(printed: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith('{"_aws"')]
    return [line for line in lines if "Latency" in line]


def test_the_metrics_of_a_request_name_stage_and_surface(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.get("/v1/tracks?scope=projects")
    (line,) = metrics_of(capsys.readouterr().out)
    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert (line["stage"], line["surface"]) == ("test", "planning")
    assert set(described["Dimensions"][0]) == {"stage", "surface", "service"}


def test_the_time_that_a_claim_waits_because_it_wants_to_is_no_latency(capsys: pytest.CaptureFixture[str]) -> None:
    record("runs.claim", "r-1", 204, 3_010.0, None, None, {"waited_ms": 3_000})
    (line,) = metrics_of(capsys.readouterr().out)
    assert line["Latency"] == [10.0]


def test_a_claim_tells_how_long_it_waited(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(exchange, "record", lambda *given: told.append(given[-1]))
    monkeypatch.setattr(claims, "_LOOK_AGAIN", (0.4, 0.4))
    sleep, slept = claims.time.sleep, list[float]()
    monkeypatch.setattr(claims.time, "sleep", lambda seconds: slept.append(seconds) or sleep(seconds))
    agent = caller("agent_bo", kind="agent")
    assert agent.post("/v1/runs/claim", {"wait_seconds": 1}).status == 204
    assert agent.post("/v1/runs/claim", {}).status == 204
    assert slept
    assert [each.get("waited_ms") for each in told] == [round(1_000 * sum(slept)), None]
