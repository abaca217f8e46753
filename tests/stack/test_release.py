"""Releases on the local stack: one that is good, one that is broken, and one that errs only after a while."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.deploy import OUTPUT
from local.stack import REGION
from local.steps import StepFailed
from release import checks, deploy, settings, stacks
from release.settings import Settings
from release.smoke import Smoke
from switchyard.aws.scheduler import name_of

FUNCTION = "PlanningListTracks"
SEARCH = "/v1/tracks?scope=projects"
#: In place of the function: answers well for a while after it was deployed, then fails.
ERRS_LATER = """
import json, time

DEPLOYED = {now}

def handler(event, context):
    if time.time() > DEPLOYED + {seconds}:
        raise RuntimeError("as a release that is broken")
    headers = {{"content-type": "application/json", "x-request-id": "x"}}
    return {{"statusCode": 200, "headers": headers, "body": json.dumps({{"items": []}})}}
"""


@pytest.fixture
def local(stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The environment `local`: the stack of these tests, with answers of its own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack["aws"]["endpoint_url"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("SWITCHYARD_URL", stack["url"])
    monkeypatch.setattr(settings, "ANSWERS", tmp_path / "answers")
    found = settings.load("local")
    settings.ask(found, {"AlarmEmail": "", "DomainName": "", "CertificateArn": ""})
    return found


@pytest.fixture
def built() -> Iterator[Path]:
    """What is deployed, as it was built, to be broken; as deep in the folders, as it names some by relative paths."""
    copy = OUTPUT.with_name(f"broken-{os.getpid()}")
    shutil.copytree(OUTPUT, copy, symlinks=True)
    yield copy
    shutil.rmtree(copy)


def break_function(built: Path, source: str) -> None:
    (built / FUNCTION / "app.py").write_text(source)


def listed(stack: dict[str, Any]) -> int:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    return httpx.get(f"{stack['url']}{SEARCH}", headers=headers, timeout=30).status_code


@pytest.fixture
def traffic(stack: dict[str, Any]) -> Iterator[None]:
    """Clients that go on asking."""
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.3):
            listed(stack)

    thread = threading.Thread(target=ask)
    thread.start()
    yield
    over.set()
    thread.join()


def test_the_same_sources_change_nothing(
    stack: dict[str, Any], local: Settings, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stacks.current(local)
    assert deploy.release(local, confirm=False, bake=0, built=built) is False
    assert stacks.current(local) == before
    told = capsys.readouterr().out
    assert "Nothing to deploy: what stands is what the sources say." in told
    assert f"API        {stack['url']}" in told
    assert "next: " in told
    assert 'create-tenant "Acme"' in told


def test_the_check_of_scheduler_holds_and_leaves_nothing(
    local: Settings, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "AHEAD_SECONDS", 10)
    monkeypatch.setattr(checks, "PAUSE_SECONDS", 0.2)
    calls: list[tuple[str, str]] = []
    real = Smoke.call

    def call(it: Smoke, method: str, path: str, *statuses: int, **request: Any) -> Any:
        calls.append((method, path))
        return real(it, method, path, *statuses, **request)

    monkeypatch.setattr(Smoke, "call", call)
    checks.scheduler(checks.Deployed(local))
    made = [path for method, path in calls if method == "DELETE"]
    assert [path.split("/")[2] for path in made] == ["tracks", "schedules"]
    group = f"switchyard-{local.stage}"
    name = name_of(local.answers["SmokeTenant"], made[1].rpartition("/")[2])
    assert aws("scheduler").list_schedules(GroupName=group, NamePrefix=name)["Schedules"] == []


def test_a_check_whose_occurrence_does_not_come_fails_and_deletes_its_schedule(
    local: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "AHEAD_SECONDS", 60)
    monkeypatch.setattr(checks, "BEGUN_SECONDS", 1)
    monkeypatch.setattr(checks, "PAUSE_SECONDS", 0.2)
    deleted: list[str] = []
    real = Smoke.call

    def call(it: Smoke, method: str, path: str, *statuses: int, **request: Any) -> Any:
        deleted.extend([path] if method == "DELETE" else [])
        return real(it, method, path, *statuses, **request)

    monkeypatch.setattr(Smoke, "call", call)
    with pytest.raises(StepFailed, match="no occurrence came within 1 s"):
        checks.scheduler(checks.Deployed(local))
    assert [path.split("/")[2] for path in deleted] == ["schedules"]


def test_a_release_that_is_broken_is_taken_back(
    stack: dict[str, Any], local: Settings, built: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = stacks.current(local)
    assert before
    break_function(built, "raise ImportError('broken on purpose')\n")
    with pytest.raises(StepFailed, match=r"taken back: GET /v1/tracks\?scope=projects: 500"):
        deploy.release(local, confirm=False, bake=0, built=built)
    assert listed(stack) == 200
    after = stacks.current(local)
    assert after
    assert (after.template, after.parameters) == (before.template, before.parameters)
    assert "bringing the former release back" in capfd.readouterr().out


@pytest.mark.usefixtures("traffic")
def test_a_release_that_errs_only_after_a_while_is_taken_back_by_its_alarm(
    stack: dict[str, Any], local: Settings, built: Path
) -> None:
    break_function(built, ERRS_LATER.format(now=time.time(), seconds=60))
    with pytest.raises(StepFailed, match="taken back: alarm switchyard-local-ServerErrors"):
        deploy.release(local, confirm=False, bake=180, built=built)
    assert listed(stack) == 200
