"""The address of a run's log opens it without a token: this log alone, and for an hour."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from switchyard.domain import clock, log_addresses
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.projects import a_run, a_task, a_tenant

LINE = '{"type":"notification","n":1}'


@pytest.fixture
def task(table: Table, tenant: str) -> Track:
    (project,) = a_tenant(table, tenant, "Docs")
    return a_task(table, project)


@pytest.fixture
def run(api: Api, table: Table, task: Track) -> Run:
    """A run with a line in its log."""
    made = a_run(table, task)
    assert api.post(f"{url(made)}/append_log/", {"entries": [{"type": "notification", "n": 1}]}).status == 200
    return made


def url(run: Run) -> str:
    return f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}"


def log_url(api: Api, run: Run) -> str:
    return str(urlsplit(api.get(url(run)).json["log_url"]).path)


nobody = Api(None)


def test_the_log_is_read_without_a_token_as_with_one(api: Api, run: Run) -> None:
    answer = nobody.get(log_url(api, run))
    assert (answer.status, answer.text, answer.headers["content-type"]) == (200, f"{LINE}\n", "application/jsonl")
    assert answer.headers["cache-control"] == "no-store"
    assert api.get(f"{url(run)}/logs").text == answer.text
    assert nobody.get(f"{url(run)}/logs").status == 401
    assert nobody.get(f"{log_url(api, run)}/").text == answer.text


def test_every_answer_about_the_run_has_an_address_that_opens(api: Api, run: Run) -> None:
    tasks = f"/api/projects/-/tasks/{run.task_id}"
    shown = [
        api.get(tasks).json["latest_run"],
        api.get(f"{tasks}/runs").json["results"][0],
        api.patch(url(run), {"stage": "build"}).json,
        *[each["latest_run"] for each in api.get("/api/projects/1/tasks").json["results"]],
    ]
    assert len(shown) == 4
    for each in shown:
        assert nobody.get(urlsplit(each["log_url"]).path).text == f"{LINE}\n"


def test_a_run_that_resumes_shows_what_went_before(api: Api, table: Table, task: Track, run: Run) -> None:
    later = a_run(table, task, resumed_from=run.id)
    assert nobody.get(log_url(api, later)).text == f"{LINE}\n"


def test_the_address_lasts_an_hour_and_ends(api: Api, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path, now = log_url(api, run), clock.epoch()
    monkeypatch.setattr(clock, "epoch", lambda: now + 3_600 - 5)
    assert nobody.get(path).status == 200
    monkeypatch.setattr(clock, "epoch", lambda: now + 4_200 + 5)
    assert nobody.get(path).status == 404
    assert nobody.get(log_url(api, run)).status == 200


def tampered(path: str, run: Run) -> dict[str, str]:
    tenant, task, run_id, expires, signature = path.rpartition("/")[2].split(".")
    other = "A" if signature[0] != "A" else "B"
    return {
        "a later end": f"{tenant}.{task}.{run_id}.{int(expires) + 600}.{signature}",
        "another signature": f"{tenant}.{task}.{run_id}.{expires}.{other}{signature[1:]}",
        "another tenant": f"{new_id()}.{task}.{run_id}.{expires}.{signature}",
        "another run": f"{tenant}.{task}.{new_id()}.{expires}.{signature}",
        "another task": f"{tenant}.{new_id()}.{run_id}.{expires}.{signature}",
        "no signature": f"{tenant}.{task}.{run_id}.{expires}.",
        "a short one": f"{tenant}.{task}.{run_id}.{expires}.{signature[:-1]}",
        "a newline": f"{tenant}.{task}.{run_id}.{expires}.{signature}%0A",
        "not ASCII": f"{tenant}.{task}.{run_id}.{expires}.{'é' * 43}",
        "other digits": f"{tenant}.{task}.{run_id}.{expires.replace('1', '١')}.{signature}",
        "nothing": "x",
        "much": "x" * 5_000,
    }


def test_what_opens_nothing_is_told_alike(api: Api, run: Run) -> None:
    path = log_url(api, run)
    seen = {}
    for why, address in tampered(path, run).items():
        answer = nobody.get(f"/api/run_logs/{address}")
        assert answer.status == 404, why
        seen[answer.text] = why
    assert len(seen) == 1


def test_the_address_of_one_run_opens_no_other(api: Api, table: Table, task: Track, run: Run) -> None:
    second = a_run(table, task)
    tenant, task_id, _, expires, signature = log_url(api, run).rpartition("/")[2].split(".")
    assert nobody.get(f"/api/run_logs/{tenant}.{task_id}.{second.id}.{expires}.{signature}").status == 404


def test_nothing_is_read_for_what_is_no_address_or_is_over(table: Table, tenant: str) -> None:
    calls: list[Any] = []
    table.observe = lambda operation, _: calls.append(operation)
    nobody.get("/api/run_logs/nonsense")
    nobody.get(f"/api/run_logs/{tenant}.{new_id()}.{new_id()}.1000000000.{'A' * 43}")
    assert calls == []
    nobody.get(f"/api/run_logs/{tenant}.{new_id()}.{new_id()}.9999999999.{'A' * 43}")
    assert len(calls) == 1


def test_the_address_ends_with_the_task_and_when_the_task_becomes_personal(
    api: Api, caller: Caller, table: Table, run: Run
) -> None:
    path = log_url(api, run)
    moved = log_addresses.make(Run(**{**vars(run), "owner": "user_ada"}))
    assert nobody.get(f"/api/run_logs/{moved}").status == 404
    assert nobody.get(path).status == 200
    api.delete(f"/v1/tracks/{run.task_id}")
    assert nobody.get(path).status == 404


def test_secrets_are_the_runs_own_and_never_shown(api: Api, table: Table, task: Track, run: Run) -> None:
    second = a_run(table, task)
    assert run.log_key
    assert second.log_key
    assert run.log_key != second.log_key
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", run.log_key)
    for path in (url(run), f"/api/projects/-/tasks/{task.id}", "/api/v1/executions", "/v1/audit"):
        assert run.log_key not in api.get(path).text


def test_a_run_from_before_there_were_secrets_shows_the_path_that_needs_a_token(
    api: Api, table: Table, run: Run
) -> None:
    table.write([{"Put": {"Item": run_rows.to_item(replace(run, log_key=None))}}])
    assert log_url(api, run) == f"{url(run)}/logs"
    forged = f"{run.tenant_id}.{run.task_id}.{run.id}.9999999999.{'A' * 43}"
    assert nobody.get(f"/api/run_logs/{forged}").status == 404
