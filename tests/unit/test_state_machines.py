"""State machines as far as their text tells: no way leads nowhere, and nothing they name is missing."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from switchyard.domain import questions
from tests.support.template import ROOT, resources

DEFINITIONS = sorted(ROOT.glob("functions/workflows/*.asl.json"))
MACHINES = resources("AWS::Serverless::StateMachine")
#: What each type of state may have, beside Comment, and must have.
ALLOWED = {
    "Task": {
        "Resource",
        "Parameters",
        "ResultSelector",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
        "Retry",
        "Catch",
    },
    "Choice": {"Choices", "Default"},
    "Pass": {"Parameters", "Result"},
    "Wait": {"Seconds", "SecondsPath"},
    "Map": {
        "ItemsPath",
        "ItemSelector",
        "ItemProcessor",
        "MaxConcurrency",
        "MaxConcurrencyPath",
        "ResultSelector",
        "ToleratedFailurePercentage",
        "Retry",
        "Catch",
    },
    "Succeed": set(),
    "Fail": {"Error", "Cause"},
}
EVERYWHERE = {"Type", "Comment", "InputPath", "OutputPath", "ResultPath", "Next", "End"}
PATH = re.compile(r"\$\$?(\.[A-Za-z_]\w*)*")


def machine_of(path: Path) -> dict[str, Any]:
    (found,) = [each for each in MACHINES.values() if each["DefinitionUri"] == path.relative_to(ROOT).as_posix()]
    return found


def graphs(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The definition, and those of the Map states in it."""
    yield definition
    for state in definition["States"].values():
        if "ItemProcessor" in state:
            yield from graphs(state["ItemProcessor"])


def targets(state: dict[str, Any]) -> list[str]:
    found = [state[name] for name in ("Next", "Default") if name in state]
    return found + [each["Next"] for name in ("Choices", "Catch") for each in state.get(name, ())]


def values(node: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every field below a node with its value."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from values(value, name)
    else:
        yield name, node


@pytest.fixture(params=DEFINITIONS, ids=lambda path: path.name.partition(".")[0])
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def definition(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_each_state_is_reached_and_leads_on_or_ends(definition: dict[str, Any]) -> None:
    for graph in graphs(definition):
        states = graph["States"]
        reached, todo = set(), [graph["StartAt"]]
        while todo:
            name = todo.pop()
            assert name in states, f"{name} is not there"
            if name not in reached:
                reached.add(name)
                todo += targets(states[name])
        assert reached == states.keys()
        for name, state in states.items():
            final = state["Type"] in ("Succeed", "Fail") or state.get("End") is True
            assert final != bool(targets(state)) or "Catch" in state, f"{name} neither leads on nor ends, or both"
            assert state["Type"] != "Choice" or "Default" in state, f"{name} may match nothing"


def test_each_state_has_the_fields_of_its_type_and_no_others(definition: dict[str, Any]) -> None:
    for graph in graphs(definition):
        for name, state in graph["States"].items():
            assert state.keys() <= ALLOWED[state["Type"]] | EVERYWHERE, name
            assert state["Type"] != "Task" or "Resource" in state, name


def test_each_task_that_waits_is_bounded_and_its_errors_are_caught(definition: dict[str, Any]) -> None:
    assert definition["TimeoutSeconds"] > 0
    for graph in graphs(definition):
        for name, state in graph["States"].items():
            if state["Type"] != "Task":
                continue
            assert "States.ALL" in {error for each in state["Retry"] for error in each["ErrorEquals"]}, name
            if "waitForTaskToken" in state["Resource"]:
                assert "$$.Task.Token" in dict(values(state["Parameters"])).values(), name
                assert state.keys() & {"TimeoutSeconds", "TimeoutSecondsPath"}, name
                assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_errors_that_stand_for_all_come_last_and_alone(definition: dict[str, Any]) -> None:
    for graph in graphs(definition):
        for name, state in graph["States"].items():
            for handlers in (state.get("Retry", []), state.get("Catch", [])):
                for position, each in enumerate(handlers):
                    if "States.ALL" in each["ErrorEquals"]:
                        assert each["ErrorEquals"] == ["States.ALL"], name
                        assert position == len(handlers) - 1, name


def test_what_begins_with_a_dollar_is_a_path_and_is_named_as_one(definition: dict[str, Any]) -> None:
    for name, value in values(definition):
        if isinstance(value, str) and value.startswith("$") and not value.startswith("${"):
            assert PATH.fullmatch(value), f"{name}: {value}"
            assert name.endswith((".$", "Path", "Variable")), f"{name}: {value}"
        elif name.endswith((".$", "Path")):
            assert isinstance(value, str)
            assert value.startswith(("$", "States.")), f"{name}: {value}"


def test_what_is_substituted_is_what_the_template_gives_and_may_be_invoked(
    path: Path, definition: dict[str, Any]
) -> None:
    machine = machine_of(path)
    wanted = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition)))
    assert wanted == machine["DefinitionSubstitutions"].keys()
    granted = [each for policy in machine["Policies"] for each in policy["Statement"]]
    functions = [
        target
        for each in granted
        if "lambda:InvokeFunction" in each.get("Action", ())
        for target in (each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]])
    ]
    invoked = [each for each in machine["DefinitionSubstitutions"].values() if "GetAtt" in each]
    assert sorted(each["GetAtt"] for each in functions) == sorted(each["GetAtt"] for each in invoked)


