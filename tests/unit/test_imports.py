"""Import budgets: what a cold start may load, by function, and what one call of AWS may load beside."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stub_service import StubService, says
from tests.support.template import ROOT

#: What no function loads before it is needed: the SDK, what only it needs, and what no function needs.
LATER = (
    "boto3.",
    "botocore.",
    "dataclasses",
    "dateutil",
    "http.client",
    "jsonschema",
    "pydantic.",
    "pydantic_core.core_schema",
    "s3transfer",
    "ssl",
    "switchyard.aws.sdk",
    "switchyard.http.documented",
    "urllib3",
)
#: What only functions with a body or a query may load.
MODELS = ("pydantic_core._pydantic_core", "switchyard.http.core", "switchyard.http.schemas", "switchyard.http.parsing")
#: Functions that read bodies, or the lines of a file, by models that the decorator does not know of.
READ_BODIES = ("mcp/post_message", "workflows/apply_import", "workflows/sort_import")
#: What only consumers of batches load.
BATCHES = ("asyncio", "aws_lambda_powertools", "botocore", "jmespath", "logging")
#: Functions that call addresses which people give (webhooks), or phones, over connections of urllib3.
CALLS_OUT = re.compile(
    r"sessions/(begin|finish)_oidc|pool/.*(webhook|deliver)|pipeline/(deliver_webhook|dispatch_webhooks|enqueue_|notify_)"
)
#: Modules that a function has loaded when it can answer, Python's own included. One of our modules costs 0.2-1 ms of a
#: cold start; where one of these is passed, look for an import that can wait until it is used.
MODULES_MAX = {"plain": 228, "models": 234, "mcp": 241, "batches": 400}
#: Functions whose start the bench measures have budgets of their own.
FUNCTIONS_MAX = {"planning/get_track": 184, "planning/create_track": 201, "service/answer_unmatched": 116}
SURFACES = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())

#: Loads each function of a surface in a process of its own, forked before anything was loaded.
EACH = """
import json, os, runpy, sys
for path in sys.argv[1:]:
    read, write = os.pipe()
    if os.fork() == 0:
        found = runpy.run_path(path)["handler"]
        operation = getattr(found, "operation", None)
        has_models = bool(operation and (operation.body or operation.query))
        with os.fdopen(write, "w") as out:
            json.dump({"modules": list(sys.modules), "has_models": has_models}, out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        print(json.dumps([path, json.load(told)]))
    assert os.wait()[1] == 0, path
"""


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


def functions_of(surface: str) -> Iterator[tuple[str, set[str], bool]]:
    """Each function of a surface: its folder, what it has loaded, and whether it has a body or a query."""
    paths = [str(path) for path in sorted((ROOT / "functions" / surface).glob("*/app.py"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/core")}
    run = subprocess.run(
        [sys.executable, "-c", EACH, *paths], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr
    for line in run.stdout.splitlines():
        path, told = json.loads(line)
        yield Path(path).parent.relative_to(ROOT / "functions").as_posix(), set(told["modules"]), told["has_models"]


@pytest.mark.parametrize("surface", SURFACES)
def test_each_function_loads_what_it_needs_and_no_more(surface: str) -> None:
    found = list(functions_of(surface))
    assert found
    for name, loaded, has_models in found:
        batches = any(module.startswith("aws_lambda_powertools.") for module in loaded)
        assert not batches or surface == "pipeline", name
        allowed = {"ssl", "dataclasses"} if batches else set()
        allowed |= {"urllib3", "ssl", "http.client", "dataclasses"} if CALLS_OUT.match(name) else set()
        assert early(loaded, *allowed) == [], name
        if not batches:
            assert sorted(loaded.intersection(BATCHES)) == [], name
            if not has_models and name not in READ_BODIES:
                assert sorted(loaded.intersection(MODELS)) == [], name
        reads = has_models or name in READ_BODIES
        kind = "batches" if batches else "mcp" if surface == "mcp" else "models" if reads else "plain"
        assert len(loaded) <= FUNCTIONS_MAX.get(name, MODULES_MAX[kind]), name


def test_a_container_in_lambda_reads_the_certificates_while_it_starts() -> None:
    path = str(ROOT / "functions/planning/get_track/app.py")
    script = f"import runpy; runpy.run_path({path!r})\nfrom switchyard.aws.transport.connections import tls_context\n"
    told = "assert tls_context.cache_info().currsize == 1"
    settings = {"TABLE_NAME": "t", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "AWS_REGION": "eu-west-1"}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    assert "ssl" in loaded_by(script + told, **settings, **keys)


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
