"""docs/contributing.md: its example of an endpoint runs as it is written there."""

import re
from pathlib import Path
from typing import Any

import pytest

from switchyard.catalogue import endpoints
from switchyard.surfaces.planning import replies
from tests.support import http
from tests.support.http import Api, all_endpoints
from tests.support.template import ROOT

GUIDE = ROOT / "docs/contributing.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def tests_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The guide's tests, with its endpoint among the others."""
    models, handler, tests = blocks("python")
    defined: dict[str, Any] = {}
    exec(models, vars(replies).copy(), defined)
    for name, model in defined.items():
        monkeypatch.setattr(replies, name, model, raising=False)
    path = tmp_path / "functions/planning/get_progress/app.py"
    path.parent.mkdir(parents=True)
    path.write_text(handler)
    every = [*all_endpoints(), *endpoints(tmp_path)]
    monkeypatch.setattr(http, "all_endpoints", lambda: every)
    found: dict[str, Any] = {}
    exec(tests, found)
    return [each for name, each in found.items() if name.startswith("test_")]


def test_the_example_of_the_guide_passes_its_own_tests(tests_of_the_guide: list[Any], api: Api) -> None:
    assert tests_of_the_guide
    for test in tests_of_the_guide:
        test(api)


def test_the_guide_names_one_operation_in_all_files() -> None:
    _, handler, _ = blocks("python")
    (block,), (event,) = blocks("yaml"), blocks("json")
    assert '"planning.get_progress", "GET /v1/tracks/{id}/progress"' in handler
    assert "_PlanningGetProgress\n" in block
    assert "CodeUri: functions/planning/get_progress\n" in block
    assert '"routeKey": "GET /v1/tracks/{id}/progress"' in event