def test_integrations_are_those_of_the_partition_that_the_stack_is_in(path: Path) -> None:
    """In China and GovCloud the names of integrations begin otherwise."""
    named = re.findall(r'"Resource": "(.*)"', path.read_text())
    assert named
    assert {each.partition(":states:::")[0] for each in named} == {"arn:${Partition}"}
    assert machine_of(path)["DefinitionSubstitutions"]["Partition"] == {"Ref": "AWS::Partition"}


def test_each_machine_has_its_definition_here_and_reports_its_failures() -> None:
    assert len(MACHINES) == len(DEFINITIONS)
    for machine in MACHINES.values():
        assert machine["Logging"]["Level"] == "ERROR"
        assert machine["Tracing"] == {"Enabled": {"If": ["Traced", True, False]}}
        # https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
        calls = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
        allowed = {"Effect": "Allow", "Action": [f"xray:{each}" for each in calls], "Resource": "*"}
        statements = [each for policy in machine["Policies"] for each in policy["Statement"]]
        assert {"If": ["Traced", allowed, {"Ref": "AWS::NoValue"}]} in statements


def exceptions() -> set[str]:
    """The names of the package's exceptions: Lambda reports an error by the name of its class."""
    classes = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for path in (ROOT / "layers/core/switchyard").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    found = {"Exception"}
    while more := {name for name, bases in classes.items() if bases & found} - found:
        found |= more
    return found


def test_each_error_that_a_machine_names_is_one_that_its_functions_can_raise() -> None:
    named = {
        error
        for path in DEFINITIONS
        for field, error in values(json.loads(path.read_text(encoding="utf-8")))
        if field == "ErrorEquals" and not error.startswith(("States.", "Lambda."))
    }
    assert named == {"Superseded", "TokenRevoked", "Unfit"}
    assert named <= exceptions()


def most_events(state: dict[str, Any]) -> int:
    """The events of a task's state in the history, when each of its retriers is used up."""
    tries = 1 + sum(each.get("MaxAttempts", 3) for each in state["Retry"])
    # Entered and exited; scheduled, started and ended each time, and submitted by who waits for a token.
    return 2 + tries * (4 if "waitForTaskToken" in state["Resource"] else 3)


def test_a_run_that_asks_as_often_as_it_may_has_room_in_its_history() -> None:
    """An execution with 25,000 events fails: https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html"""
    states = json.loads((ROOT / "functions/workflows/task_run.asl.json").read_text())["States"]
    # Until it asks, and until it is answered: the second time by the deadline. Twice a choice of two events each.
    question = 2 * most_events(states["Work"]) + most_events(states["NotFinished"]) + 2 * 2
    once = sum(most_events(each) + 2 for each in states.values() if each["Type"] == "Task")
    # Beside its questions a run may wait for two approvals.
    assert once + (questions.QUESTIONS_MAX + 2) * question < 25_000
