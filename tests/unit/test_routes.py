"""What `make openapi` writes into the template, and the table by which $default finds what was meant."""

import re
from pathlib import Path

import pytest

from switchyard import routes
from switchyard.http.route_table import RouteTable
from tests.support.http import ROUTES, all_endpoints
from tests.support.template import ROOT

TEMPLATE = f"Resources:\n{routes.BEGIN}        paths: old\n{routes.END}Outputs: kept\n"


def operations() -> list[routes.Operation]:
    return [each.operation for each in all_endpoints()]


# ---------------------------------------------------------------- the template


def test_only_what_lies_between_the_markers_is_replaced() -> None:
    placed = routes.placed(TEMPLATE, "        paths: new\n")
    assert placed == TEMPLATE.replace("old", "new")
    assert routes.placed(placed, "        paths: new\n") == placed


@pytest.mark.parametrize(
    "template",
    [
        TEMPLATE.replace(routes.BEGIN, ""),
        TEMPLATE.replace(routes.END, ""),
        TEMPLATE + routes.BEGIN,
        TEMPLATE + routes.END,
        f"{routes.END}{routes.BEGIN}",
        # Another indentation is another line.
        TEMPLATE.replace(routes.BEGIN, routes.BEGIN.lstrip()),
    ],
)
def test_without_each_marker_once_and_in_order_nothing_is_replaced(template: str) -> None:
    with pytest.raises(routes.MarkersMissing, match="once each"):
        routes.placed(template, "        paths: new\n")


def test_policies_and_resources_stand_outside_of_the_markers() -> None:
    made = (ROOT / "template.yaml").read_text().partition(routes.BEGIN)[2].partition(routes.END)[0]
    assert "Type: AWS::" not in made
    assert "Effect:" not in made


def test_an_endpoint_adds_four_lines_to_the_body_and_its_path_one() -> None:
    found = operations()
    lines = routes.body(found).splitlines()
    with_parameters = sum("{" in path for each in found for path in each.paths)
    pairs = sum(len(each.paths) for each in found)
    paths = len({path for each in found for path in each.paths})
    default = 5
    assert len(lines) == 1 + paths + 3 * pairs + with_parameters + default


# ---------------------------------------------------------------- the table


@pytest.fixture(scope="module")
def table() -> RouteTable:
    return RouteTable.read(ROUTES)


def test_the_table_has_each_route_but_those_that_only_refuse(table: RouteTable) -> None:
    served = {
        (f"{each.method} {path}", routes.function_of(each.name), each.surface.name)
        for each in operations()
        for path in each.paths
        if each.status != 405
    }
    assert {(each.key, each.function, each.surface) for each in table.routes} == served
    assert "GET /mcp" not in {each.key for each in table.routes}


def test_each_path_finds_its_own_routes_with_its_parameters(table: RouteTable) -> None:
    for route in table.routes:
        path = re.sub(r"{(\w+)}", r"a-\1", route.key.partition(" ")[2])
        assert table.matching(path)[route.method] is route
        names = re.findall(r"{(\w+)}", route.key)
        assert route.parameters(path.split("/")) == {name: f"a-{name}" for name in names}


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("POST", "/v1/tracks/search", "POST /v1/tracks/search"),
        ("GET", "/v1/tracks/search", "GET /v1/tracks/{id}"),
        ("GET", "/api/v1/tasks/ready", "GET /api/v1/tasks/ready"),
        ("GET", "/api/projects/1/tasks/repositories", "GET /api/projects/{project}/tasks/repositories"),
        ("GET", "/api/projects/@current/tasks/a b", "GET /api/projects/{project}/tasks/{task_id}"),
    ],
)
def test_literal_segments_win_over_parameters(table: RouteTable, method: str, path: str, key: str) -> None:
    assert table.matching(path)[method].key == key


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/v1", "/v1/tracks/", "/v1/tracks//graph", "/v1/tracks/a/b", "/V1/tracks", "v1/tracks"]
)
def test_an_unknown_path_has_no_methods(table: RouteTable, path: str) -> None:
    assert table.matching(path) == {}


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/api/projects/1/tasks/2/nothing", "projects"),
        ("/api/users/@me/nothing", "projects"),
        ("/api/v1/nothing", "pool"),
        ("/v1/workspaces/w/nothing", "objectives"),
        ("/v1/tasks/a/b", "followups"),
        ("/v1/tracks/a/b", "planning"),
        ("/v1/runs/nothing", "runs"),
        ("/v1/tokens/a/b", "administration"),
        ("/v1/audit/a", "audit"),
        ("/mcp/a", "mcp"),
        # What several surfaces share is nobody's.
        ("/v1/nothing", "service"),
        ("/api/nothing", "service"),
        ("/nothing", "service"),
        ("", "service"),
    ],
)
def test_a_path_belongs_to_the_surface_that_shares_most_of_its_head(table: RouteTable, path: str, surface: str) -> None:
    assert table.surface_of(path) == surface


def test_the_table_lies_beside_the_function_that_reads_it() -> None:
    assert Path(ROOT / "functions/service/answer_unmatched/routes.json") == ROUTES
