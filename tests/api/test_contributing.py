"""docs/contributing.md: its examples of endpoints run as they are written there."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from switchyard.catalogue import endpoints
from switchyard.openapi import document
from switchyard.surfaces.planning import models, replies
from switchyard.surfaces.planning.surface import PLANNING
from tests.support import http, openapi
from tests.support.http import all_endpoints
from tests.support.template import ROOT

GUIDE = ROOT / "docs/contributing.md"
#: The pieces of Python in the order of the page.
PIECES = ("reply", "get_progress", "progress tests", "query", "members", "list_members", "members tests")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def pieces() -> dict[str, str]:
    return dict(zip(PIECES, blocks("python"), strict=True))


def functions_of(source: str) -> dict[str, Any]:
    """Return the tests that a file of tests defines, by name."""
    defined: dict[str, Any] = {}
    exec(source, defined)
    return {name: each for name, each in defined.items() if name.startswith("test_")}


TESTS = functions_of(pieces()["progress tests"]) | functions_of(pieces()["members tests"])


@pytest.fixture
def _with_the_guides_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's endpoints, among the others."""
    written = pieces()
    for module, name in ((replies, "reply"), (models, "query")):
        defined: dict[str, Any] = {}
        exec(written[name], vars(module).copy(), defined)
        for each, model in defined.items():
            monkeypatch.setattr(module, each, model, raising=False)
    members = ModuleType("switchyard.surfaces.planning.members")
    exec(written["members"], vars(members))
    monkeypatch.setitem(sys.modules, members.__name__, members)
    for operation in ("get_progress", "list_members"):
        path = tmp_path / f"functions/planning/{operation}/app.py"
        path.parent.mkdir(parents=True)
        path.write_text(written[operation])
    every = [*all_endpoints(), *endpoints(tmp_path)]
    monkeypatch.setattr(http, "all_endpoints", lambda: every)
    published = document(each.operation for each in every if each.operation.surface is PLANNING)
    monkeypatch.setattr(openapi, "openapi", lambda: published)


@pytest.mark.usefixtures("_with_the_guides_endpoints")
@pytest.mark.parametrize("name", TESTS)
def test_the_examples_of_the_guide_pass_their_own_tests(name: str, request: pytest.FixtureRequest) -> None:
    test = TESTS[name]
    wanted = [each for each in test.__annotations__ if each != "return"]
    test(**{each: request.getfixturevalue(each) for each in wanted})


def test_the_guide_names_one_operation_in_all_files() -> None:
    handler = pieces()["get_progress"]
    (block,), (event,) = blocks("yaml"), blocks("json")
    assert '"planning.get_progress",\n    "GET /v1/tracks/{id}/progress",\n' in handler
    assert "_PlanningGetProgress\n" in block
    assert "CodeUri: functions/planning/get_progress\n" in block
    assert '"routeKey": "GET /v1/tracks/{id}/progress"' in event
