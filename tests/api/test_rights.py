"""Which calls are noted as a function's, of those that are made while it is at work."""

import pytest

from switchyard.aws.objects import ObjectStore
from switchyard.store.table import Table
from switchyard.surfaces.runs import claims
from tests.api.conftest import Caller
from tests.support import rights
from tests.support.http import Api
from tests.support.losing import Losing
from tests.support.planning import make_goal, make_task
from tests.support.runs import Runs
from tests.support.template import table_definition
from tests.support.units import Meter


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> rights.Calls:
    """What is noted in this test alone."""
    found = rights.Calls(set)
    monkeypatch.setattr(rights, "noted", found)
    return found


def test_what_a_test_does_while_a_function_waits_is_not_the_functions(
    caller: Caller, table: Table, tenant: str, noted: rights.Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, other = caller("agent_bo", kind="agent"), caller("user_ada")

    def offer(_: float) -> None:
        Runs(table, tenant).run(dispatched_at="2026-01-01T00:00:00.000Z")
        make_goal(other)

    monkeypatch.setattr(claims.time, "sleep", offer)
    assert agent.post("/v1/runs/claim", {"wait_seconds": 2}).status == 200
    assert ("dynamodb:PutItem", "") not in noted["RunsClaim"]
    # Threads of the function's own read the index.
    assert {("dynamodb:Query", "ready-rank"), ("dynamodb:UpdateItem", "")} <= noted["RunsClaim"]
    assert ("dynamodb:PutItem", "") in noted["PlanningCreateTrack"]


def test_what_a_test_lets_pass_is_the_functions(api: Api, table: Table, noted: rights.Calls) -> None:
    table.client = Losing(table.client)
    make_task(api)
    assert ("dynamodb:PutItem", "") in noted["PlanningCreateTrack"]


def test_what_a_test_asks_beside_a_call_is_not_the_functions(api: Api, table: Table, noted: rights.Calls) -> None:
    # After this the token is known: the meter alone reads a row, before it is written.
    api.get("/v1/tracks?type=task")
    table.client = Meter(table.client, table_definition())
    make_task(api)
    assert ("dynamodb:GetItem", "") not in noted["PlanningCreateTrack"]
    assert ("dynamodb:PutItem", "") in noted["PlanningCreateTrack"]


def test_what_a_test_does_between_requests_is_nobodys(table: Table, bucket: ObjectStore, noted: rights.Calls) -> None:
    table.get("a", "b")
    bucket.client.list_objects_v2(Bucket=bucket.bucket)
    assert not noted
