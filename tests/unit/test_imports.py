"""Import budgets: what a cold start may load, by function, and what one call of AWS may load beside."""

import ast
import os
import subprocess
import sys

import pytest

from tests.support.stub_service import StubService, says
from tests.support.template import ROOT

#: Modules that a function of an endpoint has loaded when it can answer, Python's own start included. One of our modules
#: costs 0.2-1 ms of a cold start; where this is passed, look for an import that can wait until it is used.
GET_MODULES_MAX = 310
#: What no endpoint loads before it is needed: the SDK, and what only it needs.
LATER = (
    "boto3.",
    "botocore.",
    "dateutil",
    "http.client",
    "s3transfer",
    "ssl",
    "switchyard.aws.sdk",
    "urllib3",
)
#: Surfaces whose functions call addresses that people give (webhooks) over connections of urllib3.
CALLS_OUT = ("pipeline", "pool")
SURFACES = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())


def loaded_by(script: str, **environment: str) -> set[str]:
    """Return all modules that are there after the script, run by a new Python."""
    ending = "\nimport sys; print(chr(10).join(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/core"), **environment}
    run = subprocess.run(
        [sys.executable, "-c", script + ending], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def early(loaded: set[str], *but: str) -> list[str]:
    later = tuple(name for name in LATER if name not in but)
    return sorted(name for name in loaded if name.startswith(later))


@pytest.mark.parametrize("surface", SURFACES)
def test_no_function_loads_the_sdk_before_it_is_used(surface: str) -> None:
    pattern = str(ROOT / f"functions/{surface}")
    loaded = loaded_by(
        f"import runpy\nfrom pathlib import Path\n"
        f"for path in sorted(Path({pattern!r}).glob('*/app.py')): runpy.run_path(str(path))"
    )
    # What urllib3 itself loads is the price of calling out.
    with_it = ("urllib3", "ssl", "http.client") if surface in CALLS_OUT else ()
    assert early(loaded, *with_it) == []


def test_a_get_stays_within_its_budget_of_modules() -> None:
    path = str(ROOT / "functions/planning/get_track/app.py")
    assert len(loaded_by(f"import runpy; runpy.run_path({path!r})")) <= GET_MODULES_MAX


@pytest.mark.parametrize("service", ["dynamodb", "events", "sqs", "stepfunctions"])
def test_a_call_loads_no_sdk_and_no_tls_where_there_is_none(service: str) -> None:
    script = (
        "from switchyard.aws.clients import make_client\n"
        f"assert make_client({service!r}).some_operation(A=1) == {{'B': 2}}"
    )
    with StubService(says({"B": 2})) as stub:
        assert early(loaded_by(script, **stub.environment())) == []


def test_what_the_transport_can_not_do_is_done_by_botocore() -> None:
    script = (
        "from switchyard.aws.clients import make_client\n"
        "assert make_client('dynamodb').list_tables()['TableNames'] == ['a']"
    )
    with StubService(says({"TableNames": ["a"]})) as stub:
        loaded = loaded_by(script, **stub.environment(AWS_USE_DUALSTACK_ENDPOINT="true"))
    assert "botocore.client" in loaded
    assert len(stub.requests) == 1


def test_one_module_alone_imports_botocore() -> None:
    importing = set()
    for path in (ROOT / "layers/core/switchyard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] in ("boto3", "botocore") for name in names):
                importing.add(path.relative_to(ROOT / "layers/core/switchyard").as_posix())
    assert importing == {"aws/sdk.py"}
